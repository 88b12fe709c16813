"""A film on a cluster of this process, to be disturbed: python child_on_ray.py FILM OUT SETTINGS NODES GATE.

The settings are pickled. With one node it is Ray as the command starts it; more are simulated. The film's last segment
waits until there is a file GATE. Prints how many objects are left in the cluster when the film is done.
"""

from __future__ import annotations

import pickle
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import SettingsError
from pipelines.frames import Painted
from pipelines.job.job import prepare
from pipelines.on_ray import films as on_ray_film
from pipelines.on_ray.cluster import cluster
from pipelines.on_ray.tasks import as_tasks
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.source import Segment
from tests.made.on_cluster import Nodes, held, objects, wait_until
from tests.made.resumed import SEGMENTS

BATCH_SECONDS = 0.2
"""Waited at each batch, so that there is time to be disturbed in."""


class SlowPaint(Paint):
    """The stage of the product, later."""

    def __init__(self, device: str) -> None:
        super().__init__()

    def __call__(self, order: PaintOrder) -> Painted:
        time.sleep(BATCH_SECONDS)
        return super().__call__(order)


@dataclass(frozen=True)
class Held:
    """A stage of the product, which waits with the film's last segment until there is a file."""

    stage: Callable[[Any], Any]
    gate: Path

    def __call__(self, batch: Any) -> Any:
        if isinstance(batch, Segment) and batch.number == SEGMENTS - 1:
            wait_until(self.gate.exists)
        return self.stage(batch)


def start_patiently(stack: ExitStack, times: int = 3) -> None:
    """Ray as the command starts it, which fails where a busy machine takes more than 15 s for its agents."""
    try:
        stack.enter_context(cluster())
    except SettingsError:
        if times == 1:
            raise
        start_patiently(stack, times - 1)


@contextmanager
def of_nodes(count: int) -> Iterator[None]:
    """A cluster of so many."""
    if count == 1:
        with ExitStack() as stack:
            start_patiently(stack)
            yield
        return
    nodes = Nodes()
    for _ in range(count - 1):
        nodes.add()
    yield
    nodes.close()


def main() -> None:
    """Restores the film."""
    film, out, settings, gate = map(Path, (*sys.argv[1:4], sys.argv[5]))
    warnings.simplefilter("ignore")  # Ray's own
    on_ray_film.MeteredPaint = SlowPaint  # type: ignore[misc]
    on_ray_film.as_tasks = lambda stage, on_wait: as_tasks(Held(stage, gate), on_wait)
    with of_nodes(int(sys.argv[4])):
        pool = on_ray_film.open_pool(workers=2)
        on_ray_film.restore_on_ray(prepare(film, out, pickle.loads(settings.read_bytes())), None, pool)
        del pool
        wait_until(lambda: not objects(), or_else=held)  # beside the cluster of a killed driver Ray may take 45 s
        sys.stdout.write(f"objects left: {objects()}\n")


if __name__ == "__main__":
    main()
