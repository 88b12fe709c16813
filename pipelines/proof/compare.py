"""A result compared with what it should hold beside its picture: tags, streams, packets, chapters, how it is shown."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av

from pipelines.errors import DifferenceError, timecode
from pipelines.media.copy import NO_TEXT, OF_PACKETS, WRITTEN_ANEW
from pipelines.media.encode import MAX_DELAY
from pipelines.media.open import open_film, packets_of, picture_stream
from pipelines.media.probe import is_written_anew, probe

OF_MUXER = WRITTEN_ANEW | OF_PACKETS | {"ENCODER"}
"""Tags that the muxer writes, some of them of the picture's packets."""
BY_FRAMES = ("frame_rate", "base_rate", "has_captions", "is_timed_by_dts", "left_out", "time_base", "index")
"""Facts of a picture that depend on its frames, which are compared one by one."""
NAMES = {"is_full_range": "colour range (full)", "sample_aspect_ratio": "shape of pixels", "matrix": "colour matrix"}
"""Facts of a picture by names for people to read; others by their own."""


def check_rest(result: Path, expected: Path) -> int:
    """Compares all but the packets of the picture.

    Args:
        result: the file.
        expected: a file of the same container that holds what it should, with any picture.

    Returns:
        The number of packets compared.

    Raises:
        DifferenceError: at the first difference.
    """
    with open_film(result) as found, open_film(expected) as wanted:
        _check_tags(result, "", found, wanted)
        pairs = list(_paired(result, found, wanted))
        for is_now, was in pairs:
            _check_stream(result, is_now, was)
        _check_chapters(result, found.chapters(), wanted.chapters())
        pictures = picture_stream(found, result).index
        others = [pair for pair in pairs if pair[0].index != pictures and pair[0].type != "attachment"]
        indices, names = [(is_now.index, was.index) for is_now, was in others], [_named(was) for _, was in others]
    _check_picture(result, expected)
    return _check_packets(result, expected, indices, names)


def _named(stream: Any) -> str:
    codec = stream.codec_context.name if stream.codec_context is not None else "unnamed"
    return f"{stream.type} stream {stream.index} ({codec})"


def _paired(result: Path, found: Any, wanted: Any) -> Iterator[tuple[Any, Any]]:
    """The streams of both, one with the other; those apart that the muxer makes of tags and chapters."""
    there, should = ([each for each in one.streams if not is_written_anew(one, each)] for one in (found, wanted))
    for number, was in enumerate(should):
        if number >= len(there):
            raise DifferenceError(result, f"{_named(was)} is missing")
        if _kind(there[number]) != _kind(was):
            raise DifferenceError(result, f"{_named(there[number])} stands in the place of {_named(was)}")
        yield there[number], was
    if len(there) > len(should):
        raise DifferenceError(result, f"{_named(there[len(should)])} was not in the film")


def _kind(stream: Any) -> tuple[str, str]:
    return stream.type, stream.codec_context.name if stream.codec_context is not None else ""


def _check_tags(result: Path, of: str, found: Any, wanted: Any) -> None:
    is_now, should = (
        {key: text for key, text in each.metadata.items() if key.partition("-")[0] not in OF_MUXER}
        for each in (found, wanted)
    )
    for key in sorted({*is_now, *should}):
        if is_now.get(key) != should.get(key):
            raise DifferenceError(
                result, f"tag {key}{of} is {_shown(is_now, key)}, and should be {_shown(should, key)}"
            )


def _shown(tags: dict[str, str], key: str) -> str:
    return repr(tags[key]) if key in tags else "missing"


def _check_stream(result: Path, found: Any, wanted: Any) -> None:
    """Raises DifferenceError where tags, disposition, headers or an attachment differ."""
    name = _named(found)
    _check_tags(result, f" of {name}", found, wanted)
    if found.disposition != wanted.disposition:
        is_now, was = (_flags(each.disposition) for each in (found, wanted))
        raise DifferenceError(result, f"the disposition of {name} is {is_now}, and should be {was}")
    if found.type == "attachment":
        if found.data != wanted.data:
            raise DifferenceError(result, f"the attachment {name} is not the film's")
    elif (
        found.type != "video"
        and found.codec_context
        and found.codec_context.extradata != (wanted.codec_context.extradata)
    ):
        raise DifferenceError(result, f"the codec's header of {name} is not the film's")


def _flags(disposition: Any) -> str:
    return "|".join(str(each.name) for each in av.stream.Disposition if each and each in disposition) or "none"


def _check_chapters(result: Path, found: Sequence[Any], wanted: Sequence[Any]) -> None:
    is_now, should = ([_chapter(each) for each in one] for one in (found, wanted))
    for number, was in enumerate(should, start=1):
        if number > len(is_now):
            raise DifferenceError(result, f"chapter {number} ({was[0]!r}) is missing")
        if is_now[number - 1] != was:
            (title, start, end), (own, begin, stop) = is_now[number - 1], was
            what = f"chapter {number} is {title!r} from {timecode(start)} to {timecode(end)}"
            raise DifferenceError(result, f"{what}, and should be {own!r} from {timecode(begin)} to {timecode(stop)}")
    if len(is_now) > len(should):
        raise DifferenceError(result, f"chapter {len(should) + 1} was not in the film")


