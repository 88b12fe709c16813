"""Cuts are found where they are, and anchors where every run finds them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.colour.anchors import anchor_batches
from pipelines.colour.lightness import Lightness
from pipelines.colour.shots import Shots
from pipelines.frames import LightFrame, ShotFrame
from pipelines.media.decode import Decode
from pipelines.motion.cuts import AHEAD, BEHIND
from pipelines.settings import MotionSettings
from pipelines.source import Film, Segment
from tests.made import clips, pictures
from tests.made.handmade import FILM, TICKS, Light, frame, kept, picture, whole

Draw = Callable[[Path], Path]
NEVER = Fraction(10)
"""An interval with its only tick at the film's start."""


def shots(interval: Fraction = NEVER, film: Film = FILM, steady: Fraction = Fraction(0)) -> Shots:
    return Shots(film, MotionSettings(interval, Fraction(0), steady))


def marked(path: Path, interval: Fraction = NEVER, start: int | None = None, rows: int = 96) -> list[ShotFrame]:
    """The frames of a film from `start` on, marked."""
    film = whole(path).film
    frames = kept(Decode(Fraction(0)), Segment(film, 0, start, None))
    return list(shots(interval, film)(Lightness(film.picture, rows)(frames)))


def lights(drawn: Iterator[np.ndarray]) -> Iterator[LightFrame]:
    for number, shown in enumerate(drawn):
        yield light(np.clip(255 * shown[..., 0], 0, 255).astype(np.uint8), number)


def light(lightness: Light, pts: int) -> LightFrame:
    return LightFrame(frame(lightness, pts), lightness)


def begins(frames: list[ShotFrame]) -> list[int]:
    """The numbers of the frames that begin a shot, but for the first."""
    return [n for n in range(1, len(frames)) if frames[n].shot != frames[n - 1].shot]


def test_cuts_lie_between_the_right_frames(tmp_path: Path) -> None:
    frames = marked(clips.with_cuts(tmp_path / "film.mp4", shots=4))
    assert begins(frames) == [12, 24, 36]
    assert [frames[n].shot for n in (0, 12, 24, 36)] == [0, 1, 2, 3]
    assert len(frames) == 48


def test_first_frame_of_each_shot_is_an_anchor(tmp_path: Path) -> None:
    frames = marked(clips.with_cuts(tmp_path / "film.mp4"))
    assert [n for n, frame in enumerate(frames) if frame.is_anchor] == [0, 12, 24]


@pytest.mark.parametrize("draw", [clips.plain, clips.with_flash, clips.with_fade, clips.many_frames])
def test_pan_flash_and_fade_are_one_shot(tmp_path: Path, draw: Draw) -> None:
    path = clips.many_frames(tmp_path / "film.mp4", 240) if draw is clips.many_frames else draw(tmp_path / "film.mp4")
    assert begins(marked(path)) == []


def test_dissolve_is_one_shot(tmp_path: Path) -> None:
    # no frame differs much from the next, and the anchors on its way follow it
    assert begins(marked(clips.with_dissolve(tmp_path / "film.mp4"))) == []


@pytest.mark.parametrize("length", [1, 2, 3])
def test_flash_of_a_few_frames_is_no_cut(length: int) -> None:
    assert begins(list(shots()(lights(pictures.flash(30, at=12, length=length))))) == []


def test_flash_on_a_cut_does_not_hide_it() -> None:
    drawn = [*pictures.pan(12), *pictures.pan(12, shot=1)]
    drawn[11][..., 0] = 1
    cuts = begins(list(shots()(lights(iter(drawn)))))
    assert cuts
    assert set(cuts) <= {11, 12}


def test_shots_of_half_a_second_are_all_found() -> None:
    drawn = (shown for shot in range(6) for shown in pictures.pan(12, shot))
    assert begins(list(shots()(lights(drawn)))) == [12, 24, 36, 48, 60]


@pytest.mark.parametrize("tail", [1, 2, 4])
def test_shot_that_the_film_ends_with_is_found(tail: int) -> None:
    drawn = iter([*pictures.pan(16), *pictures.pan(tail, shot=1)])
    assert begins(list(shots()(lights(drawn)))) == [16]


@pytest.mark.parametrize(("interval", "frames"), [(Fraction(1, 3), 8), (Fraction(1, 4), 6), (Fraction(1, 24), 1)])
def test_anchors_lie_on_exact_ticks(interval: Fraction, frames: int) -> None:
    shown = list(shots(interval)(lights(pictures.pan(50))))
    assert [frame.pts for frame in shown if frame.is_anchor] == list(range(0, 50, frames))


