"""Which container a result goes into, and what its file is called: one decision, made here alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from pathlib import PurePath

from pipelines.errors import OutputError, SettingsError, timecode
from pipelines.media.codecs import ENCODERS
from pipelines.media.encode import check_encoder
from pipelines.media.rounding import FrameTimes, keeps_clock
from pipelines.media.scan_writer import picture_target
from pipelines.media.target import UNKNOWN, Target, choose_target
from pipelines.media.trial import Held, try_streams
from pipelines.settings import Settings
from pipelines.source import Film, Numbered, OtherStream, Span

SUFFIXES = {"matroska": ".mkv", "mp4": ".mp4", "mov": ".mov", "mpegts": ".ts", "webm": ".webm"}
"""Of a result, by FFmpeg's name of the muxer."""
OTHER_SUFFIXES = {".m4v": "mp4", ".qt": "mov", ".m2ts": "mpegts"}
"""That a user may name too."""
KEPT_SUFFIXES = (".m4v", ".qt")
"""That a result takes over from its film, where it goes into their container."""


@dataclass(frozen=True)
class Output:
    """How a film's result is written."""

    target: Target
    container: str
    """FFmpeg's name of the muxer."""
    name: str
    """Of the file, without its folder."""
    others: tuple[OtherStream, ...] = ()
    """The film's other streams that it holds."""


def own_container(film: Film) -> str | None:
    """The muxer of the film's own format; None where nothing of it can be written with exact times."""
    names, suffix = set(film.container.split(",")), film.path.suffix.lower()
    if "mp4" in names:
        return "mov" if suffix in (".mov", ".qt") else "mp4"
    if "matroska" in names:
        return "webm" if suffix == ".webm" else "matroska"
    return "mpegts" if "mpegts" in names else None


def choose_output(film: Film, settings: Settings, name: str, has_suffix: bool) -> Output:
    """The picture to be written, the container for it, and the name of the file.

    The film is opened once more, to try which containers take its other streams.

    Args:
        film: from `probe`.
        settings: of the run.
        name: of the result's file, or what it begins with.
        has_suffix: whether the name's own suffix chooses the container; otherwise the film does, and its container's
            suffix is added.

    Raises:
        SettingsError: encoder and picture do not fit.
        OutputError: the container that the user named cannot hold the picture or another stream.
    """
    target, times = _target(film, settings), FrameTimes(film, settings.span)
    if target.layer:
        target = replace(target, notes=(*target.notes, *_layer_notes(film, settings)))
        film = replace(film, others=())
    candidates = _candidates(film, target)
    tried = try_streams(film, candidates, target.time_base)
    data = _held_nowhere(tried)
    film = replace(film, others=tuple(other for other in film.others if other not in data))
    tried = {name: held.without(data) for name, held in tried.items()}
    if data:
        target = replace(
            target, notes=(*target.notes, f"left out: {_named_all(data)}, which no container keeps readable")
        )
    if has_suffix:
        container = _named(film, target, times, PurePath(name).suffix, tried)
        return Output(_noted(target, times, container, *_anew_note(tried[container])), container, name, film.others)
    fit = [each for each in candidates if not tried[each].refused and times.is_held(each)]
    held = min(fit, key=lambda each: bool(tried[each].anew), default=None)  # the first of the best
    if held is None:
        raise OutputError(film.path, *_no_container(target, times, tried))
    chosen = _noted(target, times, held, *_change(film, target, held), *_anew_note(tried[held]))
    return Output(chosen, held, name + _suffix(film, held), film.others)


def choose_pictures(film: Film, settings: Settings, names: Numbered) -> Output:
    """The pictures to be written for a film.

    Raises:
        SettingsError: a codec was chosen, which pictures have not.
    """
    encode = settings.encode
    if encode.layer:
        raise SettingsError(film.path, "pictures hold no layer", "name a film, such as layer.mov")
    if encode.codec not in ("h264", "ffv1") or (encode.crf, encode.preset) != (None, None):
        raise SettingsError(film.path, "pictures have no codec", "leave out --codec, --crf and --preset")
    target = picture_target(film, names.suffix.lower(), settings.deinterlace)
    return Output(target, f"{target.encoder} pictures", names.folder.name)


