"""The step that steadies the gate: runs in, runs with their pictures moved out, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np

from pipelines.repair import weave
from pipelines.repair.place import Place
from pipelines.repair.runs import BESIDE, Around, Run, Work, around, in_one_stretch
from pipelines.repair.trend import REACH as SIGMAS
from pipelines.repair.weave import Move
from pipelines.repair_settings import RepairSettings

NOT = np.zeros(2)
"""No move."""


def reach(how: RepairSettings, rate: Fraction) -> int:
    """Pictures on either side on which it depends where a picture is moved to."""
    return ceil(SIGMAS * weave.SIGMAS[how.weave or how.weave_fine] * rate)


@dataclass(frozen=True)
class SteadyGate:
    """Moves pictures back to the trend of their path."""

    place: Place

    def __call__(self, coming: Iterable[Run], furthest: int) -> Iterator[Run]:
        """Yields the runs with their pictures moved; `furthest`: most pictures on either side that any depends on."""
        seen = ((each.run, self._move(each)) for each in around(self._shifts(coming), furthest))
        for each in around(seen, BESIDE):
            run, (move, is_limited) = each.runs[each.at]
            yield self._moved(each, run, move, is_limited) if move.any() else run

    def _shifts(self, coming: Iterable[Run]) -> Iterator[tuple[Run, Move]]:
        """Runs, each with its shift to the one before it."""
        last: Run | None = None
        for run in coming:
            is_next = last is not None and in_one_stretch(last, run) and not run.is_still
            yield run, weave.shift(last.luma, run.luma, self.place.bits) if last is not None and is_next else NOT
            last = run

    def _move(self, each: Around[Move]) -> tuple[Move, bool]:
        """The shift that steadies a run, and whether a limit struck."""
        run, strength = each.run, each.run.how.weave or each.run.how.weave_fine
        if not strength or run.is_still:
            return NOT, False
        each = each.within(reach(run.how, self.place.rate))
        if len(each.runs) < 2:
            return NOT, False
        shifts = [NOT, *(shift for _, shift in each.runs[1:])]
        pictures = each.runs[-1][0].first - each.runs[0][0].first
        rate = self.place.rate * Fraction(len(shifts) - 1, pictures)
        moves, limited = weave.moves(shifts, rate, run.luma.shape, strength)
        move = np.rint(moves[each.at]) if run.how.weave else moves[each.at]
        return move, bool(limited[each.at])

    @staticmethod
    def _moved(each: Around[tuple[Move, bool]], run: Run, move: Move, is_limited: bool) -> Run:
        is_whole = bool(run.how.weave)
        nearest = sorted((*each.before, *each.after), key=lambda other: abs(other[0].first - run.first))
        beside = [(other.luma, its_move) for other, (its_move, _) in nearest]

        def of(work: Work) -> Work:
            luma = weave.moved(work.luma, move, beside, is_whole)
            given = None if work.given is None else weave.moved(work.given, move)
            return replace(work, luma=luma, given=given, shift=(float(move[0]), float(move[1])), is_limited=is_limited)  # type: ignore[arg-type]

        return replace(run, works=tuple(map(of, run.works)))
