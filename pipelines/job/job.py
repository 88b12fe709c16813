"""A film with all that is decided about its result, before anything is written."""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import torch

from pipelines.errors import SettingsError
from pipelines.job.beside import check_beside
from pipelines.job.credentials import check_credentials, with_credentials_note
from pipelines.job.finder import Finder
from pipelines.job.look import look_notes
from pipelines.job.mending import with_repair
from pipelines.job.plan import plan
from pipelines.job.span import in_film
from pipelines.job.ways import Ways, ways_of
from pipelines.media.codecs import kept
from pipelines.media.coloured import Colours, check_colours, colours_of
from pipelines.media.containers import choose_output, choose_pictures
from pipelines.media.nvenc import choose_encoder
from pipelines.media.probe import picture_at, probe
from pipelines.media.scans import beside, check_gaps, pattern_of
from pipelines.media.target import Target
from pipelines.media.timecode import check_first
from pipelines.painting.choice import Chosen
from pipelines.places import check_folder, check_place
from pipelines.ranges import in_seconds
from pipelines.settings import Settings
from pipelines.source import Film, Numbered, Segment, Span


@dataclass(frozen=True)
class Job:
    """A film with all that was decided about its result; nothing has been written."""

    film: Film
    out: Path
    settings: Settings
    target: Target
    container: str
    segments: tuple[Segment, ...]
    ways: Ways
    pictures: Numbered | None = None
    """Names of the result's pictures, where `out` is a folder of these."""
    overwrite: bool = False
    """Whether a result that is there may be replaced."""
    starts_over: bool = False
    """Whether segments that a run with other settings has finished may be lost."""
    keeps_work: bool = False
    """Whether its segments stay when the result is whole, so that later only those that change are rendered."""
    updates: bool = False
    """Whether it begins from segments that stayed so."""
    taken: frozenset[int] = frozenset()
    """Numbers of segments that are taken from an earlier run whatever has been given for them since."""

    @property
    def chosen(self) -> Chosen:
        """The network; a look may name others for parts of the film."""
        return self.ways.chosen

    @property
    def device(self) -> torch.device:
        """Of the network."""
        return self.chosen.device

    @property
    def seconds(self) -> Fraction:
        """Length of what is to be restored."""
        end = self.film.duration if self.span.end is None else min(self.span.end, self.film.duration)
        return end - (self.span.start or Fraction(0))

    @property
    def written(self) -> str:
        """Codec, depth and container of the result in words, with the profile that was asked for."""
        if self.target.pictures:
            return f"{self.container} of {'half floats' if self.target.pictures == '.exr' else '16 bits'}"
        profile = self.settings.encode.profile
        layer = "layer, " if self.target.layer else ""
        codec = f"{self.target.codec} {profile}," if profile else self.target.codec
        return f"{layer}{codec} {self.target.bits} bits in {self.container}"

    @property
    def span(self) -> Span:
        """The part of the film that is to be restored."""
        return self.settings.span


def ending(settings: Settings) -> str:
    """Words that a result's name gets before its suffix, where nobody names it."""
    return "layer.restored" if settings.encode.layer else "restored"


def prepare(  # noqa: PLR0913  # all that decides a run
    path: Path,
    out: Path | None,
    settings: Settings,
    overwrite: bool = False,
    stem: Path | None = None,
    has_pool: bool = False,
    option: str = "-o",
    *,
    colours: Colours = colours_of,
) -> Job:
    """Reads and decides all that a run needs, writing nothing.

    Args:
        path: the film.
        out: the result; None names it by `stem`.
        settings: of the run.
        overwrite: whether a result that exists may be replaced, and what a run with other settings began.
        stem: the result without its suffix, which the container gives; None: FILM.restored beside
            the film, of a layer FILM.layer.restored.
        has_pool: whether anchors are coloured elsewhere, so that the device need not be in this machine.
        option: what names another result, in hints.
        colours: tells whether the film has colours, here or elsewhere.

    Raises:
        FilmError: the film cannot be restored so; the message says why and what to do.
    """
    stem = stem or beside(path, ending(settings))
    film = probe(path, settings.scans)
    settings = in_film(settings, Finder(film, settings, has_pool))
    of_look = look_notes(settings.look) if settings.look else ()
    film = replace(film, notes=(*film.notes, *check_gaps(film, settings), *of_look))
    if settings.start:
        film = replace(film, picture=picture_at(film, in_seconds(settings.start)))
    names = _kept_names(film, settings) if out is None else None
    if names:
        out = stem / names
    film, settings = _with_encoder(with_credentials_note(film, settings), settings)
    pictures = None if out is None else pattern_of(out)
    if pictures is not None:
        out = pictures.folder
        check_folder(out, pictures, path, overwrite, option)
    elif out is not None:
        check_place(out, path, overwrite, option)
    film, settings = with_repair(film, settings, out, overwrite, pictures is not None)
    named = out or stem
    if pictures is not None:
        output = choose_pictures(film, settings, pictures)
    else:
        output = choose_output(film, settings, named.name, has_suffix=out is not None)
        film = replace(film, others=output.others)
    if out is None:
        out = named.with_name(output.name)
        check_place(out, path, overwrite, option)
    check_beside(out, settings, overwrite, option)
    check_credentials(film, output.container, settings, option)
    check_first(film, settings.first_timecode, output.container)
    check_colours(film, settings, colours)
    ways, span = ways_of(film, settings, has_pool), settings.span
    return Job(
        film=film,
        out=out,
        settings=settings,
        target=output.target,
        container=output.container,
        segments=tuple(plan(film, settings.segment, span.start, span.end)),
        ways=ways.over(span),
        pictures=pictures,
        overwrite=overwrite,
        starts_over=overwrite,
    )


def _kept_names(film: Film, settings: Settings) -> str | None:
    """Names of the result's pictures where scans give a folder of such; None: a film is made, which holds sound too."""
    if settings.encode.codec != "keep" or settings.encode.layer or film.scans is None or film.scans.sound is not None:
        return None
    return str(film.scans.names)


def _with_encoder(film: Film, settings: Settings) -> tuple[Film, Settings]:
    """The settings with the codec and the encoder that are taken, and the film with notes on them.

    Raises:
        SettingsError: NVENC is asked for and cannot be had.
    """
    encode, of_codec = kept(film, settings.encode)
    try:
        encode, notes = choose_encoder(film, encode, settings.deinterlace)
    except ValueError as error:
        raise SettingsError(film.path, str(error)) from error
    return replace(film, notes=(*film.notes, *of_codec, *notes)), replace(settings, encode=encode)
