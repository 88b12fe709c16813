"""Names, pipes and figures as other systems have them; nothing here was run there."""

from __future__ import annotations

import ast
import errno
import sys
from fractions import Fraction
from pathlib import Path, PureWindowsPath
from typing import Any, cast

import pytest

from pipelines import process
from pipelines.archive.manifest import is_below
from pipelines.archive.storage import is_url, open_store, with_slashes
from pipelines.preview import pipe
from pipelines.preview.compose import _quoted, _unquoted
from pipelines.source import Numbered
from restore.commands.film import URL

ROOT = Path(__file__).parent.parent
POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}
"""Modules that Windows has not."""
UNIX_CALLS = {
    "fork",
    "geteuid",
    "getuid",
    "killpg",
    "mkfifo",
    "nice",
    "sched_getaffinity",
    "sched_setaffinity",
    "uname",
}
"""Functions of `os` that Windows, and some of them macOS, has not."""
FILES = sorted(path for room in ("restore", "pipelines", "models") for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize(
    ("typed", "slashes"),
    [(r"reels\1912", "reels/1912"), (r"D:\reels\*.mp4", "D:/reels/*.mp4"), ("s3://reels/a\\b", "s3://reels/a\\b")],
)
def test_a_path_of_windows_gets_slashes_and_a_url_stays(typed: str, slashes: str) -> None:
    assert with_slashes(typed, "\\") == slashes
    assert is_url(typed) or PureWindowsPath(typed).as_posix() == slashes


def test_a_backslash_in_a_name_stays_where_it_parts_no_folders() -> None:
    assert with_slashes("a\\b.mp4", "/") == "a\\b.mp4"


@pytest.mark.parametrize(
    "out", [r"C:\a.mp4", "C:a.mp4", r"\a.mp4", r"..\a.mp4", "a/../../b.mp4", r"\\server\share\a.mp4"]
)
def test_a_manifest_of_windows_names_no_result_elsewhere(out: str) -> None:
    assert not is_below(out, PureWindowsPath)


def test_a_manifest_names_results_in_folders_below() -> None:
    assert is_below(r"1912\a.mp4", PureWindowsPath)
    assert is_below("1912/a.mp4")
    assert not is_below("/a.mp4")


def test_a_drive_is_its_own_folder() -> None:
    assert open_store("d:").path == open_store("d:/").path


@pytest.mark.parametrize("path", ["c:/reels/a.mp4", r"C:\reels\a.mp4"])
def test_a_drive_is_no_protocol(path: str) -> None:
    assert not URL.match(path)
    assert URL.match("s3:/reels/a.mp4")


def test_a_path_of_windows_comes_through_ffmpegs_graph_as_it_is() -> None:
    path = PureWindowsPath(r"C:\Users\José\a film, 'b':1.mp4")
    assert _unquoted(_quoted(cast(Path, path))) == f"file:{path}"


def test_scans_of_windows_are_named_beside_each_other() -> None:
    names = Numbered(cast(Path, PureWindowsPath(r"D:\scans")), "scan_", 6, ".dpx")
    assert str(names.path(7)) == r"D:\scans\scan_000007.dpx"


def test_no_module_is_imported_that_windows_has_not() -> None:
    found = []
    for path in FILES:
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [(path.name, name) for name in names if name.partition(".")[0] in POSIX_ONLY]
    assert found == []


def test_a_function_that_windows_has_not_is_called_only_where_it_is_there() -> None:
    calls = []
    for path in FILES:
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
                is_guarded = f'hasattr(os, "{node.attr}")' in text
                calls += [(path.name, node.attr)] if node.attr in UNIX_CALLS and not is_guarded else []
    assert calls == []


@pytest.mark.parametrize("code", [errno.EPIPE, errno.EINVAL])
def test_ffmpeg_that_ends_early_is_reported_in_its_own_words(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(given: Any, *_: Any) -> None:
        given.close()
        raise OSError(code, "the pipe is closed")

    monkeypatch.setattr(pipe, "_feed", broken)
    with pytest.raises(pipe.OutputError, match="FFmpeg cannot write it"):
        pipe.run(["-no-such-option"], [], Fraction(1, 25), Fraction(25), tmp_path / "out.mp4")


def test_memory_is_asked_of_each_system_in_its_own_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource", reason="Windows has no such figure")
    metrics = pytest.importorskip("pipelines.on_ray.metrics", reason="needs Ray")
    here = metrics.memory_on("cpu")
    assert here > 1 << 20
    monkeypatch.setattr(sys, "platform", "darwin")
    assert metrics.memory_on("cpu") < here / 100
    monkeypatch.setattr(sys, "platform", "win32")
    assert metrics.memory_on("cpu") == 0


@pytest.mark.parametrize("cores", [1, 2, 8, 24])
def test_few_cores_are_shared_in_turns(cores: int) -> None:
    assert process.threads_of(cores) == (cores, cores)


@pytest.mark.parametrize("cores", [25, 32, 64, 192])
def test_threads_of_many_cores_add_up_to_the_cores(cores: int) -> None:
    networks, flows = process.threads_of(cores)
    assert networks + flows + process.CODEC_THREADS == cores
    assert networks >= 1


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Threads that were asked of OpenCV and PyTorch, on a machine of 64 cores."""
    asked: dict[str, int] = {}
    monkeypatch.setattr(process, "cores_here", lambda: 64)
    monkeypatch.setattr("cv2.setNumThreads", lambda count: asked.update(cv2=count))
    monkeypatch.setattr("torch.set_num_threads", lambda count: asked.update(torch=count))
    monkeypatch.setattr(process, "keep_what_was_imported", lambda: None)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return asked


def test_a_command_on_64_cores_asks_for_no_more_threads(threads: dict[str, int]) -> None:
    process.start_work()
    assert threads == {"cv2": 8, "torch": 44}


def test_what_the_user_says_of_threads_holds(threads: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    process.start_work()
    assert threads == {"cv2": 8}


def test_training_has_all_cores(threads: dict[str, int]) -> None:
    process.start_work(has_codecs=False)
    assert threads == {}
