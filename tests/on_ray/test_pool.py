"""A pool on Ray gives what the same stage gives in this process, whatever happens to its workers."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.made.on_cluster import Nodes, wait_until

ray = pytest.importorskip("ray", reason="needs the extra ray")
from pipelines.errors import DamagedError, StageError  # noqa: E402
from pipelines.on_ray.pool import OnRay  # noqa: E402
from pipelines.on_ray.tasks import as_tasks  # noqa: E402
from pipelines.streams import in_process  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own


class Tenfold:
    """A stage that tells who did it, and does as a batch says."""

    def __call__(self, batch: dict[str, object]) -> tuple[int, int]:
        number = int(str(batch["number"]))
        time.sleep(float(str(batch.get("seconds", 0))))
        match batch.get("what"):
            case "die":
                with Path(str(batch["log"])).open("a") as log:
                    log.write(f"{os.getpid()}\n")
                os.kill(os.getpid(), signal.SIGKILL)
            case "die once" if not Path(str(batch["log"])).exists():
                Path(str(batch["log"])).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case "mark":
                while batch["waits_for"] and not Path(str(batch["waits_for"])).exists():
                    time.sleep(0.01)
                (Path(str(batch["log"])) / str(number)).touch()
            case "fail":
                raise DamagedError("film.mp4", "packet damaged", "skip it")
        return 10 * number, os.getpid()


def numbered(count: int, **of: dict[str, object]) -> list[dict[str, object]]:
    return [{"number": number} | of.get(f"at_{number}", {}) for number in range(count)]


@pytest.fixture(scope="module")
def pool(nodes: Nodes) -> OnRay[dict[str, object], tuple[int, int]]:
    return OnRay(Tenfold, workers=2)


def values(results: Iterator[tuple[int, int]]) -> list[int]:
    return [value for value, _ in results]


Pool = OnRay[dict[str, object], tuple[int, int]]


def test_a_pool_gives_what_one_process_gives_in_order(pool: Pool) -> None:
    batches = numbered(30, at_3={"seconds": 0.3}, at_10={"seconds": 0.2})
    results = list(pool(batches))
    assert [value for value, _ in results] == values(in_process(Tenfold())(batches))
    assert len({pid for _, pid in results}) == 2
    assert os.getpid() not in {pid for _, pid in results}


def test_the_worker_with_the_least_in_flight_is_next(pool: Pool, tmp_path: Path) -> None:
    def sent_when_the_last_is_done() -> Iterator[dict[str, object]]:
        for batch in numbered(4):
            yield batch | {
                "what": "mark",
                "log": str(tmp_path),
                "waits_for": str(tmp_path / "3") if not batch["number"] else "",
            }
            if batch["number"]:
                wait_until(lambda done=tmp_path / str(batch["number"]): done.exists())
                # that it is done is reported a moment later, and before a call behind it is answered
                ray.wait([worker.ready.remote() for worker in pool.workers], num_returns=1)
                wait_until(lambda: ray.get(pool.roster.in_flight.remote()) <= 1)

    first, *others = [pid for _, pid in pool(sent_when_the_last_is_done())]
    assert first not in others


def test_no_more_is_taken_than_may_be_in_flight(pool: Pool) -> None:
    taken = 0

    def taking() -> Iterator[dict[str, object]]:
        nonlocal taken
        for batch in numbered(20):
            taken += 1
            yield batch

    for given, _ in enumerate(pool.at_most(3)(taking())):
        assert taken <= given + 3
    assert taken == 20


def test_streams_of_other_processes_share_a_pool_that_pickles(pool: Pool) -> None:
    again = pickle.loads(ray.cloudpickle.dumps(pool))
    own = {pid for _, pid in pool(numbered(8))}
    assert {pid for _, pid in again(numbered(8))} == own
    task = ray.remote(lambda shared: list(shared(numbered(8)))).options(num_cpus=0)
    found = ray.get([task.remote(pool), task.remote(pool)])
    assert {pid for results in found for _, pid in results} == own


def test_batches_of_a_worker_that_is_killed_are_run_again(pool: Pool) -> None:
    results, killed = [], False
    for value, pid in pool(numbered(40, **{f"at_{n}": {"seconds": 0.02} for n in range(40)})):
        results.append(value)
        if value == 100 and not killed:
            os.kill(pid, signal.SIGKILL)
            killed = True
    assert results == [10 * number for number in range(40)]


def test_a_batch_that_ends_its_worker_once_is_run_again(pool: Pool, tmp_path: Path) -> None:
    batches = numbered(12, at_5={"what": "die once", "log": str(tmp_path / "log")})
    assert values(pool(batches)) == [10 * number for number in range(12)]


def test_a_batch_that_ends_its_worker_three_times_is_reported_and_others_are_not_to_blame(
    pool: Pool, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    results: list[int] = []
    with pytest.raises(StageError, match="ended the process that worked on it 3 times") as caught:
        results.extend(value for value, _ in pool(numbered(12, at_5={"what": "die", "log": str(log)})))
    assert caught.value.batch["number"] == 5
    assert results == [0, 10, 20, 30, 40]
    assert len(log.read_text().split()) == 3
    assert values(pool(numbered(4))) == [0, 10, 20, 30]


def test_what_a_stage_raises_comes_in_its_turn_as_it_is(pool: Pool) -> None:
    results = pool(numbered(6, at_2={"what": "fail"}))
    assert [next(results)[0], next(results)[0]] == [0, 10]
    with pytest.raises(DamagedError, match=r"film\.mp4: packet damaged; skip it") as caught:
        next(results)
    assert type(caught.value) is DamagedError


class Unbuildable:
    def __init__(self) -> None:
        raise ValueError("no such weights")

    def __call__(self, batch: object) -> object:
        return batch


def test_a_stage_that_cannot_be_built_is_reported(nodes: Nodes) -> None:
    with pytest.raises(StageError, match=r"no worker is left to do it \(ValueError: no such weights\)"):
        list(OnRay(Unbuildable, workers=1)([1]))


def opencv_threads(_: object) -> int:
    import cv2

    return int(cv2.getNumThreads())


def test_opencv_has_one_thread_in_tasks_and_in_workers(nodes: Nodes) -> None:
    assert list(as_tasks(opencv_threads)([0])) == [1]
    assert list(OnRay(lambda: opencv_threads, workers=1)([0])) == [1]


def test_a_pool_ends_with_the_last_who_holds_it(nodes: Nodes) -> None:
    short_lived: Pool = OnRay(Tenfold, workers=1)
    ((_, pid),) = short_lived(numbered(1))
    del short_lived
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_tasks_give_what_one_process_gives_in_order(nodes: Nodes) -> None:
    batches = numbered(9, at_2={"seconds": 0.3})
    assert values(as_tasks(Tenfold())(batches)) == [10 * number for number in range(9)]


def test_a_task_that_is_killed_is_run_again_and_three_times_is_reported(nodes: Nodes, tmp_path: Path) -> None:
    once, log = {"what": "die once", "log": str(tmp_path / "once")}, tmp_path / "log"
    assert values(as_tasks(Tenfold())(numbered(3, at_1=once))) == [0, 10, 20]
    with pytest.raises(StageError, match="ended the process that worked on it 3 times"):
        list(as_tasks(Tenfold())(numbered(3, at_1={"what": "die", "log": str(log)})))
    assert len(log.read_text().split()) == 3


def test_tasks_are_stopped_where_one_fails(nodes: Nodes, tmp_path: Path) -> None:
    waiting = {"what": "mark", "log": str(tmp_path), "waits_for": str(tmp_path / "never")}
    with pytest.raises(DamagedError):
        list(as_tasks(Tenfold())(numbered(4, at_0={"what": "fail"}, at_1=waiting, at_2=waiting, at_3=waiting)))
    assert values(as_tasks(Tenfold())(numbered(2))) == [0, 10]  # their CPUs are free again
