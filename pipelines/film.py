"""One film, file to file. Read this first."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import version

from models.weights import find_weights, weights_digest
from pipelines.errors import InputError, OutputError, SettingsError
from pipelines.job import Job
from pipelines.painter import open_painter
from pipelines.resume import WorkFolder, fingerprint, flattened
from pipelines.runner import in_process
from pipelines.segment import Paint, SegmentFlow
from pipelines.stages.colorize import Colorize
from pipelines.stages.detect import Detect
from pipelines.stages.mux import SegmentFile, Span, mux


def restore(job: Job, listener: "Listener | None" = None) -> "Result":
    """Colours a film: every segment that is not done yet, then all joined with the film's other streams.

    Raises:
        FilmError: what stopped the run. Finished segments stay, and the next run goes on from them.
    """
    listener = listener or Listener()
    work, part = WorkFolder(job.out, about(job)), job.out.with_name(job.out.name + ".part")
    with _told(job, work), work:
        segments = list(_coloured(job, work, listener))
        _check_any_frame(job, segments)
        mux(job.film, job.target, job.container, segments, Span(job.settings.start, job.settings.end), part)
        part.replace(job.out)
    work.remove()
    return _result(job, segments)


def _coloured(job: Job, work: WorkFolder, listener: "Listener") -> Iterator[SegmentFile]:
    """All segments in order, each coloured now or by an earlier run."""
    for difference in work.differs:
        listener.on_note(f"starts over: {difference}")
    flow: SegmentFlow | None = None  # the network is loaded only if a segment is left to colour
    for segment in job.segments:
        found = work.finished(segment)
        if found is None:
            flow = flow or SegmentFlow(job.film, job.target, job.settings, _paint(job), listener.on_frame)
            found = work.finish(segment, flow(segment, work.path(segment)))
        else:
            listener.on_resumed(len(found.encoded.pts))
        yield found


def _check_any_frame(job: Job, segments: list[SegmentFile]) -> None:
    if not any(segment.encoded.pts for segment in segments):
        raise InputError(job.film.path, "no frame lies in the span to restore", "choose another --start or --end")


def _paint(job: Job) -> Paint:
    """Anchors in, coloured anchors out: instances found, then the network, in this process."""
    try:
        painter = open_painter(job.settings.paint)
    except ValueError as error:
        raise SettingsError(job.film.path, str(error), "name another --network") from error
    detect, colorize = Detect(painter), Colorize(painter)
    return in_process(lambda anchors: colorize(detect(anchors)))


def about(job: Job) -> dict[str, str]:
    """All that the bytes of a result depend on, by name: a run goes on only where all of it is the same."""
    settings = replace(job.settings, paint=replace(job.settings.paint, network=""))
    weights = weights_digest(find_weights(job.settings.paint.network))
    versions = {name: version(name) for name in ("restore", "av", "torch", "opencv-python")}
    source = {"film": fingerprint(job.film.path), "weights": weights, "container": job.container}
    return source | flattened(settings) | versions


@contextmanager
def _told(job: Job, work: WorkFolder) -> Iterator[None]:
    """Makes a FilmError of what the disk or the encoder refuses, and leaves nothing half written."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            hint = f"free some and start again: it goes on from {len(work.segments)} finished segments"
            raise OutputError(job.out, "the disk is full", hint) from error
        raise OutputError(job.out, f"cannot be written ({error.strerror or error})", "check its folder") from error
    finally:
        job.out.with_name(job.out.name + ".part").unlink(missing_ok=True)


def _result(job: Job, segments: list[SegmentFile]) -> "Result":
    held = tuple(job.film.seconds(pts) for segment in segments for pts in segment.encoded.held)
    cuts = tuple(job.film.seconds(pts) for segment in segments for pts in segment.encoded.cuts)
    return Result(sum(len(segment.encoded.pts) for segment in segments), held, cuts)


@dataclass(frozen=True)
class Result:
    """What a run wrote."""

    frames: int
    held: tuple[Fraction, ...]
    """Seconds from the film's start of damaged frames that hold the last good one."""
    cuts: tuple[Fraction, ...]
    """Seconds from the film's start of the frames that begin a shot, the first frame aside."""


@dataclass(frozen=True)
class Listener:
    """Who is told how a run goes; by default nobody."""

    on_note: Callable[[str], None] = lambda _: None
    """A sentence the user should see."""
    on_frame: Callable[[int], None] = lambda _: None
    """The frame of this pts goes to the encoder."""
    on_resumed: Callable[[int], None] = lambda _: None
    """A segment of so many frames was finished by an earlier run."""
