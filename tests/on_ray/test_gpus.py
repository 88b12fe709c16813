"""Whatever GPUs do wrong, films end with the bytes that they have without it, and the run says what happened."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pipelines.archive.records import Done, Failed
from pipelines.settings import Settings
from restore.api import Devices, restore_archive
from restore.reporting import Reporter
from restore.show.events import Event, Note
from tests.made import pictures
from tests.made.on_cluster import Nodes, wait_until
from tests.made.resumed import near
from tests.made.tracks import PictureTrack, write

ray = pytest.importorskip("ray", reason="needs the extra ray")
from pipelines.on_ray import roster  # noqa: E402
from pipelines.on_ray.pool import OnRay  # noqa: E402
from pipelines.on_ray.roster import Attendance, Life, Roster, Watch, watched  # noqa: E402
from tests.made.gpus import GONE, SimulatedPaint, simulate  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own
FILMS = 6


def draw(path: Path, number: int = 0) -> Path:
    """A second of 64 x 48, another one for each number."""
    return write(path, PictureTrack(pictures.pan(24 + number, width=64, height=48)))


def draw_white(path: Path) -> Path:
    """A second of 64 x 48 on which every simulated GPU fails."""
    white = next(pictures.pan(1, width=64, height=48))
    white[..., 0] = 1
    return write(path, PictureTrack([white] * 24))


@pytest.fixture(scope="module")
def node(nodes: Nodes) -> Iterator[Devices]:
    """Four GPUs, on a node of their own."""
    with nodes.more(1, cpus=2, gpus=4):
        yield Devices(gpus=4, address=nodes.address)


def are_free() -> bool:
    """Whether nobody holds a GPU; what this process holds in circles is let go first."""
    gc.collect()
    return bool(ray.available_resources().get("GPU") == 4)


@pytest.fixture
def gpus(node: Devices) -> Devices:
    """All four, once the workers of an earlier test have ended."""
    wait_until(are_free, or_else=ray.available_resources)
    return node


@pytest.fixture(scope="module")
def reels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reels")
    for number in range(FILMS):
        draw(folder / f"{number}.mp4", number)
    return folder


@pytest.fixture(scope="module")
def expected(reels: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The films of the archive as one process makes them, without a fault."""
    out = tmp_path_factory.mktemp("alone") / "out"
    restore_archive([reels], out, near(settings))
    return read(out)


def read(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.mp4"))}


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note)]


