"""One film, file to file. Read this first."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.errors import InputError, OutputError, StageError, timecode
from pipelines.job.beside import put_beside
from pipelines.job.identity import about, about_segment
from pipelines.job.job import Job
from pipelines.job.work import WorkFolder
from pipelines.media.join import SegmentFile, mask_beside, mux
from pipelines.media.mask_film import write_mask_film
from pipelines.media.scan_writer import first_number, join_pictures
from pipelines.painting.paint import Paint, Painting
from pipelines.places import is_taken, only_run, put
from pipelines.proof.digest import digested
from pipelines.proof.origin import origin_of
from pipelines.proof.record import Made, write_beside
from pipelines.proof.reuse import from_result
from pipelines.proof.sign import signed
from pipelines.proof.verify import compared
from pipelines.repair.tally import notes as mend_notes
from pipelines.repair.tally import of_film, rows
from pipelines.segment import SegmentFlow, mended_alone
from pipelines.source import Film, Segment
from pipelines.streams import Spread, Stream, in_process

MAX_PLACES = 10
"""Times that a note lists; more are only counted."""
MISSING, MISSING_SHARE = Fraction(1), Fraction(1, 50)
"""Seconds, and share of the film's length: a film that ends earlier than it announces by more than both was cut short.
Rounding, and sound that is a little longer, make less of a difference."""


def restore(
    job: Job, listener: "Listener | None" = None, paint: Painting | None = None, spread: Spread = in_process
) -> "Result":
    """Colours a film: every segment that is not done yet, then all joined with the film's other streams.

    Args:
        job: from `prepare`.
        listener: called as the run goes on.
        paint: colours the anchors; None loads the network in this process.
        spread: where segments are worked on, and joined.

    Raises:
        FilmError: what stopped the run. Finished segments stay, and the next run goes on from them.
        DifferenceError: the result was to be verified, and differs.
    """
    listener, began = listener or Listener(), datetime.now(UTC)
    own = {segment.number: about_segment(job, segment) for segment in job.segments}
    work = WorkFolder(job.out, about(job), job.starts_over, own)
    painting, encode = paint or in_process(Paint()), job.settings.encode
    mended = None if job.chosen.name else partial(mended_alone, job.settings, job.chosen.motion_rows)
    has_mask = job.settings.repair.mask_out is not None
    flow = SegmentFlow(job.film, job.target, encode, job.ways.carried, painting, listener.on_frame, mended, has_mask)
    digest = digested(job.film, listener.on_wait)
    with _as_film_errors(job, work), only_run(work.lock, job.out), work, digest as source:
        segments = list(_coloured(job, work, listener, spread(ColourSegment(flow, work))))
        _check_any_frame(job, segments)
        origin = origin_of(job, source())
        whole = next(spread(Join(job, work, origin))(iter([segments])))
        result = _result(job, segments, source())
        final, notes = signed(job, whole, origin), (*job.target.notes, *result.notes)
        write_beside(Made(job, segments, whole, final, source(), origin, notes, began))
        _check_free(job)
        if job.settings.repair.mask_out is not None:
            put(mask_beside(whole), job.settings.repair.mask_out)
        listener.on_whole(final)
        put(final, job.out)
        put_beside(job.out)
        if job.keeps_work:
            listener.on_note(f"its segments stay in {work.folder.name}, for --update")
        else:
            work.remove()
    if job.settings.verify:
        sound, mask = job.settings.scans.sound, job.settings.repair.mask_out
        listener.on_note(f"verified: {compared(job.film.path, job.out, sound=sound, mask=mask).summary}")
    return result


def _coloured(
    job: Job, work: WorkFolder, listener: "Listener", colour: Stream[Segment, SegmentFile]
) -> Iterator[SegmentFile]:
    """All segments in order, each coloured now or by an earlier run."""
    for difference in work.differs:
        listener.on_note(f"starts over: {difference}")
    for note in from_result(job, work):
        listener.on_note(note)
    finished = {segment.number: work.finished(segment, segment.number in job.taken) for segment in job.segments}
    for note in _again_notes(job, work):
        listener.on_note(note)
    for found in filter(None, finished.values()):
        listener.on_resumed(len(found.encoded.pts))
    coloured = colour(iter([segment for segment in job.segments if finished[segment.number] is None]))
    for segment in job.segments:
        yield finished[segment.number] or next(coloured)


def _again_notes(job: Job, work: WorkFolder) -> Iterator[str]:
    """A sentence on segments that earlier runs have left."""
    again = sum(work.has_changed(segment) for segment in job.segments if segment.number not in job.taken)
    if again:
        yield f"{again} of {len(job.segments)} segments rendered again: their look, or what was given for them, changed"


@dataclass(frozen=True)
class ColourSegment:
    """The stage: a segment in, its coloured file out, in the working folder where a later run finds it."""

    flow: SegmentFlow
    work: WorkFolder

    def __call__(self, segment: Segment) -> SegmentFile:
        """Colours the segment and writes its file."""
        part = self.work.part(f"{segment.number:05d}")
        return self.work.finish(segment, self.flow(segment, part), part)


@dataclass(frozen=True)
class Join:
    """The last stage: the files of all segments in, the whole result out, still in the working folder."""

    job: Job
    work: WorkFolder
    origin: Mapping[str, str]
    """Tags of the result, see `origin_of`."""

    def __call__(self, segments: list[SegmentFile]) -> Path:
        """Joins the segments with the film's other streams."""
        job, part = self.job, self.work.part("film")
        if job.pictures is not None:
            first = next(segment.encoded.pts[0] for segment in segments if segment.encoded.pts)
            join_pictures(segments, job.pictures, first_number(job.film, first), part)
            return part
        whole = job.film, job.target, job.container, segments, job.span, part, job.out
        mux(*whole, origin=self.origin, first_timecode=job.settings.first_timecode)
        if job.settings.repair.mask_out is not None:
            write_mask_film(job.film, segments, mask_beside(part))
        return part


