"""Draws docs/steadiness.png: what changes from frame to frame, with the network on every frame and in a run.

    restore evaluate steadiness samples/newsreel.mp4 --seconds 22 --compare FOLDER
    python samples/steadiness.py FOLDER/newsreel.mp4 docs/steadiness.png SECONDS

Above, the frame at SECONDS both ways, and how far its colours lie from those of the frame before, along motion. Below,
the mean of that over the film.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PANEL = (316, 236)
GAP = 4
"""Pixels, white, between the panels."""
SQUARES = 4
"""Pixels: colours are compared as means of squares, which the codec's own noise does not reach."""
WAYS = {"every frame": (214, 92, 32), "restore": (24, 96, 168)}
"""In the order of the comparison's halves, and each one's ink."""
BRIGHTEST = 10.0
"""Distance in ab that is shown white."""
PLOT_HEIGHT, MARGIN = 190, 30
CUT = 8.0
"""Mean change of lightness along motion, of 100, from which two frames are not compared: a cut lies between."""

Floats = NDArray[np.float32]


def frames(compared: Path) -> Iterator[tuple[float, list[Floats]]]:
    """Each frame's time, and its Lab pictures (h, w, 3), a way each."""
    with av.open(compared) as film:
        for frame in film.decode(video=0):
            small = frame.reformat(len(WAYS) * PANEL[0], PANEL[1], "rgb24", interpolation="AREA").to_ndarray()
            lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
            yield float(frame.time or 0), np.split(lab, len(WAYS), axis=1)


def motion(before: Floats, now: Floats) -> Floats:
    """Columns and rows to where each place of the later of two pictures was."""
    gray = [cv2.convertScaleAbs(lab[..., 0], alpha=2.55) for lab in (now, before)]
    return cv2.calcOpticalFlowFarneback(*gray, np.zeros((*now.shape[:2], 2), np.float32), 0.5, 4, 21, 3, 7, 1.5, 0)


def change(before: Floats, now: Floats, moved: Floats) -> tuple[float, Floats]:
    """Mean change of lightness, and the distance in ab of each square from where it was (h / SQUARES, w / SQUARES)."""
    rows, columns = np.indices(now.shape[:2], dtype=np.float32)
    was = cv2.remap(before, columns + moved[..., 0], rows + moved[..., 1], cv2.INTER_LINEAR, borderMode=1)
    squares = cv2.resize(now - was, None, fx=1 / SQUARES, fy=1 / SQUARES, interpolation=cv2.INTER_AREA)
    return float(np.abs(now - was)[..., 0].mean()), np.hypot(squares[..., 1], squares[..., 2])


def panel(picture: NDArray[np.uint8], words: str) -> Image.Image:
    """A picture with words in its corner."""
    drawn = Image.fromarray(picture)
    ink, font = ImageDraw.Draw(drawn), ImageFont.load_default(15)
    ink.rectangle((0, 0, ink.textlength(words, font) + 12, 22), fill="black")
    ink.text((6, 2), words, "white", font)
    return drawn


def panels(labs: Sequence[Floats], changes: Sequence[Floats]) -> Iterator[Image.Image]:
    """Each way's frame, and what changed in it."""
    for name, lab, squares in zip(WAYS, labs, changes, strict=True):
        rgb = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB).clip(0, 1)
        yield panel(np.rint(rgb * 255).astype(np.uint8), name)
        gray = cv2.resize(cv2.convertScaleAbs(squares, alpha=255 / BRIGHTEST), PANEL, interpolation=cv2.INTER_NEAREST)
        yield panel(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), f"{name}: change of colour")


def plot(times: Sequence[float], changes: Floats, width: int) -> Image.Image:
    """Curves of (N, ways) changes over times; nothing is drawn where they are NaN."""
    drawn = Image.new("RGB", (width, PLOT_HEIGHT), "white")
    ink, font = ImageDraw.Draw(drawn), ImageFont.load_default(14)
    top = float(np.nanmax(changes))

    def place(time: float, value: float) -> tuple[float, float]:
        right, up = time / times[-1] * (width - 2 * MARGIN), value / top * (PLOT_HEIGHT - 2 * MARGIN)
        return MARGIN + right, PLOT_HEIGHT - MARGIN - up

    for level in range(int(top) + 1):
        ink.line((place(0, level), place(times[-1], level)), "#ddd")
        ink.text((10, place(0, level)[1] - 9), str(level), "black", font)
    for second in range(0, int(times[-1]) + 1, 5):
        ink.text((place(second, 0)[0] - 6, PLOT_HEIGHT - MARGIN + 6), f"{second} s", "black", font)
    for way, (name, colour) in enumerate(WAYS.items()):
        for (one, from_), (other, to) in pairwise(zip(times, changes[:, way], strict=True)):
            if not np.isnan(from_ + to):
                ink.line((place(one, from_), place(other, to)), colour, 2)
        ink.text((MARGIN + 120 * way, 4), name, colour, font)
    ink.text((MARGIN + 240, 4), "mean change of colour from one frame to the next, in ab, along motion", "black", font)
    return drawn


def main() -> None:
    """Reads the comparison and draws."""
    compared, out, at = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    times, means, shown = list[float](), list[list[float]](), list[Image.Image]()
    for (_, before), (time, now) in pairwise(frames(compared)):
        moved = motion(before[0], now[0])
        lightness, changes = zip(*(change(*pair, moved) for pair in zip(before, now, strict=True)), strict=True)
        times.append(time)
        means.append([float("nan") if max(lightness) > CUT else float(squares.mean()) for squares in changes])
        if time >= at and not shown:
            shown = list(panels(now, changes))
    width = len(shown) * (PANEL[0] + GAP) - GAP
    sheet = Image.new("RGB", (width, PANEL[1] + GAP + PLOT_HEIGHT), "white")
    for number, each in enumerate(shown):
        sheet.paste(each, (number * (PANEL[0] + GAP), 0))
    sheet.paste(plot(times, np.array(means, np.float32), width), (0, PANEL[1] + GAP))
    sheet.quantize(256).save(out, optimize=True)
    print(*(f"{name}: {mean:.2f} on average" for name, mean in zip(WAYS, np.nanmean(means, axis=0), strict=True)))


if __name__ == "__main__":
    main()
