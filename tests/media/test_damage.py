"""Damaged packets stop the film with the time at which they lie, or are bridged by the last good frame."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import DamagedError, timecode
from pipelines.frames import Frame
from pipelines.job.plan import plan
from pipelines.media.decode import Decode
from pipelines.media.probe import probe
from tests.made import broken
from tests.made.handmade import decoded, kept
from tests.made.readers import true_lumas

GOP = 12
DAMAGE = [
    ("libx264", ".mp4", (20, 21)),
    ("libx264", ".mkv", (20, 21)),
    ("libx264", ".ts", (20, 21)),
    ("libx264", ".mp4", (24,)),
    ("libx264", ".mp4", (47,)),
    ("mpeg4", ".avi", (20, 21)),
    ("mpeg4", ".avi", (24,)),
    ("ffv1", ".mkv", (20, 21)),
    ("ffv1", ".mkv", (24,)),
    ("libx265", ".mkv", (20, 21)),
    ("libvpx-vp9", ".mkv", (24,)),
]
"""Encoder, container, and which packets are noise; every 12th frame is a keyframe, but for x265's and vp9's."""


def shown(path: Path) -> list[int]:
    return [pts for pts, _ in true_lumas(path)]


def stored_times(path: Path) -> list[Fraction]:
    """Seconds of every packet, in decode order."""
    with av.open(path) as film:
        stream = film.streams.video[0]
        return [packet.pts * Fraction(stream.time_base or 0) for packet in film.demux(stream) if packet.pts is not None]


def held(frames: list[Frame]) -> list[int]:
    return [frame.pts for frame in frames if frame.is_held]


@pytest.mark.parametrize(("codec", "ending", "scrambled"), DAMAGE)
def test_stops_with_the_time_of_the_damage(tmp_path: Path, codec: str, ending: str, scrambled: tuple[int, ...]) -> None:
    path = broken.damaged_packets(tmp_path / f"film{ending}", scrambled, codec)
    with pytest.raises(DamagedError, match="packet damaged; --skip-damaged holds the last good frame") as caught:
        decoded(path)
    at = caught.value.at
    assert at is not None
    assert f"{path} at {timecode(at)}: " in str(caught.value)
    first = min(stored_times(path)[number] for number in scrambled) - probe(path).start
    assert abs(at - first) <= Fraction(3, 24)  # a B-frame or two may hide that what they need is missing


@pytest.mark.parametrize(("codec", "ending", "scrambled"), DAMAGE)
def test_holds_the_last_good_frame_where_it_may(
    tmp_path: Path, codec: str, ending: str, scrambled: tuple[int, ...]
) -> None:
    path = broken.damaged_packets(tmp_path / f"film{ending}", scrambled, codec)
    sound = true_lumas(broken.damaged_packets(tmp_path / f"sound{ending}", (), codec))
    frames = decoded(path, skip_damaged=True)
    assert [frame.pts for frame in frames] == [pts for pts, _ in sound]
    assert held(frames)
    for last, frame in pairwise(frames):
        assert not frame.is_held or np.array_equal(frame.luma, last.luma)
    before = next(number for number, frame in enumerate(frames) if frame.is_held) - 3
    for frame, (_, luma) in zip(frames[:before], sound, strict=False):
        assert np.array_equal(frame.luma, luma)


@pytest.mark.parametrize("length", [Fraction(1, 2), Fraction(5, 12), Fraction(1, 4)])
@pytest.mark.parametrize(("codec", "ending", "scrambled"), DAMAGE)
def test_segments_of_a_damaged_film_lose_no_frame(
    tmp_path: Path, codec: str, ending: str, scrambled: tuple[int, ...], length: Fraction
) -> None:
    path = broken.damaged_packets(tmp_path / f"film{ending}", scrambled, codec)
    one_pass, decode = decoded(path, skip_damaged=True), Decode(Fraction(1, 12), skip_damaged=True)
    frames = [frame for segment in plan(probe(path), length) for frame in kept(decode, segment) if frame.is_owned]
    assert [frame.pts for frame in frames] == [frame.pts for frame in one_pass]


@pytest.mark.parametrize("length", [Fraction(5, 12), Fraction(1, 4)])
@pytest.mark.parametrize(
    ("codec", "ending"), [("mpeg4", ".avi"), ("ffv1", ".mkv"), ("mpeg1video", ".mkv"), ("libx264", ".mkv")]
)
def test_segment_after_a_damaged_keyframe_holds_the_frame_that_one_pass_holds(
    tmp_path: Path, codec: str, ending: str, length: Fraction
) -> None:
    path = broken.damaged_packets(tmp_path / f"film{ending}", (24,), codec)
    one_pass, decode = decoded(path, skip_damaged=True), Decode(Fraction(1, 12), skip_damaged=True)
    frames = [frame for segment in plan(probe(path), length) for frame in kept(decode, segment) if frame.is_owned]
    assert held(frames) == held(one_pass)
    assert [n for n, frame in enumerate(frames) if not np.array_equal(frame.luma, one_pass[n].luma)] == []


@pytest.mark.parametrize("length", [Fraction(10), Fraction(1, 2)])
def test_film_goes_on_behind_a_stretch_without_packets(tmp_path: Path, length: Fraction) -> None:
    sound = true_lumas(broken.damaged_packets(tmp_path / "sound.ts", ()))
    film = probe(broken.parted(tmp_path / "film.ts"))
    decode = Decode(Fraction(1, 12), skip_damaged=True)
    frames = [frame for segment in plan(film, length) for frame in kept(decode, segment) if frame.is_owned]
    good = {frame.pts: frame.luma for frame in frames if not frame.is_held}
    assert [pts for pts, luma in sound[24:] if pts in good and np.array_equal(good[pts], luma)][-1] == sound[-1][0]
    assert len(good) >= 36


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("ffv1", ".mkv"), ("mpeg4", ".mkv")])
def test_damaged_first_keyframe_does_not_lose_frames_in_silence(tmp_path: Path, codec: str, ending: str) -> None:
    path = broken.damaged_packets(tmp_path / f"film{ending}", (0,), codec)
    with pytest.raises(DamagedError):
        decoded(path)
    frames = decoded(path, skip_damaged=True)
    assert len(frames) == 48
    assert len(held(frames)) >= 1


@pytest.mark.parametrize(
    ("codec", "ending", "scrambled"),
    [("mpeg2video", ".ts", (20, 21)), ("mpeg2video", ".ts", (12,)), ("libx264", ".ts", (24,))],
)  # fmt: skip
def test_frames_that_damage_puts_out_of_order_do_not_stop_a_film(
    tmp_path: Path, codec: str, ending: str, scrambled: tuple[int, ...]
) -> None:
    frames = decoded(broken.damaged_packets(tmp_path / f"film{ending}", scrambled, codec), skip_damaged=True)
    times = [frame.pts for frame in frames]
    assert times == sorted(set(times))
    assert 44 <= len(times) <= 48  # noise may look like the end of a packet: then there is one packet less


@pytest.mark.parametrize(("codec", "ending"), [("ffv1", ".mkv"), ("libx264", ".mp4"), ("mpeg4", ".avi")])
def test_damaged_film_gives_the_same_pictures_each_time(tmp_path: Path, codec: str, ending: str) -> None:
    path = broken.damaged_packets(tmp_path / f"film{ending}", codec=codec)
    first, *others = (decoded(path, skip_damaged=True) for _ in range(8))
    for frames in others:
        assert [n for n, frame in enumerate(frames) if not np.array_equal(frame.luma, first[n].luma)] == []


@pytest.mark.parametrize("ending", [".mkv", ".avi", ".mpg"])
def test_film_cut_short_gives_all_frames_up_to_the_cut(tmp_path: Path, ending: str) -> None:
    path = broken.cut_short(tmp_path / f"film{ending}")
    times = shown(path)
    frames = decoded(path, skip_damaged=True)
    assert [frame.pts for frame in frames][: len(times) - 1] == times[:-1]  # the last may be half there


def test_sound_film_has_nothing_held(tmp_path: Path) -> None:
    path = broken.damaged_packets(tmp_path / "film.mp4", ())
    frames = decoded(path, skip_damaged=True)
    assert [frame.pts for frame in frames] == shown(path)
    assert held(frames) == []
