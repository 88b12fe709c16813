"""A film on a cluster has the bytes that one process gives it, and is refused in one line where it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.errors import DamagedError, InputError
from pipelines.job.job import Job, prepare
from pipelines.look import LookValues
from pipelines.media.coloured import COLOURED, colours_of
from pipelines.media.probe import probe
from pipelines.settings import ScanSettings, Settings
from restore.api import restore_film
from restore.cli import main
from restore.devices import Devices
from tests.job.test_ways import looked
from tests.made import clips
from tests.made.on_cluster import Nodes, this_node, wait_until
from tests.made.readers import closed_captions
from tests.made.resumed import FRAMES, SEGMENTS, Heard, assert_whole, four_seconds, near
from tests.made.runs import Films, in_segments, listing
from tests.made.scans import drawn, scans
from tests.made.side_data import captioned, texts

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own


@pytest.fixture
def film(films: Films) -> Path:
    return films(four_seconds, ".mp4")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_film_on_ray_has_the_same_bytes(
    nodes: Nodes, films: Films, film: Path, settings: Settings, tmp_path: Path, workers: int
) -> None:
    from pipelines.on_ray.films import open_pool, restore_on_ray

    chosen, out, heard = near(settings), tmp_path / "out.mp4", Heard()
    result = restore_on_ray(prepare(film, out, chosen), heard.listener, open_pool(workers=workers))
    assert result.frames == SEGMENTS * FRAMES
    assert len(heard.frames) == len(set(heard.frames)) == SEGMENTS * FRAMES
    assert_whole(out, films.restored(film, chosen, ".mp4"))


def test_a_look_on_ray_has_the_same_bytes(nodes: Nodes, film: Path, settings: Settings, tmp_path: Path) -> None:
    from pipelines.on_ray.films import open_pool, restore_on_ray

    look = looked(near(settings), ("f20-f50", LookValues(sharpen=0.3)), ("f40-", LookValues(saturation=0.5)))
    there = prepare(film, tmp_path / "there.mp4", look)
    restore_on_ray(there, None, open_pool(workers=2))
    assert there.out.read_bytes() == restore_film(film, tmp_path / "here.mp4", look).read_bytes()


def test_scans_on_ray_become_the_same_pictures(
    nodes: Nodes, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.on_ray.films import open_pool, restore_on_ray

    scans(tmp_path / "reel", drawn(27))
    monkeypatch.chdir(tmp_path)
    chosen = in_segments(replace(settings, scans=ScanSettings(Fraction(18)), sidecar=True))
    here = restore_film("reel", "here/f%04d.tif", chosen)
    job = prepare(Path("reel"), Path("there/f%04d.tif"), chosen)
    restore_on_ray(job, None, open_pool(workers=2))
    assert {path.name: path.read_bytes() for path in Path("there").iterdir()} == {
        path.name: path.read_bytes() for path in here.iterdir()
    }
    assert Path("there.framemd5").read_bytes() == Path("here.framemd5").read_bytes()


def test_segments_coloured_on_ray_keep_their_captions(
    nodes: Nodes, films: Films, settings: Settings, tmp_path: Path
) -> None:
    from pipelines.on_ray.films import open_pool, restore_on_ray

    film, out = films(captioned, ".ts"), tmp_path / "out.mp4"
    restore_on_ray(prepare(film, out, in_segments(settings)), None, open_pool(workers=1))
    assert closed_captions(out) == texts()


@dataclass(frozen=True)
class Seen:
    """A pool that paints when so many nodes ask it; their names go into a folder."""

    pool: Any
    folder: Path
    nodes: int

    def at_most(self, batches: int) -> Seen:
        return replace(self, pool=self.pool.at_most(batches))

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        (self.folder / this_node()).touch()
        wait_until(lambda: len(list(self.folder.iterdir())) == self.nodes)
        yield from self.pool(batches)


def test_a_film_spread_over_three_nodes_has_the_same_bytes(
    nodes: Nodes, films: Films, film: Path, settings: Settings, tmp_path: Path
) -> None:
    import ray

    from pipelines.on_ray.films import open_pool, restore_on_ray

    chosen, out, seen = near(settings), tmp_path / "result" / "out.mp4", tmp_path / "seen"
    for folder in (out.parent, seen):
        folder.mkdir()
    with nodes.more(2):
        pool = open_pool(workers=3)
        painted_on = ray.get([worker.__ray_call__.remote(lambda _: this_node()) for worker in pool.paint.workers])
        restore_on_ray(prepare(film, out, chosen), None, replace(pool, paint=Seen(pool.paint, seen, 3)))
        assert len(set(painted_on)) == 3
    assert_whole(out, films.restored(film, chosen, ".mp4"))


def test_a_film_that_fails_on_ray_is_reported_as_the_user_named_it_and_leaves_nothing_half_written(
    nodes: Nodes, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.on_ray.films import open_pool, restore_on_ray
    from tests.made import broken

    monkeypatch.chdir(tmp_path)
    broken.damaged_packets(tmp_path / "film.mp4")
    job: Job = prepare(Path("film.mp4"), Path("out.mp4"), in_segments(settings))
    with pytest.raises(DamagedError, match=r"^film\.mp4 at 00:00:0\d\.\d+: packet damaged; --skip-damaged"):
        restore_on_ray(job, None, open_pool(workers=1))
    assert not list(tmp_path.rglob("*.part"))


def test_colours_are_looked_for_on_ray_and_errors_name_the_film_as_the_user_did(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.on_ray.films import colours_on_ray
    from tests.made import broken

    monkeypatch.chdir(tmp_path)
    own = broken.in_colour(Path("film.mp4"))
    found = probe(own)
    assert colours_on_ray(found) == colours_of(found) > COLOURED
    own.unlink()
    with pytest.raises(InputError, match=r"^film\.mp4: no such file"):
        colours_on_ray(found)


def run(film: Path, settings: Settings, *arguments: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    result = CliRunner().invoke(main, [str(film), "--network", settings.paint.network, *arguments])
    return result.exit_code, result.output


def test_more_gpus_than_there_are_is_refused(films: Films, settings: Settings, tmp_path: Path) -> None:
    import torch

    film, before = clips.plain(tmp_path / "film.mp4"), torch.cuda.device_count()
    code, said = run(film, settings, "--gpus", str(before + 2))
    assert code == 2
    assert said == (
        f"restore: --gpus: {before + 2} asked for, this machine has {before}; "
        "ask for fewer, or --workers N for CPU processes\n"
    )
    assert [name for name, *_ in listing(tmp_path)] == ["film.mp4"]


def test_more_gpus_than_the_cluster_has_is_refused(nodes: Nodes, settings: Settings, tmp_path: Path) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    code, said = run(film, settings, "--gpus", "2", "--address", nodes.address)
    assert code == 2
    assert "restore: --gpus: 2 asked for, the cluster has 0; ask for fewer" in said


@pytest.mark.parametrize(
    "arguments",
    [("--gpus", "2", "--workers", "2"), ("--gpus", "2", "--device", "cpu"), ("--workers", "2", "--device", "cuda")],
)
def test_devices_that_contradict_each_other_are_refused(
    settings: Settings, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert run(clips.plain(tmp_path / "film.mp4"), settings, *arguments)[0] == 2


def test_a_cluster_of_which_nothing_is_asked_for_is_refused(settings: Settings, tmp_path: Path) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    code, said = run(film, settings, "--address", "nowhere:6379")
    assert code == 2
    assert "--address names a cluster; --gpus N or --workers N says how much of it works" in said
    assert [name for name, *_ in listing(tmp_path)] == ["film.mp4"]


def test_the_environments_cluster_may_go_unused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "nowhere:6379")
    assert run(clips.plain(tmp_path / "film.mp4"), settings, "--quiet") == (0, "")


def test_that_a_short_film_is_not_shared_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    code, said = run(clips.plain(tmp_path / "film.mp4"), settings, "--workers", "2")
    assert code == 0
    assert "note: the film is too short to share: one process of this machine colours it\n" in said


@pytest.mark.parametrize(("cores", "is_warned"), [(2, True), (4, True), (5, False)])
def test_more_workers_than_the_cores_serve_are_warned_of(
    film: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, is_warned: bool
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    notes = list(Devices(workers=4).notes_on(prepare(film, tmp_path / "out.mp4", near(settings))))
    assert notes == [f"--workers 4 on {cores} cores: one process, without --workers, may well be faster"] * is_warned


def test_a_short_film_and_one_worker_do_not_wait_for_ray(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pipelines.on_ray.cluster", None)  # importing it fails
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for number, workers in enumerate(("1", "4")):
        film = clips.plain(tmp_path / f"film{number}.mp4")
        code, said = run(film, settings, "--workers", workers, "--quiet")
        assert (code, said) == (0, "")


def test_the_command_runs_on_a_cluster(
    nodes: Nodes, films: Films, film: Path, settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    code, said = run(film, settings, "-o", str(out), "--workers", "1", "--address", nodes.address, "--quiet")
    assert (code, said) == (0, "")
    whole = replace(Settings(), paint=replace(Settings().paint, network=settings.paint.network, device="cpu"))
    assert_whole(out, films.restored(film, whole, ".mp4"))
