"""Whether a film has colours already: chroma that no even tint explains."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import av
import numpy as np

from pipelines.errors import InputError
from pipelines.media.open import frames_of, open_film
from pipelines.media.scan_frames import sampled_scans
from pipelines.places import stamp_of
from pipelines.settings import Settings
from pipelines.source import Film

SAMPLES = 12
"""Frames spread over the film in which colours are looked for."""
Colours = Callable[[Film], float]
COLOURED = 2.5
"""Chroma, of 255, that an even tint does not explain, above which a quarter of the frames must lie."""
DECODED_PIXELS = 120 * 640 * 480
"""Most that is decoded from a keyframe on, for each sample: a second or less of work in all."""
SMALL = (160, 120)
LUMA_STEPS = 16
CODES = np.arange(256)
KNOWN_FILMS = 64
"""Films whose colours are remembered: one that is looked at again and again is not searched each time."""


def _chroma_without_tint(frame: av.VideoFrame) -> float:
    """Distance of Cb and Cr from their mean for the pixel's luma: in a toned print each luma has one colour."""
    small = frame.reformat(width=SMALL[0], height=SMALL[1], format="yuv444p")
    luma, *chroma = (
        np.frombuffer(memoryview(p), np.uint8).reshape(p.height, -1)[:, : p.width].ravel() for p in small.planes
    )
    step = (luma // (256 // LUMA_STEPS)).astype(np.intp) << 8
    squares = 0.0
    for plane in chroma:
        count = np.bincount(step | plane, minlength=LUMA_STEPS << 8).reshape(LUMA_STEPS, 256)
        tint = (count @ CODES / np.maximum(count.sum(axis=1), 1))[:, None]
        squares += float((count * (CODES - tint) ** 2).sum()) / luma.size
    return squares**0.5


def colours_of(film: Film) -> float:
    """Chroma, of 255, that no even tint explains; 0 for gray formats."""
    return 0.0 if film.picture.is_gray else _found(film, stamp_of(film.path))


@lru_cache(KNOWN_FILMS)
def _found(film: Film, _: tuple[int, int]) -> float:
    """The chroma of a film with a file of this stamp."""
    if film.scans is not None:
        frames = (each.frame for each in sampled_scans(film, SAMPLES))
        return float(np.percentile([_chroma_without_tint(frame) for frame in frames] or [0.0], 75))
    with open_film(film.path) as container:
        found = [(_chroma_without_tint(frame), has_key) for frame, has_key in _samples(container, film)]
    counted = [chroma for chroma, has_key in found if has_key] or [chroma for chroma, _ in found]
    return float(np.percentile(counted, 75)) if counted else 0.0


def _samples(container: Any, film: Film) -> Iterator[tuple[av.VideoFrame, bool]]:
    """Frames spread over the film, each with whether the keyframe that it depends on was decoded.

    Unlike `seek.frames_up_to` this is content with a keyframe near the time wanted, and decodes on only from one that
    was taken before. Frames that depend on a damaged one may have any colours and are left out. So may frames without
    their keyframe, as after a damaged stretch, or from decoders that mark none.
    """
    stream = container.streams[film.picture.index]
    most = max(1, DECODED_PIXELS // (film.picture.width * film.picture.height))
    seen = set[int | None]()
    for i in range(SAMPLES):
        pts = film.pts(film.duration * i / SAMPLES)
        frame: Any = None
        has_key = is_damaged = False
        try:
            container.seek(pts, stream=stream, backward=True)
            for number, frame in enumerate(islice(frames_of(container, stream), most)):
                has_key |= frame.key_frame
                is_damaged = frame.is_corrupt or (is_damaged and not frame.key_frame)
                if (number == 0 and frame.pts not in seen) or (frame.pts is not None and frame.pts >= pts):
                    break
        except (av.FFmpegError, InputError):
            pass  # `decode` reports damage
        if frame is not None and not is_damaged:
            seen.add(frame.pts)
            yield frame, has_key


def check_colours(film: Film, settings: Settings, colours: Colours = colours_of) -> None:
    """Raises InputError where the film has colours already and `recolour` is off.

    Args:
        film: from `probe`.
        settings: of the run.
        colours: `colours_of`, here or elsewhere.
    """
    if settings.recolour:
        return
    chroma = colours(film)
    if chroma > COLOURED:
        limit = f"chroma {chroma:.1f} of 255 beyond an even tint, black and white has under {COLOURED}"
        what = f"has colours already ({limit})"
        raise InputError(film.path, what, "--recolour colours it anew from its luma alone")
