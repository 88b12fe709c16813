"""A result looked at beside its film: what came through, how colourful it is, and a still of both."""

import base64
import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.measures.metrics import colourfulness
from pipelines.errors import InputError
from pipelines.media.open import open_film, picture_stream
from pipelines.media.probe import probe
from pipelines.media.scan_frames import scan_at
from pipelines.media.seek import frames_up_to
from pipelines.places import sha256_of, size_of
from pipelines.settings import ScanSettings
from pipelines.source import Film, Span
from pipelines.streams import give_back_freed_memory

MOMENTS = (0.25, 0.5, 0.75)
"""Of the result's length, where it is looked at."""
GRAY = 5.0
"""Colourfulness below which a result counts as one that stayed gray."""
STILL_SIDE = 320
"""Longest side of a still, in pixels."""
QUALITY = 80
"""Of the stills' JPEG, 0 to 100."""
HALF_TICK = 0.0005
"""Seconds by which times in two containers may differ: Matroska counts in milliseconds."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class Stills:
    """The most colourful of the moments looked at: JPEG in base64, empty where nothing could be decoded."""

    before: str
    after: str


@dataclass(frozen=True)
class Look:
    """Facts of a result."""

    bytes: int
    sha256: str
    width: int
    height: int
    frames: int
    copied: tuple[str, ...]
    """Streams other than the picture that came through."""
    dropped: tuple[str, ...]
    """And those that did not."""
    colourfulness: float
    """Mean over the moments (Hasler, Suesstrunk 2003): 0 is gray, 15 slightly, 33 moderately, 59 highly colourful."""
    stills: Stills

    @property
    def is_gray(self) -> bool:
        """Whether it shows hardly any colour."""
        return self.colourfulness < GRAY

    @property
    def notes(self) -> list[str]:
        """Sentences the user should see."""
        moments = ", ".join(f"{moment:.0%}" for moment in MOMENTS)
        much = "hardly any" if self.colourfulness else "no"
        return [f"the result shows {much} colour at {moments} of its length; look at it"] if self.is_gray else []


def look(film: Film, result: Path, span: Span) -> Look:
    """Looks at a result.

    Args:
        film: what it was made from.
        result: the file.
        span: the part of the film that it is.
    """
    frames, there = _counted(result)
    copied, dropped = _others(film, there)
    pairs = _pairs(film, result, film.shift(span))
    colourful = [_colourfulness(after) for _, after in pairs]
    best = pairs[int(np.argmax(colourful))] if pairs else None
    give_back_freed_memory()  # of two films open at once it lies in pieces: a process would grow by 80 kB a look
    return Look(
        bytes=size_of(result),
        sha256=sha256_of(result),
        width=film.picture.width,
        height=film.picture.height,
        frames=frames,
        copied=copied,
        dropped=dropped,
        colourfulness=round(float(np.mean(colourful)), 2) if pairs else 0.0,
        stills=Stills(*map(_jpeg, best)) if best else Stills("", ""),
    )


def _counted(result: Path) -> tuple[int, Counter[str]]:
    """Frames of a result, and its streams by name; of a folder the pictures, which hold no other stream."""
    if result.is_dir():
        return sum(1 for _ in result.iterdir()), Counter()
    with open_film(result) as opened:
        stream: Any = picture_stream(opened, result)
        frames = sum(1 for packet in opened.demux(stream) if packet.size)
        return frames, Counter(_name(other) for other in opened.streams)


def _name(stream: Any) -> str:
    codec = stream.codec_context.name if stream.codec_context is not None else "unnamed"
    return f"{stream.type} {codec} {getattr(stream, 'language', None) or 'und'}"


def _others(film: Film, there: Counter[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The film's other streams as copied and dropped, by what stands in the result."""
    copied: list[str] = []
    dropped: list[str] = []
    for other in film.others:
        name = f"{other.kind} {other.codec} {other.language}"
        (copied if there[name] > 0 else dropped).append(name)
        there[name] -= 1
    return tuple(copied), tuple(dropped)


def _pairs(film: Film, result: Path, shift: Fraction) -> list[tuple[Rgb, Rgb]]:
    """Film and result at the same moments, those that can be decoded."""
    coloured = _coloured_pictures(film, result) if result.is_dir() else _coloured(result)
    found = []
    with _frames_of(film) as frame_at:
        for seconds, right in coloured:
            left = frame_at(seconds + float(shift))
            if left is not None:
                found.append((_rgb(left, film), _rgb(right, film)))
    return found


def _coloured(result: Path) -> Iterator[tuple[float, Any]]:
    """Frames of a result at the moments, each with its time; those that can be decoded."""
    with open_film(result) as after:
        stream = picture_stream(after, result)
        begins, length = ((each or 0) / av.time_base for each in (after.start_time, after.duration))
        for moment in MOMENTS:
            right = _frame_at(after, stream, begins + moment * length)
            if right is not None:
                yield right.time, right


def _coloured_pictures(film: Film, result: Path) -> Iterator[tuple[float, Any]]:
    """Pictures of a folder that is a film's result, at the moments, each with its time."""
    made = probe(result, ScanSettings(film.picture.rate))
    for moment in MOMENTS:
        seconds = moment * float(made.duration)
        right = scan_at(made, seconds)
        if right is not None:
            yield seconds, right


@contextmanager
def _frames_of(film: Film) -> Iterator[Callable[[float], Any]]:
    """A function from seconds to the film's frame there, None where it cannot be decoded."""
    if film.scans is not None:
        yield lambda seconds: scan_at(film, seconds)
        return
    with open_film(film.path, film.picture) as container:
        yield lambda seconds: _frame_at(container, container.streams[film.picture.index], seconds, film)


def _frame_at(container: Any, stream: Any, seconds: float, film: Film | None = None) -> Any:
    """The first frame at or after a time, else the last that can be decoded."""
    frame = None
    with suppress(av.FFmpegError, InputError):  # damage is told elsewhere
        ticks = math.floor((seconds - HALF_TICK) / stream.time_base) + 1
        for shown in frames_up_to(container, stream, ticks, film):
            frame = shown
    return frame


def _rgb(frame: Any, film: Film) -> Rgb:
    """A frame upright, at the shape it is shown in, small: (h, w, 3)."""
    pixels: Rgb = frame.to_ndarray(format="rgb24")
    height, width = pixels.shape[0], pixels.shape[1] * float(film.picture.sample_aspect_ratio)
    scale = min(1.0, STILL_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small: Rgb = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return np.ascontiguousarray(film.picture.display_matrix.shown(small))


def _colourfulness(rgb: Rgb) -> float:
    return float(colourfulness(torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255)[0])


def _jpeg(rgb: Rgb) -> str:
    encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return base64.b64encode(encoded.tobytes()).decode("ascii")
