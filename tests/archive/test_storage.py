"""An archive behind URLs gives what it gives on a disk: tried on a real S3 server and on a file system in memory."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import fsspec
import pytest

from pipelines.archive.records import Failed
from pipelines.archive.storage import Store, open_store
from pipelines.errors import InputError, OutputError, SettingsError
from pipelines.settings import Settings
from restore.api import plan_archive, restore_archive
from tests.made.archives import BAD, GOOD, Heard, lines, reels, small
from tests.made.runs import Films, archive_heard

SERVER = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the server and its clients, not ours


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """moto's server on this machine."""
    server = pytest.importorskip("moto.server", reason="needs the extra dev").ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket, found as any user's would be: through the environment."""
    s3fs = pytest.importorskip("s3fs", reason="needs the extra s3")
    about = {"AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    for name, value in (about | {"AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    fs = s3fs.S3FileSystem()
    fs.mkdir("archive")
    yield "s3://archive"
    fs.rm("archive", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def memory() -> Iterator[str]:
    fs = fsspec.filesystem("memory")
    yield "memory://archive"
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]


@pytest.fixture(params=["memory", pytest.param("bucket", marks=SERVER)])
def url(request: pytest.FixtureRequest) -> str:
    place: str = request.getfixturevalue(request.param)
    return place


def upload(folder: Path, url: str) -> None:
    store = open_store(url)
    for path in folder.rglob("*.*"):
        if path.is_file():
            store.put(path, str(path.relative_to(folder)))


def download(url: str, folder: Path) -> Path:
    store = open_store(url)
    for name in store.files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        store.fetch(name, folder / name)
    return folder


def test_an_archive_behind_urls_gives_the_results_of_one_on_the_disk(
    films: Films, settings: Settings, tmp_path: Path, url: str
) -> None:
    source, scratch = reels(films, tmp_path / "reels", bad=True), tmp_path / "scratch"
    links = [path for path in source.rglob("*") if path.is_symlink()]
    for link in links:
        link.unlink()  # stores have none
    upload(source, f"{url}/reels")
    records = restore_archive([f"{url}/reels"], f"{url}/out", settings, scratch=scratch)
    restore_archive([source], tmp_path / "local", settings)
    there = download(f"{url}/out", tmp_path / "there")
    own = {"film": "", "seconds": 0, "fps": 0, "ended": ""}
    assert [row | own for row in lines(there)] == [row | own for row in lines(tmp_path / "local")]
    for record in records:
        if not isinstance(record, Failed):
            assert (there / record.out).read_bytes() == (tmp_path / "local" / record.out).read_bytes()
    assert len(records) == len(GOOD) + len(BAD) - len(links)
    assert list(scratch.rglob("*.*")) == []
    assert not [name for name in open_store(url).files() if name.endswith(".part")]
    heard = Heard()
    archive_heard([f"{url}/reels"], f"{url}/out", settings, scratch=scratch, listener=heard.listener)
    assert (heard.started, heard.ended) == ([], [])


def test_only_films_or_only_results_may_lie_behind_a_url(
    films: Films, settings: Settings, tmp_path: Path, memory: str
) -> None:
    source = reels(films, tmp_path / "reels")
    restore_archive([source], f"{memory}/out", settings, scratch=tmp_path / "scratch")
    upload(source, f"{memory}/reels")
    restore_archive([f"{memory}/reels/**/*.m*"], tmp_path / "out", settings, scratch=tmp_path / "scratch")
    there = download(f"{memory}/out", tmp_path / "there")
    for name in ("a.restored.mp4", "b/c.restored.mkv"):
        assert (there / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_run_over_urls_that_is_interrupted_takes_up_what_it_staged(
    films: Films, settings: Settings, tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, scratch = reels(films, tmp_path / "reels"), tmp_path / "scratch"
    upload(source, f"{memory}/reels")

    def stop(store: Store, path: Path, name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Store, "put", stop)
        with pytest.raises(KeyboardInterrupt):
            restore_archive([f"{memory}/reels"], f"{memory}/out", settings, scratch=scratch)
    made = {path for path in scratch.rglob("*.restored.m*") if path.is_file()}
    staged = {path for path in scratch.rglob("*.m*") if path.is_file() and path not in made}
    assert (len(made), len(staged) >= 1) == (1, True)
    fetched: list[str] = []
    fetch = Store.fetch
    monkeypatch.setattr(Store, "fetch", lambda store, name, to: (fetched.append(name), fetch(store, name, to))[1])
    heard = Heard()
    records = archive_heard([f"{memory}/reels"], f"{memory}/out", settings, scratch=scratch, listener=heard.listener)
    assert len(heard.started) == len(GOOD) - 1  # one was whole and only had to be brought to its place
    assert len(fetched) == len(GOOD) - len(staged)
    assert not any(isinstance(record, Failed) for record in records)


def test_a_result_that_cannot_be_brought_to_its_place_is_not_lost(
    films: Films, settings: Settings, tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(tmp_path / "a.mp4")

    def refuse(store: Store, path: Path, name: str) -> None:
        raise OutputError(store.url(name), "cannot be written", "check your right to it")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "put", refuse)
        (record,) = restore_archive([tmp_path / "a.mp4"], f"{memory}/out", settings, scratch=tmp_path / "scratch")
    assert isinstance(record, Failed)
    heard = Heard()
    archive_heard(
        [tmp_path / "a.mp4"], f"{memory}/out", settings, scratch=tmp_path / "scratch", retry_failed=True,
        listener=heard.listener,
    )  # fmt: skip
    assert (heard.started, len(heard.ended)) == ([], 1)
    assert "a.restored.mp4" in open_store(f"{memory}/out").files()


def test_a_film_that_does_not_fit_on_the_disk_is_not_staged(
    films: Films, settings: Settings, tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(tmp_path / "a.mp4")
    open_store(memory).put(tmp_path / "a.mp4", "reels/a.mp4")
    monkeypatch.setattr("pipelines.archive.storage.shutil.disk_usage", lambda folder: SimpleNamespace(free=1 << 20))
    (record,) = restore_archive([f"{memory}/reels"], f"{memory}/out", settings, scratch=tmp_path / "scratch")
    assert isinstance(record, Failed)
    assert "must be staged and 0.00 GB are free; free some, or name another folder with --scratch" in record.reason


def test_a_file_that_comes_short_is_not_taken(tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(memory)
    store.write("a.bin", b"12345")
    monkeypatch.setattr(store.fs, "get_file", lambda name, to: Path(to).write_bytes(b"123"))
    with pytest.raises(InputError, match=r"memory://archive/a\.bin: came as 3 bytes of 5"):
        store.fetch("a.bin", tmp_path / "a.bin")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_nothing_under_the_name(
    tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for store in (open_store(str(tmp_path)), open_store(memory)):
        store.write("a.json", b"first")

        def fail(path: str, data: bytes, store: Store = store) -> None:
            store.fs.open(path, "wb").close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(store.fs, "pipe_file", fail)
        with pytest.raises(OutputError, match=r"cannot be written .*No space left"):
            store.write("a.json", b"second")
        assert store.read(["a.json"]) == {"a.json": b"first"}
        assert list(store.files()) == ["a.json"]
        monkeypatch.undo()


def test_a_url_whose_package_is_missing_names_the_package() -> None:
    with pytest.raises(SettingsError, match=r"sftp:// needs another package .*pip install"):
        open_store("sftp://host/reels")


@SERVER
def test_a_bucket_that_does_not_exist_is_reported_before_anything_is_done(
    bucket: str, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises((InputError, SettingsError), match="s3://lost/reels"):
        plan_archive(["s3://lost/reels"], tmp_path / "out", settings)