def _check_free(job: Job) -> None:
    """Raises OutputError where a file has taken the result's place since the run began."""
    if is_taken(job.out) and not job.overwrite:
        hint = "move it away, or --overwrite replaces it: the run goes on from its finished segments"
        raise OutputError(job.out, "exists since the run began", hint)


def _check_any_frame(job: Job, segments: list[SegmentFile]) -> None:
    if not any(segment.encoded.pts for segment in segments):
        raise InputError(job.film.path, "no frame lies in the span to restore", "choose another --start or --end")


@contextmanager
def _as_film_errors(job: Job, work: WorkFolder) -> Iterator[None]:
    """Raises the errors of disk, encoder and stages as errors of the film or of its result."""
    try:
        yield
    except StageError as error:
        raise error.as_film_error(job.film.path) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            hint = f"free some and start again: it goes on from {work.done} finished segments"
            raise OutputError(job.out, "the disk is full", hint) from error
        raise OutputError(job.out, f"cannot be written ({error.strerror or error})", "check its folder") from error


def _result(job: Job, segments: list[SegmentFile], source: str) -> "Result":
    held = tuple(job.film.seconds(pts) for segment in segments for pts in segment.encoded.held)
    cuts = tuple(job.film.seconds(pts) for segment in segments for pts in segment.encoded.cuts)
    return Result(
        source=source,
        frames=sum(len(segment.encoded.pts) for segment in segments),
        held=held,
        cuts=cuts,
        end=_end(job.film, segments),
        announced_end=_announced_end(job),
        devices=tuple(sorted({device for segment in segments for device in segment.encoded.devices})),
        parts=max(segment.encoded.parts for segment in segments),
        lost_captions=not job.film.picture.has_captions and any(segment.encoded.lost_captions for segment in segments),
        repairs=tuple(rows(job.film, of_film([segment.encoded for segment in segments]))),
    )


def _end(film: Film, segments: list[SegmentFile]) -> Fraction:
    last = next(segment.encoded for segment in reversed(segments) if segment.encoded.pts)
    return film.seconds(last.pts[-1] + last.last_duration)


def _announced_end(job: Job) -> Fraction:
    return job.seconds + (job.span.start or 0)


@dataclass(frozen=True)
class Result:
    """The result of a run."""

    source: str
    """sha256 of the film, see `proof.digest.digest_of`."""
    frames: int
    held: tuple[Fraction, ...]
    """Seconds from the film's start of damaged frames that hold the last good one."""
    cuts: tuple[Fraction, ...]
    """Seconds from the film's start of the frames that begin a shot, the first frame aside."""
    end: Fraction
    """Seconds from the film's start, of the last frame's end."""
    announced_end: Fraction
    """Seconds from the film's start where the result should end: by the film's own length, or by --end."""
    devices: tuple[str, ...] = ()
    """Kinds of GPU, each with its cuDNN, that coloured it, in this run or an earlier one; none: the CPU did."""
    parts: int = 1
    """Most parts in which a batch of anchors was coloured."""
    lost_captions: bool = False
    """Whether captions were left out that begin after the film's first frame; others are named before the run."""
    repairs: tuple[dict[str, Any], ...] = ()
    """Repairs made in each shot, see `repair.tally.rows`; none where nothing was to be mended."""

    @property
    def notes(self) -> list[str]:
        """Sentences the user should see."""
        mended = mend_notes(self.repairs)
        return [*mended, *self._held_note(), *self._end_note(), *self._device_notes(), *self._captions_note()]

    def _held_note(self) -> list[str]:
        if not self.held:
            return []
        places = ", ".join(map(timecode, self.held[:MAX_PLACES]))
        more = f" and {len(self.held) - MAX_PLACES} more" if len(self.held) > MAX_PLACES else ""
        return [f"the last good frame is held at {places}{more}"]

    def _end_note(self) -> list[str]:
        if self.announced_end - self.end <= max(MISSING, MISSING_SHARE * self.announced_end):
            return []
        ends = (
            f"the film's last frame ends at {timecode(self.end)}, and it should go on to {timecode(self.announced_end)}"
        )
        return [f"{ends}: it may have been cut short"]

    def _captions_note(self) -> list[str]:
        return ["left out: closed captions (--codec h264 keeps them)"] if self.lost_captions else []

    def _device_notes(self) -> Iterator[str]:
        if len(self.devices) > 1:
            kinds = "; ".join(self.devices)
            yield f"GPUs of more than one kind coloured it ({kinds}): a run on one kind may differ in the last bit"
        if self.parts > 1:
            yield f"the GPU's memory was short: batches were coloured in up to {self.parts} parts, which is slower"


@dataclass(frozen=True)
class Listener:
    """Callbacks of a run; by default they do nothing."""

    on_note: Callable[[str], None] = lambda _: None
    """A sentence the user should see."""
    on_frame: Callable[[int], None] = lambda _: None
    """The frame of this pts goes to the encoder."""
    on_resumed: Callable[[int], None] = lambda _: None
    """A segment of so many frames was finished by an earlier run."""
    on_wait: Callable[[], None] = lambda: None
    """About a second has passed in which others worked on the film; what it raises stops the run."""
    on_whole: Callable[[Path], None] = lambda _: None
    """The result is this file, whole, and about to get its name."""
