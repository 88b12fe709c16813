"""The shots of a film as lists that people and editing programs read, one kind a suffix; or a look."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import opentimelineio as otio

from pipelines.errors import OutputError
from pipelines.job.shots import Shot
from pipelines.look import Look
from pipelines.places import written_whole
from pipelines.preview import cdl
from pipelines.preview.edit import Edit, Source, saturations
from pipelines.preview.fcpxml import fcpxml
from pipelines.preview.look_list import look_of

MAX_EVENTS = 999
"""Of an EDL: its numbers have three digits."""
COLUMNS = "shot", "start", "end", "frames", "start_seconds", "seconds", "reel", "source"


def write_shots(edit: Edit, shots: Sequence[Shot], look: Look | None = None) -> None:
    """Writes the list in the way that its suffix names.

    Args:
        edit: from `edit_of`.
        shots: of the film.
        look: with all its places found; says the saturation of each shot.

    Raises:
        FilmError: it cannot be written, or the list does not fit into an EDL.
    """
    edit = replace(edit, shots=tuple(shots), saturations=saturations(look, shots) if look else ())
    written = LISTS[edit.out.suffix.lower()](edit)
    with written_whole(edit.out) as part:
        part.write_text(written, "utf-8", newline="")


def _csv(edit: Edit) -> str:
    text, clock = io.StringIO(), edit.original.clock
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for shot in edit.shots:
        times = (
            clock.at(shot.start),
            clock.at(shot.end),
            shot.frames,
            f"{float(shot.start):.3f}",
            f"{float(shot.length):.3f}",
        )
        rows.writerow([shot.number, *times, clock.reel, edit.original.film.name])
    return text.getvalue()


def _otio(edit: Edit) -> str:
    """The film on track V1, its result above it on V2."""
    sources = [each for each in (edit.original, edit.result) if each is not None]
    tracks = {f"V{i}": source for i, source in enumerate(sources, start=1)}
    made = timeline(edit, tracks, lambda source: float(source.clock.rate), cdl.metadata)
    return str(otio.adapters.write_to_string(made, "otio_json"))


def _edl(edit: Edit) -> str:
    """CMX3600, of the result where there is one, recorded at the film's own timecode.

    It does not say its rate, and numbers that are not dropped at 29.97 frames a second count like 30.
    """
    if len(edit.shots) > MAX_EVENTS:
        what = f"an EDL holds {MAX_EVENTS} shots, the film has {len(edit.shots)}"
        raise OutputError(edit.out, what, "write .otio or .csv")
    source = edit.result or edit.original
    clock = source.clock
    rate = float(clock.rate) if clock.is_drop else float(round(clock.rate))

    def comments(saturation: float) -> dict[str, Any]:
        return {"cmx_3600": {"comments": [f"{name} {value}" for name, value in cdl.comments(saturation).items()]}}

    made = timeline(edit, {"V1": source}, lambda _: rate, comments)
    first, _ = edit.original.span(*edit.whole)
    if first:  # the library records from 0 on, and leaves out what is empty
        made.tracks[0].insert(0, otio.schema.Gap(source_range=_range(0, first, rate)))
    text: str = otio.adapters.write_to_string(made, "cmx_3600")
    title, rest = text.split("\n", 1)
    return f"{title}\nFCM: {'DROP FRAME' if clock.is_drop else 'NON-DROP FRAME'}\n{rest}"


LISTS: dict[str, Callable[[Edit], str]] = {
    ".csv": _csv,
    ".edl": _edl,
    ".otio": _otio,
    ".fcpxml": fcpxml,
    ".ccc": cdl.collection,
    ".cdl": cdl.decisions,
    ".toml": look_of,
}


def timeline(
    edit: Edit,
    tracks: dict[str, Source],
    rate_of: Callable[[Source], float],
    graded: Callable[[float], dict[str, Any]],
) -> Any:
    """An OpenTimelineIO timeline, a clip a shot, in frames counted from each film's own first timecode.

    Args:
        edit: with shots.
        tracks: the films by the names of their tracks, from the lowest.
        rate_of: frames a second at which a film's numbers count.
        graded: a shot's saturation as metadata of the highest track's clip.
    """
    first, _ = edit.original.span(*edit.whole)
    rate = rate_of(edit.original)
    made = otio.schema.Timeline(
        PurePath(edit.original.film.name).stem, global_start_time=otio.opentime.RationalTime(first, rate)
    )
    for name, source in tracks.items():
        track = otio.schema.Track(name, kind=otio.schema.TrackKind.Video)
        for shot, saturation in edit.graded:
            clip = _clip(edit, source, shot, rate_of(source))
            if saturation is not None and source is [*tracks.values()][-1]:
                for key, value in graded(saturation).items():
                    clip.metadata.setdefault(key, {}).update(value)
            track.append(clip)
        made.tracks.append(track)
    return made


def _clip(edit: Edit, source: Source, shot: Shot, rate: float) -> Any:
    film = otio.schema.ExternalReference(source.url, _range(*source.span(*edit.whole), rate))
    film.name = source.film.name
    metadata = {"cmx_3600": {"reel": source.reel}, "restore": {"shot": shot.number}}
    return otio.schema.Clip(film.name, film, _range(*source.span(shot.start, shot.end), rate), metadata)


def _range(first: int, count: int, rate: float) -> Any:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(first, rate), otio.opentime.RationalTime(count, rate))
