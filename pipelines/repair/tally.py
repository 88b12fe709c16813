"""Repairs of a film, counted by shot."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pipelines.errors import timecode
from pipelines.frames import ColouredFrame, EncodedSegment, FrameRepair, ShotRepair
from pipelines.source import Film

MAX_PLACES = 10
"""Times that a note lists; more are only counted."""


@dataclass
class Tally:
    """Counts what was mended in the frames of a segment that pass."""

    shots: tuple[ShotRepair, ...] = ()
    last: int = field(default=-1, repr=False)
    """Shot of the last frame."""

    def __call__(self, frames: Iterable[ColouredFrame]) -> Iterator[ColouredFrame]:
        """Yields the frames as they are."""
        for coloured in frames:
            if coloured.frame.repair is not None:
                self._count(coloured.frame.pts, coloured.shot, coloured.frame.repair)
            yield coloured

    def _count(self, pts: int, shot: int, repair: FrameRepair) -> None:
        own = _of_frame(pts, repair)
        if shot != self.last:
            self.shots, self.last = (*self.shots, own), shot
        else:
            self.shots = (*self.shots[:-1], _added(self.shots[-1], own))


def _of_frame(pts: int, repair: FrameRepair) -> ShotRepair:
    touches = bool(repair.share or repair.light or any(repair.shift))
    return ShotRepair(
        start=pts,
        frames=1,
        touched=int(touches),
        dark=repair.dark,
        bright=repair.bright,
        lines=repair.lines,
        pixels=repair.share,
        light=abs(repair.light),
        shift=max(map(abs, repair.shift)),
        limited=(pts,) if repair.is_limited else (),
    )


def _added(one: ShotRepair, other: ShotRepair) -> ShotRepair:
    """Both parts of a shot together."""
    names = ("frames", "touched", "dark", "bright", "lines", "pixels", "limited")
    sums = {name: getattr(one, name) + getattr(other, name) for name in names}
    return one._replace(**sums, light=max(one.light, other.light), shift=max(one.shift, other.shift))


def of_film(segments: Sequence[EncodedSegment]) -> tuple[ShotRepair, ...]:
    """The shots of a film of which segments know parts, in order."""
    found = list[ShotRepair]()
    for segment in segments:
        for shot in segment.repairs:
            if found and shot.start not in segment.cuts:
                found[-1] = _added(found[-1], shot)
            else:
                found.append(shot)
    return tuple(found)


def rows(film: Film, shots: Sequence[ShotRepair]) -> list[dict[str, Any]]:
    """The shots as JSON: times in seconds from the film's start, `pixels` as their mean share in a frame."""
    return [
        shot._asdict()
        | {
            "shot": number,
            "start": round(float(film.seconds(shot.start)), 3),
            "pixels": round(shot.pixels / shot.frames, 8),
            "limited": [round(float(film.seconds(pts)), 3) for pts in shot.limited],
        }
        for number, shot in enumerate(shots, start=1)
    ]


def notes(shots: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Sentences on what was mended, from `rows`."""
    names = ("frames", "touched", "dark", "bright", "lines")
    frames, touched, dark, bright, lines = (sum(shot[name] for shot in shots) for name in names)
    if not frames:
        return
    share = sum(shot["pixels"] * shot["frames"] for shot in shots) / frames
    light, shift = (max(shot[name] for shot in shots) for name in ("light", "shift"))
    parts = [f"{dark} dark and {bright} bright specks"] if dark or bright else []
    parts += [f"{lines} scratches"] if lines else []
    parts += [f"{share:.4%} of the pixels concealed"] if share else []
    parts += [f"light moved by up to {light:.1f} of 255"] if light else []
    parts += [f"the picture by up to {shift:.1f} pixels"] if shift else []
    yield f"mended {touched} of {frames} frames: {', '.join(parts) or 'nothing was found'}"
    limited = [at for shot in shots for at in shot["limited"]]
    if limited:
        places = ", ".join(timecode(Fraction(at)) for at in limited[:MAX_PLACES])
        more = f" and {len(limited) - MAX_PLACES} more" if len(limited) > MAX_PLACES else ""
        yield f"more is wrong than repair may mend at {places}{more}; look there"
