"""Decisions about repair before a run: its masks, and the repairs of `--repair auto`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from models.kind import Kind
from pipelines.errors import OutputError, SettingsError
from pipelines.job.measured import measure
from pipelines.media.mask_film import open_mask
from pipelines.places import check_place
from pipelines.repair_settings import RepairSettings
from pipelines.settings import Settings
from pipelines.source import Film

MASK_SUFFIX = ".mkv"
WHOLE_FRAME = {
    "flicker": "flicker evens the light of whole frames: it touches each pixel of a frame whose light it moves",
    "flicker-local": "flicker-local evens the light of parts of frames: it touches each pixel of them",
    "weave": "weave moves whole frames by whole pixels: each value stays, at another place",
    "weave-fine": "weave-fine moves whole frames by parts of pixels: it touches each of them",
}
"""Sentences on repairs that no mask bounds."""


def with_repair(
    film: Film, settings: Settings, out: Path | None = None, overwrite: bool = False, are_pictures: bool = False
) -> tuple[Film, Settings]:
    """The film with notes on what repair will do, and the settings with nothing left open.

    Args:
        film: from `probe`.
        settings: of the run.
        out: the result; None: its name is not known yet, or nothing is written.
        overwrite: whether a mask that exists may be replaced.
        are_pictures: whether the result is a folder of pictures.

    Raises:
        FilmError: a mask cannot be read or written so, or there is nothing to do.
    """
    notes = list[str]()
    settings = _measured(film, settings, notes)
    repair = settings.repair
    if settings.paint.is_off and not settings.mends and not notes:
        what = "is not coloured, and nothing is to be mended in it"
        raise SettingsError(film.path, what, "add --repair dust, or leave out --no-colour")
    if repair.mask_in is not None:
        mask_in = repair.mask_in.absolute()
        repair = replace(repair, mask_in=mask_in)
        notes += _notes_on_mask(film, open_mask(film, mask_in), repair)
    if repair.mask_out is not None:
        _check_mask_out(film, settings, overwrite, are_pictures)
        if out is not None and out.absolute() == repair.mask_out.absolute():
            raise OutputError(out, "--mask-out and the result have one name", "name the mask otherwise")
        repair = replace(repair, mask_out=repair.mask_out.absolute())
    settings = _without_weave(film, replace(settings, repair=repair), notes)
    notes += _notes_on_frames(settings)
    return replace(film, notes=(*film.notes, *notes)), settings


def _measured(film: Film, settings: Settings, notes: list[str]) -> Settings:
    """The settings with what the film itself needs, where that is asked for."""
    if not any(how.is_auto for how in _all(settings)):
        return settings
    found = measure(film, settings, settings.motion.rows or Kind.motion_rows)
    notes.append(found.words)
    repairs = tuple(replace(span, repair=found.filled(span.repair)) for span in settings.repairs)
    return replace(settings, repair=found.filled(settings.repair), repairs=repairs)


def _without_weave(film: Film, settings: Settings, notes: list[str]) -> Settings:
    """The settings without weave where the film is woven of fields: moved by lines of their own, they would comb."""
    is_woven = film.picture.field_order != "progressive" and not settings.deinterlace
    if not is_woven or not any(how.weave or how.weave_fine for how in _all(settings)):
        return settings
    notes.append("the gate of interlaced film is not steadied; --deinterlace makes whole frames, which are")
    repairs = tuple(replace(span, repair=replace(span.repair, weave=0, weave_fine=0)) for span in settings.repairs)
    return replace(settings, repair=replace(settings.repair, weave=0, weave_fine=0), repairs=repairs)


def _check_mask_out(film: Film, settings: Settings, overwrite: bool, are_pictures: bool) -> None:
    """Raises FilmError where the mask cannot be written."""
    out = settings.repair.mask_out
    assert out is not None
    if out.suffix.lower() != MASK_SUFFIX:
        raise OutputError(out, "a mask cannot be written as this", f"name it {out.stem}{MASK_SUFFIX}")
    if are_pictures:
        raise SettingsError(
            film.path, "--mask-out goes with a film, not with pictures", "write a film, such as out.mkv"
        )
    if not any(how.finds for how in _all(settings)):
        what = "--mask-out would be empty: only dust and scratches have a mask"
        raise SettingsError(film.path, what, "add --repair dust, or leave it out")
    check_place(out, film.path, overwrite, "--mask-out")


def _all(settings: Settings) -> Iterator[RepairSettings]:
    yield settings.repair
    yield from (span.repair for span in settings.repairs)


def _notes_on_mask(film: Film, mask: Film, repair: RepairSettings) -> Iterator[str]:
    """Sentences on a mask that is read."""
    if repair.dust or repair.scratches:
        yield "dust and scratches are mended where the mask says, and not looked for"
    ends = mask.start + mask.duration
    if ends + 1 / film.picture.rate < film.duration:
        yield f"the mask ends {float(film.duration - ends):.1f} s before the film: nothing is concealed after it"


def _notes_on_frames(settings: Settings) -> list[str]:
    names = dict.fromkeys(name for how in _all(settings) for name, strength in how.strengths.items() if strength)
    return [WHOLE_FRAME[name] for name in names if name in WHOLE_FRAME]
