"""The screen of a preview: pictures, their labels, the timecode."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import ffmpeg

from pipelines.errors import SettingsError
from pipelines.frames import ColouredFrame
from pipelines.media.target import Target
from pipelines.media.timecode import Clock, clock_of
from pipelines.preview import compose
from pipelines.preview.captions import caption, text_size
from pipelines.preview.display import display_target
from pipelines.preview.pipe import INPUT, Yuv, coloured, colourless
from pipelines.source import Film

BEFORE, AFTER = "black and white", "colour"
MAX_ROWS, MAX_COLUMNS = 2304, 4096
"""Sides of the largest picture that players of H.264 must take (level 5.1)."""
INSET = 8
"""Pixels from a picture's corner to its caption; even, as are all places."""


@dataclass(frozen=True)
class Composition:
    """How the pictures are shown."""

    layout: compose.Layout = "side"
    """side: beside each other; over: above each other; split: one picture, a line down its middle; colour alone.

    Variants are in a grid after black and white; in colour alone they are beside each other.
    """
    height: int = 540
    """Rows of each picture at most."""
    labels: bool = False
    """Says which picture is which."""
    timecode: bool = False
    """Shows the film's own timecode."""

    def __post_init__(self) -> None:
        if self.height < 1:
            raise ValueError(f"height must be above 0, got {self.height}")


@dataclass(frozen=True)
class Canvas:
    """A filter graph, and the pictures for its inputs beside the film's own."""

    target: Target
    """Of each picture."""
    node: compose.Node
    labels: tuple[Yuv, ...]
    clock: Clock | None
    """None: no timecode is shown."""

    def inputs(self, frames: Sequence[ColouredFrame], seconds: Fraction) -> list[Yuv]:
        """A picture for each input at a moment, so many seconds from the film's start."""
        timecode = [_timecode(self.clock, seconds, self.target)] if self.clock else []
        return [*map(coloured, frames), *self.labels, *timecode]


def make_canvas(film: Film, how: Composition, variants: Sequence[str] = ()) -> Canvas:
    """The screen for a film, or for variants of it, which are named.

    Raises:
        SettingsError: it would be larger than what players take.
    """
    target, source = display_target(film, how.height), ffmpeg.input(**INPUT)
    size, count = (target.height, target.width), max(1, len(variants))
    pictures = [source[f"v:{i}"] for i in range(count)]
    if variants:
        screen = (compose.row if how.layout == "colour" else compose.grid)(pictures, size)
    else:
        screen = compose.arranged(pictures[0], size, how.layout)
    _check_size(film, screen.size)

    labels = [
        colourless(caption(word, text_size(target.height), screen.room - 2 * INSET)) for word in _words(how, variants)
    ]
    places = [(left + INSET, top + INSET) for (left, top), _ in zip(screen.places, labels, strict=False)]
    clock = clock_of(film) if how.timecode else None
    if clock:
        rows = len(_timecode(clock, Fraction(0), target).luma)
        places.append((INSET, screen.size[0] - INSET - rows))
    captions = [(source[f"v:{count + i}"], place) for i, place in enumerate(places)]
    return Canvas(target, compose.captioned(screen.node, captions), tuple(labels), clock)


def _words(how: Composition, variants: Sequence[str]) -> list[str]:
    if variants:
        return [*variants] if how.layout == "colour" else [BEFORE, *variants]
    if not how.labels:
        return []
    return [AFTER] if how.layout == "colour" else [BEFORE, AFTER]


def _timecode(clock: Clock, seconds: Fraction, target: Target) -> Yuv:
    return colourless(caption(clock.at(seconds), text_size(target.height), target.width - 2 * INSET))


def _check_size(film: Film, size: tuple[int, int]) -> None:
    rows, columns = size
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        what = f"the preview would be {columns}x{rows}, players take {MAX_COLUMNS}x{MAX_ROWS} at most"
        raise SettingsError(film.path, what, "choose a smaller --height, or show fewer variants")
