"""A film opened for reading, its picture stream and its packets."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import DamagedError, InputError, MissingError
from pipelines.source import Film, Picture

GEN_PTS = 1
"""FFmpeg's AVFMT_FLAG_GENPTS, which PyAV sets: pts are made up where packets have none."""
FIRST_BOXES = {b"ftyp", b"styp", b"sidx", b"moof"}
"""Types of the box that an MP4, MOV or fragment of one begins with."""


@contextmanager
def open_film(path: Path, picture: Picture | None = None) -> Iterator[InputContainer]:
    """The film, opened for reading.

    Args:
        path: of the film.
        picture: its picture as `probe` found it, where this is to be decoded: one that is timed by dts keeps the pts
            that the file has, and gets no others.

    Raises:
        InputError: there is no such file, or FFmpeg knows no such format.
    """
    if path.is_dir():
        raise InputError(path, "is a folder, not a film", "name a file in it")
    if not path.exists():
        raise MissingError(path, "no such file", "check its name and folder")
    if path.stat().st_size == 0:
        raise InputError(path, "the file is empty", "copy it again from its source")
    try:
        container = av.open(path, metadata_errors="replace")
    except PermissionError as error:
        raise InputError(path, "may not be read", "check the file's permissions") from error
    except av.FFmpegError as error:
        raise InputError(path, f"not a film that can be read ({reason_of(error)})", what_to_do(path)) from error
    with container:
        if picture is not None and picture.is_timed_by_dts:
            container.flags &= ~GEN_PTS
        yield container


@contextmanager
def open_others(film: Film) -> Iterator[InputContainer | None]:
    """The file that holds a film's other streams and its tags; None where scans have no sound.

    Raises:
        InputError: it cannot be opened.
    """
    if film.path_of_others is None:
        yield None
    else:
        with open_film(film.path_of_others) as container:
            yield container


def packets_of(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """The streams' packets in file order, from where the container stands; long stretches without any do not end them.

    Packets that have a time and no bytes are left out: they say that the last picture stays, and decoders refuse them.

    Raises:
        DamagedError: the file cannot be read on, as where RealMedia was cut short.
    """
    read: dict[int, Any] = {}
    while True:
        try:
            for packet in container.demux(*streams):
                if packet.size and packet.stream is not None:  # PyAV knows none that begins in the middle
                    read[packet.stream.index] = packet.stream
                if packet.size or packet.pts is None:
                    yield packet
            return
        except av.BlockingIOError:
            pass  # FFmpeg leaves off after so many bytes without a packet, and goes on when asked again
        except av.PermissionError:
            yield from map(end_of, read.values())  # the end of NSV: its reader knows no other
            return
        except IndexError:
            return  # PyAV flushes the streams that it knows, and then one that began in the middle of the file
        except av.FFmpegError as error:
            what, hint = f"cannot be read on ({reason_of(error)})", "--skip-damaged takes what comes before"
            raise DamagedError(Path(container.name), what, hint) from error


def end_of(stream: Any) -> Any:
    """The empty packet with which a stream's decoder gives what it still has."""
    packet: Any = av.Packet()
    packet.stream = stream
    return packet


def frames_of(container: InputContainer, stream: Any) -> Iterator[Any]:
    """The stream's frames, from where the container stands.

    Raises:
        DamagedError: the file cannot be read on.
        av.FFmpegError: it is damaged there.
    """
    for packet in packets_of(container, stream):
        yield from packet.decode()


def reason_of(error: av.FFmpegError) -> str:
    """FFmpeg's own words for an error, in one line."""
    detail = str(error.log[-1]).strip() if error.log else ""
    return detail or error.strerror or str(error)


def what_to_do(path: Path) -> str:
    """The hint for a file that FFmpeg cannot read."""
    boxes = _boxes(path)
    if "moof" in boxes and "moov" not in boxes:
        return "it is a fragment of an MP4 without its beginning; join it behind its initialisation segment"
    if "styp" in boxes or ("moov" in boxes and "mdat" not in boxes):
        return "it is the beginning of an MP4 in fragments, with no picture in it; join its fragments behind it"
    if {"moov", "mdat"} <= boxes:
        return "its index is damaged; copy it again from its source"
    if "ftyp" in boxes:  # an mp4 or mov whose index, at its end, is missing
        return "its index is missing, as when a copy was cut short; copy it again from its source"
    return "give a video file"


def _boxes(path: Path) -> set[str]:
    """Types of the top-level boxes of an MP4 or MOV (ISO/IEC 14496-12, 4.2); empty for other files."""
    found: set[str] = set()
    with path.open("rb") as file:
        while len(head := file.read(16)) >= 8 and (head[4:8] in FIRST_BOXES or found):
            found.add(head[4:8].decode("latin-1"))
            size = int.from_bytes(head[:4])
            size, used = (int.from_bytes(head[8:]), 16) if size == 1 else (size, 8)
            if not used <= size <= path.stat().st_size:
                break
            file.seek(size - len(head), os.SEEK_CUR)
    return found


def is_cover(stream: Any) -> bool:
    """Whether a video stream is cover art: one attached picture."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream of the film's picture: the first that is no cover art.

    Raises:
        InputError: there is none.
    """
    for stream in container.streams.video:
        if not is_cover(stream) and stream.codec_context is not None:
            return stream
    if container.streams.video and not all(map(is_cover, container.streams.video)):
        raise InputError(path, "its picture is in no codec that FFmpeg knows", "convert it first with what made it")
    kinds = ", ".join(sorted({stream.type for stream in container.streams}))
    what = f"no picture in it, only {kinds}" if kinds else "nothing in it can be read"
    raise InputError(path, what, "give a file with a video stream")
