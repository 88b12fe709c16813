"""Pictures of scans, each decoded on its own; which are damaged, and what stands in for them."""

import struct
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import DamagedError, InputError, MissingError
from pipelines.frames import Frame, Luma
from pipelines.media.luma import luma_reader
from pipelines.source import Film, Segment

DECODERS = {".dpx": "dpx", ".tif": "tiff", ".tiff": "tiff", ".png": "png", ".exr": "exr"}
"""FFmpeg's decoder for each kind of picture."""
THREADS = 4
"""Pictures read and decoded at a time."""
STRICT = {"err_detect": "explode+crccheck"}
"""A decoder's options: what is damaged is no picture."""
TIFF_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
TIFF_PICTURE = {254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 338, 529, 530, 532}
"""Tags of a TIFF that tell how the picture is stored: a strict decoder refuses all that it does not know."""
MULTI_PART, TILED = 0x10, 0x02
"""Flags of an EXR file, in its sixth byte."""
HINT = "--skip-damaged holds the last good frame"


@dataclass(frozen=True)
class Scan:
    """A decoded picture."""

    frame: av.VideoFrame
    sample_aspect_ratio: Fraction


def read_scan(path: Path) -> Scan:
    """The picture in a file.

    Raises:
        MissingError: there is none.
        DamagedError: it is damaged, or no picture of this kind.
        InputError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingError(path, "is missing", HINT) from error
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror or error})", "check it and its folder") from error
    context: Any = av.CodecContext.create(DECODERS[path.suffix.lower()], "r")
    context.options, context.thread_count = STRICT, 1
    frames: list[Any] = []
    if data:
        with suppress(av.FFmpegError):
            frames = [*context.decode(av.Packet(_bare(data))), *context.decode(None)]
    if len(frames) != 1 or frames[0].is_corrupt or _is_cut_short(path, data):
        raise DamagedError(path, f"damaged, or no {path.suffix} picture", HINT)
    return Scan(frames[0], context.sample_aspect_ratio or Fraction(1))


def _bare(data: bytes) -> bytes:
    """A picture as its decoder takes it: of TIFF, only the tags that tell how its first page is stored."""
    order = TIFF_ORDERS.get(data[:4])
    if order is None:
        return data
    at = int(struct.unpack_from(f"{order}I", data, 4)[0])
    if at + 2 > len(data):
        return data
    count = int(struct.unpack_from(f"{order}H", data, at)[0])
    tags = [data[first : first + 12] for first in range(at + 2, at + 2 + 12 * count, 12)]
    kept = [tag for tag in tags if len(tag) == 12 and struct.unpack_from(f"{order}H", tag)[0] in TIFF_PICTURE]
    page = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + bytes(4)
    return data[:at] + page + data[at + len(page) :]


def _is_cut_short(path: Path, data: bytes) -> bool:
    """Whether an EXR file ends before one of its blocks does, or their table is broken, which FFmpeg passes over."""
    if path.suffix.lower() != ".exr" or data[5] & MULTI_PART:
        return False
    try:
        places = _places_of_blocks(data)
    except (IndexError, ValueError):
        return True
    size_at = int(places.max(initial=0)) + (16 if data[5] & TILED else 4)
    return not (places.size and places.all()) or size_at + 4 + int.from_bytes(
        data[size_at : size_at + 4], "little"
    ) > len(data)


def _places_of_blocks(data: bytes) -> NDArray[np.uint64]:
    """Where each block of an EXR file begins, by the table behind its attributes, which the first block follows.

    An attribute is a name, a type, a size and a value; a zero ends them.

    Raises:
        IndexError, ValueError: the file ends before.
    """
    at = 8
    while data[at]:
        at = data.index(b"\0", data.index(b"\0", at) + 1) + 1
        at += 4 + int.from_bytes(data[at : at + 4], "little")
    at += 1
    first = int.from_bytes(data[at : at + 8], "little")
    return np.frombuffer(data[at:first], "<u8")


def scan_frames(segment: Segment, begin: int | None, skip_damaged: bool) -> Iterator[tuple[Frame, bool]]:
    """The frames of a film of scans from pts `begin` on, each with whether it is held in place of a damaged one.

    Pictures that cannot be read before and after the segment are left out, unless damaged ones are held.

    Raises:
        DamagedError, MissingError: a picture of the segment is damaged or missing, and `skip_damaged` is off.
        InputError: a picture of the segment is of another size or kind than the first.
    """
    film, first = segment.film, max(0, begin or 0)
    read = partial(_luma, film, luma_reader(film.picture))
    good = _good_before(first, read) if skip_damaged else None
    early: list[int] = []
    for pts, found in _in_order(range(first, _frames(film)), read):
        if isinstance(found, InputError):
            is_held = skip_damaged and isinstance(found, DamagedError | MissingError)
            if segment.owns(pts) and not is_held:
                raise type(found)(found.film, found.what, found.hint, film.seconds(pts)) from found
            if is_held and good is None:
                early.append(pts)
            elif is_held:
                yield Frame(pts, 1, good, segment.owns(pts), is_held=True), True  # type: ignore[arg-type]
            continue
        good = found
        yield from ((Frame(lost, 1, good, segment.owns(lost), is_held=True), True) for lost in early)
        early.clear()
        yield Frame(pts, 1, good, segment.owns(pts)), False


def _frames(film: Film) -> int:
    assert film.scans is not None
    return film.scans.frames


def _luma(film: Film, read: Callable[[av.VideoFrame], Luma], pts: int) -> Luma:
    """Y' of a frame.

    Raises:
        InputError: it cannot be read, or is of another size or kind than the film.
    """
    assert film.scans is not None
    path, picture = film.scans.path(pts), film.picture
    frame = read_scan(path).frame
    now, film_has = (
        (each.width, each.height, name) for each, name in ((frame, frame.format.name), (picture, picture.pixel_format))
    )
    if now != film_has:
        what = "is {}x{} {}, the first picture {}x{} {}".format(*now, *film_has)
        raise InputError(path, what, "--start and --end split the film there")
    return read(frame)


def _good_before(first: int, read: Callable[[int], Luma]) -> Luma | None:
    """The last picture before `first` that can be read: what is held does not depend on where a segment begins."""
    for pts in reversed(range(first)):
        with suppress(DamagedError, MissingError):
            return read(pts)
    return None


def _in_order(numbers: range, read: Callable[[int], Luma]) -> Iterator[tuple[int, Luma | InputError]]:
    """Each picture, or why it cannot be read; the next ones are read meanwhile."""
    waiting: deque[tuple[int, Future[Luma]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for number in numbers:
                waiting.append((number, pool.submit(read, number)))
                if len(waiting) > THREADS:
                    yield _result(*waiting.popleft())
            while waiting:
                yield _result(*waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()


def _result(number: int, future: Future[Luma]) -> tuple[int, Luma | InputError]:
    try:
        return number, future.result()
    except InputError as error:
        return number, error


def scan_at(film: Film, seconds: float) -> av.VideoFrame | None:
    """The frame of a film of scans that is shown nearest to a time; None where it cannot be read."""
    assert film.scans is not None
    pts = min(max(0, round(seconds * film.picture.rate)), film.scans.frames - 1)
    with suppress(InputError):
        return read_scan(film.scans.path(pts)).frame
    return None


def sampled_scans(film: Film, count: int) -> Iterator[Scan]:
    """So many pictures spread evenly over a film of scans, those that can be read."""
    assert film.scans is not None
    for pts in sorted({film.scans.frames * i // count for i in range(count)}):
        with suppress(InputError):
            yield read_scan(film.scans.path(pts))