def _chapter(chapter: Any) -> tuple[str, Fraction, Fraction]:
    """Title, start and end in seconds."""
    base = chapter["time_base"] or Fraction(1, 1000)
    return chapter["metadata"].get("title", ""), chapter["start"] * base, chapter["end"] * base


def _check_picture(result: Path, expected: Path) -> None:
    """Raises DifferenceError where the picture would be shown otherwise: range, colour tags, shape, turn."""
    is_now, should = probe(result).picture, probe(expected).picture
    for name in (field.name for field in fields(should) if field.name not in BY_FRAMES):
        found, wanted = getattr(is_now, name), getattr(should, name)
        if found != wanted:
            raise DifferenceError(result, f"{NAMES.get(name, name)} of the picture is {found}, and should be {wanted}")


def _first_time(path: Path) -> Fraction:
    """Seconds of the first frame that is shown."""
    with open_film(path) as container:
        stream: Any = picture_stream(container, path)
        first = islice((packet for packet in packets_of(container, stream) if packet.pts is not None), MAX_DELAY)
        return min(packet.pts * packet.time_base for packet in first)


@dataclass(frozen=True)
class _Packet:
    """A packet, with times in seconds; None where it has none."""

    data: bytes
    pts: Fraction | None
    dts: Fraction | None
    duration: Fraction


def _packets(path: Path, indices: Sequence[int], moved: Fraction) -> Iterator[tuple[int, _Packet]]:
    """The packets of several streams in file order, each with its stream's place in `indices`."""
    if not indices:
        return
    with open_film(path) as container:
        for packet in packets_of(container, [container.streams[index] for index in indices]):
            stream, data, base = packet.stream, bytes(packet), packet.time_base
            if packet.size and not (stream.type == "subtitle" and data == NO_TEXT):
                pts, dts = (None if ticks is None else ticks * base - moved for ticks in (packet.pts, packet.dts))
                yield indices.index(stream.index), _Packet(data, pts, dts, (packet.duration or 0) * base)


_Two = tuple[_Packet | None, _Packet | None]


class _Wanted:
    """The packets that a result should hold: those of each stream in order, whatever lies between."""

    def __init__(self, packets: Iterator[tuple[int, _Packet]], lanes: int) -> None:
        self.packets, self.waiting = packets, [deque[_Packet]() for _ in range(lanes)]

    def next(self, lane: int) -> _Packet | None:
        """The next packet of a stream; None after its last."""
        while not self.waiting[lane]:
            found = next(self.packets, None)
            if found is None:
                return None
            self.waiting[found[0]].append(found[1])
        return self.waiting[lane].popleft()


def _check_packets(result: Path, expected: Path, pairs: Sequence[tuple[int, int]], names: Sequence[str]) -> int:
    """Compares the packets of all other streams, and gives their number.

    Args:
        result: the file.
        expected: the other.
        pairs: index of each stream there, and in the other.
        names: of the streams, for people to read.
    """
    moved = _first_time(result) - _first_time(expected)
    wanted = _Wanted(_packets(expected, [was for _, was in pairs], Fraction(0)), len(pairs))
    counts = [0] * len(pairs)
    found = _packets(result, [is_now for is_now, _ in pairs], moved)
    for lane, is_now in found:
        was = wanted.next(lane)
        if is_now != was:
            behind = next((packet for other, packet in found if other == lane), None)
            ends = (is_now, behind), (was, wanted.next(lane))
            raise DifferenceError(result, _difference(names[lane], counts[lane], *ends))
        counts[lane] += 1
    for lane, name in enumerate(names):
        missing = wanted.next(lane)
        if missing is not None:
            raise DifferenceError(result, f"packet {counts[lane]} of {name}{_at(missing)} is missing")
    return sum(counts)


def _at(packet: _Packet) -> str:
    return "" if packet.pts is None else f" at {timecode(packet.pts)}"


def _difference(name: str, number: int, there: _Two, should: _Two) -> str:
    """How a packet differs from the one that should be there, in words; each comes with the one behind it."""
    (found, after), (wanted, following) = there, should
    if wanted is None or found is None:
        return f"{name} has more than the film's {number} packets"
    which = f"packet {number} of {name}{_at(wanted)}"
    if found == following:
        return f"{which} is missing"
    if found.data != wanted.data:
        return f"{which} is not the film's: its bytes differ"
    if found.pts == wanted.pts and following is not None and (after is None or after.pts != following.pts):
        return f"packet {number + 1} of {name}{_at(following)} is missing"  # MP4 lets the one before it last longer
    for kind in ("pts", "dts", "duration"):
        if getattr(found, kind) != getattr(wanted, kind):
            is_now, was = (_time(getattr(each, kind)) for each in (found, wanted))
            return f"{kind} of {which} is {is_now}, and should be {was}"
    return f"{which} is not the film's"


def _time(seconds: Fraction | None) -> str:
    return "missing" if seconds is None else timecode(seconds)
