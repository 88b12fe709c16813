"""Which workers of a pool are up, and what each has to do: all streams ask here whose turn it is."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import ray

from pipelines.on_ray.polling import polled

MAX_BREAKS = 3
"""Times in a row that a worker's device may fail, with no batch done between; then it is left out."""
SECONDS_TO_ANSWER = 20
"""After which a worker that is not up is reported."""
POLL_SECONDS = 0.5


class Life(NamedTuple):
    """A worker from one start to the next."""

    number: int
    """Of the worker."""
    token: str
    """Another one at each start."""


@dataclass
class Attendance:
    """The state of a pool's workers, by their numbers."""

    up: Collection[int]
    left_out: dict[int, str] = field(default_factory=dict)
    """Those that will not come back, each with the reason."""
    broke: tuple[str, ...] = ()
    """Why workers ended themselves and were started again."""


class Roster:
    """The workers of a pool that are up, with the batches that each has in flight for all streams; a Ray actor."""

    def __init__(self) -> None:
        self.loads: dict[Life, int] = {}
        self.left_out: dict[int, str] = {}
        self.breaks: Counter[int] = Counter()
        self.reasons: dict[str, None] = {}

    def start(self, life: Life) -> str | None:
        """Adds a worker that has started; gives the reason where it has been left out."""
        if life not in self.loads:
            self.loads = {other: load for other, load in self.loads.items() if other.number != life.number}
            self.loads[life] = 0
        return self.left_out.get(life.number)

    def take(self, avoided: Collection[int] = ()) -> Life | None:
        """The worker for the next batch: of those with the least in flight the one that has waited longest.

        Args:
            avoided: workers that are only taken where no other is up.

        Returns:
            None where no worker is up.
        """
        life = min(self.loads, key=lambda life: (life.number in avoided, self.loads[life]), default=None)
        if life is not None:
            self.loads[life] = self.loads.pop(life) + 1  # and goes to the end
        return life

    def done(self, life: Life) -> None:
        """A batch of this worker is done."""
        if life in self.loads:
            self.loads[life] = max(0, self.loads[life] - 1)
        self.breaks.pop(life.number, None)

    def in_flight(self) -> int:
        """Batches that workers have and have not done."""
        return sum(self.loads.values())

    def lose(self, life: Life) -> None:
        """This worker has died; it is added again when it starts."""
        self.loads.pop(life, None)

    def break_off(self, life: Life, reason: str) -> None:
        """This worker ends itself, since its device failed."""
        self.lose(life)
        self.breaks[life.number] += 1
        self.reasons[reason] = None
        if self.breaks[life.number] >= MAX_BREAKS:
            self.leave_out(life.number, f"{reason}, {MAX_BREAKS} times in a row")

    def leave_out(self, number: int, reason: str) -> None:
        """This worker cannot work, and will not come back."""
        self.left_out[number] = reason

    def attendance(self) -> Attendance:
        """Who is up, and who is not."""
        return Attendance({life.number for life in self.loads}, dict(self.left_out), tuple(self.reasons))


@dataclass
class Watch:
    """Puts into words what happens to a pool's workers, each thing once."""

    count: int
    """Of workers."""
    kind: str
    """Of worker, as the user calls it: GPU or worker."""
    began: float = field(default_factory=time.monotonic)
    told: set[object] = field(default_factory=set)
    missing: dict[int, float] = field(default_factory=dict)
    """Workers that are not up, each with the time since when."""

    def notes(self, now: Attendance, at: float) -> Iterator[str]:
        """Sentences on what is new.

        Args:
            now: the state of the workers.
            at: seconds, by the clock of `began`.
        """
        rest = self.count - len(now.left_out)
        for reason in self._new(now.broke):
            yield f"a {self.kind} failed and is started again: {reason}"
        for number in self._new(now.left_out):
            left = f"{rest} of {self.count} are left" if rest else "none is left"
            yield f"a {self.kind} is left out: {now.left_out[number]}; {left}"
        absent = set(range(self.count)) - set(now.up) - now.left_out.keys()
        self.missing = {number: self.missing.get(number, at) for number in absent}
        late = {number for number, since in self.missing.items() if at - since >= SECONDS_TO_ANSWER}
        self.told -= {(number, is_told) for number in now.up for is_told in (False, True)}
        said = {(number, bool(now.up)) for number in late}  # again, where the run waited and does not any more
        if said - self.told:
            self.told |= said
            done = f"the run goes on with {len(now.up)}" if now.up else "the run waits"
            verb, them = ("does", "it") if len(late) == 1 else ("do", "them")
            yield (
                f"{len(late)} of {self.count} {self.kind}s {verb} not answer, others may hold {them}; {done}, "
                "and takes each as it comes"
            )

    def _new(self, things: Collection[Any]) -> list[Any]:
        new = [thing for thing in things if ("at once", thing) not in self.told]
        self.told |= {("at once", thing) for thing in new}
        return new


def watched(roster: Any, watch: Watch, on_note: Callable[[str], None]) -> AbstractContextManager[None]:
    """A block in which what happens to a pool's workers is reported.

    Args:
        roster: the actor.
        watch: what is known of them.
        on_note: takes the sentences, in another thread.
    """

    def look() -> None:
        for note in watch.notes(ray.get(roster.attendance.remote()), time.monotonic()):
            on_note(note)

    return polled(look, POLL_SECONDS)
