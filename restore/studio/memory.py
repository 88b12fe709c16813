"""Memory of the frames shown last: flows and painted anchors, so that a change of colours does only what it changes.

Kept are the frames around a frame with their flows, by all that these depend on; and the colours that the network gave
for anchors, by all that it was shown and told. A frame's bytes are those that it has without this memory.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from pipelines.colour.lightness import whole
from pipelines.frames import FollowedFrame, Painted
from pipelines.guide.given import FollowGiven, Given, followed
from pipelines.guide.reading import Near, of_frames, small_frames
from pipelines.painting.paint import PaintOrder
from pipelines.places import stamp_of
from pipelines.segment import Keep, with_flows
from pipelines.settings import Settings
from pipelines.source import Film, Segment

FRAMES = 6
"""Frames: each with some seconds of small pictures and flows around it, 15 MB, and its own luma."""
BATCHES = 24
"""Batches of anchors: of four settings of a frame in a grid, 7 MB each."""


class FlowMemory:
    """Reads and follows what is around single frames; that of the last ones is kept.

    Args:
        turn: called after each frame that is read, see `worker.Turn`.
    """

    def __init__(self, turn: Callable[[], None]) -> None:
        self._turn = turn
        self._followed, self._near = lru_cache(FRAMES)(self._read), lru_cache(FRAMES)(self._found_near)

    def __call__(
        self, segment: Segment, settings: Settings, rows: int, keep: Keep = whole, large_rows: int | None = None
    ) -> Generator[FollowedFrame, None, None]:
        """The frames of a segment of one frame, each with its flow; see `segment.with_flows`."""
        regions = tuple(hint for hint in settings.hints if hint.is_region)
        depended_on = replace(of_frames(settings), hints=regions, references=())
        large = None if large_rows == rows else large_rows
        yield from self._followed(segment, depended_on, rows, keep, large, stamp_of(segment.film.path))

    def given_at(self, pts: int) -> FollowGiven:
        """Follows what a person gave for a film, as far as it reaches the frame at `pts`."""

        def follow(film: Film, settings: Settings, rows: int) -> Given:
            near = partial(self._near, film, pts, of_frames(settings), rows)
            has_some = settings.hints or settings.stills
            return followed(film, settings, rows, near(stamp_of(film.path)) if has_some else None)

        return follow

    def _found_near(self, film: Film, pts: int, settings: Settings, rows: int, _: tuple[int, int]) -> Near:
        frames = [small for small, _ in small_frames(self(Segment(film, 0, pts, pts + 1), settings, rows))]
        return Near(frames, next(number for number, frame in enumerate(frames) if frame.pts == pts))

    def _read(
        self, segment: Segment, settings: Settings, rows: int, keep: Keep, large_rows: int | None, _: tuple[int, int]
    ) -> tuple[FollowedFrame, ...]:
        found = []
        with closing(with_flows(segment, settings, rows, keep, large_rows)) as frames:
            for frame in frames:
                found.append(frame)
                self._turn()
        return tuple(found)


@dataclass(frozen=True)
class _Known:
    """An order, equal to all others of the same anchors for the same network."""

    digest: bytes
    order: PaintOrder = field(compare=False)


class PaintMemory:
    """Paints orders; the colours of the last ones are kept.

    Args:
        paint: paints one.
    """

    def __init__(self, paint: Callable[[PaintOrder], Painted]) -> None:
        self._painted = lru_cache(BATCHES)(lambda known: paint(known.order))

    def __call__(self, order: PaintOrder) -> Painted:
        """The colours of its anchors."""
        anchors, digest = order.anchors, sha256()
        asked = (order.chosen, order.film.path, anchors.pts, anchors.classes, anchors.lightness.shape)
        digest.update(repr(asked).encode())
        tables: list[NDArray[Any]] = [anchors.lightness, *anchors.hints]
        for table in tables:
            digest.update(repr(table.shape).encode())
            digest.update(table.tobytes())
        return self._painted(_Known(digest.digest(), order))
