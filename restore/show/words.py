"""Films, plans and outcomes in the words of one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.errors import timecode

if TYPE_CHECKING:
    from pipelines.archive.plan import Plan
    from pipelines.archive.records import Record
    from pipelines.job.job import Job
    from pipelines.source import Film


def counted(count: int, noun: str) -> str:
    """2 frames, 1 frame."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def described(film: Film) -> str:
    """A film's name, size and rate in a few words."""
    picture = film.picture
    rate = f"{float(picture.frame_rate):.6g} fps" if picture.frame_rate else "uneven rate"
    shape = "" if picture.field_order == "progressive" else ", interlaced"
    return f"{film.name}: {picture.width}x{picture.height}{shape}, {rate}"


def _streams(film: Film) -> str:
    kinds = [other.kind for other in film.others]
    parts = [counted(kinds.count(kind), f"{kind} stream") for kind in dict.fromkeys(kinds)]
    if film.chapters:
        parts.append(counted(film.chapters, "chapter"))
    return ", ".join(parts) or "no other streams"


def summary(job: Job) -> str:
    """A run in one line: film, network, device, codec, container, result."""
    source = f"{described(job.film)}, {timecode(job.seconds)}, {_streams(job.film)}"
    how = f"{job.chosen.name} on {job.device}" if job.chosen.name else "mended alone"
    return f"{source} -> {how}, {job.written} -> {job.out}"


def looked_at(film: Film, how: str, out: object) -> str:
    """A look at a film in one line."""
    return f"{described(film)} -> {how} -> {out}"


def planned(plan: Plan) -> str:
    """The plan of an archive run in one line."""
    parts = [f"{len(plan.todo)} to restore"]
    parts += [f"{len(plan.done)} done already"] if plan.done else []
    parts += [f"{len(plan.failed)} failed before (--retry-failed tries them again)"] if plan.failed else []
    if plan.changed:
        parts.append(f"{len(plan.changed)} done from other films or settings (--overwrite makes them anew)")
    parts += [f"{len(plan.left_out)} left out, named *.restored.* as results are"] if plan.left_out else []
    return ", ".join(parts)


def outcome(records: Sequence[Record]) -> str:
    """The outcome of an archive run in one line."""
    failed = failures(records)
    return f"{len(records) - failed} restored, {failed} failed"


def failures(records: Sequence[Record]) -> int:
    """How many films of an archive have failed."""
    return sum(hasattr(record, "error") for record in records)