def test_interval_0_makes_every_frame_an_anchor() -> None:
    assert all(frame.is_anchor for frame in shots(Fraction(0))(lights(pictures.pan(20))))


def test_anchors_of_uneven_frames_are_the_first_at_or_after_a_tick(tmp_path: Path) -> None:
    frames = marked(clips.variable_rate(tmp_path / "film.mkv"), Fraction(1, 4))
    ticks = {pts // 250 for pts in clips.UNEVEN}
    firsts = [min(pts for pts in clips.UNEVEN if pts // 250 == tick) for tick in sorted(ticks)]
    assert [frame.pts for frame in frames if frame.is_anchor] == firsts == [0, 250, 500, 900, 1200, 1300]


def test_ticks_count_from_the_films_start(tmp_path: Path) -> None:
    frames = marked(clips.late_start(tmp_path / "film.mp4"), Fraction(9, 24))
    assert [n for n, frame in enumerate(frames) if frame.is_anchor] == [0, 9, 18]


def test_ticks_count_from_the_cut_and_some_time_after_it_from_the_films_start() -> None:
    drawn = iter([*pictures.pan(18), *pictures.pan(34, shot=1)])
    marks = shots(Fraction(1, 3), steady=Fraction(1, 3))(lights(drawn))
    assert [frame.pts for frame in marks if frame.is_anchor] == [0, 8, 16, 18, 26, 34, 40, 48]


def test_marks_do_not_depend_on_where_decoding_began(tmp_path: Path) -> None:
    path = clips.with_cuts(tmp_path / "film.mp4", shots=4)
    interval = Fraction(1, 3)
    one_pass, unsure = marked(path, interval), BEHIND + 8
    for first in range(1, 26, 4):
        later = marked(path, interval, start=one_pass[first].pts)[unsure:]
        pairs = list(zip(one_pass[first + unsure :], later, strict=True))
        assert all((one.pts, one.is_anchor) == (other.pts, other.is_anchor) for one, other in pairs)
        assert len({one.shot - other.shot for one, other in pairs}) == 1


def test_marks_do_not_depend_on_where_decoding_ends() -> None:
    drawn = [*pictures.pan(12), *pictures.pan(12, 1), *pictures.pan(12, 2)]
    whole_run = list(shots(Fraction(1, 3))(lights(iter(drawn))))
    for end in range(AHEAD + 1, 36, 3):
        cut_off = list(shots(Fraction(1, 3))(lights(iter(drawn[:end]))))
        for full, part in zip(whole_run[: end - AHEAD], cut_off, strict=False):
            assert (full.shot, full.is_anchor) == (part.shot, part.is_anchor)


def test_looks_no_more_frames_ahead_than_it_says() -> None:
    pulled = 0

    def counted() -> Iterator[LightFrame]:
        nonlocal pulled
        for shown in lights(pictures.pan(40)):
            pulled += 1
            yield shown

    for number, _ in enumerate(shots()(counted())):
        assert pulled <= number + AHEAD + 1


def test_every_frame_comes_out_once_in_order() -> None:
    for count in (0, 1, 3, AHEAD, AHEAD + 1, 30):
        shown = list(shots()(lights(pictures.pan(count))))
        assert [frame.pts for frame in shown] == list(range(count))
        assert all(frame.is_anchor == (number == 0) for number, frame in enumerate(shown))


def test_tall_and_tiny_pictures_are_marked_too() -> None:
    for shape in ((32, 32), (128, 32), (32, 128), (1024, 256)):
        still = (light(np.full(shape, 90, np.uint8), number) for number in range(12))
        assert begins(list(shots()(still))) == []


def test_anchors_come_in_batches_of_the_size_asked() -> None:
    film = Film(FILM.path, FILM.container, picture(time_base=TICKS), (), 0, Fraction(0), Fraction(1))
    frames = list(shots(Fraction(1, 8), film)(lights(pictures.pan(24))))
    batches = list(anchor_batches(iter(frames), 3))
    assert [batch.pts for batch in batches] == [(0, 3, 6), (9, 12, 15), (18, 21)]
    assert [len(batch.lightness) for batch in batches] == [3, 3, 2]
    assert np.array_equal(batches[1].lightness[2], frames[15].light.lightness)
    assert list(anchor_batches([], 3)) == []
