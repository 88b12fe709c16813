"""Two runs never write to one place: the second is refused with the name of the first, which ends as if alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import filelock
import pytest

from pipelines.errors import OutputError
from pipelines.film import Listener
from pipelines.places import only_run
from pipelines.settings import Settings
from restore.api import restore_archive, restore_film
from tests.made import clips
from tests.made.archives import GOOD, Heard, reels, results
from tests.made.resumed import assert_whole
from tests.made.runs import Films, archive_heard, restore_heard

HOLDS = """
import sys
from pathlib import Path
from pipelines.places import only_run
with only_run(Path(sys.argv[1]), "out"):
    print("at work", flush=True)
    sys.stdin.read()
"""


def refusal(out: Path) -> re.Pattern[str]:
    who = re.escape(f"{out}: another run is at work on it (process {os.getpid()} on {socket.gethostname()}, since ")
    return re.compile(who + r"[^;]+\); wait for it, or end it and start again")


def test_a_second_run_of_a_film_is_refused_with_the_name_of_the_first(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    film, out, refused = films(clips.plain, ".mp4"), tmp_path / "out.mp4", list[str]()

    def start_another(pts: int) -> None:
        with pytest.raises(OutputError) as caught:
            restore_film(film, out, settings)
        refused.append(str(caught.value))

    restore_heard(film, out, settings, listener=Listener(on_frame=start_another))
    assert refused
    assert all(refusal(out).fullmatch(said) for said in refused)
    assert_whole(out, films.restored(film, settings, ".mp4"))


def test_a_second_run_into_one_archive_is_refused_with_the_name_of_the_first(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, out, refused, heard = reels(films, tmp_path / "reels"), tmp_path / "out", list[str](), Heard()

    def start_another(*_: object) -> None:
        with pytest.raises(OutputError) as caught:
            restore_archive([source], out, settings)
        refused.append(str(caught.value))

    archive_heard([source], out, settings, listener=replace(heard.listener, on_start=start_another))
    assert len(refused) == len(results(out)) == len(GOOD)
    assert all(refusal(out).fullmatch(said) for said in refused)
    assert not list(out.rglob("lock"))


def test_a_lock_that_a_killed_run_left_is_taken_over(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("process 1 on elsewhere, since long ago\n")
    with only_run(lock, "out"):
        assert lock.read_text().strip().startswith(f"process {os.getpid()} on ")
    assert not lock.exists()


def test_a_lock_whose_folder_was_removed_holds_nobody(tmp_path: Path) -> None:
    lock = tmp_path / "folder" / "lock"
    with only_run(lock, "out"):
        lock.unlink()
        lock.parent.rmdir()
        with only_run(lock, "out"):
            assert lock.exists()


def test_a_process_that_is_killed_frees_its_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDS, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "at work\n"
        for _ in range(2):  # whoever was refused leaves the name to be read
            with pytest.raises(OutputError, match=rf"process {other.pid} on "), only_run(lock, "out"):
                pass
        other.kill()
        other.wait()
        with only_run(lock, "out"):
            assert f"process {os.getpid()} on " in lock.read_text()
    assert not lock.exists()


def test_a_lock_is_gone_after_an_error_too(tmp_path: Path) -> None:
    lock = tmp_path / "film.mp4.restore" / "lock"
    with pytest.raises(ZeroDivisionError), only_run(lock, "out"):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_runs_that_race_for_a_lock_that_comes_and_goes_are_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "film.mp4.restore"
    inside, most, refused = list[int](), list[int](), list[str]()

    def run(number: int) -> None:
        for _ in range(200):
            try:
                with only_run(folder / "lock", "out"):
                    inside.append(number)
                    time.sleep(0)
                    most.append(len(inside))
                    inside.remove(number)
                    if number % 2:  # as a film that is done does
                        shutil.rmtree(folder, ignore_errors=True)
            except OutputError as error:
                refused.append(str(error))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    assert set(most) == {1}
    assert len(most) + len(refused) == 1200
    assert all("another run is at work on it" in said for said in refused)
    assert not folder.exists()


class _LockOnWindows(filelock.FileLock):
    """Goes with its release, and keeps anybody from removing its file before."""

    def _release(self) -> None:
        super()._release()
        os.unlink(self.lock_file)  # noqa: PTH108  # Path.unlink is held back below


def test_a_lock_that_cannot_be_removed_while_it_is_held_goes_at_its_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used", str(path))

    monkeypatch.setattr("pipelines.places.FileLock", _LockOnWindows)
    monkeypatch.setattr(Path, "unlink", held)
    lock = tmp_path / "film.mp4.restore" / "lock"
    with only_run(lock, "out"):
        assert lock.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_read_without_the_first_byte_which_windows_locks(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with only_run(lock, "out"):
        with lock.open("r+b") as file:
            file.write(b"\xff")
        with pytest.raises(OutputError, match=rf"at work on it \(process {os.getpid()} on "), only_run(lock, "out"):
            pass
