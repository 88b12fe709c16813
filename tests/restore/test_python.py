"""The product from Python: its names, its events, arrays, and every example of the documentation."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import restore
from models.colour.colorspace import LUMA_WEIGHTS
from pipelines.errors import FilmError, MissingError, SettingsError
from pipelines.settings import Hint, PaintSettings, Reference, Settings, Still
from restore import colour_frames, events, restore_archive, restore_film
from restore.show.events import ArchiveFinished, Event, FilmEnded, Finished, Opened, Progress, Started
from tests.made import clips, pictures
from tests.made.archives import GOOD, reels, results, small
from tests.made.published import save_about
from tests.made.resumed import FRAMES, assert_whole, done, four_seconds, near
from tests.made.runs import Films

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
EXAMPLES = re.findall(r"^```python\n(.+?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def gray(dtype: type = np.uint8) -> np.ndarray:
    """(8, 64, 96), frames that move, with detail."""
    frames = np.stack(list(pictures.pan(8, width=96, height=64))).mean(axis=-1)
    return np.rint(frames / frames.max() * np.iinfo(dtype).max * 0.9).astype(dtype)


def luma_of(rgb: np.ndarray) -> np.ndarray:
    red, blue = LUMA_WEIGHTS["bt709"]
    return rgb.astype(np.float64) @ np.array([red, 1 - red - blue, blue])


def test_the_public_names_are_these() -> None:
    assert restore.__all__ == sorted(restore.__all__)
    assert {name: getattr(restore, name) is not None for name in restore.__all__} == dict.fromkeys(
        restore.__all__, True
    )
    assert dir(restore) == restore.__all__
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", restore.__version__)
    with pytest.raises(AttributeError):
        restore.no_such_name  # noqa: B018
    assert (Path(restore.__file__).parent / "py.typed").exists()


def test_every_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small(Path("film.mp4"), frames=36)
    Path("reels").mkdir()
    shutil.copy("film.mp4", "reels/a.mp4")
    assert len(EXAMPLES) >= 7
    names: dict[str, object] = {}
    for number, example in enumerate(EXAMPLES):
        exec(compile(example, f"docs/python.md, example {number}", "exec"), names)
    assert {"coloured.mp4", "start.mp4", "followed.mp4", "look.mp4", "still.png", "sheet.png", "shots.csv"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_events_of_a_film_begin_and_end_with_it_and_give_the_functions_value(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    film, out, seen = films(clips.plain, ".mp4"), tmp_path / "out.mp4", []
    run = events(restore_film, film, out, settings)

    def followed() -> Iterator[Event]:
        value = yield from run
        assert value == out

    seen.extend(followed())
    assert [type(event) for event in seen[:2]] == [Opened, Started]
    assert seen[-1].results == (out,)
    assert sum(isinstance(event, Progress) for event in seen) == 24


def test_closing_the_events_stops_the_run_which_goes_on_later(films: Films, lossless: Settings, tmp_path: Path) -> None:
    film, out, chosen = films(four_seconds, ".mp4"), tmp_path / "out.mp4", near(lossless)
    with closing(events(restore_film, film, out, chosen)) as run:
        frames = (event for event in run if isinstance(event, Progress))
        for _ in range(3 * FRAMES):
            next(frames)
    assert not out.exists()
    finished = done(out)
    assert finished >= 2
    again = list(events(restore_film, film, out, chosen))
    assert sum(isinstance(event, Progress) for event in again) == (8 - finished) * FRAMES
    assert_whole(out, films.restored(film, chosen, ".mp4"))


def test_closing_the_events_of_an_archive_stops_its_films(films: Films, settings: Settings, tmp_path: Path) -> None:
    source, out = reels(films, tmp_path / "reels"), tmp_path / "out"
    with closing(events(restore_archive, [source], out, settings)) as run:
        next(event for event in run if isinstance(event, FilmEnded))
    assert 1 <= len(results(out)) < len(GOOD)
    *_, last = events(restore_archive, [source], out, settings)
    assert isinstance(last, ArchiveFinished)
    assert len(last.records) == len(results(out)) == len(GOOD)


def test_an_error_is_raised_where_the_events_end(tmp_path: Path) -> None:
    run = events(restore_film, tmp_path / "lost.mp4")
    assert isinstance(next(run), Opened)
    with pytest.raises(MissingError):
        next(run)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_frames_get_colours_and_keep_their_luma(settings: Settings, dtype: type) -> None:
    frames = gray(dtype)
    rgb = colour_frames(frames, settings=settings)
    assert (rgb.shape, rgb.dtype) == ((*frames.shape, 3), frames.dtype)
    step = np.iinfo(dtype).max / 255
    assert np.abs(luma_of(rgb) - frames).max() <= max(1.0, step * 0.02)
    assert np.ptp(rgb.astype(float), axis=-1).mean() > 5 * step


def test_rgb_frames_are_coloured_by_their_luma_alone(settings: Settings) -> None:
    frames = gray()
    assert np.array_equal(
        colour_frames(np.repeat(frames[..., None], 3, axis=-1), settings=settings),
        colour_frames(frames, settings=settings),
    )


def test_frames_get_the_colours_of_a_film_of_them(films: Films, lossless: Settings, tmp_path: Path) -> None:
    film = films(clips.in_format, ".mkv", pix_fmt="gray")
    with av.open(film) as opened:
        frames = np.stack([frame.to_ndarray(format="gray") for frame in opened.decode(video=0)])
    with av.open(restore_film(film, tmp_path / "out.mkv", lossless)) as opened:
        of_film = np.stack([frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]).astype(float)
    of_arrays = colour_frames(frames, settings=lossless, time_base=Fraction(1, 24)).astype(float)
    assert np.ptp(of_film, axis=-1).mean() > 10
    assert np.abs(of_film - of_arrays).mean() < 3  # chroma of half the size, and 8 bits, are between them


def test_times_say_where_anchors_are(settings: Settings) -> None:
    frames = gray()
    close, apart = (colour_frames(frames, range(0, 8 * step, step), settings) for step in (1, 25))
    assert not np.array_equal(close, apart)


@pytest.mark.parametrize(
    ("frames", "pts", "what"),
    [
        (np.zeros((2, 4), np.uint8), None, "frames must be"),
        (np.zeros((2, 4, 4, 4), np.uint8), None, "frames must be"),
        (np.zeros((2, 8, 8), np.float32), None, "frames must be"),
        (np.zeros((0, 8, 8), np.uint8), None, "frames must be"),
        (np.zeros((2, 8, 8), np.uint8), [0], "1 pts for 2 frames"),
        (np.zeros((2, 8, 8), np.uint8), [4, 4], "pts must rise"),
    ],
)
def test_arrays_that_are_no_frames_are_refused(frames: np.ndarray, pts: list[int] | None, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        colour_frames(frames, pts)


def test_a_network_that_is_missing_is_a_film_error(settings: Settings) -> None:
    lost = replace(settings, paint=replace(settings.paint, network="lost"))
    with pytest.raises(FilmError, match="frames: no network 'lost'"):
        colour_frames(gray(), settings=lost)


@pytest.mark.parametrize(
    "given",
    [
        {"hints": (Hint(Fraction(0), 1, 1, (9, 9)),)},
        {"stills": (Still(Path("a.png"), Fraction(0)),)},
        {"references": (Reference(Path("a.png")),)},
    ],
)
def test_what_a_person_gives_for_parts_of_a_film_is_refused_with_frames(settings: Settings, given: Any) -> None:
    with pytest.raises(
        SettingsError, match=f"frames: {next(iter(given))} are for films; colour the film with restore_"
    ):
        colour_frames(gray(), settings=replace(settings, **given))


def test_a_network_that_takes_the_class_of_a_shot_colours_films_alone(settings: Settings, tmp_path: Path) -> None:
    for name in ("gcp", "efficientnet-lite0"):
        save_about(name, tmp_path)
    by_class = replace(settings, paint=PaintSettings("gcp", tmp_path, device="cpu"))
    with pytest.raises(FilmError, match="frames: gcp takes the class of each shot of a film"):
        colour_frames(gray(), settings=by_class)


def test_what_ends_a_look_is_an_event_too(films: Films, settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    *_, last = events(restore.shots, films(clips.with_cuts, ".mp4"), out, settings)
    assert isinstance(last, Finished)
    assert last.results == (out,)
