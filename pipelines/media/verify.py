"""Whether a written result holds all that was written, by reading its packets once; nothing is decoded."""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from pipelines.errors import OutputError, timecode
from pipelines.media.copy import NO_TEXT
from pipelines.media.open import is_cover, packets_of, reason_of
from pipelines.media.probe import is_written_anew

OF_DISK = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.ENOENT,
    errno.EFBIG,
    errno.ESTALE,
    errno.EMFILE,
}
"""Errors of writing a file, rather than of what is written."""
HINT = "name another container with -o, such as .mkv or .mov"


@dataclass
class Tally:
    """Packets of a stream: how many, how large, and the times of the first and the last shown."""

    name: str
    """Of the stream, for people to read."""
    packets: int = 0
    size: int = 0
    """Bytes."""
    first: Fraction | None = None
    """Seconds."""
    last: Fraction | None = None

    def add(self, packet: Any) -> None:
        """Counts a packet; one without a time has no part in first and last."""
        self.packets += 1
        self.size += packet.size
        if packet.pts is not None:
            at = packet.pts * packet.time_base
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)


class Muxing:
    """A block in which errors of the muxer become errors of the result, with container and stream."""

    def __init__(self, result: Path, container: str) -> None:
        self.result, self.container = result, container
        self.stream = "its streams"
        """The one that is being written."""

    def __enter__(self) -> "Muxing":
        """Gives itself, to be given the stream's name."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Raises OutputError where the muxer failed; errors of the disk pass."""
        if not isinstance(error, av.FFmpegError | ValueError) or getattr(error, "errno", None) in OF_DISK:
            return
        reason = reason_of(error) if isinstance(error, av.FFmpegError) else str(error)
        raise OutputError(self.result, f"{self.container} refuses {self.stream} ({reason})", HINT) from error


def check_written(part: Path, result: Path, written: Mapping[int, Tally], picture: int) -> None:
    """Reads a result and compares it with what was written.

    Args:
        part: where the result lies until it gets its name.
        result: its name, for the error.
        written: of each stream that has packets, by its index; cover art aside.
        picture: the index of the coloured picture.

    Raises:
        OutputError: frames or packets are missing, or the picture's times differ.
    """
    try:
        found, tick = _read(part)
    except av.FFmpegError as error:
        raise OutputError(result, f"cannot be read back ({error.strerror})", HINT) from error
    expected = [written[index] for index in sorted(written) if written[index].packets]
    if len(found) != len(expected):
        what = f"{len(expected)} streams were written, and {len(found)} are in it"
        raise OutputError(result, what, HINT)
    for was, is_now in zip(expected, found, strict=True):
        lost = was.packets != is_now.packets if was is written[picture] else _is_fewer(is_now, was)
        if lost:
            what = f"{was.packets} packets of {was.name} were written, and {is_now.packets} are in it"
            raise OutputError(result, what, HINT)
    _check_times(result, list(zip(expected, found, strict=True)), written[picture], tick)


def _read(part: Path) -> tuple[list[Tally], Fraction]:
    """The tallies of the streams that have packets, in order, and a tick of the picture's times."""
    with av.open(part, metadata_errors="replace") as container:
        streams = [each for each in container.streams if not _is_apart(container, each)]
        tallies = {stream.index: Tally(stream.type) for stream in streams}
        for packet in packets_of(container, streams):
            is_pause = packet.stream.type == "subtitle" and bytes(packet) == NO_TEXT
            is_hidden = packet.stream.type == "video" and packet.is_discard
            if packet.size and not is_hidden and not is_pause:
                tallies[packet.stream_index].add(packet)
        tick = next(stream.time_base for stream in streams if stream.type == "video")
        return [tally for tally in tallies.values() if tally.packets], Fraction(tick or 1)


def _is_apart(container: Any, stream: Any) -> bool:
    """Whether a stream is cover art, an attachment, or one that the muxer makes."""
    return stream.type == "attachment" or is_cover(stream) or is_written_anew(container, stream)


def _is_fewer(found: Tally, written: Tally) -> bool:
    """Whether packets are missing; readers cut some sound (PCM, MPEG) into packets anew, of as many bytes."""
    return found.packets < written.packets and found.size < written.size


def _check_times(result: Path, pairs: Sequence[tuple[Tally, Tally]], picture: Tally, tick: Fraction) -> None:
    """Raises OutputError where the first or the last frame is shown more than a tick from its time.

    Matroska has no times below zero: its muxer moves all streams, by no more than the earliest begins before that.
    """
    found = next(is_now for was, is_now in pairs if was is picture)
    before_zero = -min((was.first for was, _ in pairs if was.first is not None), default=Fraction(0))
    is_timed = picture.first is not None and found.first is not None
    moved = Fraction(found.first or 0) - Fraction(picture.first or 0) if is_timed else Fraction(0)
    shift = moved if tick < moved <= before_zero + tick else Fraction(0)
    for was, is_now in pairs:
        if was is picture or shift:
            _check_time(result, f"first packet of {was.name}", was.first, is_now.first, shift, tick)
    _check_time(result, f"last packet of {picture.name}", picture.last, found.last, shift, tick)


def _check_time(
    result: Path, which: str, was: Fraction | None, is_now: Fraction | None, shift: Fraction, tick: Fraction
) -> None:
    if was is not None and (is_now is None or abs(is_now - was - shift) > tick):
        there = "has no time" if is_now is None else f"is shown at {timecode(is_now)}"
        raise OutputError(result, f"the {which} {there}, and belongs to {timecode(was + shift)}", HINT)
