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
from pipelines.preview.shown import BEFORE_AND_AFTER, Shown, luma_of
from pipelines.source import Film

WORDS: dict[Shown, str] = {"before": "black and white", "after": "colour", "mask": "mask", "difference": "difference"}
"""Labels of what is shown."""
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
    show: tuple[Shown, ...] = BEFORE_AND_AFTER
    """The pictures, where nothing else is said: of colour alone and of variants the last is shown, of each."""

    def __post_init__(self) -> None:
        if self.layout == "split" and len(self.show) != 2:
            raise ValueError(f"a split shows two pictures, got {len(self.show)}")
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
    pictures: tuple[tuple[int, Shown], ...]
    """The number of a variant, and what is shown of it."""

    def inputs(self, frames: Sequence[ColouredFrame], seconds: Fraction) -> list[Yuv]:
        """A picture for each input at a moment, so many seconds from the film's start."""
        timecode = [_timecode(self.clock, seconds, self.target)] if self.clock else []
        shown = (self._picture(frames[number], what) for number, what in self.pictures)
        return [*shown, *self.labels, *timecode]

    def _picture(self, frame: ColouredFrame, what: Shown) -> Yuv:
        return coloured(frame) if what == "after" else colourless(luma_of(what, frame, self.target))


def make_canvas(film: Film, how: Composition, variants: Sequence[str] = (), is_mended: bool = False) -> Canvas:
    """The screen for a film, or for variants of it, which are named.

    Args:
        film: from `probe`.
        how: the pictures are shown.
        variants: their names.
        is_mended: whether luma is not what it was, so that black and white is a picture of its own.

    Raises:
        SettingsError: it would be larger than what players take.
    """
    target, source = display_target(film, how.height), ffmpeg.input(**INPUT)
    size = target.height, target.width
    is_plain = how.show == BEFORE_AND_AFTER and not is_mended
    shown = _pictures(how, len(variants), is_plain)
    count = len(shown)
    pictures = [source[f"v:{i}"] for i in range(count)]
    if is_plain:
        screen = _plain_screen(pictures, size, how, bool(variants))
    else:
        screen = compose.tiled(pictures, size) if variants else compose.together(pictures, size, how.layout)
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
    return Canvas(target, compose.captioned(screen.node, captions), tuple(labels), clock, shown)


def _pictures(how: Composition, variants: int, is_plain: bool) -> tuple[tuple[int, Shown], ...]:
    """The pictures that FFmpeg gets: it makes plain black and white itself, of the first."""
    each: list[tuple[int, Shown]] = [(number, how.show[-1]) for number in range(max(1, variants))]
    if is_plain or (variants and how.layout == "colour"):
        return tuple(each)
    if variants:
        return (0, "before"), *each
    return tuple(each) if how.layout == "colour" else tuple((0, what) for what in how.show)


def _plain_screen(
    pictures: Sequence[compose.Node], size: tuple[int, int], how: Composition, are_variants: bool
) -> compose.Arranged:
    """Black and white, and colour."""
    if are_variants:
        return (compose.row if how.layout == "colour" else compose.grid)(pictures, size)
    return compose.arranged(pictures[0], size, how.layout)


def _words(how: Composition, variants: Sequence[str]) -> list[str]:
    if variants:
        return [*variants] if how.layout == "colour" else [WORDS["before"], *variants]
    if not how.labels:
        return []
    return [WORDS[what] for what in (how.show[-1:] if how.layout == "colour" else how.show)]


def _timecode(clock: Clock, seconds: Fraction, target: Target) -> Yuv:
    return colourless(caption(clock.at(seconds), text_size(target.height), target.width - 2 * INSET))


def _check_size(film: Film, size: tuple[int, int]) -> None:
    rows, columns = size
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        what = f"the preview would be {columns}x{rows}, players take {MAX_COLUMNS}x{MAX_ROWS} at most"
        raise SettingsError(film.path, what, "choose a smaller --height, or show fewer variants")
