"""On which nodes of a cluster work runs: workers apart from each other, tasks wherever a CPU is free."""

from collections.abc import Mapping
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

WORKER_CPUS = 0.0001
"""Reserved by a worker without a GPU: the least that Ray counts. Ray places an actor that reserves nothing on a random
node, whatever strategy it is given."""
TASK_CPUS = 0.99
"""Reserved by a task; the rest of each CPU is room for workers. One that dies starts again while every CPU has a task
that waits for it."""


def gpu_worker_options() -> dict[str, Any]:
    """Ray's options for a worker with a GPU of its own."""
    return {"num_cpus": 0, "num_gpus": 1, "scheduling_strategy": "SPREAD"}


def here_options() -> dict[str, Any]:
    """Ray's options for what the run cannot do without: on this process's node, since it ends with that anyway."""
    node = ray.get_runtime_context().get_node_id()
    return {"num_cpus": 0, "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=True)}


def cpu_worker_options(count: int) -> list[dict[str, Any]]:
    """Ray's options for each of so many workers on the CPU.

    Each is meant for one node, and runs on another where that is lost or has no room. In a cluster that has no CPU yet
    they wait for one, so that an autoscaler brings it.
    """
    nodes = nodes_of_workers(count, _cpus_of_nodes())
    strategies: list[Any] = [_preferring(node) for node in nodes] or ["SPREAD"] * count
    return [{"num_cpus": WORKER_CPUS, "scheduling_strategy": strategy} for strategy in strategies]


def nodes_of_workers(count: int, cpus: Mapping[str, float]) -> list[str]:
    """The node of each worker: first one on every node, then by how many CPUs a node has for each.

    Args:
        count: of workers.
        cpus: of each node, above 0.
    """
    workers = dict.fromkeys(cpus, 0)
    chosen: list[str] = []
    while workers and len(chosen) < count:
        node = min(workers, key=lambda node: (workers[node] > 0, (workers[node] + 1) / cpus[node]))
        workers[node] += 1
        chosen.append(node)
    return chosen


def task_options() -> dict[str, Any]:
    """Ray's options for a task of one CPU.

    By default Ray fills half of the first node before it uses the next.
    """
    return {"num_cpus": TASK_CPUS, "scheduling_strategy": "SPREAD"}


def _cpus_of_nodes() -> dict[str, float]:
    """CPUs of each node that is up and has any."""
    up = (node for node in ray.nodes() if node["Alive"])  # type: ignore[no-untyped-call]
    return {node["NodeID"]: node["Resources"]["CPU"] for node in up if node["Resources"].get("CPU")}


def _preferring(node: str) -> NodeAffinitySchedulingStrategy:
    # without spilling, a worker would wait for as long as another's job fills the node
    return NodeAffinitySchedulingStrategy(node, soft=True, _spill_on_unavailable=True)
