"""What holds of every run: the same bytes each time, a result only when it is whole, the film as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import torch

from pipelines.film import Listener
from pipelines.settings import Codec, EncodeSettings, Settings
from restore.api import restore_film
from tests.made import clips, pictures
from tests.made.readers import times
from tests.made.runs import Films, in_segments, listing, restore_heard
from tests.made.tracks import PictureTrack, write


def three_languages(path: Path) -> Path:
    """Three tracks of sound, that in the middle damaged."""
    return clips.with_audio(path, ("eng", "fra", "ger"), damaged=("fra",))


def test_a_result_appears_only_when_whole_and_leaves_nothing_beside_it(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    was_there: set[bool] = set()
    listener = Listener(on_frame=lambda pts: was_there.add(out.exists()))
    assert restore_heard(films(clips.plain, ".mp4"), out, in_segments(settings), listener=listener) == out
    assert was_there == {False}
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_a_result_that_is_replaced_stays_until_the_new_one_is_whole(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    out.write_text("of another run")
    found: set[bytes] = set()
    listener = Listener(on_frame=lambda pts: found.add(out.read_bytes()))
    restore_heard(films(clips.plain, ".mp4"), out, settings, overwrite=True, listener=listener)
    assert found == {b"of another run"}
    assert len(times(out)) == 24


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_the_film_is_not_written_to(films: Films, settings: Settings, tmp_path: Path, ending: str) -> None:
    film = clips.everything(tmp_path / f"film{ending}") if ending != ".ts" else clips.with_data(tmp_path / "film.ts")
    content, about = film.read_bytes(), listing(tmp_path)
    out = restore_film(film, None, settings)
    assert film.read_bytes() == content
    assert [entry for entry in listing(tmp_path) if entry[0] != out.name] == about


def folders(parent: Path, number: int) -> list[Path]:
    """New ones, since a result's place must be free."""
    made = [parent / str(n) for n in range(number)]
    for folder in made:
        folder.mkdir()
    return made


CODECS: list[Codec] = ["h264", "h265", "av1", "prores", "ffv1"]


@pytest.mark.parametrize("codec", CODECS)
def test_two_runs_give_the_same_bytes(films: Films, settings: Settings, tmp_path: Path, codec: Codec) -> None:
    film = films(clips.everything, ".mkv")
    chosen = in_segments(replace(settings, encode=EncodeSettings(codec)))
    one, other = (restore_film(film, folder / "out.mkv", chosen) for folder in folders(tmp_path, 2))
    assert one.read_bytes() == other.read_bytes()


def small(path: Path) -> Path:
    """Four macroblocks wide."""
    return write(path, PictureTrack(pictures.pan(96, width=64, height=48)))


def test_five_runs_of_a_small_film_give_the_same_bytes(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(small, ".mp4")
    results = [restore_film(film, folder / "out.mp4", settings).read_bytes() for folder in folders(tmp_path, 5)]
    assert len(set(results)) == 1


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".ts"])
def test_two_runs_give_the_same_bytes_in_every_container(
    films: Films, settings: Settings, tmp_path: Path, ending: str
) -> None:
    film = films(three_languages, ending)
    one, other = (restore_film(film, folder / f"out{ending}", settings) for folder in folders(tmp_path, 2))
    assert one.read_bytes() == other.read_bytes()


def test_the_number_of_cores_changes_no_byte(films: Films, lossless: Settings, tmp_path: Path) -> None:
    film = films(clips.with_cuts, ".mp4")
    alone, before = films.restored(film, lossless, ".mp4"), (torch.get_num_threads(), cv2.getNumThreads())
    torch.set_num_threads(3)
    cv2.setNumThreads(3)
    try:
        shared = restore_film(film, tmp_path / "out.mp4", lossless)
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
    assert shared.read_bytes() == alone.read_bytes()


@pytest.mark.parametrize("name", ["reel 3: Straße.mp4", "100%d reels.mp4", "-o.mp4", "reel.final.v2.mp4", "REEL.MP4"])
def test_a_film_may_have_any_name(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    film = films(clips.plain, ".mp4")
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(film.read_bytes())
    out = restore_film(name, None, settings)
    assert out.name == f"{Path(name).stem}.restored.mp4"
    assert times(out.absolute()) == times(film)
