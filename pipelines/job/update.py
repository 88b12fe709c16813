"""A finished film made again from the segments that its run has kept: only what has changed is rendered."""

from dataclasses import replace

from pipelines.job.finder import Finder
from pipelines.job.job import Job
from pipelines.ranges import When, in_seconds
from pipelines.source import Segment


def kept(job: Job) -> Job:
    """The job of a run that keeps its segments."""
    return replace(job, keeps_work=True)


def updating(job: Job, overwrite: bool, find: Finder, shot: int | None = None) -> Job:
    """The job of a run that renders changed segments into its finished result.

    Args:
        job: of the whole film, which may replace its result.
        overwrite: whether segments of a run with other settings may be lost.
        find: finds the shot.
        shot: the only one that is rendered; segments without it are taken as they are.

    Raises:
        SettingsError: there is no such shot.
    """
    job = replace(kept(job), starts_over=overwrite, updates=True)
    if shot is None:
        return job
    place = When(f"shot {shot}")
    first, last = (job.film.pts(in_seconds(find(place, "--shot", is_end))) for is_end in (False, True))
    return replace(job, taken=frozenset(each.number for each in job.segments if not _meets(each, first, last)))


def _meets(segment: Segment, first: int, last: int) -> bool:
    """Whether frames with first <= pts < last are the segment's."""
    return (segment.start is None or segment.start < last) and (segment.end is None or segment.end > first)
