"""The segments of a finished result, taken by the run that updates it."""

import dataclasses
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path

import av

from pipelines.errors import FilmError
from pipelines.frames import EncodedSegment
from pipelines.job.job import Job
from pipelines.job.work import WorkFolder, encoded_of
from pipelines.media.join import offset_of
from pipelines.media.recut import Cut, contents, recut
from pipelines.places import remove
from pipelines.proof.segments import run_digest
from pipelines.proof.stated import Stated, load_record


def from_result(job: Job, work: WorkFolder) -> Iterator[str]:
    """Puts the segments of a finished result into the empty working folder of the run that updates it.

    Yields:
        A sentence on what was taken, or why nothing was.
    """
    if not job.updates or work.done:
        return
    why = ""
    if job.out.exists():
        try:
            why = f", and {_taken(job, work, load_record(job.out, None))}"
        except FilmError as error:
            why = f", and {Path(error.film).name}: {error.what}"
    if work.done:
        yield f"{work.done} of {len(job.segments)} segments taken from {job.out.name} itself"
    else:
        yield f"no segments were kept by an earlier run{why}: all are rendered, and the next --update finds them"


def _taken(job: Job, work: WorkFolder, stated: Stated) -> str:
    """Takes the segments; the reason where none is."""
    if "segments" not in stated.facts:
        return f"{stated.path.name} names none"
    if stated.facts["identity"] != run_digest(job):
        return f"{stated.path.name} is of other settings or of another version"
    try:
        _cut(job, work, stated)
    except (av.FFmpegError, ValueError, KeyError, TypeError) as error:
        return f"they cannot be cut out of {job.out.name} ({error})"
    return f"{job.out.name} does not hold their packets as they were encoded"


def _cut(job: Job, work: WorkFolder, stated: Stated) -> None:
    """Cuts all segments out, and keeps those that have come out as their record says."""
    facts = stated.facts["segments"]
    found = list(_encoded(job, stated))
    parts = [work.part(f"{segment.number:05d}") for segment in job.segments]
    recut(job.out, job.target, [Cut(part, pts) for part, (_, pts) in zip(parts, found, strict=True) if pts])
    for segment, part, (encoded, _), fact in zip(job.segments, parts, found, facts, strict=True):
        if (contents(part) if encoded.pts else "") == fact["contents"]:
            work.finish(segment, encoded, part, fact["identity"])
        else:
            remove(part)


def _encoded(job: Job, stated: Stated) -> Iterator[tuple[EncodedSegment, list[int]]]:
    """Each segment, and the pts of its packets in the order of the stream, from 0 on."""
    facts, offset = stated.facts["segments"], offset_of(job.film, job.target, job.span)
    firsts = accumulate((each["frames"] for each in facts), initial=0)
    for (first, end), fact in zip(pairwise(firsts), facts, strict=True):
        lumas, packets = stated.lumas.rows[first:end], stated.packets.rows[first:end]
        pts = [row.pts - offset for row in lumas]
        shown = dict(zip(sorted(row.pts for row in packets), pts, strict=True))
        held = {field.name: fact[field.name] for field in dataclasses.fields(EncodedSegment) if field.name in fact}
        encoded = encoded_of(held | {"pts": pts, "lumas": [row.md5 for row in lumas]})
        yield encoded, [shown[row.pts] - pts[0] for row in packets]
