"""A look at a film shows what a run of it gives."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.guide.given import Given
from pipelines.job.shots import find_shots
from pipelines.media.shrink import shrunk
from pipelines.media.still_file import StillTag, tag_of
from pipelines.media.target import choose_target
from pipelines.painting.paint import FilmPaint, Paint, Painting
from pipelines.places import film_mark
from pipelines.preview.display import Display, display_target
from pipelines.preview.sheet import tiles
from pipelines.preview.still import write_still
from pipelines.preview.view import PREVIEW, STILL, Excerpt, Kind, ReadyView, open_view, ready
from pipelines.segment import carried
from pipelines.settings import Settings
from pipelines.source import Segment
from pipelines.streams import in_process
from restore.api import restore_film
from tests.made import clips
from tests.made.pictures import cuts, pan
from tests.made.readers import true_lumas
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write

FRAMES = 96
Ab = NDArray[np.float32]


@pytest.fixture(scope="session")
def painting() -> Painting:
    return in_process(Paint())


def opened(film: Path, out: Path | None, kind: Kind, settings: Settings) -> ReadyView:
    (view,) = ready(open_view(film, out, kind, settings))
    return view


@pytest.fixture(scope="session")
def view(films: Films, settings: Settings) -> ReadyView:
    """Four seconds, five shots, between them a long one."""

    def draw(path: Path) -> Path:
        drawn = [*cuts(2), *pan(FRAMES - 48, shot=2), *cuts(2)]
        return write(path, PictureTrack(drawn, codec="libx264", options={"g": "30"}))

    return opened(films(draw, ".mp4"), None, PREVIEW, settings)


def colours(view: ReadyView, painting: Painting, start: int | None, end: int | None) -> dict[int, Ab]:
    """ab of each frame, by its pts."""
    paint = FilmPaint(painting, view.film, view.chosen, Given())
    with closing(carried(Segment(view.film, 0, start, end), view.settings, view.chosen.motion_rows, paint)) as frames:
        return {coloured.frame.pts: coloured.ab for coloured in frames}


@pytest.fixture(scope="session")
def of_run(view: ReadyView, painting: Painting) -> dict[int, Ab]:
    """The whole film's, in one pass."""
    found = colours(view, painting, None, None)
    assert len(found) == FRAMES
    return found


@tries(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, FRAMES - 1), length=st.integers(1, 30))
def test_any_span_has_the_colours_of_the_run(
    view: ReadyView, painting: Painting, of_run: dict[int, Ab], first: int, length: int
) -> None:
    span = view.excerpt(Fraction(first, 24), Fraction(length, 24))
    found = colours(view, painting, span.start, span.end)
    assert len(found) == min(length, FRAMES - first)
    for pts, ab in found.items():
        assert np.array_equal(ab, of_run[pts])


