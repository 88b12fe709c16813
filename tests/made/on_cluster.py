"""A cluster of several nodes, simulated on this machine."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

STORE = 100 << 20
"""Bytes of a node's object store."""
PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
"""Chosen beforehand: a node gives up after 15 s on agents that choose their own, and a busy machine takes longer."""
NOBODYS = range(20_000, 30_000)
"""Ports that no system gives to who asks for any, nor Ray to its workers: one of them stays free until it is used."""


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


def node(cpus: int) -> dict[str, Any]:
    """How a node is started."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return {"num_cpus": cpus, "object_store_memory": STORE} | ports


def wait_until(is_so: Callable[[], object], seconds: float = 60.0, or_else: Callable[[], object] = str) -> None:
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
    """What the store of each node that is up says of itself."""
    import grpc
    import ray
    from ray._private.internal_api import node_stats

    told = []
    for node in ray.nodes():
        with suppress(grpc.RpcError):  # it is down, and nobody has noticed yet
            told.append(node_stats(node["NodeManagerAddress"], node["NodeManagerPort"], False).store_stats)
    return told


class Nodes:
    """A head of two CPUs, to which nodes come and go; this process has joined it."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        from pipelines.on_ray.cluster import cluster

        self.path = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])  # workers import what tests hand them
        head = node(2) | {"include_dashboard": False, "_system_config": {"metrics_report_interval_ms": 500}}
        self.cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self.joined = ExitStack()
        self.joined.enter_context(cluster(self.address))  # as a run does, so that it prints what a run prints

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self, cpus: int = 1) -> Any:
        """One more node."""
        added = self.cluster.add_node(**node(cpus))
        self.cluster.wait_for_nodes()
        return added

    @contextmanager
    def more(self, count: int) -> Iterator[None]:
        """So many more nodes of one CPU while the block runs."""
        added = [self.add() for _ in range(count)]
        try:
            yield
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
