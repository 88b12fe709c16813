"""Looks at a film before the run, in the run's own pictures: previews, stills, contact sheets, lists of shots."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from pipelines.errors import timecode
from pipelines.job.finder import Finder
from pipelines.job.look import look_notes
from pipelines.job.shots import Shot, find_shots
from pipelines.job.span import in_film
from pipelines.media.timecode import clock_of
from pipelines.painting.device import passed_over
from pipelines.painting.paint import Paint
from pipelines.preview.canvas import Composition, make_canvas
from pipelines.preview.edit import edit_of
from pipelines.preview.edit import look_notes as list_notes
from pipelines.preview.pages import sheet_places, write_sheet
from pipelines.preview.render import EXCERPTS, Preview, Variant, choose_excerpts, total
from pipelines.preview.sheet import Tile, tiles
from pipelines.preview.shot_list import write_shots
from pipelines.preview.shown import BEFORE_AND_AFTER, Shown
from pipelines.preview.still import Layout, write_still
from pipelines.preview.view import PREVIEW, SHEET, SHOTS, STILL, Kind, ReadyView, View, open_view, ready
from pipelines.ranges import When
from pipelines.settings import Settings
from pipelines.streams import in_process
from restore.reporting import Reporter
from restore.runs import FINDING
from restore.show.events import Finished, Note, Opened, Phase, Started, Stopped
from restore.show.words import counted, looked_at

__all__ = ["Composition", "render_preview", "sheet", "shots", "still"]

COLOURING = "colouring"
"""The phase in which pictures are made, as machines know it."""


def render_preview(  # noqa: PLR0913  # one look's all
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    at: Fraction | When | None = None,
    seconds: Fraction | None = None,
    how: Composition | None = None,
    variants: Mapping[str, Settings] | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> Path:
    """Shows a few seconds of a film before and after, in a small file, by the very pictures of a run.

    Args:
        film: the black-and-white film; it is never written to.
        out: the result, an mp4; None puts FILM.preview.mp4 beside the film.
        settings: of the run; None takes the defaults.
        at: seconds from the film's start, or a place in it; None shows the middles of the three longest shots.
        seconds: length of what is shown; None: 5 at a time, 2 of each shot.
        how: layout, height, labels and timecode; None takes the defaults.
        variants: settings by their labels, shown in a grid instead of `settings`.
        overwrite: whether a result that exists may be replaced.
        reporter: takes the run's events; `events` gives one.

    Returns:
        The path of the result.

    Raises:
        FilmError: the film cannot be shown so; the message says where, what, and what to do.
    """
    compared, how, began = dict(variants or {}), how or Composition(), time.monotonic()
    first = _for(how.show, next(iter(compared.values()), settings))
    with _opened(PREVIEW, film, out, first, overwrite, reporter) as (opened, report):
        begins = None if at is None else opened.seconds(at)
        seen = opened if begins is None else opened.at(begins)[0]
        view, *others = ready(seen, *list(compared.values())[1:])
        shown = [Variant(label, each) for label, each in zip(compared, (view, *others), strict=False)]
        make_canvas(view.film, how, list(compared), view.settings.mends)
        choose = partial(choose_excerpts, view, begins, seconds, 1 if shown else EXCERPTS)
        excerpts = choose() if at is not None else []
        what = f"{len(shown)} variants" if shown else f"preview, {how.layout}"
        report(_started(view, what, total(excerpts) if excerpts else view.film.duration, [view, *others]))
        if not excerpts:
            report(Phase(FINDING, view.film.duration))
            excerpts = choose(_in_film(report, view))
        report(Phase(COLOURING, total(excerpts)))
        tick = report.ticker()
        frames = Preview(view, how, excerpts, shown)(in_process(Paint()), lambda done: tick(float(done)))
        took = time.monotonic() - began
        facts = {"out": str(view.out), "frames": frames, "seconds": took}
        report(Finished((view.out,), f"{view.out}, {counted(frames, 'frame')}, {took:.1f} s", facts=facts))
    return view.out


def still(  # noqa: PLR0913  # one look's all
    film: Path | str,
    at: Fraction | When,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    layout: Layout = "side",
    bits: int | None = None,
    show: Sequence[Shown] = BEFORE_AND_AFTER,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> Path:
    """Writes one frame of a film at its full size, with the film's mark and the frame's time in the file.

    Args:
        film: the black-and-white film; it is never written to.
        at: seconds from the film's start, or a place in it; the first frame from there on is shown.
        out: the result, a PNG or TIFF; None puts FILM.still.png beside the film.
        settings: of the run; None takes the defaults.
        layout: side: black and white, and colour beside it; colour alone, to be painted over.
        bits: of a sample, 8 or 16; None: 8 beside black and white for films of 8 bits, else 16.
        show: the pictures beside each other: before, after, mask, difference.
        overwrite: whether a result that exists may be replaced.
        reporter: takes the run's events; `events` gives one.

    Returns:
        The path of the result.

    Raises:
        FilmError: the film cannot be shown so; the message says where, what, and what to do.
    """
    with _opened(STILL, film, out, _for(show, settings), overwrite, reporter) as (opened, report):
        begins = opened.seconds(at)
        seen, frame = opened.at(begins)
        (view,) = ready(seen)
        report(_started(view, "still", Fraction(0), [view]))
        write_still(view, frame.pts, in_process(Paint()), bits, layout, show)
        shown = view.film.seconds(frame.pts)
        facts = {"out": str(view.out), "at": float(shown)}
        report(Finished((view.out,), f"{view.out}, the frame at {timecode(shown)}", facts=facts))
    return view.out


def sheet(
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    show: Sequence[Shown] = BEFORE_AND_AFTER,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> list[Path]:
    """Writes a contact sheet: a picture of each shot of a film, before and after.

    Args:
        film: the black-and-white film; it is never written to.
        out: the result, .png, .pdf or .html; None puts FILM.sheet.png beside the film.
        settings: of the run; None takes the defaults.
        show: one picture of each shot, or two beside each other: before, after, mask, difference.
        overwrite: whether a result that exists may be replaced.
        reporter: takes the run's events; `events` gives one.

    Returns:
        The paths of its pages; a PNG has one file a page.

    Raises:
        FilmError: the film cannot be shown so; the message says where, what, and what to do.
    """
    with _opened(SHEET, film, out, _for(show, settings), overwrite, reporter) as (opened, report):
        sheet_places(opened, 1, overwrite)
        clock_of(opened.film)
        (view,) = ready(opened)
        report(_started(view, "contact sheet", view.film.duration, [view]))
        report(Phase(FINDING, view.film.duration))
        found = find_shots(view.film, view.settings, view.chosen.motion_rows, _in_film(report, view))
        report(Note(counted(len(found), "shot")))
        places = sheet_places(view, len(found), overwrite)
        report(Phase(COLOURING, view.film.duration))
        write_sheet(view, list(_reported(report, tiles(view, found, in_process(Paint()), show))), places)
        written = [str(place) for place in places]
        facts = {"out": written, "shots": len(found)}
        report(Finished(tuple(places), f"{', '.join(written)}, {counted(len(found), 'shot')}", facts=facts))
    return places


def shots(
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    result: Path | str | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> list[Shot]:
    """Finds the shots of a film, to the frame, without colouring anything, and writes them as a list.

    Args:
        film: the film; it is never written to.
        out: the list, .csv, .edl (CMX3600), .otio, .fcpxml, .ccc or .cdl (ASC CDL), or .toml, a look; None puts
            FILM.shots.csv beside the film.
        settings: of the run; None takes the defaults. Its look says the saturation of each shot.
        result: the whole film in colour, as clips beside those of the film.
        overwrite: whether a list that exists may be replaced.
        reporter: takes the run's events; `events` gives one.

    Returns:
        The shots, in order.

    Raises:
        FilmError: the film cannot be read, or the list not be written; the message says where, what, and what to do.
    """
    with _opened(SHOTS, film, out, settings, overwrite, reporter) as (view, report):
        edit = edit_of(view, None if result is None else Path(result))
        report(_started(view, "shot list", view.film.duration))
        report(Phase(FINDING, view.film.duration))
        find = Finder(view.film, view.settings, on_frame=_in_film(report, view))
        found, look = find.shots, in_film(view.settings, find).look
        write_shots(edit, found, look)
        for note in list_notes(look, found, 1 / view.film.picture.rate / 2) if look else ():
            report(Note(note))
        facts = {"out": str(view.out), "shots": len(found)}
        report(Finished((view.out,), f"{view.out}, {counted(len(found), 'shot')}", facts=facts))
    return found


@contextmanager
def _opened(
    kind: Kind,
    film: Path | str,
    out: Path | str | None,
    settings: Settings | None,
    overwrite: bool,
    reporter: Reporter | None,
) -> Iterator[tuple[View, Reporter]]:
    """The film of a look, and who follows it; a look that is stopped leaves nothing."""
    report = reporter or Reporter()
    try:
        report(Opened(Path(film)))
        place = None if out is None else Path(out)
        yield open_view(Path(film), place, kind, settings or Settings(), overwrite), report
    except KeyboardInterrupt:
        report.report(Stopped("nothing was written"))
        raise


def _for(show: Sequence[Shown], settings: Settings | None) -> Settings:
    """The settings of a look, without a network where nothing is shown that it colours."""
    wanted = settings or Settings()
    if "after" in show:
        return wanted
    return replace(wanted, paint=replace(wanted.paint, is_off=True))


def _started(view: View, how: str, seconds: Fraction, coloured: Sequence[ReadyView] = ()) -> Started:
    """Work on a look begins, which takes so many seconds of film; these views are the ways in which it is coloured."""
    film, picture, by = view.film, view.film.picture, {}
    notes = list(passed_over(coloured[0].settings.paint.device)) if coloured else []
    notes += [note for each in coloured if each.settings.look for note in look_notes(each.settings.look)]
    notes += [note for each in coloured for part in each.ways.parts for note in part.way.given.notes]
    if coloured:
        networks = dict.fromkeys(each.chosen.name for each in coloured if each.chosen.name)
        by = {"network": ", ".join(networks), "device": coloured[0].chosen.device.type}
        how = f"{how}, {by['network']} on {by['device']}" if networks else f"{how}, mended alone"
    facts = {
        "film": str(film.path), "out": str(view.out), "width": picture.width, "height": picture.height,
        "frame_rate": str(picture.frame_rate),
    }  # fmt: skip
    return Started(
        film.path, view.out, seconds, looked_at(film, how, view.out), tuple(dict.fromkeys(notes)), facts | by
    )


def _in_film(report: Reporter, view: View) -> Callable[[int], None]:
    """A function that reports progress by the pts of each frame."""
    tick = report.ticker()
    return lambda pts: tick(float(view.film.seconds(pts)))


def _reported(report: Reporter, drawn: Iterator[Tile]) -> Iterator[Tile]:
    """Passes tiles on, and reports how far the film is."""
    tick = report.ticker()
    for tile in drawn:
        tick(float(tile.ends))
        yield tile
