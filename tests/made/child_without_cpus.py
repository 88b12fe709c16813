"""A pool on a cluster whose only node has no CPUs, until one comes that has: python child_without_cpus.py.

Prints how many workers ran before, and how many afterwards on the node that came.
"""

from __future__ import annotations

import sys
import warnings

import ray

from pipelines.on_ray.pool import OnRay
from tests.made.on_cluster import Nodes, this_node


class Place:
    """A stage that gives the node where it runs."""

    def __call__(self, batch: int) -> str:
        return this_node()


def main() -> None:
    """Runs the pool."""
    warnings.simplefilter("ignore")  # Ray's own
    nodes = Nodes(cpus=0)
    pool = OnRay(Place, workers=2)
    early, _ = ray.wait([worker.ready.remote() for worker in pool.workers], num_returns=2, timeout=3)
    added = nodes.add(2)
    late = list(pool(range(4)))
    sys.stdout.write(f"{len(early)} before, {late.count(added.node_id)} of {len(late)} batches on the node that came\n")
    nodes.close()


if __name__ == "__main__":
    main()
