"""Where decoding begins: at a keyframe at or before a time."""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import DamagedError, InputError
from pipelines.media.open import frames_of, open_film, packets_of
from pipelines.media.times import best_effort, lead, time_of
from pipelines.source import Film


def _keyframe_after_seek(container: InputContainer, stream: VideoStream) -> int | None:
    with suppress(DamagedError):
        for packet in packets_of(container, stream):
            if packet.is_keyframe and (stored := _stored(packet)) is not None:
                return stored
    return None


def _stored(packet: Any) -> int | None:
    """The pts of a packet, or its dts where it has none."""
    ticks: int | None = packet.pts if packet.pts is not None else packet.dts
    return ticks


def from_last_keyframe(packets: Iterator[Any], pts: int) -> Iterator[Any]:
    """The packets from the last keyframe at or before `pts` on.

    For MPEG program streams: their packets seldom tell their times, and after a seek the first ones are guessed.
    """
    held: list[Any] | None = []
    for packet in packets:
        if held is None:
            yield packet
            continue
        stored = _stored(packet)
        if packet.is_keyframe and stored is not None and stored <= pts:
            held = []
        held.append(packet)
        if not packet.size or (packet.dts is not None and packet.dts > pts):
            yield from held
            held = None
    yield from held or ()


def seek(container: InputContainer, stream: VideoStream, pts: int, first: int | None = None) -> None:
    """Goes to a keyframe at or before `pts`; some formats land late, so the landing is checked.

    Args:
        container: the open film.
        stream: its picture.
        pts: in the stream's ticks; one before the first frame goes to the film's beginning.
        first: of the first frame; None: the stream's own word for it.

    Raises:
        av.PermissionError: the format cannot be sought in, as SWF; the container may stand anywhere.
    """
    time_base: Any = stream.time_base
    first = stream.start_time or 0 if first is None else first
    back, goal = int(1 / time_base), pts
    while goal > first:
        with suppress(av.PermissionError):  # a damaged stretch is no place to go to
            container.seek(goal, stream=stream, backward=True)
            keyframe = _keyframe_after_seek(container, stream)
            if keyframe is not None and keyframe <= pts:
                container.seek(goal, stream=stream, backward=True)
                return
        goal, back = pts - back, back * 4
    container.seek(min(first, 0), stream=stream, backward=True)


def frames_up_to(
    container: InputContainer, stream: VideoStream, pts: int, film: Film | None = None
) -> Iterator[av.VideoFrame]:
    """The frames from a keyframe at or before `pts` to the first that is shown at or after it.

    Args:
        container: the open film.
        stream: its picture.
        pts: in the stream's ticks.
        film: from `probe`; None: one that is timed by pts.

    Raises:
        InputError: the film cannot be read there.
        av.FFmpegError: it is damaged there.
    """
    seek(container, stream, pts - (lead(film) if film else 0))
    guess = best_effort(film.picture, film.container, is_sought=True) if film and film.picture.is_timed_by_dts else None
    for frame in frames_of(container, stream):
        if guess:
            frame.pts = guess(frame)
        yield frame
        if frame.pts is not None and frame.pts >= pts:
            return


def nearest_frame(film: Film, seconds: Fraction) -> Fraction:
    """Seconds of the frame that is shown nearest to a time, at most half a frame away; else those of its own tick.

    Containers round times, and some films shake: a frame that is counted by the rate may be stored a little earlier.
    Program streams are not looked at, since their packets seldom tell their times.
    """
    time_base, half = film.picture.time_base, 1 / film.picture.rate / 2
    wanted, found = film.start + seconds, list[Fraction]()
    if seconds and film.container != "mpeg" and film.scans is None:
        with open_film(film.path) as container, suppress(av.FFmpegError, InputError):
            stream: Any = container.streams[film.picture.index]
            seek(container, stream, int((wanted - half) / time_base), film.pts(Fraction(0)))
            for packet in packets_of(container, stream):
                ticks = time_of(packet, film.picture)
                if ticks is not None and packet.size and abs(ticks * time_base - wanted) < half:
                    found.append(ticks * time_base)
                if packet.dts is not None and packet.dts * time_base > wanted + half:
                    break
    nearest = min(found, key=lambda time: abs(time - wanted), default=wanted // time_base * time_base)
    return nearest - film.start
