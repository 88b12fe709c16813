"""The step that mends dust: runs in, runs with their dust concealed out, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipelines.repair import conceal, dust
from pipelines.repair.blobs import blobs
from pipelines.repair.levels import BRIGHT, DARK, Mask
from pipelines.repair.place import Place
from pipelines.repair.references import References, references
from pipelines.repair.runs import BESIDE, Around, Run, Work, around
from pipelines.repair_settings import RepairSettings

REACH = 3 * BESIDE
"""Pictures on either side on which it depends: its run's neighbours, theirs, and the rest of a run."""


@dataclass(frozen=True)
class _Dust:
    """Dust of a run of equal frames, as measured."""

    sides: References | None
    """None: nothing was looked for."""
    mask: Mask | None


@dataclass(frozen=True)
class MendDust:
    """Finds dust and conceals it, or what a person's mask says in place of it."""

    place: Place

    def __call__(self, coming: Iterable[Run], _: int) -> Iterator[Run]:
        """Yields the runs with dust concealed."""
        bare = ((run, None) for run in coming)
        looked = ((each.run, self._look(each)) for each in around(bare, BESIDE, over_stills=True))
        for each in around(looked, BESIDE, over_stills=True):
            yield self._mended(each)

    def _look(self, each: Around[None]) -> _Dust:
        """The references of a run, and the dust in it."""
        run = each.run
        is_given = any(work.given is not None and work.given.any() for work in run.works)
        is_sought = run.how.dust and run.how.mask_in is None and not run.is_still and each.before and each.after
        if not (is_given or is_sought):
            return _Dust(None, None)
        before = each.before[-1][0].works[-1].luma if each.before else None
        after = each.after[0][0].luma if each.after else before
        if after is None:  # a shot of one picture
            return _Dust(None, None)
        sides = references(run.luma, after if before is None else before, after, self.place.bits)
        return _Dust(sides, dust.found(run.luma, sides, self.place.bits, run.how.dust) if is_sought else None)

    def _mended(self, each: Around[_Dust]) -> Run:
        run, seen = each.runs[each.at]
        if seen.sides is None:
            return run
        mask = seen.mask
        if mask is not None:
            beside = [*each.before[-1:], *each.after[:1]]
            mask = dust.kept(mask, [other.mask for _, other in beside if other.mask is not None])
            mask = _wanted(mask, run.how)
        return replace(run, works=tuple(self._concealed(work, mask, seen.sides, run.how) for work in run.works))

    def _concealed(self, work: Work, mask: Mask | None, sides: References, how: RepairSettings) -> Work:
        mask = work.given if mask is None else mask
        if mask is None or not mask.any():
            return work
        shown = mask if work.given is not None else conceal.grown_to_conceal(mask)
        shown = self.place.protected.left_alone(shown, how)
        dark, bright = (blobs(mask == value).count - 1 for value in (DARK, BRIGHT))
        luma = conceal.concealed(work.luma, shown, sides, self.place.bits)
        return replace(work, luma=luma, mask=shown, dark=dark, bright=bright)


def _wanted(mask: Mask, how: RepairSettings) -> Mask:
    """The mask without blobs of another polarity or size than is asked for."""
    if how.polarity != "both":
        mask = np.where(mask == (DARK if how.polarity == "dark" else BRIGHT), mask, 0).astype(np.uint8)
    if how.min_size is None and how.max_size is None:
        return mask
    parts = blobs(mask)
    fits = (parts.areas >= (how.min_size or 0)) & (parts.areas <= (how.max_size or np.inf))
    return np.where(parts.of(fits), mask, 0).astype(np.uint8)
