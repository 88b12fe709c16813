"""Pictures on their way through the repairs: twins together, and each with the pictures around it.

A picture is a frame's luma, or one field of it. A twin repeats the picture before it: it is no neighbour, and what is
found in the first of a run is mended in all of it. A run of more than LONGEST is a still: nothing is mended in it, and
light and gate are not compared across it. So what happens to a frame depends on few frames around it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipelines.frames import Luma
from pipelines.repair.cadence import is_twin
from pipelines.repair.levels import Mask
from pipelines.repair_settings import RepairSettings

LONGEST = 3
"""Pictures of a run: 24 frames a second shown as 60 have runs of 2 and 3."""
BESIDE = LONGEST + 1
"""Pictures from the first of a run to the first of the next, or less."""
Seen = TypeVar("Seen")
"""Measures that a repair keeps of a run of equal frames, beside its pictures."""


@dataclass(frozen=True)
class Work:
    """A picture, as far as it is mended."""

    luma: Luma
    given: Mask | None = None
    """(H, W): where a person says that there are defects; None: nothing is said."""
    mask: Mask | None = None
    """(H, W): where dust and scratches were mended; None: nowhere."""
    dark: int = 0
    """Blobs that were darker than what they hid."""
    bright: int = 0
    lines: int = 0
    """Scratches."""
    light: float = 0.0
    """Levels, of 255, by which the mean luma was raised."""
    shift: tuple[float, float] = (0.0, 0.0)
    """Columns and rows by which it was moved."""
    is_limited: bool = False
    """Whether more was found than the repair may do."""


@dataclass(frozen=True)
class Run:
    """A picture, and those that repeat it."""

    first: int
    """Number of its first picture."""
    shot: int
    how: RepairSettings
    """Of its first picture."""
    works: tuple[Work, ...]
    is_still: bool = False

    @property
    def luma(self) -> Luma:
        """Of its first picture."""
        return self.works[0].luma


def runs(pictures: Iterable[tuple[Work, int, RepairSettings]], bits: int) -> Iterator[Run]:
    """Pictures with their shots and settings, grouped by what they repeat; a still comes in pieces."""
    waiting, last = list[Work](), None
    first = shot = 0
    how, is_still = RepairSettings(), False
    for number, (work, shot_now, how_now) in enumerate(pictures):
        if last is None or shot_now != shot or not is_twin(work.luma, last, bits):
            if waiting:
                yield Run(first, shot, how, tuple(waiting))
            waiting, is_still = [], False
        if not waiting:
            first, shot, how = number, shot_now, how_now
        waiting.append(work)
        last = work.luma
        is_still = is_still or len(waiting) > LONGEST
        if is_still:
            yield Run(first, shot, how, tuple(waiting), is_still=True)
            waiting = []
    if waiting:
        yield Run(first, shot, how, tuple(waiting))


@dataclass(frozen=True)
class Around(Generic[Seen]):
    """A run with those of its shot on both sides."""

    runs: list[tuple[Run, Seen]]
    """In order."""
    at: int
    """Where it is itself among them."""

    @property
    def run(self) -> Run:
        """The run itself."""
        return self.runs[self.at][0]

    @property
    def before(self) -> list[tuple[Run, Seen]]:
        """The nearest last."""
        return self.runs[: self.at]

    @property
    def after(self) -> list[tuple[Run, Seen]]:
        """The nearest first."""
        return self.runs[self.at + 1 :]

    def within(self, reach: int) -> "Around[Seen]":
        """The run with those at most `reach` pictures from its own."""
        return _around(self.runs, self.at, reach)


def around(seen: Iterable[tuple[Run, Seen]], reach: int, over_stills: bool = False) -> Iterator[Around[Seen]]:
    """Each run with those of its shot whose first picture lies at most `reach` pictures from its own.

    Args:
        seen: runs in order, each with what is known of it.
        reach: pictures, at least 1.
        over_stills: whether those beyond a still belong to it, too.
    """
    near, at = list[tuple[Run, Seen]](), 0
    for item in seen:
        run = item[0]
        if near and not in_one_stretch(near[-1][0], run, over_stills):
            yield from (_around(near, i, reach) for i in range(at, len(near)))
            near, at = [], 0
        near.append(item)
        while near[at][0].first + reach <= run.first:
            yield _around(near, at, reach)
            at += 1
        gone = next(i for i, (each, _) in enumerate(near) if each.first + reach >= near[at][0].first)
        del near[:gone]
        at -= gone
    yield from (_around(near, i, reach) for i in range(at, len(near)))


def in_one_stretch(one: Run, other: Run, over_stills: bool = False) -> bool:
    """Whether two runs, one after the other, are of one stretch: a shot, or its part between stills."""
    return one.shot == other.shot and (over_stills or not (one.is_still or other.is_still))


def _around(near: list[tuple[Run, Seen]], at: int, reach: int) -> Around[Seen]:
    first = near[at][0].first
    begin = next(i for i, (run, _) in enumerate(near) if run.first + reach >= first)
    end = next((i for i in range(at, len(near)) if near[i][0].first > first + reach), len(near))
    return Around(near[begin:end], at - begin)
