"""Frames of colour films come from every shot alike, never beside a cut, the same in every process."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from torch.utils.data import ConcatDataset, DataLoader

from pipelines.errors import InputError
from pipelines.training.film_pictures import MARGIN, FilmPictures
from tests.made import broken, clips
from tests.made.labelled_cuts import TEARS_OF_STEEL, TEARS_OF_STEEL_FRAMES
from tests.made.pictures import Picture, pan
from tests.made.tracks import PictureTrack, write

LENGTHS = (20, 70, 35)
"""Frames of the shots."""
CUTS = (20, 90)
TICKS = 512
"""Of an mp4's clock, in a frame of 24 in a second."""


def coloured_shots(lengths: tuple[int, ...] = LENGTHS) -> Iterator[Picture]:
    """Blue on the left and yellow on the right, redder in each shot than in the one before."""
    for shot, frames in enumerate(lengths):
        for drawn in pan(frames, shot):
            drawn[:, :64, 1], drawn[:, 64:, 1] = 0.2, -0.2
            drawn[..., 2] = 0.15 * (shot - 1)
            yield drawn


def shot_of(picture: Picture) -> int:
    """The number of the shot, from how red the picture is."""
    red, green, blue = picture.reshape(-1, 3).mean(axis=0)
    excess = (red - 0.3 * red - 0.59 * green - 0.11 * blue) / 255 / 1.402
    return int(np.rint(excess / 0.15)) + 1


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("film") / "three.shots.mp4", PictureTrack(coloured_shots()))


