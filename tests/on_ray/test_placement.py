"""Workers are on nodes of their own as far as there are nodes, tasks are spread, and neither waits in vain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.made.on_cluster import PATIENCE, Nodes, this_node, wait_until

ray = pytest.importorskip("ray", reason="needs the extra ray")
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: E402

from pipelines.on_ray.placement import nodes_of_workers  # noqa: E402
from pipelines.on_ray.pool import OnRay  # noqa: E402
from pipelines.on_ray.tasks import as_tasks  # noqa: E402
from tests.made import child_without_cpus  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own


@pytest.mark.parametrize(
    ("workers", "cpus", "found"),
    [
        (3, {"a": 2, "b": 1, "c": 1}, {"a": 1, "b": 1, "c": 1}),
        (2, {"a": 1, "b": 8, "c": 4}, {"b": 1, "c": 1}),
        (4, {"a": 2, "b": 1, "c": 1}, {"a": 2, "b": 1, "c": 1}),
        (9, {"a": 12, "b": 4}, {"a": 7, "b": 2}),
        (3, {"a": 1}, {"a": 3}),
        (3, {}, {}),
    ],
)
def test_each_node_has_a_worker_before_any_has_two_and_then_cpus_count(
    workers: int, cpus: dict[str, float], found: dict[str, int]
) -> None:
    assert Counter(nodes_of_workers(workers, cpus)) == found


class Place:
    """A stage that gives the node where it runs, and ends its process where a batch says so."""

    def __call__(self, batch: str) -> str:
        if batch:
            gone = Path(batch)
            if not gone.exists():
                gone.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return this_node()


Pool = OnRay[str, str]


def nodes_of(pool: Pool) -> list[str]:
    """Where each worker runs, once all have started."""
    asked = [worker.__ray_call__.options(max_task_retries=-1).remote(lambda _: this_node()) for worker in pool.workers]
    assert len(ray.wait(asked, num_returns=len(asked), timeout=PATIENCE)[0]) == len(asked), "a worker has not started"
    return list(ray.get(asked))


def test_workers_are_on_nodes_of_their_own(nodes: Nodes) -> None:
    with nodes.more(2) as added:
        for workers, on_the_head in ((3, 1), (4, 2)):
            pool: Pool = OnRay(Place, workers=workers)
            assert Counter(nodes_of(pool)) == {this_node(): on_the_head, added[0].node_id: 1, added[1].node_id: 1}


def test_a_gpu_worker_is_on_each_node(nodes: Nodes) -> None:
    with nodes.more(2, gpus=1) as added:
        assert set(nodes_of(OnRay(Place, gpus=2))) == {each.node_id for each in added}


def test_a_node_without_cpus_has_no_worker(nodes: Nodes) -> None:
    with nodes.more(1, cpus=0):
        assert set(nodes_of(OnRay(Place, workers=4))) == {this_node()}


def test_a_worker_that_dies_starts_again_on_its_node(nodes: Nodes, tmp_path: Path) -> None:
    with nodes.more(1):
        pool: Pool = OnRay(Place, workers=2)
        before = nodes_of(pool)
        assert len(list(pool([str(tmp_path / str(number)) for number in range(4)]))) == 4
        assert nodes_of(pool) == before


def test_workers_of_a_node_that_is_lost_start_on_another(nodes: Nodes) -> None:
    with nodes.more(1) as added:
        pool: Pool = OnRay(Place, workers=2)
        assert added[0].node_id in nodes_of(pool)
    wait_until(lambda: set(nodes_of(pool)) == {this_node()})  # for a moment a process may outlive its node
    assert list(pool([""] * 8)) == [this_node()] * 8


def wait_for_file(path: str) -> str:
    wait_until(Path(path).exists)
    return this_node()


def test_a_worker_does_not_wait_for_a_node_that_others_fill(nodes: Nodes, tmp_path: Path) -> None:
    with nodes.more(1) as added:
        there = NodeAffinitySchedulingStrategy(added[0].node_id, soft=False)
        others = ray.remote(wait_for_file).options(num_cpus=1, scheduling_strategy=there)
        result = others.remote(str(tmp_path / "end"))
        try:
            wait_until(lambda: not free_cpus(added[0].node_id))
            assert set(nodes_of(OnRay(Place, workers=2))) == {this_node()}
        finally:
            (tmp_path / "end").touch()
            ray.get(result)


def free_cpus(node: str) -> float:
    """CPUs of a node that nothing reserves."""
    return float(ray._private.state.available_resources_per_node().get(node, {}).get("CPU", 0))


class Occupy:
    """A stage that marks that it runs, until its file is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, number: int) -> str:
        (self.folder / str(number)).touch()
        return wait_for_file(str(self.folder / "end"))


@contextmanager
def occupied(folder: Path, tasks: int) -> Iterator[list[str]]:
    """So many tasks run in the block; then come their nodes."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.extend(as_tasks(Occupy(folder))(range(tasks))))
    thread.start()
    try:
        wait_until(lambda: len(list(folder.iterdir())) == tasks)
        yield found
    finally:
        (folder / "end").touch()
        thread.join()


def test_workers_start_and_start_again_while_tasks_fill_all_cpus(nodes: Nodes, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    with occupied(folder, 2):
        pool: Pool = OnRay(Place, workers=2)
        nodes_of(pool)
        assert list(pool(["", str(tmp_path / "gone"), ""])) == [this_node()] * 3
    assert (tmp_path / "gone").exists()


def test_tasks_are_spread_among_nodes(nodes: Nodes, tmp_path: Path) -> None:
    with nodes.more(2, cpus=4), occupied(tmp_path, 3) as found:
        pass
    assert len(set(found)) == 3


@pytest.mark.ray
@pytest.mark.slow
def test_a_pool_of_a_cluster_without_cpus_waits_for_a_node_that_has_some() -> None:
    root = Path(child_without_cpus.__file__).parents[2]
    command, surroundings = [sys.executable, child_without_cpus.__file__], os.environ | {"PYTHONPATH": str(root)}
    ended = subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "0 before, 4 of 4 batches on the node that came\n"
