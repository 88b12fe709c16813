"""How work spreads over machines that are only simulated: `python tests/benchmarks/scale.py WHAT [--workers 1 4 16]`.

Ray runs on this machine with as many logical CPUs as workers; decoding, painting and encoding are waits, and messages
have the sizes of real ones. All else is the product: streams of tasks, the pool of painters, the archive's driver.

- segments: a film of --segments of 4 s, or 20 for each worker. Efficiency is the sum of parts over the workers' time.
- lost: the same with 16 workers, of which two are on a machine that is lost on the way.
- mixed: an archive with films of 1 to 100 segments on 16 workers; the time to the first finished film.
- films: an archive of many short films (--films) whose colouring takes no time: CPU and memory of the driver alone.

The simulator runs on the cores that it simulates: where it takes more than 80 % of them, or others keep them so busy
that a sleeper of 100 ms wakes more than 5 ms late, figures are marked invalid.
Prints JSON lines.
"""

import argparse
import itertools
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
import ray
from archive import resident
from on_ray import cpu

from pipelines.archive.records import Failed
from pipelines.film import Listener, Result
from pipelines.job.job import Job
from pipelines.on_ray.pool import OnRay
from pipelines.on_ray.tasks import as_tasks
from restore import restore_archive
from restore.devices import Devices
from tests.made.archives import small
from tests.made.on_cluster import Nodes, stores

