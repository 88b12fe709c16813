"""Draws the README's stills: `python samples/stills.py FILM RESULT OUT SECONDS...`, each moment before and after."""

import sys
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (420, 315)
GAP = 4
"""Pixels, white, between the stills."""


def still(film: Path, seconds: float) -> NDArray[np.uint8]:
    """The first frame at or after a moment, cut to SIZE's shape from its middle."""
    with av.open(film) as opened:
        for frame in opened.decode(video=0):
            if frame.time is not None and frame.time >= seconds:
                break
        picture = frame.to_image()
    width = min(picture.width, picture.height * SIZE[0] // SIZE[1])
    left = (picture.width - width) // 2
    return np.asarray(picture.crop((left, 0, left + width, picture.height)).resize(SIZE, Image.Resampling.LANCZOS))


def main() -> None:
    """Writes the sheet: the film above, the result below."""
    film, result, out = (Path(name) for name in sys.argv[1:4])
    moments = [float(text) for text in sys.argv[4:]]
    sheet = np.full((2 * SIZE[1] + GAP, len(moments) * (SIZE[0] + GAP) - GAP, 3), 255, np.uint8)
    for column, seconds in enumerate(moments):
        left = column * (SIZE[0] + GAP)
        for row, source in enumerate((film, result)):
            top = row * (SIZE[1] + GAP)
            sheet[top : top + SIZE[1], left : left + SIZE[0]] = still(source, seconds)
    Image.fromarray(sheet).save(out, quality=88)


if __name__ == "__main__":
    main()
