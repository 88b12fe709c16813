"""Segments cut out of a finished result again, packet for packet."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import av

from pipelines.media.copy import add_as_coded
from pipelines.media.encode import mux, segment_container
from pipelines.media.grading import write_grading
from pipelines.media.open import open_film, packets_of, picture_stream
from pipelines.media.target import Target


@dataclass(frozen=True)
class Cut:
    """A segment that is to be cut out."""

    path: Path
    """The file that it gets."""
    pts: Sequence[int]
    """Of its packets, in the order of the stream, from 0 on, in the target's ticks."""


def recut(result: Path, target: Target, cuts: Iterable[Cut]) -> None:
    """Writes the file of each segment as its encoder wrote it.

    Args:
        result: holds all segments, one behind the other.
        target: its picture.
        cuts: all segments, in order.

    Raises:
        av.FFmpegError: a packet cannot be read, or a segment's container does not take it.
        ValueError: so do the packets' times.
    """
    with open_film(result) as container:
        stream: Any = picture_stream(container, result)
        packets = (packet for packet in packets_of(container, stream) if packet.size)
        for cut in cuts:
            _write(cut, stream, islice(packets, len(cut.pts)), target)


def _write(cut: Cut, template: Any, packets: Iterable[Any], target: Target) -> None:
    with av.open(cut.path, "w", format=segment_container(target)) as written:
        stream = add_as_coded(written, template)
        stream.time_base = target.time_base
        shown, stored = sorted(cut.pts), list[int]()
        for packet, pts in zip(packets, cut.pts, strict=False):
            packet.pts, packet.time_base, packet.stream = pts, target.time_base, stream
            mux(written, [packet], shown, stored)
    write_grading(cut.path, target.grading)


def contents(segment: Path) -> str:
    """sha256 of all that a result takes from a segment's file: the head of its codec, and each packet with its time."""
    with av.open(segment) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        head = context.name, context.codec_tag, context.width, context.height, context.pix_fmt
        digest = hashlib.sha256(repr(head).encode() + (context.extradata or b""))
        packets: Iterable[Any] = container.demux(stream)
        for packet in packets:
            if packet.size:  # demux ends with an empty flushing packet
                digest.update(f"{packet.pts * packet.time_base} {packet.size} {packet.is_keyframe}".encode())
                digest.update(bytes(packet))
    return digest.hexdigest()
