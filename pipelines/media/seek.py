"""Where to begin decoding: a keyframe at or before a time, checked, since some formats land late."""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.media.open import packets_of
from pipelines.source import Film


def _keyframe_after_seek(container: InputContainer, stream: VideoStream) -> int | None:
    for packet in packets_of(container, stream):
        if packet.is_keyframe and packet.pts is not None:
            return packet.pts
    return None


def from_last_keyframe(packets: Iterator[Any], pts: int) -> Iterator[Any]:
    """The packets from the last keyframe at or before `pts` on.

    For MPEG program streams: their packets seldom tell their times, and after a seek the first ones are guessed.
    """
    held: list[Any] | None = []
    for packet in packets:
        if held is None:
            yield packet
            continue
        if packet.is_keyframe and packet.pts is not None and packet.pts <= pts:
            held = []
        held.append(packet)
        if not packet.size or (packet.dts is not None and packet.dts > pts):
            yield from held
            held = None
    yield from held or ()


def seek(container: InputContainer, stream: VideoStream, pts: int, film: Film) -> None:
    """Goes to a keyframe at or before `pts`: some formats land late, so the landing is checked."""
    first = int(film.start / film.picture.time_base)
    back = int(Fraction(1) / film.picture.time_base)
    goal = pts
    while goal > first:
        with suppress(av.PermissionError):  # a damaged stretch is no place to go to
            container.seek(goal, stream=stream, backward=True)
            keyframe = _keyframe_after_seek(container, stream)
            if keyframe is not None and keyframe <= pts:
                container.seek(goal, stream=stream, backward=True)
                return
        goal, back = pts - back, back * 4
    container.seek(min(first, 0), stream=stream, backward=True)
