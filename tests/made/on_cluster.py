"""A cluster of several nodes, simulated on this machine."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from inspect import signature
from pathlib import Path
from typing import Any
from unittest.mock import patch

STORE = 100 << 20
"""Bytes of a node's object store."""
PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
"""Of a node's agents, chosen beforehand: a node ends that does not hear within 15 s which they have chosen."""
NOBODYS = range(20_000, 30_000)
"""Ports that no system gives to who asks for any, nor Ray to its workers: one of them stays free until it is used."""

SYSTEM = {"metrics_report_interval_ms": 500, "health_check_period_ms": 500, "health_check_timeout_ms": 60_000}
"""A node that was killed is known to be gone after 5 of these checks; one that only answers late stays."""
PATIENCE = 600.0
"""Seconds after which a test gives up what it waits for: a machine that others use may take minutes."""


def free_ports(count: int) -> list[int]:
    """So many of these that nobody uses."""
    with ExitStack() as stack:
        ports: list[int] = []
        for port in random.SystemRandom().sample(NOBODYS, len(NOBODYS)):
            with suppress(OSError):
                stack.enter_context(socket.create_server(("", port)))
                ports.append(port)
            if len(ports) == count:
                return ports
    raise AssertionError(f"fewer than {count} ports are free")


def node(cpus: int, gpus: int = 0) -> dict[str, Any]:
    """How a node is started; its GPUs are only counted."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return {"num_cpus": cpus, "num_gpus": gpus, "object_store_memory": STORE} | ports


@contextmanager
def no_deadline_to_start() -> Iterator[None]:
    """Nodes take as long to start as the machine needs.

    Ray gives a node's agent 15 s to write down its port, or the node ends, and the node 30 s to be known.
    """
    from ray._private import services
    from ray._raylet import DASHBOARD_AGENT_LISTEN_PORT_NAME, persist_port

    start, find, found = services.start_raylet, services.get_node, list[Any]()

    def write_and_start(*args: Any, **options: Any) -> Any:
        given = signature(start).bind(*args, **options).arguments
        port = given["dashboard_agent_listen_port"]
        persist_port(given["session_dir"], given["node_id"], DASHBOARD_AGENT_LISTEN_PORT_NAME, port)
        return start(*args, **options)

    def is_there(*node: Any) -> bool:
        with suppress(RuntimeError):
            found[:] = [find(*node)]
        return bool(found)

    def wait_and_find(*node: Any) -> Any:
        found.clear()
        wait_until(lambda: is_there(*node))
        return found[0]

    with patch.object(services, "start_raylet", write_and_start), patch.object(services, "get_node", wait_and_find):
        yield


def wait_until(is_so: Callable[[], object], seconds: float = PATIENCE, or_else: Callable[[], object] = str) -> None:
    """Fails unless something comes true in time; `or_else` then tells what there is instead."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, or_else()
        time.sleep(0.05)


def objects() -> int:
    """How many the stores of the cluster's nodes must keep; others may lie there until their room is needed."""
    return sum(stats.num_object_store_primary_copies for stats in stores())


def held() -> str:
    """Which process of the cluster holds which object."""
    from ray._private.internal_api import memory_summary

    return str(memory_summary(stats_only=False))


def stores() -> list[Any]:
    """The figures of each running node's object store."""
    import grpc
    import ray
    from ray._private.internal_api import node_stats

    found = []
    for node in ray.nodes():
        with suppress(grpc.RpcError):  # it is down, and nobody has noticed yet
            found.append(node_stats(node["NodeManagerAddress"], node["NodeManagerPort"], False).store_stats)
    return found


def this_node() -> str:
    """The node on which this process runs."""
    import ray

    return str(ray.get_runtime_context().get_node_id())


def alive() -> set[str]:
    """The nodes that the cluster takes to be up."""
    import ray

    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


def runs_tasks(node: str) -> bool:
    """Whether a task of this process that may run on this node alone has done so."""
    import ray
    from ray.exceptions import TaskUnschedulableError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node, soft=False)
    try:
        return bool(ray.get(ray.remote(this_node).options(num_cpus=0, scheduling_strategy=there).remote()) == node)
    except TaskUnschedulableError:
        return False


class Nodes:
    """A head, by default of two CPUs, to which nodes come and go; this process has joined it."""

    def __init__(self, cpus: int = 2) -> None:
        from ray.cluster_utils import Cluster

        from pipelines.on_ray.cluster import cluster

        self.path = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])  # workers import what tests hand them
        head = node(cpus) | {"include_dashboard": False, "_system_config": SYSTEM}
        with no_deadline_to_start():
            self.cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self.joined = ExitStack()
        self.joined.enter_context(cluster(self.address))  # as a run does, so that it prints what a run prints

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self, cpus: int = 1, gpus: int = 0) -> Any:
        """One more node, once it runs tasks of this process, and nodes that were killed are known to be gone."""
        with no_deadline_to_start():
            added = self.cluster.add_node(**node(cpus, gpus))
        wait_until(lambda: alive() == {each.node_id for each in self.cluster.list_all_nodes()})
        wait_until(lambda: runs_tasks(added.node_id))
        return added

    @contextmanager
    def more(self, count: int, cpus: int = 1, gpus: int = 0) -> Iterator[list[Any]]:
        """So many more nodes while the block runs."""
        added = [self.add(cpus, gpus) for _ in range(count)]
        try:
            yield added
        finally:
            for each in added:
                self.kill(each)

    def kill(self, added: Any) -> None:
        """Ends a node as a power cut does."""
        self.cluster.remove_node(added, allow_graceful=False)

    def close(self) -> None:
        self.joined.close()
        self.cluster.shutdown()
        os.environ.pop("PYTHONPATH")
        if self.path is not None:
            os.environ["PYTHONPATH"] = self.path
