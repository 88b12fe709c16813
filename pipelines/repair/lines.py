"""The step that mends scratches: runs in, runs with the scratches taken off out, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipelines.motion.flow import Flow
from pipelines.repair import scratches
from pipelines.repair.levels import BRIGHT, DARK, Mask, eight_bits
from pipelines.repair.place import Place
from pipelines.repair.references import motion, without_specks
from pipelines.repair.runs import BESIDE, Around, Run, Work, around
from pipelines.repair.scratches import Line

BOTH_SIDES = 2
"""Unlike frames before a frame, and after it, that are asked whether a line stays."""
REACH = (BOTH_SIDES + 1) * BESIDE
"""Pictures on either side on which it depends: these frames, and the rest of a run."""


@dataclass(frozen=True)
class MendScratches:
    """Finds scratches, and takes them off."""

    place: Place

    def __call__(self, coming: Iterable[Run], _: int) -> Iterator[Run]:
        """Yields the runs without their scratches."""
        seen = ((run, scratches.lines(run.luma, self.place.bits)) for run in coming)
        for each in around(seen, BOTH_SIDES * BESIDE, over_stills=True):
            is_sought = each.run.how.scratches and each.run.how.mask_in is None and not each.run.is_still
            yield self._mended(each) if is_sought and each.before and each.after else each.run

    def _mended(self, each: Around[list[Line]]) -> Run:
        run, own = each.runs[each.at]
        near = [*each.before[-BOTH_SIDES:], *each.after[:BOTH_SIDES]]
        beside = [(lines, self._flow(run, other)) for other, lines in near] if own else []
        wanted = {"both": (DARK, BRIGHT), "dark": (DARK,), "bright": (BRIGHT,)}[run.how.polarity]
        found = [line for line in scratches.staying(own, beside) if line.value in wanted]
        if not found:
            return run
        shown = self.place.protected.left_alone(scratches.mask(found, run.luma.shape), run.how)
        return replace(run, works=tuple(self._concealed(work, found, shown) for work in run.works))

    def _flow(self, run: Run, other: Run) -> Flow:
        """Where the things of a run lie in another."""
        here, there = (without_specks(eight_bits(each.luma, self.place.bits)) for each in (run, other))
        return motion(here, there)

    def _concealed(self, work: Work, found: list[Line], shown: Mask) -> Work:
        luma = np.where(shown > 0, scratches.concealed(work.luma, found, self.place.bits), work.luma)
        mask = shown if work.mask is None else np.maximum(work.mask, shown)
        return replace(work, luma=luma, mask=mask, lines=len(found))