def possible_names(name: str, has_suffix: bool) -> list[str]:
    """All names that `choose_output` may give a result, whatever its film turns out to be."""
    return [name] if has_suffix else [name + suffix for suffix in (*SUFFIXES.values(), *KEPT_SUFFIXES)]


def _target(film: Film, settings: Settings) -> Target:
    try:
        target = choose_target(film, settings.encode, settings.deinterlace)
        check_encoder(target, settings.encode)
    except ValueError as error:
        raise SettingsError(film.path, str(error)) from error
    return target


def _candidates(film: Film, target: Target) -> list[str]:
    """Containers that hold the picture and its shape: the codec's usual one, the film's own, the rest.

    Those whose clock rounds the film's times come last, but for the usual one.
    """
    own, usual = own_container(film), _usual(target)
    names = dict.fromkeys(([own] if own else []) + list(ENCODERS[target.codec].containers))
    held = [name for name in names if _fits(name, target) is None]
    return sorted(held, key=lambda name: (name != usual, not keeps_clock(name, target.time_base)))


def _usual(target: Target) -> str | None:
    """The container that is taken before the film's own where nobody names one: editors take layers as mov."""
    encoder = ENCODERS[target.codec]
    return "mov" if target.layer and "mov" in encoder.containers else encoder.usual


def _layer_notes(film: Film, settings: Settings) -> list[str]:
    """Notes on what a layer leaves to the film that it is laid over."""
    others = [f"left out of the layer: {_named_all(film.others)}"] if film.others else []
    mended = "a layer mends nothing: under it lies the film's own luma; a run with --no-colour writes the mended one"
    return [*others, *([mended] if settings.mends else [])]


def _fits(container: str, target: Target) -> str | None:
    """Why a container does not hold the picture, whatever its times; None where it does."""
    if container not in ENCODERS[target.codec].containers:
        return f"does not hold {target.codec}"
    if target.is_full_range and _loses_tags(container, target):
        return "does not keep full range with ffv1 where some of the film's colour tags are unknown"
    if container == "mpegts" and not target.display_matrix.is_upright:
        return "does not keep how the picture is turned"
    return None


def _loses_tags(container: str, target: Target) -> bool:
    """Whether a container drops range, matrix and the others, since some of them are unknown."""
    tags = (target.matrix, target.primaries, target.transfer)
    return container == "mp4" and target.codec == "ffv1" and UNKNOWN in tags


def _rounds(container: str, target: Target, times: FrameTimes) -> str | None:
    """Why a container does not hold the times; None where it does."""
    if times.is_held(container):
        return None
    if times.moved(container) is None:
        return "cannot keep the film's times, since some of its frames are less than a millisecond apart"
    return f"cannot keep the film's times, which count in steps of {target.time_base} s"


def _noted(target: Target, times: FrameTimes, container: str, *notes: str) -> Target:
    """The picture with these notes, and one where the container rounds its times."""
    notes = (*notes, *_start_note(times.film, times.span))
    if _loses_tags(container, target):
        notes = (*notes, "colour tags are left out: mp4 keeps none with ffv1 where some are unknown")
    moved = times.moved(container)
    if moved:
        notes = (*notes, f"times are rounded to milliseconds, by at most {ceil(moved * 10_000) / 10} ms")
    return replace(target, notes=(*target.notes, *notes))


def _anew_note(held: Held) -> list[str]:
    """Notes where streams are written in another codec."""
    captions = [f"{other} as {codec}" for other, codec in held.anew if other.kind == "subtitle"]
    sound = [f"{other} as {codec}" for other, codec in held.anew if other.kind == "audio"]
    return [
        *([f"captions keep their text, and not all of their styles: {', '.join(captions)}"] if captions else []),
        *([f"no container holds the codec of sound, which is written sample for sample: {', '.join(sound)}"]
          if sound else []),
    ]  # fmt: skip


