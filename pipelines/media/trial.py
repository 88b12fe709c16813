"""Which of a film's streams a container holds, by trial: a few packets of each are written and read back."""

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer

from pipelines.errors import InputError
from pipelines.media.copy import NO_TEXT, add_other, codec_anew, is_attached, usual_layout, written_packets
from pipelines.media.join import container_options
from pipelines.media.open import open_others, packets_of
from pipelines.source import Film, OtherStream

TRIED_PACKETS = 8
"""Of each stream: enough for a reader to know a codec that only its packets name."""
MAX_HEAD = 1 << 25
"""Bytes read at the film's beginning for them; a stream that begins later is tried with a packet made up."""
MPEG_AUDIO = {"mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"}
"""Decoders of one codec, whose packets say which layer they are."""
UNNAMED = {None, "bin_data"}
"""Names of data whose kind is not told."""


@dataclass(frozen=True)
class Held:
    """The streams of a film in a container, by trial."""

    refused: tuple[OtherStream, ...]
    """That it does not hold."""
    anew: tuple[tuple[OtherStream, str], ...]
    """That it holds in another codec than their own, with its name."""

    def without(self, streams: Collection[OtherStream]) -> "Held":
        """The trial's outcome without these streams of the film."""
        refused = tuple(other for other in self.refused if other not in streams)
        return Held(refused, tuple(each for each in self.anew if each[0] not in streams))


def try_streams(film: Film, containers: Sequence[str], time_base: Fraction) -> dict[str, Held]:
    """Which of a film's copied streams each container holds, found by writing a few packets in memory.

    Args:
        film: from `probe`.
        containers: FFmpeg's names of the muxers.
        time_base: of the picture that will be written.
    """
    with open_others(film) as source:
        if source is None:
            return {each: Held((), ()) for each in containers}
        streams = {other: source.streams[other.index] for other in film.others}
        packets = _first_packets(source, list(streams.values()))
        return {each: _held(streams, packets, each, container_options(each, time_base)) for each in containers}


def _held(
    streams: Mapping[OtherStream, Any], packets: Mapping[int, Sequence[Any]], container: str, options: dict[str, str]
) -> Held:
    refused, anew = list[OtherStream](), list[tuple[OtherStream, str]]()
    for other, stream in streams.items():
        codec = codec_anew(stream, container)
        if not _is_held(stream, packets[other.index], container, options):
            refused.append(other)
        elif codec:
            anew.append((other, codec))
    return Held(tuple(refused), tuple(anew))


def _first_packets(source: InputContainer, streams: Sequence[Any]) -> dict[int, list[Any]]:
    """The first packets of each stream, by its index; fewer where the film's beginning has no more."""
    found: dict[int, list[Any]] = {stream.index: [] for stream in streams}
    left = MAX_HEAD
    try:
        for packet in packets_of(source) if streams else ():
            left -= packet.size
            packets = found.get(packet.stream_index, [])
            if packet.size and len(packets) < TRIED_PACKETS:
                packets.append(packet)
            if left < 0 or all(len(each) >= TRIED_PACKETS for each in found.values()):
                break
    except InputError:
        pass  # the run says where the film cannot be read
    return found


def _is_held(stream: Any, packets: Sequence[Any], container: str, options: Mapping[str, str]) -> bool:
    """Whether a stream comes back from a container as what it is."""
    file = io.BytesIO()
    try:
        if is_attached(stream, container):
            return True
        with av.open(file, "w", format=container, options=dict(options)) as trial:
            added = add_other(trial, stream)
            trial.start_encoding()
            codec, written = codec_anew(stream, container), 0
            for packet in _copies(stream, packets):
                for copy in written_packets(packet, stream, added, codec):
                    trial.mux(copy)
                    written += 1
        return not written or _comes_back(stream, file, codec)
    except (ValueError, av.FFmpegError):
        return False


def _copies(stream: Any, packets: Sequence[Any]) -> Iterator[Any]:
    """The packets anew, their times counted from the first; one made up where there are none and their kind allows."""
    times = [time for packet in packets for time in (packet.dts, packet.pts) if time is not None]
    first = min(times, default=0)
    for packet in packets:
        copy: Any = av.Packet(bytes(packet))
        copy.time_base, copy.duration, copy.is_keyframe = packet.time_base, packet.duration, packet.is_keyframe
        copy.pts = None if packet.pts is None else packet.pts - first
        copy.dts = None if packet.dts is None else packet.dts - first
        yield copy
    if not packets and stream.type in ("subtitle", "data"):
        made: Any = av.Packet(NO_TEXT)
        made.time_base, made.pts, made.dts, made.duration = stream.time_base, 0, 0, 1
        yield made


def _comes_back(stream: Any, file: io.BytesIO, codec: str | None) -> bool:
    """Whether a file holds the stream alone, in its own codec or in the one in which it is written anew."""
    file.seek(0)
    with av.open(file, metadata_errors="replace") as container:
        found = list(container.streams)
        kind = (*_kind(stream)[:1], codec, *_kind(stream)[2:]) if codec else _kind(stream)
        return len(found) == 1 and _kind(found[0]) == kind and _is_described(stream, found[0])


def _kind(stream: Any) -> tuple[object, ...]:
    """The properties of a stream that its copy must share."""
    context = stream.codec_context
    if context is None:
        return (stream.type, None if stream.name in UNNAMED else stream.name)
    codec = "mp3" if context.name in MPEG_AUDIO else context.name
    if stream.type != "audio":
        return (stream.type, codec)
    return (stream.type, codec, context.sample_rate, context.channels, usual_layout(context).partition("(")[0])


def _is_described(stream: Any, copy: Any) -> bool:
    """Whether readers of a copy know what it is, as far as they did of the stream.

    Data of a kind that FFmpeg does not name loses the description by which it is read (`mett`, `mebx`) everywhere; in
    MPEG-TS it has none, and GoPro's, which FFmpeg calls binary, is written as itself where it was.
    """
    if stream.type != "data" or stream.name not in UNNAMED:
        return True
    own = stream.container.format.name
    return copy.container.format.name == own and (copy.name is not None or own == "mpegts")
