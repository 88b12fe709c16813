"""Frames have the times of FFmpeg's best effort, also where the container stores one time a packet."""

from __future__ import annotations

from fractions import Fraction
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest

from pipelines.frames import Frame
from pipelines.job.plan import plan
from pipelines.media.decode import Decode
from pipelines.media.probe import probe
from pipelines.media.rounding import FrameTimes
from pipelines.media.seek import nearest_frame
from pipelines.source import Span
from tests.made import clips, in_order
from tests.made.handmade import decoded, kept
from tests.made.svq3 import svq3

BY_DTS = [("libx264", ".avi"), ("libx264", ".mov"), ("mpeg4", ".mov"), ("mpeg1video", ".mov")]
ALL = [*BY_DTS, ("mpeg4", ".avi"), ("mpeg1video", ".avi")]
RAW = [("mpeg1video", ".m1v"), ("mpeg2video", ".m2v")]
each = pytest.mark.parametrize(("codec", "ending"), ALL)


def shown(path: Path, frames: list[Frame]) -> list[tuple[Fraction, str]]:
    tick = probe(path).picture.time_base
    return [(frame.pts * tick, md5(frame.luma.tobytes()).hexdigest()) for frame in frames]


def assert_as_ffmpeg(path: Path, frames: list[Frame], step: Fraction = Fraction(1, 24)) -> None:
    """All frames, at FFmpeg's times up to where these run backwards: its last frames have no dts to go by."""
    ours, ffmpegs = shown(path, frames), in_order.shown_by_ffmpeg(path)
    assert [luma for _, luma in ours] == [luma for _, luma in ffmpegs]
    rising = [now for now, before in zip(ffmpegs[1:], ffmpegs, strict=False) if now[0] > before[0]]
    differing = [number for number, pair in enumerate(zip(ours, ffmpegs, strict=True)) if pair[0] != pair[1]]
    assert all(number >= len(rising) - 1 for number in differing)
    steps = {later[0] - earlier[0] for later, earlier in zip(ours[2:], ours[1:], strict=False)}
    assert steps == {step}


def test_frames_of_svq3_are_ffmpegs_at_its_times(tmp_path: Path) -> None:
    path = svq3(tmp_path / "film.mov")
    assert probe(path).picture.is_timed_by_dts
    frames = decoded(path)
    assert len(frames) == 41
    assert_as_ffmpeg(path, frames, Fraction(1, 25))


@each
def test_frames_are_ffmpegs_at_its_times(tmp_path: Path, codec: str, ending: str) -> None:
    path = in_order.with_b_frames(tmp_path / f"film{ending}", codec)
    assert probe(path).picture.is_timed_by_dts == ((codec, ending) in BY_DTS)
    assert_as_ffmpeg(path, decoded(path))


def test_packed_b_frames_are_ffmpegs_at_its_times(tmp_path: Path) -> None:
    path = in_order.packed(tmp_path / "film.avi")
    assert probe(path).picture.is_timed_by_dts
    assert_as_ffmpeg(path, decoded(path))


def test_a_picture_that_stays_is_no_damage(tmp_path: Path) -> None:
    path = in_order.with_a_picture_left_out(tmp_path / "film.avi")
    frames = decoded(path)
    assert [frame.pts for frame in frames] == [*range(20), *range(21, in_order.FRAMES + 1)]
    assert shown(path, frames) == in_order.shown_by_ffmpeg(path)


@pytest.mark.parametrize(("codec", "ending"), RAW)
def test_frames_of_raw_mpeg_are_evenly_spaced(tmp_path: Path, codec: str, ending: str) -> None:
    path = in_order.with_b_frames(tmp_path / f"film{ending}", codec)
    ours = shown(path, decoded(path))
    assert [luma for _, luma in ours] == [luma for _, luma in in_order.shown_by_ffmpeg(path)]
    assert probe(path).picture.frame_rate == 24
    assert abs(probe(path).duration - Fraction(in_order.FRAMES, 24)) <= Fraction(1, 24)
    assert {later[0] - earlier[0] for later, earlier in zip(ours[1:], ours, strict=False)} == {Fraction(1, 24)}


@pytest.mark.parametrize(("codec", "ending"), [*ALL, *RAW])
@pytest.mark.parametrize("skip_damaged", [False, True])
def test_segments_give_the_frames_of_one_pass(tmp_path: Path, codec: str, ending: str, skip_damaged: bool) -> None:
    path = in_order.with_b_frames(tmp_path / f"film{ending}", codec)
    decode = Decode(Fraction(1, 10), skip_damaged=skip_damaged)
    parts = [frame for segment in plan(probe(path), Fraction(1, 4)) for frame in kept(decode, segment)]
    owned, whole = [frame for frame in parts if frame.is_owned], decoded(path)
    assert [frame.pts for frame in owned] == [frame.pts for frame in whole]
    assert all(np.array_equal(one.luma, other.luma) for one, other in zip(owned, whole, strict=True))


@pytest.mark.parametrize("ending", [".avi", ".mov"])
def test_a_frame_is_found_at_the_time_at_which_it_is_shown(tmp_path: Path, ending: str) -> None:
    path = in_order.with_b_frames(tmp_path / f"film{ending}")
    film, times = probe(path), [time for time, _ in in_order.shown_by_ffmpeg(path)]
    assert film.start == times[0]
    assert film.start + nearest_frame(film, times[20] - film.start + Fraction(1, 100)) == times[20]


def test_how_far_times_move_is_judged_by_the_times_shown(tmp_path: Path) -> None:
    film = probe(in_order.with_b_frames(tmp_path / "film.avi"))
    assert Fraction(3, 10_000) < (FrameTimes(film, Span(None, None)).moved("matroska") or 0) <= Fraction(1, 2000)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_a_film_that_tells_its_times_keeps_them(tmp_path: Path, ending: str) -> None:
    assert not probe(clips.b_frames(tmp_path / f"film{ending}")).picture.is_timed_by_dts


def test_what_the_decoder_refuses_is_damage_where_it_lies(tmp_path: Path) -> None:
    path = in_order.with_b_frames(tmp_path / "film.avi", scrambled=(20,))
    frames = decoded(path, skip_damaged=True)
    assert len(frames) == in_order.FRAMES
    assert any(frame.is_held for frame in frames)