def _start_note(film: Film, span: Span) -> list[str]:
    """A note where the result of a whole film does not begin when the film does."""
    shift = film.shift(span)
    if span.start is not None or not shift:
        return []
    if shift > 0:
        return [f"the film begins at {timecode(film.start)} and its result at 0; --keep-start lets it begin as late"]
    kept = ", with --keep-start too" if span.keeps_start else ""
    return [f"all streams are moved by {ceil(-shift * 1000) / 1000} s, so that no picture lies before time 0{kept}"]


def _change(film: Film, target: Target, container: str) -> list[str]:
    """A note where nobody named the container and it is not the film's own."""
    own = own_container(film)
    if own == container or film.scans is not None or target.layer:
        return []
    before, after = film.path.suffix.lower() or film.container.partition(",")[0], SUFFIXES[container]
    if own is None:
        why = f"a result cannot be written as {before}"
    elif container == ENCODERS[target.codec].usual:
        why = f"{after} is usual for {target.codec}"
    else:
        why = f"{before} {_fits(own, target) or 'does not hold all of it'}"
    return [f"the container changes from {before} to {after}: {why}"]


def _no_container(target: Target, times: FrameTimes, tried: dict[str, Held]) -> tuple[str, str]:
    """Why none of the containers tried holds a film, and the hint."""
    lacks = [
        f"{each} not {_named_all(held.refused)}" if held.refused else f"{each} {_rounds(each, target, times)}"
        for each, held in tried.items()
    ]
    return f"no container holds all of it: {'; '.join(lacks)}", "choose another --codec, or copy the film without these"


def _named(film: Film, target: Target, times: FrameTimes, suffix: str, tried: dict[str, Held]) -> str:
    """The container that a suffix names.

    Raises:
        OutputError: it is none that is known, or does not hold the film.
    """
    names = {extension: name for name, extension in SUFFIXES.items()} | OTHER_SUFFIXES
    container = names.get(suffix.lower())
    if container is None:
        known = ", ".join(sorted(names))
        raise OutputError(
            film.path, f"a result cannot be written as {suffix or 'a file without suffix'}", f"known: {known}"
        )
    why = _fits(container, target) or _rounds(container, target, times)
    if why:
        hint = f"{_holder(times, tried)}{_codecs_instead(suffix, container, target)}"
        raise OutputError(film.path, f"{suffix} {why}", hint)
    if tried[container].refused:
        what = f"{suffix} cannot hold {_named_all(tried[container].refused)}"
        raise OutputError(film.path, what, _holder(times, tried))
    return container


def _held_nowhere(tried: dict[str, Held]) -> list[OtherStream]:
    """Data that no container holds: timed metadata of phones and cameras, no part of what is seen and heard."""
    refused = [set(held.refused) for held in tried.values()]
    return sorted(
        (other for other in set.intersection(*refused) if other.kind == "data"), key=lambda other: other.index
    )


def _named_all(streams: Iterable[OtherStream]) -> str:
    return ", ".join(map(str, streams))


def _holder(times: FrameTimes, tried: dict[str, Held]) -> str:
    """The container that holds a film which another does not, as a hint."""
    holder = next((name for name, held in tried.items() if not held.refused and times.is_held(name)), None)
    return f"{SUFFIXES[holder]} holds it" if holder else "no container that is known holds all of it"


def _codecs_instead(suffix: str, container: str, target: Target) -> str:
    """The codecs that the container holds, as the end of a hint; empty where it holds the one chosen."""
    codecs = [codec for codec, encoder in ENCODERS.items() if container in encoder.containers]
    return "" if target.codec in codecs else f"; {suffix} holds --codec {' or '.join(codecs)}"


def _suffix(film: Film, container: str) -> str:
    """The suffix of a film's result where the user names none."""
    own = film.path.suffix
    is_kept = own.lower() in KEPT_SUFFIXES and OTHER_SUFFIXES[own.lower()] == container
    return own if is_kept else SUFFIXES[container]
