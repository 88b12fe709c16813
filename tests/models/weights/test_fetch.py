"""Weights come whole and right over a bad network, or it is said why not."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from models.weights.catalogue import Published, default_folder, fault_of, identify, no_weights, published
from models.weights.fetch import CHUNK, fetch
from tests.made.server import Server, serve

CONTENT = bytes(range(256)) * 4096  # 1 MiB
HALF = len(CONTENT) // 2
PAGE = b"<!DOCTYPE html><html><body>Sign in to go on</body></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1048576\n"

Serve = Callable[..., Server]

IN_A_PROCESS = """
import sys
from pathlib import Path
from models.weights.fetch import fetch
from models.weights.catalogue import Published
url, digest, folder = sys.argv[1:]
wanted = Published("some", "A paper", "MIT", False, 1, digest, (url,))
print(fetch(wanted, Path(folder)).stat().st_size)
"""


@pytest.fixture
def started() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda *args, **how: stack.enter_context(serve(Server(*args, **how)))


def wanted(*urls: str, content: bytes = CONTENT, size: int | None = len(CONTENT)) -> Published:
    digest = hashlib.sha256(content).hexdigest()
    return Published("some", "A paper", "MIT", noncommercial=False, megabytes=1, sha256=digest, urls=urls, bytes=size)


def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/weights.pth"


def test_file_comes_whole_and_progress_is_reported(started: Serve, tmp_path: Path) -> None:
    server, shown = started(CONTENT), []
    path = fetch(wanted(server.url), tmp_path / "new", lambda here, total: shown.append((here, total)))
    assert path.read_bytes() == CONTENT
    assert shown[-1] == (len(CONTENT), len(CONTENT))
    assert shown == sorted(shown)


def test_file_that_is_here_is_not_fetched_again(started: Serve, tmp_path: Path) -> None:
    server = started(CONTENT)
    assert fetch(wanted(server.url), tmp_path) == fetch(wanted(server.url), tmp_path)
    assert len(server.ranges) == 1


def test_broken_connection_is_taken_up_where_it_broke(started: Serve, tmp_path: Path) -> None:
    server = started(CONTENT, cuts=[HALF, CHUNK])
    assert fetch(wanted(server.url), tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["", f"bytes={HALF}-", f"bytes={HALF + CHUNK}-"]


def test_next_call_goes_on_where_the_last_one_broke_off(started: Serve, tmp_path: Path) -> None:
    server, shown = started(CONTENT, cuts=[HALF, 0]), []
    with pytest.raises(ConnectionError, match=r"^some could not be fetched \(127\.0\.0\.1:\d+: .+\)$"):
        fetch(wanted(server.url), tmp_path)
    assert fetch(wanted(server.url), tmp_path, lambda *here: shown.append(here)).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={HALF}-"
    assert all(total == len(CONTENT) and here > HALF for here, total in shown)


def test_server_that_cannot_begin_in_the_middle_begins_anew(started: Serve, tmp_path: Path) -> None:
    server = started(CONTENT, takes_ranges=False, cuts=[HALF])
    assert fetch(wanted(server.url), tmp_path).read_bytes() == CONTENT


def test_part_that_is_not_of_this_file_is_thrown_away(started: Serve, tmp_path: Path) -> None:
    server = started(CONTENT)
    for stale in (b"x" * HALF, b"x" * (2 * len(CONTENT))):
        (tmp_path / "some.download.part").write_bytes(stale)
        assert fetch(wanted(server.url), tmp_path).read_bytes() == CONTENT
        (tmp_path / "some.download").unlink()


def test_mirror_is_asked_where_the_first_address_has_nothing(started: Serve, tmp_path: Path) -> None:
    missing, mirror = started(b"", status=404), started(CONTENT)
    assert fetch(wanted(missing.url, nowhere(), mirror.url), tmp_path).read_bytes() == CONTENT


def test_mirror_goes_on_where_the_first_address_broke_off(started: Serve, tmp_path: Path) -> None:
    first, mirror = started(CONTENT, cuts=[HALF, 0]), started(CONTENT)
    assert fetch(wanted(first.url, mirror.url), tmp_path).read_bytes() == CONTENT
    assert mirror.ranges == [f"bytes={HALF}-"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (CONTENT[::-1], r"another file: sha256 [0-9a-f]{16}\.\.\., not [0-9a-f]{16}\.\.\."),
        (CONTENT[:1000], "cut short: 1000 of 1048576 bytes"),
        (PAGE, "a web page, not weights"),
        (POINTER, "a Git LFS pointer, not the file that it points to"),
        (b"", "an empty file"),
    ],
)
def test_what_came_in_place_of_the_file_is_named_and_not_kept(
    started: Serve, tmp_path: Path, content: bytes, what: str
) -> None:
    server = started(content)
    with pytest.raises(ConnectionError, match=what):
        fetch(wanted(server.url), tmp_path)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []


def test_every_address_is_named_with_its_fault(started: Serve, tmp_path: Path) -> None:
    missing, page = started(b"", status=404), started(PAGE)
    with pytest.raises(ConnectionError) as caught:
        fetch(wanted(missing.url, nowhere(), page.url), tmp_path)
    message = str(caught.value)
    assert "404 Client Error: Not Found; " in message
    assert "no connection; " in message
    assert "a web page" in message
    assert message.splitlines() == [message]


def test_two_processes_fetch_it_once(started: Serve, tmp_path: Path) -> None:
    server = started(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    command = [sys.executable, "-c", IN_A_PROCESS, server.url, digest, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in both] == [str(len(CONTENT))] * 2
    assert server.ranges == [""]


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own folder for caches")
def test_fetched_weights_lie_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "restore" / "weights"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "restore" / "weights"


def test_first_digits_of_a_sha256_are_enough_where_no_more_is_published(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    short = wanted()
    short = Published(**{**vars(short), "sha256": short.sha256[:8]})
    assert fault_of(tmp_path / "x", short) is None
    (tmp_path / "x").write_bytes(CONTENT + b"y")
    assert "another file" in (fault_of(tmp_path / "x", short) or "")


def test_other_files_are_not_taken_for_published_ones(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    assert identify(tmp_path / "x") is None
    assert no_weights(tmp_path / "x") is None


def test_list_names_addresses_sizes_and_digests_for_all(tmp_path: Path) -> None:
    assert published().keys() >= {"eccv16", "siggraph17", "instcolor", "maskrcnn", "raft"}
    for one in published().values():
        assert bool(one.urls) != bool(one.by_hand)
        assert all(url.startswith("https://") or one.name == "chromagan" for url in one.urls)  # its authors' servers
        assert len(one.sha256) in (0, 8, 64)  # of some nobody states it
        assert len(one.sha256) != 8 or any(one.sha256 in url for url in one.urls)  # as publishers name their files
        assert one.bytes is None or round(one.bytes / 1e6) == one.megabytes
        assert "arXiv" in one.paper or "github.com" in one.paper
    noncommercial = Published(**{**vars(wanted()), "noncommercial": True})
    assert "non-commercial use only" in str(noncommercial)
    assert "non-commercial" not in str(wanted())