FAULTS = {
    "fails once": {1: "sticky once"},
    "fails with every batch": {2: "sticky"},
    "is gone from the start": {0: "gone"},
    "fails and is gone": {3: "sticky gone"},
    "alone is left": {0: "gone", 1: "gone", 3: "sticky gone"},
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_an_archive_is_whole_and_the_same_where_a_gpu(
    gpus: Devices,
    reels: Path,
    expected: dict[str, bytes],
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    simulate(monkeypatch, tmp_path / "gpus", FAULTS[fault])
    events: list[Event] = []
    out = tmp_path / "out"
    records = restore_archive([reels], out, near(settings), devices=gpus, reporter=Reporter(events.append))
    assert [record for record in records if not isinstance(record, Done)] == []
    assert read(out) == expected
    if fault == "fails once":
        has_failed = not (tmp_path / "gpus" / "1").read_text()  # it may be up too late for a batch
        note = "a GPU failed and is started again: the GPU failed (CUDA error: unspecified launch failure) ("
        assert len([text for text in notes(events) if text.startswith(note)]) == has_failed, notes(events)


@pytest.mark.slow
def test_a_film_on_which_all_gpus_fail_is_the_only_one_that_fails(
    gpus: Devices,
    reels: Path,
    expected: dict[str, bytes],
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulate(monkeypatch, tmp_path / "gpus", {})
    folder = tmp_path / "reels"
    shutil.copytree(reels, folder)
    draw_white(folder / "white.mp4")
    records = restore_archive([folder], tmp_path / "out", near(settings), devices=gpus)
    assert read(tmp_path / "out") == expected
    (failed,) = [record for record in records if isinstance(record, Failed)]
    assert "ended the process that worked on it 3 times (the GPU failed (CUDA error: unspecified" in failed.reason


@pytest.mark.slow
def test_memory_that_is_short_is_noted_for_each_film(
    gpus: Devices, reels: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(monkeypatch, tmp_path / "gpus", dict.fromkeys(range(4), "full"))
    (record,) = restore_archive([reels / "0.mp4"], tmp_path / "out", near(settings), devices=gpus)
    assert isinstance(record, Done)
    assert "the GPU's memory was short: batches were coloured in up to 2 parts, which is slower" in record.warnings


@pytest.mark.slow
def test_where_all_gpus_are_gone_each_film_says_so(
    gpus: Devices, reels: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(monkeypatch, tmp_path / "gpus", dict.fromkeys(range(4), "gone"))
    records = restore_archive([reels], tmp_path / "out", near(settings), devices=gpus)
    reasons = [getattr(record, "reason", "") for record in records]
    assert [f"NoDeviceError: {GONE}; --device cpu runs without one)" in reason for reason in reasons] == [True] * FILMS


@pytest.mark.slow
def test_a_gpu_that_is_gone_is_left_out_with_its_reason(gpus: Devices, tmp_path: Path) -> None:
    (tmp_path / "2").write_text("gone")
    pool: OnRay[int, int] = OnRay(partial(SimulatedPaint, tmp_path, "cuda"), gpus=4)  # type: ignore[arg-type]
    said: list[str] = []

    def left_out() -> list[str]:
        return [line for line in said if "is left out" in line]

    with watched(pool.roster, Watch(4, "GPU"), said.append):
        wait_until(lambda: left_out() and len(ray.get(pool.roster.attendance.remote()).up) == 3, or_else=lambda: said)
    (line,) = left_out()  # on a busy machine there may be others, of those that do not answer yet
    assert line.startswith(f"a GPU is left out: {GONE}; --device cpu runs without one (")
    assert line.endswith("); 3 of 4 are left")


class Other:
    """Another's job, which holds a GPU."""

    def ready(self) -> None:
        """Answers once it has it."""


def double(number: int) -> int:
    return 2 * number


def make_double() -> object:
    return double


@pytest.mark.slow
def test_gpus_that_others_hold_are_reported_and_taken_when_they_are_free(
    gpus: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "SECONDS_TO_ANSWER", 0)
    others = [ray.remote(Other).options(num_cpus=0, num_gpus=1).remote() for _ in range(2)]
    ray.get([other.ready.remote() for other in others])
    pool: OnRay[int, int] = OnRay(make_double, gpus=4)  # type: ignore[arg-type]
    said: list[str] = []
    with watched(pool.roster, Watch(4, "GPU"), said.append):
        assert list(pool(range(20))) == [2 * number for number in range(20)]
        wait_until(lambda: any("others may hold" in note for note in said), or_else=lambda: said)
        del others
        wait_until(lambda: len(ray.get(pool.roster.attendance.remote()).up) == 4)
        assert list(pool(range(20))) == [2 * number for number in range(20)]


def test_what_happens_to_workers_is_told_once() -> None:
    watch = Watch(3, "GPU")
    assert list(watch.notes(Attendance({0, 1}), 0.0)) == []
    assert list(watch.notes(Attendance({0, 1}), 19.0)) == []
    assert list(watch.notes(Attendance({0, 1}), 20.0)) == [
        "1 of 3 GPUs does not answer, others may hold it; the run goes on with 2, and takes each as it comes"
    ]
    assert list(watch.notes(Attendance({0, 1}), 60.0)) == []
    assert list(watch.notes(Attendance({0, 1, 2}, broke=("it failed",)), 61.0)) == [
        "a GPU failed and is started again: it failed"
    ]
    gone = Attendance({0}, {1: "it is gone"}, ("it failed",))
    assert list(watch.notes(gone, 70.0)) == ["a GPU is left out: it is gone; 2 of 3 are left"]
    assert list(watch.notes(gone, 89.0)) == []
    assert list(watch.notes(gone, 90.0)) == [
        "1 of 3 GPUs does not answer, others may hold it; the run goes on with 1, and takes each as it comes"
    ]
    waits = Attendance((), gone.left_out, ("it failed",))
    assert list(watch.notes(waits, 91.0)) == [
        "1 of 3 GPUs does not answer, others may hold it; the run waits, and takes each as it comes"
    ]
    assert list(watch.notes(waits, 111.0)) == [
        "2 of 3 GPUs do not answer, others may hold them; the run waits, and takes each as it comes"
    ]
    none = Attendance((), {0: "gone", 1: "it is gone", 2: "gone"})
    assert list(watch.notes(none, 95.0)) == ["a GPU is left out: gone; none is left"] * 2


def test_a_run_that_waits_for_all_gpus_says_so() -> None:
    watch = Watch(2, "GPU")
    list(watch.notes(Attendance(()), 0.0))
    assert list(watch.notes(Attendance(()), 20.0)) == [
        "2 of 2 GPUs do not answer, others may hold them; the run waits, and takes each as it comes"
    ]


def lives(*numbers: int) -> list[Life]:
    return [Life(number, f"first of {number}") for number in numbers]


def test_the_worker_with_the_least_to_do_is_taken_and_equals_take_turns() -> None:
    workers, (a, b, c) = Roster(), lives(0, 1, 2)
    assert workers.take() is None
    for life in (a, b, c):
        workers.start(life)
    assert [workers.take() for _ in range(7)] == [a, b, c, a, b, c, a]
    workers.done(b)
    workers.done(b)
    assert [workers.take(), workers.take()] == [b, b]
    assert workers.take(avoided={1, 2}) == a


def test_a_worker_that_dies_is_taken_again_when_it_has_started() -> None:
    workers, (a, b) = Roster(), lives(0, 1)
    workers.start(a)
    workers.start(b)
    workers.take()
    workers.lose(a)
    assert [workers.take(), workers.take(avoided={1})] == [b, b]
    again = Life(0, "second of 0")
    workers.start(again)
    workers.lose(a)  # a stream is late to notice
    assert workers.take() == again
    workers.start(again)  # nor is a second report a new start
    assert workers.in_flight() == 3


def test_a_worker_whose_device_fails_again_and_again_is_left_out() -> None:
    workers, (a,) = Roster(), lives(0)
    for _ in range(2):
        assert workers.start(a) is None
        workers.break_off(a, "it failed")
    workers.start(a)
    workers.done(a)
    for _ in range(3):
        assert workers.start(a) is None
        workers.break_off(a, "it failed")
    assert workers.start(a) == "it failed, 3 times in a row"
