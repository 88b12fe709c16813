"""A cluster of several nodes, simulated on this machine."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

STORE = 100 << 20
"""Bytes of a node's object store."""
PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
"""Chosen beforehand: a node gives up after 15 s on agents that choose their own, and a busy machine takes longer."""


def node(cpus: int) -> dict[str, Any]:
    """How a node is started."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("", 0))) for _ in PORTS]
        ports = {name: held.getsockname()[1] for name, held in zip(PORTS, sockets, strict=True)}
    return {"num_cpus": cpus, "object_store_memory": STORE} | ports


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Fails unless something comes true in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


class Nodes:
    """A head of two CPUs, to which nodes come and go; this process has joined it."""

    def __init__(self) -> None:
        import ray
        from ray.cluster_utils import Cluster

        self.path = os.environ.get("PYTHONPATH")
        tests = Path(__file__).parent
        os.environ["PYTHONPATH"] = f"{tests}{os.pathsep}{tests.parent}"  # workers import what tests hand them
        head = node(2) | {"include_dashboard": False}
        self.cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        ray.init(address=self.address, log_to_driver=False, logging_level=logging.ERROR)

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
        import ray

        ray.shutdown()
        self.cluster.shutdown()
        os.environ.pop("PYTHONPATH")
        if self.path is not None:
            os.environ["PYTHONPATH"] = self.path
