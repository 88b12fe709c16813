"""What must hold before a run begins: the film has no colours yet, and its result has a place and a container."""

import errno
import shlex
import shutil
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import av
import numpy as np

from pipelines.batch import Film
from pipelines.errors import InputError, OutputError, SettingsError
from pipelines.settings import Settings
from pipelines.stages.encode import check_encoder
from pipelines.stages.mux import cannot_hold
from pipelines.stages.probe import open_film
from pipelines.target import ENCODERS, SUFFIXES, Target, choose_target, keeps_times, own_container

LOOKS = 12
"""Frames spread over the film at which its colours are looked for."""
COLOURED = 2.5
"""Chroma, of 255, that an even tint does not explain, above which a quarter of the frames must lie."""
DECODED_PIXELS = 120 * 640 * 480
"""Decoded at most on the way from a keyframe to where colours are looked for: a second or less of work in all."""
LEAST_ROOM = 1 << 16
"""Bytes, without which not even the manifest can be written."""
WORK = ".restore"
"""Ending of a result's name for its working folder."""
SMALL = (160, 120)
LUMA_STEPS = 16


def _chroma_without_tint(frame: av.VideoFrame) -> float:
    """How far Cb and Cr lie from what the pixel's luma foretells: a toned print has one colour for each luma."""
    small = frame.reformat(width=SMALL[0], height=SMALL[1], format="yuv444p")
    luma, *chroma = (
        np.frombuffer(memoryview(p), np.uint8).reshape(p.height, -1)[:, : p.width].ravel() for p in small.planes
    )
    step = luma // (256 // LUMA_STEPS)
    count = np.maximum(np.bincount(step, minlength=LUMA_STEPS), 1)
    squares = 0.0
    for plane in chroma:
        tint = np.bincount(step, plane, LUMA_STEPS) / count
        squares += float(((plane - tint[step]) ** 2).mean())
    return squares**0.5


def colours_of(film: Film) -> float:
    """Chroma, of 255, that no even tint explains; 0 for gray formats."""
    if film.picture.is_gray:
        return 0.0
    with open_film(film.path) as container:
        found = [(_chroma_without_tint(frame), has_key) for frame, has_key in _looks(container, film)]
    counted = [chroma for chroma, has_key in found if has_key] or [chroma for chroma, _ in found]
    return float(np.percentile(counted, 75)) if counted else 0.0


def _looks(container: Any, film: Film) -> Iterator[tuple[av.VideoFrame, bool]]:
    """Frames spread over the film: keyframes, and frames behind one that was looked at already.

    None hangs on a frame known as damaged: it might have any colours. With each comes whether the keyframe before it
    was decoded; without, as after a damaged stretch and from decoders that tell of none, it may have any colours too.
    """
    stream = container.streams[film.picture.index]
    most = max(1, DECODED_PIXELS // (film.picture.width * film.picture.height))
    seen = set[int | None]()
    for i in range(LOOKS):
        pts = film.pts(film.duration * i / LOOKS)
        frame: Any = None
        has_key = is_damaged = False
        try:
            container.seek(pts, stream=stream, backward=True)
            for number, frame in enumerate(islice(container.decode(stream), most)):
                has_key |= frame.key_frame
                is_damaged = frame.is_corrupt or (is_damaged and not frame.key_frame)
                if (number == 0 and frame.pts not in seen) or (frame.pts is not None and frame.pts >= pts):
                    break
        except av.FFmpegError:
            pass  # damage is `decode`'s to tell
        if frame is not None and not is_damaged:
            seen.add(frame.pts)
            yield frame, has_key


def check_colours(film: Film, settings: Settings) -> None:
    """Raises InputError where the film has colours already and `recolour` is off."""
    if settings.recolour:
        return
    chroma = colours_of(film)
    if chroma > COLOURED:
        limit = f"chroma {chroma:.1f} of 255 beyond an even tint, black and white has under {COLOURED}"
        what = f"has colours already ({limit})"
        raise InputError(film.path, what, "--recolour colours it anew from its luma alone")


def check_place(out: Path, film: Path, overwrite: bool, option: str = "-o") -> None:
    """Raises OutputError where the result cannot be written at `out`, which `option` names."""
    folder = out.parent
    if not folder.is_dir():
        raise OutputError(out, "its folder does not exist", f"make it: mkdir -p {shlex.quote(str(folder))}")
    if _is_too_long(out):
        raise OutputError(out, "its name is too long", f"{option} names another")
    if out.is_dir():
        raise OutputError(out, "is a folder", f"name a file with {option}")
    if out.exists() and film.exists() and out.samefile(film):
        raise OutputError(out, "is the film itself, which is never written to", f"name another file with {option}")
    if out.exists() and not overwrite:
        raise OutputError(out, "exists already", f"--overwrite replaces it, {option} names another")
    if not _may_be_written_to(folder):
        raise OutputError(out, "its folder may not be written to", f"name a file elsewhere with {option}")
    if shutil.disk_usage(folder).free < LEAST_ROOM:
        raise OutputError(out, "the disk is full", f"free some of it, or name a file elsewhere with {option}")


def _is_too_long(out: Path) -> bool:
    """Whether its folder takes no such name with the ending of the working folder."""
    try:
        out.with_name(out.name + WORK).lstat()
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def _may_be_written_to(folder: Path) -> bool:
    """Whether files can be made there, by trial: a folder's permissions do not hold for all users and file systems."""
    try:
        TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.errno == errno.ENOSPC
    return True


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


def check_span(film: Film, settings: Settings) -> None:
    """Raises SettingsError where the span asked for begins after the film's end."""
    start = settings.start or Fraction(0)
    if start >= film.duration:
        what = f"--start {float(start):g} s lies after the film's end ({float(film.duration):.3f} s)"
        raise SettingsError(film.path, what, "choose an earlier start")
