"""A film opened for reading, its picture stream and its packets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import InputError, MissingError


@contextmanager
def open_film(path: Path) -> Iterator[InputContainer]:
    """The film, opened for reading.

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
        yield container


def packets_of(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """The streams' packets in file order, from where the container stands; long stretches without any do not end them.

    Raises:
        InputError: the file cannot be read on.
    """
    while True:
        try:
            yield from container.demux(*streams)
            return
        except av.BlockingIOError:
            pass  # FFmpeg leaves off after so many bytes without a packet, and goes on when asked again
        except av.FFmpegError as error:
            path = Path(container.name)
            raise InputError(
                path, f"cannot be read on ({reason_of(error)})", "copy it again from its source"
            ) from error


def reason_of(error: av.FFmpegError) -> str:
    """FFmpeg's own words for an error, in one line."""
    detail = str(error.log[-1]).strip() if error.log else ""
    return detail or error.strerror or str(error)


def what_to_do(path: Path) -> str:
    """The hint for a file that FFmpeg cannot read."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":  # an mp4 or mov whose index, at its end, is missing
        return "its index is missing, as when a copy was cut short; copy it again from its source"
    return "give a video file"


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
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "no stream at all"
    raise InputError(path, f"no picture in it, only {kinds}", "give a file with a video stream")
