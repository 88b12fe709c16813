"""Frames of other programs, coloured as a film's frames are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.chroma import Chroma
from pipelines.colour.follow import Follow
from pipelines.colour.lightness import Lightness, transfer_of
from pipelines.colour.rgb import rgb_of
from pipelines.colour.shots import Shots
from pipelines.errors import SettingsError
from pipelines.frames import Frame
from pipelines.guide.given import Given
from pipelines.media.luma import luma_of_rgb
from pipelines.media.target import choose_target
from pipelines.painting.choice import choose_network
from pipelines.painting.paint import FilmPaint, Paint
from pipelines.segment import coloured
from pipelines.settings import EncodeSettings, Settings
from pipelines.source import Film, Picture
from pipelines.streams import in_process

BT709, SRGB = 1, 13
"""Of matrix and primaries, and of transfer, in ITU-T H.273."""
GIVEN = "hints", "stills", "references", "look"
"""Settings that name places of a film's file."""
Frames = NDArray[np.uint8] | NDArray[np.uint16]


def colour_frames(
    frames: Frames,
    pts: Sequence[int] | None = None,
    settings: Settings | None = None,
    *,
    time_base: Fraction = Fraction(1, 25),
) -> Frames:
    """Colours the frames of one film; luma stays as it is, colour is steady inside a shot.

    Args:
        frames: (N, H, W) gray or (N, H, W, 3) R'G'B', uint8 or uint16, full range, in presentation order. Of R'G'B'
            the luma of BT.709 is taken.
        pts: presentation times in ticks, rising; None: 0, 1, 2 ...
        settings: of the run; None takes the defaults. Those of files (codec, span, damage) have no meaning here. Hints,
            stills, references and a look are refused: they are followed in a film's file.
        time_base: seconds of one tick.

    Returns:
        (N, H, W, 3) R'G'B' of the input's type, with its luma.

    Raises:
        ValueError: shape, type or times are not as above.
        SettingsError: there is no such network or device, or repair or something of a person's is asked for.

    Examples:
        >>> gray = np.full((3, 48, 64), 128, np.uint8)
        >>> colour_frames(gray).shape
        (3, 48, 64, 3)
    """
    times = list(range(len(frames)) if pts is None else pts)
    _check(frames, times)
    film = _film(frames, times, time_base)
    settings = settings or Settings()
    if settings.mends or settings.paint.is_off:
        raise SettingsError("frames", "repair, and no colour, are for films", "mend the film with restore_film first")
    given = [name for name in GIVEN if getattr(settings, name)]
    if given:
        raise SettingsError("frames", f"{' and '.join(given)} are for films", "colour the film with restore_film")
    chosen = choose_network("frames", settings)
    if chosen.takes("class"):
        raise SettingsError("frames", f"{chosen.kind} takes the class of each shot of a film", "name another network")
    light = Lightness(film.picture, chosen.motion_rows, large_rows=chosen.rows)(_decoded(frames, times))
    paint = FilmPaint(in_process(Paint()), film, chosen, Given())
    with_flows = Follow(settings.motion, time_base)(Shots(film, settings.motion)(light))
    with_ab = coloured(with_flows, time_base, settings, paint)
    target = replace(choose_target(film, EncodeSettings("ffv1"), deinterlace=False), chroma_format="444")
    most = np.iinfo(frames.dtype).max
    rgb = np.empty((*frames.shape[:3], 3), frames.dtype)
    for number, frame in enumerate(Chroma(target, transfer_of(film.picture))(with_ab)):
        rgb[number] = np.rint(rgb_of(frame, target)[1] * most)
    return rgb


def _check(frames: Frames, times: list[int]) -> None:
    is_rgb = frames.ndim == 4 and frames.shape[3:] == (3,)
    if frames.dtype not in (np.uint8, np.uint16) or not (frames.ndim == 3 or is_rgb) or not frames.size:
        got = f"{frames.shape} {frames.dtype}"
        raise ValueError(f"frames must be (N, H, W) or (N, H, W, 3), uint8 or uint16; got {got}")
    if len(times) != len(frames):
        raise ValueError(f"{len(times)} pts for {len(frames)} frames")
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError("pts must rise from frame to frame")


def _film(frames: Frames, times: list[int], time_base: Fraction) -> Film:
    """A film of these frames, which has no file."""
    bits, is_rgb = 8 * frames.itemsize, frames.ndim == 4
    gray, rgb = ("gray", "rgb24") if bits == 8 else ("gray16le", "rgb48le")
    step = Fraction(times[-1] - times[0], max(1, len(times) - 1)) * time_base or time_base
    picture = Picture(
        index=0, codec="rawvideo", width=frames.shape[2], height=frames.shape[1], pixel_format=rgb if is_rgb else gray,
        bits=bits, is_full_range=True, is_gray=not is_rgb, is_rgb=is_rgb, matrix=BT709, primaries=BT709, transfer=SRGB,
        time_base=time_base, frame_rate=1 / step, sample_aspect_ratio=Fraction(1),
        field_order="progressive",
    )  # fmt: skip
    start = times[0] * time_base
    return Film(Path("frames"), "rawvideo", picture, (), 0, start, times[-1] * time_base + step - start)


def _decoded(frames: Frames, times: list[int]) -> Iterator[Frame]:
    for picture, pts in zip(frames, times, strict=True):
        luma: Any = picture if picture.ndim == 2 else luma_of_rgb(picture)
        yield Frame(pts, 0, luma, is_owned=True)
