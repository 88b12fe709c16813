"""The shots of a film as lists that people and editing programs read: CSV, CMX3600 EDL, OpenTimelineIO; or a look."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import opentimelineio as otio

from pipelines.errors import OutputError
from pipelines.job.shots import Shot
from pipelines.media.timecode import Clock, clock_of
from pipelines.places import written_whole
from pipelines.preview.look_list import look_of
from pipelines.preview.view import View
from pipelines.source import Film

MAX_EVENTS = 999
"""Of an EDL: its numbers have three digits."""
REEL_LETTERS = 8
"""Of a reel's name in an EDL."""
COLUMNS = "shot", "start", "end", "frames", "start_seconds", "seconds", "reel", "source"


def write_shots(view: View, shots: Sequence[Shot]) -> None:
    """Writes the list in the way that its suffix names.

    Raises:
        FilmError: it cannot be written, or the list does not fit into an EDL.
    """
    suffix, clock = view.out.suffix.lower(), clock_for(view)
    listed = {".csv": _csv, ".edl": _edl, ".otio": _otio}
    written = look_of(view, shots) if suffix == ".toml" else listed[suffix](view, shots, clock)
    with written_whole(view.out) as part:
        part.write_text(written, "utf-8", newline="")


def clock_for(view: View) -> Clock:
    """The clock by which a list counts frames.

    Raises:
        InputError: the film's timecode is not valid at its rate.
        OutputError: there is no timecode for the film's rate, and an EDL has nothing else.
    """
    clock = clock_of(view.film)
    if view.out.suffix.lower() == ".edl" and not clock.has_timecode:
        what = f"an EDL has no timecode for {float(clock.rate):.6g} frames a second"
        raise OutputError(view.out, what, "write .otio or .csv")
    return clock


def _csv(view: View, shots: Sequence[Shot], clock: Clock) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for shot in shots:
        times = (
            clock.at(shot.start),
            clock.at(shot.end),
            shot.frames,
            f"{float(shot.start):.3f}",
            f"{float(shot.length):.3f}",
        )
        rows.writerow([shot.number, *times, clock.reel, view.film.name])
    return text.getvalue()


def _otio(view: View, shots: Sequence[Shot], clock: Clock) -> str:
    return str(otio.adapters.write_to_string(timeline(view.film, shots, clock, float(clock.rate)), "otio_json"))


def _edl(view: View, shots: Sequence[Shot], clock: Clock) -> str:
    """CMX3600; it does not say its rate, and numbers that are not dropped at 29.97 frames a second count like 30."""
    if len(shots) > MAX_EVENTS:
        raise OutputError(
            view.out, f"an EDL holds {MAX_EVENTS} shots, the film has {len(shots)}", "write .otio or .csv"
        )
    rate = float(clock.rate) if clock.is_drop else float(round(clock.rate))
    text: str = otio.adapters.write_to_string(timeline(view.film, shots, clock, rate), "cmx_3600")
    title, rest = text.split("\n", 1)
    return f"{title}\nFCM: {'DROP FRAME' if clock.is_drop else 'NON-DROP FRAME'}\n{rest}"


def timeline(film: Film, shots: Sequence[Shot], clock: Clock, rate: float) -> Any:
    """An OpenTimelineIO timeline, a clip a shot, in frames counted at `rate` from the film's own first timecode."""
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    whole = _range(clock.first, clock.frame(shots[-1].end), rate)
    for shot in shots:
        source = otio.schema.ExternalReference(film.path.resolve().as_uri(), whole)
        source.name = film.name
        metadata = {"cmx_3600": {"reel": _reel(film, clock)}, "restore": {"shot": shot.number}}
        span = _range(clock.frame(shot.start), clock.frame(shot.end), rate)
        track.append(otio.schema.Clip(film.name, source, span, metadata))
    made = otio.schema.Timeline(PurePath(film.name).stem, global_start_time=whole.start_time)
    made.tracks.append(track)
    return made


def _range(first: int, end: int, rate: float) -> Any:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(first, rate), otio.opentime.RationalTime(end - first, rate)
    )


def _reel(film: Film, clock: Clock) -> str:
    """The film's own reel, else its name, as EDLs write reels."""
    return re.sub(r"[^A-Za-z0-9]", "", clock.reel or film.path.stem)[:REEL_LETTERS].upper() or "AX"
