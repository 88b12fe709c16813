"""A result that cannot be written where or as it is asked for is refused, and nothing half done is left."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.errors import OutputError
from pipelines.film import Listener
from pipelines.settings import EncodeSettings, Settings
from restore.api import restore_film
from tests.made import broken, clips, pictures
from tests.made.extra_tracks import cover
from tests.made.readers import times
from tests.made.runs import Films, Refuse, in_segments, listing, restore_heard
from tests.made.tracks import PictureTrack, write


def test_a_result_that_exists_is_not_replaced(refusal: Refuse, tmp_path: Path) -> None:
    film, out = clips.plain(tmp_path / "film.mp4"), tmp_path / "out.mp4"
    out.write_text("mine")
    assert "exists already; --overwrite" in refusal(OutputError, film, out)
    (tmp_path / "film.restored.mp4").write_text("mine")
    assert "film.restored.mp4: exists already" in refusal(OutputError, film)


def test_a_file_that_takes_the_place_of_the_result_during_the_run_is_kept(settings: Settings, tmp_path: Path) -> None:
    film, out = clips.plain(tmp_path / "film.mp4"), tmp_path / "out.mp4"
    painted: list[int] = []
    listener = Listener(on_frame=lambda pts: (painted.append(pts), out.write_text("mine"))[0])
    with pytest.raises(OutputError, match=r"out\.mp4: exists since the run began; move it away, or --overwrite"):
        restore_heard(film, out, settings, listener=listener)
    assert out.read_text() == "mine"
    out.unlink()
    frames = len(painted)
    restore_heard(film, out, settings, listener=Listener(on_frame=painted.append))
    assert (len(painted), len(times(out))) == (frames, frames)  # of finished segments alone


def test_a_result_in_a_folder_that_is_not_there_is_refused(refusal: Refuse, tmp_path: Path) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    message = refusal(OutputError, film, tmp_path / "no dir" / "out.mp4")
    assert f"its folder does not exist; make it: mkdir -p '{tmp_path}/no dir'" in message


@pytest.mark.parametrize("letters", [240, 246])
def test_a_film_whose_name_leaves_no_room_for_the_results_is_refused(
    refusal: Refuse, settings: Settings, tmp_path: Path, letters: int
) -> None:
    film = clips.plain(tmp_path / f"{'f' * letters}.mp4")
    assert ".restored.mp4: its name is too long; -o names another" in refusal(OutputError, film)
    assert restore_film(film, tmp_path / "out.mp4", settings).exists()


def test_a_result_that_is_a_folder_is_refused(refusal: Refuse, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").mkdir()
    assert "is a folder" in refusal(OutputError, clips.plain(tmp_path / "film.mp4"), tmp_path / "out.mp4")


def same(film: Path) -> Path:
    return film


def by_another_way(film: Path) -> Path:
    return film.parent / ".." / film.parent.name / film.name


def hard_link(film: Path) -> Path:
    os.link(film, film.with_name("other.mp4"))
    return film.with_name("other.mp4")


def symbolic_link(film: Path) -> Path:
    film.with_name("other.mp4").symlink_to(film)
    return film.with_name("other.mp4")


@pytest.mark.parametrize("name", [same, by_another_way, hard_link, symbolic_link])
def test_the_film_itself_is_never_the_result(settings: Settings, tmp_path: Path, name: Callable[[Path], Path]) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    out = name(film)
    before = listing(tmp_path)
    with pytest.raises(OutputError, match=r"is the film itself, which is never written to"):
        restore_film(film, out, settings, overwrite=True)
    assert listing(tmp_path) == before


def too_close(path: Path) -> Path:
    """The second frame and the third are 0.9 ms apart."""
    pts = (0, 3600, 3681, 7200)
    return write(path, PictureTrack(pictures.pan(4), time_base=Fraction(1, 90000), pts=pts))


def ntsc(path: Path) -> Path:
    """23.976 frames a second, whose times are no whole ticks of MPEG-TS."""
    return write(path, PictureTrack(pictures.pan(4), rate=Fraction(24000, 1001)))


def wide_with_cover(path: Path) -> Path:
    """Cover art, and pictures large enough for DNxHR."""
    return write(path, PictureTrack(pictures.pan(4, width=256, height=128)), cover)


CANNOT_HOLD = [
    (clips.with_font, ".mkv", ".mp4", r"\.mp4 cannot hold attachment stream 1 .*; \.mkv holds it"),
    (clips.with_font, ".mkv", ".ts", r"\.ts cannot hold attachment stream 1 .*; \.mkv holds it"),
    (clips.with_cover, ".mkv", ".mov", r"\.mov cannot hold video stream 1 \(mjpeg\); \.mkv holds it"),
    (clips.with_cover, ".mp4", ".mov", r"\.mov cannot hold video stream 1 \(mjpeg\); \.mp4 holds it"),
    (clips.with_data, ".ts", ".mp4", r"\.mp4 cannot hold data stream 1 \(.*\); \.ts holds it"),
    (clips.with_subtitles, ".mkv", ".ts", r"\.ts cannot hold subtitle stream 1 \((srt|subrip)\); \.mkv holds it"),
    (clips.with_audio, ".mp4", ".webm", r"\.webm does not hold h264; \.mp4 holds it; \.webm holds --codec av1$"),
    (too_close, ".mp4", ".mkv", r"\.mkv cannot keep .* less than a millisecond apart; \.mp4 holds it$"),
    (ntsc, ".avi", ".ts", r"\.ts cannot keep the film's times, .* steps of 1001/24000 s; \.mp4 holds it$"),
    (clips.plain, ".mp4", ".mp3", r"cannot be written as \.mp3; known: "),
    (clips.plain, ".mp4", "", r"cannot be written as a file without suffix; known: "),
]


@pytest.mark.parametrize(("draw", "ending", "wanted", "message"), CANNOT_HOLD)
def test_a_container_that_cannot_hold_a_stream_is_named_with_one_that_can(
    refusal: Refuse, tmp_path: Path, draw: broken.Draw, ending: str, wanted: str, message: str
) -> None:
    film = draw(tmp_path / f"film{ending}")
    assert re.search(message, refusal(OutputError, film, tmp_path / f"out{wanted}"))


def test_a_film_that_no_container_holds_with_its_codec_is_refused_with_what_helps(
    refusal: Refuse, settings: Settings, tmp_path: Path
) -> None:
    film, chosen = wide_with_cover(tmp_path / "film.mp4"), replace(settings, encode=EncodeSettings("dnxhr"))
    message = refusal(OutputError, film, None, chosen)
    assert "holds all of it: mov not video stream 1 (mjpeg); choose another --codec, or copy the film w" in message
    assert restore_film(film, None, settings).exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def remount(disk: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(disk)], check=True)


def test_a_folder_that_may_not_be_written_to_is_refused(refusal: Refuse, tmp_path: Path, small_disk: Path) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    remount(small_disk, "ro")
    assert "its folder may not be written to" in refusal(OutputError, film, small_disk / "out.mp4")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="Linux alone has /sys")
def test_a_folder_without_room_that_may_not_be_written_to_is_not_called_full(films: Films, refusal: Refuse) -> None:
    assert "its folder may not be written to" in refusal(OutputError, films(clips.plain, ".mp4"), Path("/sys/out.mp4"))


LARGE = EncodeSettings("ffv1")
"""With it a segment of half a second needs more than half of the small disk."""


def test_a_disk_that_is_full_from_the_start_is_reported(films: Films, refusal: Refuse, small_disk: Path) -> None:
    with (small_disk / "filler").open("wb") as filler, contextlib.suppress(OSError):
        filler.write(bytes(1 << 17))
    assert "the disk is full" in refusal(OutputError, films(clips.plain, ".mp4"), small_disk / "out.mp4")


@pytest.mark.parametrize("seconds", [Fraction(30), Fraction(1, 8)])
def test_a_full_disk_is_reported_and_the_run_goes_on_when_there_is_room(
    films: Films, settings: Settings, small_disk: Path, seconds: Fraction
) -> None:
    film, out = films(clips.plain, ".mp4"), small_disk / "out.mp4"
    chosen = in_segments(replace(settings, encode=LARGE), seconds)
    with pytest.raises(OutputError, match=r"out\.mp4: the disk is full; free some and start again") as caught:
        restore_film(film, out, chosen)
    assert str(caught.value).splitlines() == [str(caught.value)]
    assert not list(small_disk.rglob("*.part"))
    assert not out.exists()
    kept = len(list(small_disk.rglob("*.segment")))
    assert f"from {kept} finished segments" in str(caught.value)
    remount(small_disk, "size=16m")
    resumed: list[int] = []
    restore_heard(film, out, chosen, listener=Listener(on_resumed=resumed.append))
    assert len(resumed) == kept
    assert out.read_bytes() == films.restored(film, chosen, ".mp4").read_bytes()
