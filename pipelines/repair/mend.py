"""Frames with their shots in, the same frames with mended luma out: the repairs in their order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, tee

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Frame, FrameRepair, Luma, ShotFrame
from pipelines.media.mask_film import MASK_LEVELS, defects
from pipelines.repair import flicker_local, gate, light, lines, specks
from pipelines.repair.gate import SteadyGate
from pipelines.repair.levels import Mask
from pipelines.repair.light import EvenLight, EvenLocalLight
from pipelines.repair.lines import MendScratches
from pipelines.repair.place import Place
from pipelines.repair.runs import BESIDE, Run, Work, runs
from pipelines.repair.specks import MendDust
from pipelines.repair_settings import RepairSettings
from pipelines.settings import Settings
from pipelines.source import Film

WHOLE, FIELDS = ((0, 1),), ((0, 2), (1, 2))
"""The first line, and the step from line to line, of a frame, and of the two fields of an interlaced one."""
Stream = Callable[[Iterable[Run], int], Iterator[Run]]
"""Runs in, runs with a repair done out, from the most pictures on either side that any of them depends on."""


@dataclass(frozen=True)
class Step:
    """A repair."""

    make: Callable[[Place], Stream]
    is_wanted: Callable[[RepairSettings], object]
    reach: Callable[[RepairSettings, Fraction], int]
    """Pictures on either side on which a picture depends, at so many pictures a second."""
    beside: int = 0
    """And beyond these."""


STEPS = (
    Step(SteadyGate, lambda how: how.weave or how.weave_fine, gate.reach, BESIDE),
    Step(EvenLight, lambda how: how.flicker, lambda how, _: light.reach(how)),
    Step(EvenLocalLight, lambda how: how.flicker_local, lambda *_: flicker_local.REACH),
    Step(MendDust, lambda how: how.dust or how.mask_in, lambda *_: specks.REACH),
    Step(MendScratches, lambda how: how.scratches, lambda *_: lines.REACH),
)
"""The repairs in their order."""


def reach(settings: Settings, rate: Fraction) -> int:
    """Frames on either side of a frame on which its mended luma depends, at so many frames a second."""
    return sum(furthest + step.beside for step, furthest in _wanted(settings, rate)) + BESIDE


def _wanted(settings: Settings, rate: Fraction) -> list[tuple[Step, int]]:
    """The repairs that some frames need, each with the most pictures on either side that it looks at."""
    every = (settings.repair, *(span.repair for span in settings.repairs))
    found = ((step, [step.reach(how, rate) for how in every if step.is_wanted(how)]) for step in STEPS)
    return [(step, max(reaches)) for step, reaches in found if reaches]


@dataclass(frozen=True)
class Mend:
    """The stage: frames with their shots and all of their luma in, those with mended luma out, in order."""

    film: Film
    settings: Settings

    def __call__(self, shown: Iterable[ShotFrame]) -> Iterator[Frame]:
        """Yields the frames."""
        is_woven = self.film.picture.field_order != "progressive" and not self.settings.deinterlace
        parts = FIELDS if is_woven else WHOLE
        frames, *copies = tee(self._marked(shown), 1 + len(parts))
        fields = [self._mended(copy, *part) for copy, part in zip(copies, parts, strict=True)]
        for (frame, shot, _), *works in zip(frames, *fields, strict=True):
            yield self._frame(frame, shot, works)

    def _marked(self, shown: Iterable[ShotFrame]) -> Iterator[tuple[Frame, int, Mask | None]]:
        """Frames with their shots, and where a person says that there are defects."""
        frames, shots = tee(shown)
        given = defects(self.film, self.settings.repair, (each.light.frame for each in frames))
        for each, mask in zip(shots, given, strict=True):
            yield each.light.frame, each.shot, mask

    def _mended(self, marked: Iterable[tuple[Frame, int, Mask | None]], first: int, step: int) -> Iterator[Work]:
        """The frames' pictures, of every `step`th line from `first` on, one for one."""
        film = self.film

        def pictures() -> Iterator[tuple[Work, int, RepairSettings]]:
            for frame, shot, given in marked:
                luma: Luma = np.ascontiguousarray(frame.luma[first::step])  # type: ignore[assignment]
                work = Work(luma, None if given is None else np.ascontiguousarray(given[first::step]))
                yield work, shot, self.settings.repair_at(film.seconds(frame.pts))

        coming: Iterator[Run] = runs(pictures(), film.picture.bits)
        for repair, furthest in _wanted(self.settings, film.picture.rate):
            coming = repair.make(Place(film.picture, first, step))(coming, furthest)
        return chain.from_iterable(run.works for run in coming)

    def _frame(self, frame: Frame, shot: int, works: list[Work]) -> Frame:
        """The frame with the luma of its pictures, and what was done to it."""
        luma = woven([work.luma for work in works], frame.luma)
        masks = [_as_stored(work) for work in works]
        mask = woven(masks, masks[0])
        has_mask = self.settings.repair.is_shown or self.settings.repair.mask_out is not None
        repair = FrameRepair(
            shot=shot,
            dark=sum(work.dark for work in works),
            bright=sum(work.bright for work in works),
            lines=sum(work.lines for work in works),
            share=float(np.count_nonzero(mask)) / mask.size,
            light=sum(work.light for work in works) / len(works),
            shift=max((work.shift for work in works), key=lambda each: max(map(abs, each))),
            is_limited=any(work.is_limited for work in works),
            mask=MASK_LEVELS[mask] if has_mask else None,
            before=frame.luma if self.settings.repair.is_shown else None,
        )
        return replace(frame, luma=luma, repair=repair)


def _as_stored(work: Work) -> Mask:
    """(H, W): where something was mended, before the picture was moved."""
    if work.mask is None:
        return np.zeros(work.luma.shape, np.uint8)
    x, y = (round(-each) for each in work.shift)
    if x == y == 0:
        return work.mask
    turn = np.array([[1, 0, x], [0, 1, y]], np.float64)
    return cv2.warpAffine(work.mask, turn, work.mask.shape[::-1], flags=cv2.INTER_NEAREST)  # type: ignore[return-value]


def woven(fields: list[NDArray[np.uint8]] | list[Luma], like: Luma) -> Luma:
    """A picture from its lines in turn; one that is whole as it is."""
    if len(fields) == 1:
        return fields[0]
    luma = np.empty((sum(map(len, fields)), fields[0].shape[1]), like.dtype)
    for (first, step), each in zip(FIELDS, fields, strict=True):
        luma[first::step] = each
    return luma
