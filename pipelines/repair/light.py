"""Steps that even the light: of whole frames, and of parts of them. Runs in, runs with even light out, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipelines.frames import Luma
from pipelines.motion.flow import FloatPicture, Flow
from pipelines.repair import flicker, flicker_local
from pipelines.repair.flicker import Curve
from pipelines.repair.place import Place
from pipelines.repair.runs import Around, Run, Work, around, in_one_stretch
from pipelines.repair.trend import REACH as SIGMAS
from pipelines.repair_settings import RepairSettings

FURTHER = 12
"""Pictures beyond those of the trend in which steps and flashes are looked for."""
SHARES = {1: 0.4, 2: 0.7, 3: 1.0, 4: 1.0, 5: 1.0}
"""Of local flicker that is taken away, by strength."""


def reach(how: RepairSettings) -> int:
    """Pictures on either side that the light of whole frames depends on."""
    return round(SIGMAS * flicker.SIGMAS[how.flicker]) + FURTHER


@dataclass(frozen=True)
class EvenLight:
    """Evens the light of whole frames, by the quantiles of their luma over the frames around."""

    place: Place

    def __call__(self, coming: Iterable[Run], furthest: int) -> Iterator[Run]:
        """Yields the runs with even light; `furthest`: the most pictures on either side that any depends on."""
        curves = ((run, flicker.curve(run.luma, self.place.bits)) for run in coming)
        for each in around(curves, furthest):
            run = each.run
            is_even = not run.how.flicker or run.is_still
            yield run if is_even else self._evened(each.within(reach(run.how)))

    def _evened(self, each: Around[Curve]) -> Run:
        run, own = each.runs[each.at]
        wanted = flicker.smoothed(np.stack([curve for _, curve in each.runs]), run.how.flicker)[each.at]
        if np.array_equal(wanted, own):
            return run
        values = flicker.table(own, wanted, self.place.bits, self.place.black)
        return _with_light(run, [flicker.evened(work.luma, values) for work in run.works], self.place.bits)


@dataclass(frozen=True)
class _Local:
    """Local flicker of a run of equal frames, as measured."""

    small: FloatPicture
    step: tuple[Flow, Flow] | None
    """From the run before it, and back; None: there is none in its stretch."""


@dataclass(frozen=True)
class EvenLocalLight:
    """Evens the light of parts of frames, along motion."""

    place: Place

    def __call__(self, coming: Iterable[Run], furthest: int) -> Iterator[Run]:
        """Yields the runs with even light; `furthest`: flicker_local.REACH."""
        for each in around(self._looked(coming), furthest):
            run = each.run
            if run.how.flicker_local and not run.is_still and len(each.runs) > 1:
                smalls = [seen.small for _, seen in each.runs]
                steps = [seen.step for _, seen in each.runs[1:] if seen.step is not None]
                run = self._evened(run, flicker_local.gain(smalls, steps, each.at))
            yield run

    def _looked(self, coming: Iterable[Run]) -> Iterator[tuple[Run, _Local]]:
        last: tuple[Run, _Local] | None = None
        for run in coming:
            small, step = flicker_local.small(run.luma, self.place.bits), None
            if last is not None and in_one_stretch(last[0], run):
                step = flicker_local.step(last[1].small, small)
            last = run, _Local(small, step)
            yield last

    def _evened(self, run: Run, gain: FloatPicture) -> Run:
        factor = gain ** np.float32(SHARES[run.how.flicker_local])
        bits, black = self.place.bits, self.place.black
        return _with_light(run, [flicker_local.evened(work.luma, factor, bits, black) for work in run.works], bits)


def _with_light(run: Run, lumas: list[Luma], bits: int) -> Run:
    """The run with these pictures, and by how much their light was moved."""
    return replace(run, works=tuple(_with(work, luma, bits) for work, luma in zip(run.works, lumas, strict=True)))


def _with(work: Work, luma: Luma, bits: int) -> Work:
    change = (float(luma.mean()) - float(work.luma.mean())) / (1 << (bits - 8))
    return replace(work, luma=luma, light=work.light + change)