MOST_CPU = 0.8
"""Share of all cores beyond which the simulator measures itself."""
NAP, MOST_LATE = 0.1, 0.005
"""Seconds of a sleep beside the run, and by how much it may be longer in the mean."""
DECODE, PAINT, ENCODE = 1.6, 0.3, 2.1
"""Seconds of a segment: 4 in all."""
BATCHES = 3
"""Of anchors in a segment of ten seconds, eight frames each."""
LIGHTNESS, AB = (8, 192, 256), (8, 48, 64, 2)
"""Shapes of a batch on its way to a painter, uint8, and back, float32."""
SEGMENTS_EACH = 20
MIXED = (100, 30, 30, 10, 10, 10, 10, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
"""Segments of the films of an archive."""


class SimulatedPaint:
    """A painter that waits."""

    def __call__(self, anchors: Any) -> Any:
        time.sleep(PAINT / BATCHES)
        return np.zeros(AB, np.float32)


@dataclass(frozen=True)
class SimulatedSegment:
    """A segment that waits for its decoder, painters and encoder."""

    paint: Callable[[Iterable[Any]], Iterator[Any]]
    scale: float = 1.0
    """Of its times."""

    def __call__(self, number: int) -> int:
        for _ in self.paint(self._decoded()):
            time.sleep(self.scale * ENCODE / BATCHES)
        return number

    def _decoded(self) -> Iterator[Any]:
        for _ in range(BATCHES):
            time.sleep(self.scale * DECODE / BATCHES)
            yield np.zeros(LIGHTNESS, np.uint8)


class Waiting:
    """A task that makes a worker start."""

    def __call__(self, seconds: float) -> float:
        time.sleep(seconds)
        return seconds


@dataclass
class Clock:
    """Times of a run, and what the simulator took."""

    began: float
    cpu: float
    driver: float
    store: int = 0
    late: list[float] = field(default_factory=list)

    def about(self) -> dict[str, Any]:
        """Seconds since it began, and shares of the machine's cores."""
        seconds = time.monotonic() - self.began
        share = (cpu() - self.cpu) / seconds / (os.cpu_count() or 1)
        driver = time.process_time() - self.driver
        late = float(np.mean(self.late or [0.0]))
        return {
            "seconds": round(seconds, 2),
            "simulator, share of the cores": round(share, 3),
            "a sleeper wakes late, ms": round(late * 1e3, 1),
            "is valid": share <= MOST_CPU and late <= MOST_LATE,
            "driver, CPU s": round(driver, 3),
            "object store, most MB": round(self.store / 1e6, 1),
            "load": round(os.getloadavg()[0], 1),
        }


@contextmanager
def timed() -> Iterator[Clock]:
    """A clock that watches the object stores meanwhile."""
    clock, has_ended = Clock(time.monotonic(), cpu(), time.process_time()), threading.Event()

    def watch() -> None:
        while not has_ended.wait(1):
            began = time.monotonic()
            time.sleep(NAP)
            clock.late.append(time.monotonic() - began - NAP)
            clock.store = max(clock.store, sum(each.object_store_bytes_used for each in stores()))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield clock
    finally:
        has_ended.set()
        thread.join()


@contextmanager
def workers_of(count: int) -> Iterator[OnRay[Any, Any]]:
    """Ray with so many logical CPUs whose processes have started, and a painter for each sixteen."""
    nodes = Nodes(count)
    try:
        yield started(count)
    finally:
        nodes.close()


def started(count: int) -> OnRay[Any, Any]:
    """Painters, once so many processes for tasks have started, too."""
    pool: OnRay[Any, Any] = OnRay(SimulatedPaint, workers=1 + count // 16)
    ray.get([worker.ready.remote() for worker in pool.workers])
    list(as_tasks(Waiting())([2.0] * count))
    list(as_tasks(SimulatedSegment(pool.at_most(2), 0.1))(range(count)))
    return pool


def efficiency(count: int, workers: int, seconds: float) -> float:
    """Of the workers' time, the share that segments need."""
    return round(count * (DECODE + PAINT + ENCODE) / (workers * seconds), 3)


def segments(workers: int, count: int) -> dict[str, Any]:
    """A film of so many segments."""
    with workers_of(workers) as pool, timed() as clock:
        list(as_tasks(SimulatedSegment(pool.at_most(2)))(range(count)))
        about = clock.about()
    return {"workers": workers, "segments": count, "efficiency": efficiency(count, workers, about["seconds"])} | about


def lost(workers: int, count: int) -> dict[str, Any]:
    """The same, where a machine with a tenth of the workers is lost in the middle."""
    gone = max(1, round(workers / 10))
    nodes = Nodes(workers - gone)
    try:
        machine = nodes.add(gone)
        pool = started(workers)
        after = count * (DECODE + PAINT + ENCODE) / workers / 2
        with timed() as clock:
            threading.Timer(after, nodes.kill, [machine]).start()
            list(as_tasks(SimulatedSegment(pool.at_most(2)))(range(count)))
            about = clock.about()
    finally:
        nodes.close()
    whole = count * (DECODE + PAINT + ENCODE) / workers
    fair = whole / 2 + whole / 2 * workers / (workers - gone)
    return {
        "workers": workers, "lost": gone, "segments": count, "over linear with all": round(about["seconds"] / whole, 3),
        "over linear with those that were there": round(about["seconds"] / fair, 3),
    } | about  # fmt: skip


def draw_films(folder: Path, counts: Iterable[int]) -> int:
    """Films of these numbers of segments, all the same small file; how many."""
    folder.mkdir()
    drawn = small(folder.parent / "drawn.mp4")
    found = 0
    for found, count in enumerate(counts, 1):
        os.link(drawn, folder / f"reel-{found:05d}-{count}.mp4")
    return found


def run_archive(
    folder: Path, capacity: int, colour: Callable[[int, Listener], None], on_film: Callable[[], None]
) -> None:
    """Runs an archive whose films are coloured by `colour`, and tells of each when it has been."""

    def restore(job: Job, listener: Listener) -> Result:
        colour(int(job.film.path.stem.rpartition("-")[2]), listener)
        shutil.copyfile(folder / "coloured.mp4", job.out)
        on_film()
        length = Fraction(1, 2)
        return Result(source="", frames=12, held=(), cuts=(), end=length, announced_end=length)

    @contextmanager
    def at_work(*_: Any, **__: Any) -> Iterator[Any]:
        yield restore, capacity

    with patch.object(Devices, "at_work", at_work):
        records = restore_archive([str(folder / "reels")], str(folder / "out"))
    failed = [record.reason for record in records if isinstance(record, Failed)]
    assert not failed, failed[0]


def mixed(workers: int) -> dict[str, Any]:
    """An archive of films of many sizes."""
    with tempfile.TemporaryDirectory() as name, workers_of(workers) as pool:
        folder = Path(name)
        draw_films(folder / "reels", MIXED)
        shutil.copy(folder / "drawn.mp4", folder / "coloured.mp4")

        def colour(count: int, listener: Listener) -> None:
            list(as_tasks(SimulatedSegment(pool.at_most(2)), listener.on_wait)(range(count)))

        ended: list[float] = []
        with timed() as clock:
            run_archive(folder, workers, colour, lambda: ended.append(time.monotonic() - clock.began))
            about = clock.about()
    found = efficiency(sum(MIXED), workers, about["seconds"])
    first = {"first film after, s": round(ended[0], 1), "films": len(ended), "segments": sum(MIXED)}
    return {"workers": workers, "efficiency": found} | first | about


def films(count: int) -> dict[str, Any]:
    """An archive of short films that are coloured at once: what is left is the driver's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_films(folder / "reels", [1] * count)
        shutil.copy(folder / "drawn.mp4", folder / "coloured.mp4")
        marks, numbers, before = list[tuple[float, float]](), itertools.count(1), time.process_time()

        def mark() -> None:
            if next(numbers) % max(1, count // 10) == 0:
                marks.append((time.process_time(), resident(os.getpid())))

        run_archive(folder, 4, lambda *_: None, mark)
        whole = time.process_time() - before
    times, memory = zip(*marks, strict=True)
    tenths = [round((after - at) / (count / 10) * 1e3, 1) for at, after in pairwise((before, *times))]
    about = {"by tenths of the films": tenths, "MiB": [round(each, 1) for each in memory]}
    return {"films": count, "driver, ms a film": round(whole / count * 1e3, 1)} | about


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["segments", "lost", "mixed", "films"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--films", type=int, nargs="+", default=[1000])
    parser.add_argument("--segments", type=int, help=f"of the film; else {SEGMENTS_EACH} for each worker")
    asked = parser.parse_args()
    runs: dict[str, Callable[[int], dict[str, Any]]] = {
        "segments": lambda workers: segments(workers, asked.segments or SEGMENTS_EACH * workers),
        "lost": lambda workers: lost(workers, asked.segments or SEGMENTS_EACH * workers),
        "mixed": mixed, "films": films,
    }  # fmt: skip
    for size in asked.films if asked.what == "films" else asked.workers:
        print(json.dumps({"what": asked.what} | runs[asked.what](size)), flush=True)


if __name__ == "__main__":
    main()
