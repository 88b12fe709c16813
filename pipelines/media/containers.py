"""Which container a result goes into: the one decision, made here alone."""

from fractions import Fraction
from pathlib import Path

from pipelines.errors import OutputError, SettingsError
from pipelines.media.codecs import ENCODERS
from pipelines.media.copy import cannot_hold
from pipelines.media.encode import check_encoder
from pipelines.media.target import Target, choose_target
from pipelines.settings import Settings
from pipelines.source import Film

SUFFIXES = {"matroska": ".mkv", "mp4": ".mp4", "mov": ".mov", "mpegts": ".ts", "webm": ".webm"}


def own_container(film: Film, path: Path) -> str | None:
    """The muxer of the film's own format; None where nothing of it can be written with exact times."""
    names = set(film.container.split(","))
    if "mp4" in names:
        return "mov" if path.suffix.lower() in (".mov", ".qt") else "mp4"
    if "matroska" in names:
        return "webm" if path.suffix.lower() == ".webm" else "matroska"
    return "mpegts" if "mpegts" in names else None


def keeps_times(container: str, time_base: Fraction) -> bool:
    """Whether a container can hold pts of this time base exactly."""
    ticks = {"matroska": 1000, "webm": 1000, "mpegts": 90_000}.get(container)
    return ticks is None or (time_base * ticks).denominator == 1


def choose(film: Film, settings: Settings, suffix: str | None) -> tuple[Target, str]:
    """The picture to be written and the container for it.

    Args:
        film: from `probe`.
        settings: of the run.
        suffix: of the output that the user named, such as ".mkv"; None lets the film decide.

    Raises:
        SettingsError: encoder and picture do not fit.
        OutputError: the container that the user named cannot hold the picture or another stream.
    """
    try:
        target = choose_target(film, settings.encode, settings.deinterlace)
        check_encoder(target, settings.encode)
    except ValueError as error:
        raise SettingsError(film.path, str(error)) from error
    candidates = _candidates(film, target)
    if suffix is not None:
        return target, _named(film, target, suffix, candidates)
    for container in candidates:
        if not cannot_hold(film, container):
            return target, container
    refused = {container: ", ".join(map(str, cannot_hold(film, container))) for container in candidates}
    what = "no container holds all of it: " + "; ".join(f"{name} not {streams}" for name, streams in refused.items())
    raise OutputError(film.path, what, "choose another --codec, or copy the film without these")


def _candidates(film: Film, target: Target) -> list[str]:
    """Containers that hold the picture with its times and its shape: the film's own first."""
    own = own_container(film, film.path)
    names = dict.fromkeys(([own] if own else []) + list(ENCODERS[target.codec].containers))
    return [name for name in names if _fits(name, target) is None]


def _fits(container: str, target: Target) -> str | None:
    """Why a container does not hold the picture as it is; None where it does."""
    if container not in ENCODERS[target.codec].containers:
        return f"does not hold {target.codec}"
    if not keeps_times(container, target.time_base):
        return f"cannot keep the film's times, which count in steps of {target.time_base} s"
    in_stream = target.codec in ("h264", "h265")  # others leave the pixels' shape to the container
    if container in ("matroska", "webm") and target.sample_aspect_ratio != 1 and not in_stream:
        return f"does not keep the pixels' shape ({target.sample_aspect_ratio}) with {target.codec}"
    if container == "mpegts" and target.rotation:
        return "does not keep the rotation"
    return None


def _named(film: Film, target: Target, suffix: str, candidates: list[str]) -> str:
    names = {extension: name for name, extension in SUFFIXES.items()} | {".m4v": "mp4", ".qt": "mov", ".m2ts": "mpegts"}
    container = names.get(suffix.lower())
    holders = [SUFFIXES[name] for name in candidates if not cannot_hold(film, name)]
    hint = f"{holders[0]} holds it" if holders else "no container that is known holds all of it"
    if container is None:
        known = ", ".join(sorted(names))
        raise OutputError(
            film.path, f"a result cannot be written as {suffix or 'a file without suffix'}", f"known: {known}"
        )
    why = _fits(container, target)
    if why:
        raise OutputError(film.path, f"{suffix} {why}", f"{hint}{_codecs_instead(suffix, container, target)}")
    refused = cannot_hold(film, container)
    if refused:
        raise OutputError(film.path, f"{suffix} cannot hold {', '.join(map(str, refused))}", hint)
    return container


def _codecs_instead(suffix: str, container: str, target: Target) -> str:
    """What else the container holds, as the end of a hint; nothing where the codec is not what it lacks."""
    codecs = [codec for codec, encoder in ENCODERS.items() if container in encoder.containers]
    return "" if target.codec in codecs else f"; {suffix} holds --codec {' or '.join(codecs)}"


def result_suffix(path: Path, container: str) -> str:
    """The suffix of a film's result where the user names none."""
    return path.suffix if path.suffix.lower() in (".m4v", ".qt") else SUFFIXES[container]