def numbers(pictures: FilmPictures) -> list[int]:
    """Frames counted from 0."""
    return [int(name.split()[0]) // TICKS for _, name in pictures.keys]


def test_every_shot_gives_equally_many_pictures(film: Path) -> None:
    pictures = FilmPictures([film], per_shot=5)
    assert len(pictures) == 15
    assert Counter(map(shot_of, pictures)) == {0: 5, 1: 5, 2: 5}  # type: ignore[arg-type]


def test_pictures_are_spread_over_their_shot_and_keep_away_from_cuts(film: Path) -> None:
    taken = numbers(FilmPictures([film], per_shot=100))
    inner = zip((0, *CUTS), (*CUTS, sum(LENGTHS)), strict=True)
    assert set(taken) == {n for first, after in inner for n in range(first + MARGIN, after - MARGIN)}
    assert len(taken) == 300


def test_a_flash_makes_no_shots(tmp_path: Path) -> None:
    drawn = list(coloured_shots((60,)))
    for frame in drawn[30:32]:
        frame[..., 0] = 1.0
    film = write(tmp_path / "film.mp4", PictureTrack(drawn))
    assert len(FilmPictures([film], per_shot=1)) == 1


@pytest.mark.slow
def test_shots_of_a_real_film_are_those_that_one_sees() -> None:
    film = Path(os.environ.get("RESTORE_CLIPS", "")) / "colour-tears-of-steel.webm"
    if not film.is_file():
        pytest.skip(f"needs {film.name}: RESTORE_CLIPS=FOLDER")
    shots = pairwise((0, *TEARS_OF_STEEL, TEARS_OF_STEEL_FRAMES))
    assert len(FilmPictures([film], per_shot=1)) == sum(after - first > 2 * MARGIN for first, after in shots)


def test_names_tell_the_frame_and_differ_by_their_stem(film: Path) -> None:
    pictures = FilmPictures([film], per_shot=1)
    assert pictures.keys == [(film, f"{n * TICKS:09d} three.shots.mp4") for n in (10, 55, 107)]
    assert len({Path(name).stem for _, name in pictures.keys}) == 3


@pytest.mark.parametrize(("short_side", "shape"), [(48, (48, 64, 3)), (96, (96, 128, 3)), (256, (96, 128, 3))])
def test_frames_are_reduced_and_never_enlarged(film: Path, short_side: int, shape: tuple[int, int, int]) -> None:
    picture = FilmPictures([film], 1, short_side)[0]
    assert picture.shape == shape
    assert picture.dtype == np.uint8
    assert picture[:, : shape[1] // 2 - 4, 2].mean() > picture[:, shape[1] // 2 + 4 :, 2].mean() + 40  # blue: left


def test_turned_film_gives_turned_pictures(tmp_path: Path) -> None:
    film = write(tmp_path / "turned.mp4", PictureTrack(coloured_shots((30,)), rotation=90))
    picture = FilmPictures([film], 1, short_side=48)[0]
    assert picture.shape == (64, 48, 3)
    assert picture[36:, :, 2].mean() > picture[:28, :, 2].mean() + 40  # blue: left, turned counter-clockwise


def test_same_index_gives_the_same_picture_in_any_order(film: Path) -> None:
    forwards, backwards = FilmPictures([film], 3), FilmPictures([film], 3)
    last = [backwards[i] for i in reversed(range(9))]
    assert all(np.array_equal(forwards[i], last[8 - i]) for i in range(9))


def test_worker_processes_read_what_this_process_reads(film: Path, tmp_path: Path) -> None:
    films = [film, write(tmp_path / "other.mkv", PictureTrack(coloured_shots((40,)), codec="ffv1"))]
    pictures = FilmPictures(films, per_shot=3)
    here = list(pictures)  # opens readers that the workers inherit and must not touch
    for _ in range(2):
        mixed: ConcatDataset[Picture] = ConcatDataset([pictures, pictures])  # type: ignore[list-item]
        loader: DataLoader[Picture] = DataLoader(mixed, batch_size=None, num_workers=2, timeout=60)
        for i, picture in enumerate(loader):
            assert np.array_equal(picture, here[i % 12])


def test_more_films_than_are_kept_open(tmp_path: Path) -> None:
    films = [write(tmp_path / f"{i}.mp4", PictureTrack(coloured_shots((12,)))) for i in range(10)]
    pictures = FilmPictures(films, per_shot=1)
    first = list(pictures)
    assert all(np.array_equal(pictures[i], first[i]) for i in range(10))


def refusal(film: Path) -> str:
    with pytest.raises(InputError) as caught:
        FilmPictures([film])
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert message.startswith(str(film))
    return message


def test_film_without_colours_is_refused(tmp_path: Path) -> None:
    assert "has no colours" in refusal(clips.plain(tmp_path / "film.mp4"))
    assert "has no colours" in refusal(clips.in_format(tmp_path / "gray", "gray"))


@pytest.mark.parametrize("by_luma", [False, True])
def test_film_in_one_tint_is_refused(tmp_path: Path, by_luma: bool) -> None:
    assert "has no colours" in refusal(broken.tinted(tmp_path / "film.mp4", by_luma))


def test_film_of_short_shots_only_is_refused(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", PictureTrack(coloured_shots((2 * MARGIN,))))
    assert f"no shot is longer than {2 * MARGIN} frames" in refusal(film)


@pytest.mark.parametrize("film", [broken.empty, broken.text, broken.audio_only, broken.without_index])
def test_what_is_no_film_is_refused(film: broken.Draw, tmp_path: Path) -> None:
    refusal(film(tmp_path / "film.mp4"))


def test_missing_film_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "film.mp4")


def test_damaged_film_is_refused(tmp_path: Path) -> None:
    track = PictureTrack(coloured_shots((60,)), codec="libx264", options={"g": "12"}, scrambled=(30, 31))
    assert "is damaged" in refusal(write(tmp_path / "film.mkv", track))


def test_film_that_changed_since_it_was_read_through_is_reported(film: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(film.read_bytes())
    pictures = FilmPictures([copy], per_shot=1)
    write(copy, PictureTrack(coloured_shots((12,))))
    with pytest.raises(InputError, match=r"copy.mp4 at 00:00:04.458: the film changed during training"):
        pictures[2]


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video", "libsvtav1", "ffv1"])
def test_frames_are_those_that_playing_the_film_shows(codec: str, tmp_path: Path) -> None:
    options = {
        "libx264": {"x264-params": "keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0:open-gop=1"},
        "mpeg2video": {"g": "12", "bf": "2"},
    }
    track = PictureTrack(coloured_shots((50,)), codec=codec, options=options.get(codec, {}))
    film = write(tmp_path / "film.mkv", track)
    pictures = FilmPictures([film], per_shot=42)
    with av.open(film) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == 42
    for i in reversed(range(42)):
        assert np.abs(pictures[i].astype(int) - shown[i + MARGIN]).max() <= 2
