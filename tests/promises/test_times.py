"""Every frame of a film is in its result, at its own time, however either of them stores times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.errors import OutputError
from pipelines.settings import Codec, EncodeSettings, Settings
from restore.api import restore_film
from tests.made import clips, pictures
from tests.made.readers import times, true_chromas, true_lumas
from tests.made.runs import HALF_SECOND, Films, in_segments
from tests.made.tracks import PictureTrack, write

Draw = Callable[..., Path]


LONG = 10_000
HALF_MILLISECOND = Fraction(1, 2000)


def open_gop_mpeg2(path: Path) -> Path:
    return clips.open_gop(path, "mpeg2video")


def long_and_cut(path: Path) -> Path:
    """Ten seconds of six shots: a segment sees only a part of them."""
    drawn = (picture[::2, ::2] for picture in pictures.cuts(shots=6, frames=40))
    return write(path, PictureTrack(drawn, codec="libx264"))


def uneven_with_b_frames(path: Path) -> Path:
    """Frames 60 and 40 ms long in turn, of a size that every codec takes."""
    pts = [50 * number + 10 * (number % 2) for number in range(36)]
    drawn = pictures.pan(36, width=256, height=128)
    options = {"preset": "ultrafast", "x264-params": "keyint=12:bframes=3:b-adapt=0"}
    return write(path, PictureTrack(drawn, time_base=Fraction(1, 1000), pts=pts, options=options))


def a_few_frames(path: Path, frames: int = 6) -> Path:
    """In ticks of a millisecond, which every container has, and of a size that every codec takes."""
    drawn = pictures.pan(frames, width=256, height=128)
    return write(path, PictureTrack(drawn, time_base=Fraction(1, 1000), pts=range(0, 40 * frames, 40)))


CONTAINERS: list[tuple[Draw, str]] = [
    (clips.plain, ending) for ending in (".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".ts")
]
TIMED: list[tuple[Draw, str]] = [
    *CONTAINERS,
    *((clips.variable_rate, ending) for ending in (".mp4", ".mov", ".mkv")),
    *((uneven_with_b_frames, ending) for ending in (".mp4", ".mkv")),
    *((clips.late_start, ending) for ending in (".mp4", ".mkv", ".ts")),
    *((clips.trimmed, ending) for ending in (".mp4", ".mov")),
    *((clips.b_frames, ending) for ending in (".mp4", ".mkv")),
    *((clips.open_gop, ending) for ending in (".mp4", ".mkv", ".ts")),
    *((open_gop_mpeg2, ending) for ending in (".mpg", ".ts")),
    *((clips.without_duration, ending) for ending in (".mkv", ".webm")),
    *((clips.one_frame, ending) for ending in (".mp4", ".mkv", ".ts", ".avi")),
    (clips.fragmented, ".mp4"),
]
UNTOLD = [(uneven_with_b_frames, ".mp4"), (clips.one_frame, ".ts")]
"""Films that do not tell how long their last frame is shown."""
ENDINGS = (".mkv", ".mp4", ".mov", ".ts", ".webm")
HOLDERS: dict[Codec, tuple[str, ...]] = {
    "h264": (".mkv", ".mp4", ".mov", ".ts"),
    "h265": (".mkv", ".mp4", ".mov", ".ts"),
    "av1": (".mkv", ".mp4", ".webm"),
    "prores": (".mkv", ".mov"),
    "dnxhr": (".mov",),
    "ffv1": (".mkv", ".mp4"),
}
"""Containers that hold each codec; that named first is picked for a film that comes in none of them."""
HELD = [(codec, ending) for codec, endings in HOLDERS.items() for ending in endings]
NOT_HELD = [(codec, ending) for codec in HOLDERS for ending in ENDINGS if (codec, ending) not in HELD]


def each(films: list[tuple[Draw, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("draw", "ending"), films, ids=lambda part: getattr(part, "__name__", part))


def is_shown(packet: Any) -> bool:
    return bool(packet.size) and packet.pts is not None and not packet.is_discard


def end_of_last_frame(path: Path) -> Fraction:
    """Seconds, as the last packet shown says."""
    with av.open(path) as film:
        shown: list[Any] = [packet for packet in film.demux(video=0) if is_shown(packet)]
    last = max(shown, key=lambda packet: packet.pts)
    return Fraction((last.pts + last.duration) * last.time_base)


def assert_moved(film: Path, out: Path, furthest: Fraction) -> None:
    """Every frame is there, in order, at most so many seconds from its time."""
    pairs = list(zip(times(film), times(out), strict=True))
    assert all(abs(was - now) <= furthest for was, now in pairs)
    assert all(before < after for (_, before), (_, after) in pairwise(pairs))


@each(TIMED)
def test_every_frame_is_at_its_time(films: Films, settings: Settings, draw: Draw, ending: str) -> None:
    film = films(draw, ending)
    out = films.restored(film, settings)
    assert times(out) == times(film)


@each(TIMED)
def test_every_frame_is_the_one_it_was_in_segments_too(
    films: Films, lossless: Settings, draw: Draw, ending: str
) -> None:
    film = films(draw, ending)
    out = films.restored(film, in_segments(lossless), ".mp4")  # which keeps every time exactly
    assert times(out) == times(film)
    for (_, was), (_, now) in zip(true_lumas(film), true_lumas(out), strict=True):
        assert np.array_equal(was, now)


@each([pair for pair in TIMED if pair not in UNTOLD and pair[1] != ".ts"])  # which stores no durations
def test_the_last_frame_lasts_as_long_as_it_did(films: Films, settings: Settings, draw: Draw, ending: str) -> None:
    film = films(draw, ending)
    assert end_of_last_frame(films.restored(film, settings)) == end_of_last_frame(film)


@pytest.mark.parametrize("codec", HOLDERS)
def test_every_codec_keeps_uneven_times(films: Films, settings: Settings, codec: Codec) -> None:
    film = films(uneven_with_b_frames, ".mp4")
    out = films.restored(film, in_segments(replace(settings, encode=EncodeSettings(codec))))
    assert times(out) == times(film)


@pytest.mark.parametrize("frames", [1, 2])
@pytest.mark.parametrize("codec", HOLDERS)
def test_every_codec_takes_a_film_of_hardly_a_frame(
    films: Films, settings: Settings, codec: Codec, frames: int
) -> None:
    film = films(a_few_frames, ".mov", frames=frames)
    assert times(films.restored(film, replace(settings, encode=EncodeSettings(codec)))) == times(film)


@pytest.mark.parametrize(("codec", "ending"), HELD)
def test_every_codec_goes_into_its_containers(films: Films, settings: Settings, codec: Codec, ending: str) -> None:
    film = films(a_few_frames, ".mkv")
    out = films.restored(film, replace(settings, encode=EncodeSettings(codec)), ending)
    assert times(out) == times(film)


@pytest.mark.parametrize("codec", HOLDERS)
def test_every_codec_has_a_container_of_its_own(films: Films, settings: Settings, codec: Codec) -> None:
    film = films(a_few_frames, ".mkv")
    out = films.restored(film, replace(settings, encode=EncodeSettings(codec)))
    assert (out.suffix, times(out)) == (HOLDERS[codec][0], times(film))


@pytest.mark.parametrize(("codec", "ending"), NOT_HELD)
def test_a_container_that_does_not_hold_a_codec_is_refused(
    films: Films, settings: Settings, tmp_path: Path, codec: Codec, ending: str
) -> None:
    with pytest.raises(OutputError, match=rf"\{ending} does not hold {codec}; \{HOLDERS[codec][0]} holds it"):
        restore_film(
            films(a_few_frames, ".mkv"), tmp_path / f"out{ending}", replace(settings, encode=EncodeSettings(codec))
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wanted", [".mp4", ".mov", ".mkv", ".ts"])
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi", ".mpg", ".ts"])
def test_a_container_keeps_the_times_and_matroska_rounds_them(
    films: Films, settings: Settings, ending: str, wanted: str
) -> None:
    film = films(clips.plain, ending)
    furthest = HALF_MILLISECOND if wanted == ".mkv" else Fraction(0)
    assert_moved(film, films.restored(film, settings, wanted), furthest)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts", ".mov"])
def test_a_film_keeps_its_container(films: Films, settings: Settings, ending: str) -> None:
    assert films.restored(films(clips.plain, ending), settings).name == f"film.restored{ending}"


@pytest.mark.parametrize("ending", [".webm", ".avi", ".mpg"])
def test_a_container_that_is_not_written_gives_way_to_one_that_is(
    films: Films, settings: Settings, ending: str
) -> None:
    assert films.restored(films(clips.plain, ending), settings).suffix in (".mkv", ".mp4")


def planes(path: Path) -> Iterator[tuple[np.ndarray[Any, Any], ...]]:
    lumas = (luma for _, luma in true_lumas(path))
    return ((luma, *chroma) for luma, chroma in zip(lumas, true_chromas(path), strict=True))


def test_segments_give_the_pictures_of_one_pass(films: Films, lossless: Settings) -> None:
    film = films(long_and_cut, ".mp4")
    whole, pieces = (
        films.restored(film, lossless, ".mp4"),
        films.restored(film, in_segments(lossless, Fraction(2, 3)), ".mp4"),
    )
    assert times(whole) == times(pieces) == times(film)
    differ = [
        number
        for number, both in enumerate(zip(planes(whole), planes(pieces), strict=True))
        if not all(map(np.array_equal, *both))
    ]
    assert differ == []


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_segments_of_a_frame_each_are_joined(films: Films, settings: Settings, codec: Codec) -> None:
    film = films(a_few_frames, ".mp4")
    out = films.restored(film, in_segments(replace(settings, encode=EncodeSettings(codec)), Fraction(1, 25)))
    assert times(out) == times(film)


def span_of(settings: Settings, start: Fraction | None, end: Fraction | None) -> Settings:
    return replace(in_segments(settings), start=start, end=end)


SPANS = [
    (Fraction(1, 2), None),
    (None, Fraction(3, 2)),
    (Fraction(1, 2), Fraction(5, 4)),
    (Fraction(1, 24), Fraction(1, 12)),
]


@pytest.mark.parametrize(("start", "end"), SPANS)
@pytest.mark.parametrize("ending", [".mp4", ".ts"])
def test_a_span_holds_its_frames_and_no_other(
    films: Films, lossless: Settings, ending: str, start: Fraction | None, end: Fraction | None
) -> None:
    film = films(clips.b_frames, ending)
    out = films.restored(film, span_of(lossless, start, end), ".mp4")
    first, low = times(film)[0], start or Fraction(0)
    inside = [low <= time - first and (end is None or time - first < end) for time in times(film)]
    kept = [luma for (_, luma), is_inside in zip(true_lumas(film), inside, strict=True) if is_inside]
    assert len(kept) == len(times(out))
    assert all(np.array_equal(was, now) for was, (_, now) in zip(kept, true_lumas(out), strict=True))
    moved = first + low if start is not None else 0
    assert times(out) == [time - moved for time, is_inside in zip(times(film), inside, strict=True) if is_inside]


def test_a_span_of_a_film_that_starts_late_begins_at_0(films: Films, lossless: Settings) -> None:
    out = films.restored(films(clips.late_start, ".mp4"), span_of(lossless, HALF_SECOND, None), ".mp4")
    assert times(out) == [Fraction(number, 24) for number in range(12)]


def test_a_span_keeps_uneven_times(films: Films, lossless: Settings) -> None:
    film = films(clips.variable_rate, ".mkv")
    out = films.restored(film, span_of(lossless, Fraction(1, 10), Fraction(1)))
    assert times(out) == [Fraction(ms - 100, 1000) for ms in clips.UNEVEN if 100 <= ms < 1000]


def test_a_span_after_the_last_frame_ends_the_film_where_it_ends(films: Films, lossless: Settings) -> None:
    film = films(clips.plain, ".mp4")
    assert times(films.restored(film, span_of(lossless, None, Fraction(100)), ".mp4")) == times(film)


def test_times_of_a_result_rise(films: Films, settings: Settings) -> None:
    with av.open(films.restored(films(clips.b_frames, ".mp4"), in_segments(settings))) as result:
        stored: list[Any] = [packet for packet in result.demux(video=0) if packet.size]
    assert all(before.dts < after.dts for before, after in pairwise(stored))
    assert all(packet.dts <= packet.pts for packet in stored)


@pytest.mark.slow
def test_ten_thousand_frames_keep_their_times(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.many_frames, ".mp4", frames=LONG)
    quick = replace(settings, motion=replace(settings.motion, anchors=Fraction(5), steady=Fraction(0)))
    kept = times(film)
    assert len(kept) == LONG
    assert times(restore_film(film, tmp_path / "out.mp4", in_segments(quick, Fraction(60)))) == kept
