"""Two runs never write to one place: the second is told who is at work, and the first ends as if only_run."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import replace
from pathlib import Path

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


def told(out: Path) -> re.Pattern[str]:
    who = re.escape(f"{out}: another run is at work on it (process {os.getpid()} on {socket.gethostname()}, since ")
    return re.compile(who + r"[^;]+\); wait for it, or end it and start again")


def test_a_second_run_of_a_film_is_told_who_works_on_it(films: Films, settings: Settings, tmp_path: Path) -> None:
    film, out, refused = films(clips.plain, ".mp4"), tmp_path / "out.mp4", list[str]()

    def start_another(pts: int) -> None:
        with pytest.raises(OutputError) as caught:
            restore_film(film, out, settings)
        refused.append(str(caught.value))

    restore_heard(film, out, settings, listener=Listener(on_frame=start_another))
    assert refused
    assert all(told(out).fullmatch(said) for said in refused)
    assert_whole(out, films.restored(film, settings, ".mp4"))


def test_a_second_run_into_one_archive_is_told_who_works_on_it(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, out, refused, heard = reels(films, tmp_path / "reels"), tmp_path / "out", list[str](), Heard()

    def start_another(*_: object) -> None:
        with pytest.raises(OutputError) as caught:
            restore_archive([source], out, settings)
        refused.append(str(caught.value))

    archive_heard([source], out, settings, listener=replace(heard.listener, on_start=start_another))
    assert len(refused) == len(results(out)) == len(GOOD)
    assert all(told(out).fullmatch(said) for said in refused)
    assert not list(out.rglob("lock"))


def test_a_lock_that_a_killed_run_left_is_taken_over(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("process 1 on elsewhere, since long ago\n")
    with only_run(lock, "out"):
        assert lock.read_text().startswith(f"process {os.getpid()} on ")
    assert not lock.exists()


def test_a_lock_whose_folder_was_removed_holds_nobody(tmp_path: Path) -> None:
    lock = tmp_path / "folder" / "lock"
    with only_run(lock, "out"):
        lock.unlink()
        lock.parent.rmdir()
        with only_run(lock, "out"):
            assert lock.exists()