def test_what_is_composed_differs_from_the_run_only_in_size(view: ReadyView, painting: Painting) -> None:
    """At the film's own size, a preview's planes are those that a run gives to its encoder."""
    settings, height = view.settings, view.film.picture.height
    whole = Excerpt(view.film, 0, view.film.pts(Fraction(1)))
    with closing(whole.frames(view, painting, height)) as frames:
        shown = [(f.frame.luma.copy(), f.cb, f.cr) for f in frames]
    target = choose_target(view.film, settings.encode, deinterlace=False)
    paint = FilmPaint(painting, view.film, view.chosen, Given())
    with closing(
        carried(Segment(view.film, 0, 0, whole.end), settings, view.chosen.motion_rows, paint)
    ) as carried_frames:
        run = [
            (f.frame.luma.copy(), f.cb, f.cr) for f in Chroma(target, transfer_of(view.film.picture))(carried_frames)
        ]
    assert len(shown) == len(run) == 24
    for one, other in zip(shown, run, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize(("pix_fmt", "bits"), [("yuv420p", 8), ("gray", 8), ("yuv420p10le", 16), ("gray12le", 16)])
def test_a_still_is_the_frame_before_and_after_in_its_own_depth(
    films: Films, settings: Settings, painting: Painting, tmp_path: Path, pix_fmt: str, bits: int
) -> None:
    view = opened(films(clips.in_format, ".mkv", pix_fmt=pix_fmt), tmp_path / "still.png", STILL, settings)
    write_still(view, view.at(Fraction(1, 2))[1].pts, painting)
    picture = cv2.imread(str(view.out), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert (picture.shape, picture.dtype) == ((96, 256, 3), np.uint8 if bits == 8 else np.uint16)
    before, after = picture[:, :128], picture[:, 128:]
    assert np.ptp(before, axis=2).max() == 0
    assert np.ptp(after, axis=2).max() > 20 << (bits - 8)


def test_a_still_is_what_the_result_of_a_run_shows(
    films: Films, lossless: Settings, painting: Painting, tmp_path: Path
) -> None:
    film = films(clips.in_format, ".mkv", pix_fmt="gray")
    view = opened(film, tmp_path / "still.png", STILL, lossless)
    write_still(view, view.at(Fraction(1, 2))[1].pts, painting)
    after = cv2.imread(str(view.out))[:, 128:].astype(int)
    result = cv2.VideoCapture(str(restore_film(film, tmp_path / "out.mkv", lossless)))
    for _ in range(13):
        _, shown = result.read()
    assert np.abs(after - shown).mean() < 2.5  # the reader enlarges chroma in its own way
    result.release()


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_film_is_shown_upright(
    films: Films, settings: Settings, painting: Painting, tmp_path: Path, degrees: int
) -> None:
    view = opened(films(clips.rotated, ".mp4", degrees=degrees), tmp_path / "still.png", STILL, settings)
    write_still(view, view.at(Fraction(0))[1].pts, painting)
    plain = opened(films(clips.plain, ".mp4"), tmp_path / "plain.png", STILL, settings)
    write_still(plain, plain.at(Fraction(0))[1].pts, painting)
    turned, flat = cv2.imread(str(view.out)), cv2.imread(str(plain.out))
    half = turned.shape[1] // 2
    upright = np.rot90(flat[:, : flat.shape[1] // 2], degrees // 90)
    assert np.abs(turned[:, :half].astype(int) - upright).mean() < 3


def test_a_mirrored_film_is_shown_as_players_show_it(
    films: Films, settings: Settings, painting: Painting, tmp_path: Path
) -> None:
    upside_down = (65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30)
    film = write(tmp_path / "film.mp4", PictureTrack(pan(), matrix=upside_down))
    view = opened(film, tmp_path / "still.png", STILL, settings)
    write_still(view, view.at(Fraction(0))[1].pts, painting)
    luma = true_lumas(film)[0][1]
    half = cv2.imread(str(view.out), cv2.IMREAD_GRAYSCALE)[:, :128].astype(float)
    assert np.corrcoef(half.ravel(), luma[::-1].ravel())[0, 1] > 0.99
    display = Display(view.film, settings, display_target(view.film, 48))
    assert np.corrcoef(display.small(luma).ravel(), shrunk(luma[::-1].copy(), (48, 64)).ravel())[0, 1] > 0.99


def test_wide_pixels_are_shown_square(films: Films, settings: Settings, painting: Painting, tmp_path: Path) -> None:
    view = opened(films(clips.wide_pixels, ".mp4"), tmp_path / "still.png", STILL, settings)
    write_still(view, view.at(Fraction(0))[1].pts, painting)
    assert cv2.imread(str(view.out)).shape == (96, 2 * round(128 * 16 / 11), 3)


def test_of_interlaced_film_one_field_is_shown(films: Films, settings: Settings, painting: Painting) -> None:
    view = opened(films(clips.interlaced, ".mp4"), None, PREVIEW, settings)
    with closing(Excerpt(view.film, 0, view.film.pts(Fraction(1, 5))).frames(view, painting, 48)) as frames:
        shown = [frame.frame.luma.copy() for frame in frames]
    paint = FilmPaint(painting, view.film, view.chosen, Given())
    with closing(
        carried(Segment(view.film, 0, 0, view.film.pts(Fraction(1, 5))), settings, view.chosen.motion_rows, paint)
    ) as whole:
        fields = [coloured.frame.luma[0::2].copy() for coloured in whole]
    for one, field in zip(shown, fields, strict=True):
        assert np.array_equal(one, cv2.resize(field, (one.shape[1], one.shape[0]), interpolation=cv2.INTER_AREA))


def test_each_tile_shows_the_middle_anchor_of_its_shot_in_the_runs_colours(view: ReadyView, painting: Painting) -> None:
    shots = find_shots(view.film, view.settings, view.chosen.motion_rows)
    assert len(shots) == 5
    lumas = dict(true_lumas(view.film.path))
    for tile, shot in zip(tiles(view, shots, painting), shots, strict=True):
        half = tile.picture.shape[1] // 2
        before, after = tile.picture[:, :half], tile.picture[:, half:]
        assert np.ptp(before, axis=2).max() == 0
        assert np.ptp(after, axis=2).max() > 10
        expected = ((lumas[view.film.pts(shot.middle)].astype(float) - 16) / 219 * 255).clip(0, 255)
        assert np.abs(before[..., 0] - expected).max() <= 1
        assert tile.number == shot.number


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_still_of_colour_alone_is_that_of_both_and_says_its_time(
    films: Films, settings: Settings, painting: Painting, tmp_path: Path, suffix: str
) -> None:
    film = films(clips.in_format, ".mkv", pix_fmt="gray")
    both = opened(film, tmp_path / "both.png", STILL, settings)
    alone = opened(film, tmp_path / f"alone{suffix}", STILL, settings)
    pts = both.at(Fraction(1, 2))[1].pts
    write_still(both, pts, painting, bits=16)
    write_still(alone, pts, painting, layout="colour")
    pictures = [cv2.imread(str(view.out), cv2.IMREAD_UNCHANGED) for view in (both, alone)]
    assert np.array_equal(pictures[0][:, 128:], pictures[1])
    assert tag_of(alone.out) == StillTag(film_mark(alone.film), Fraction(1, 2))
    assert tag_of(both.out) is None
