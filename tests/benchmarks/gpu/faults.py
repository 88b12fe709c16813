"""A GPU that is short of memory, and one that fails."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.errors import StageError
from pipelines.painting import paint as painting
from pipelines.painting.choice import Chosen
from pipelines.painting.colorize import Colorize
from pipelines.painting.device import first_line
from pipelines.painting.paint import Paint
from tests.benchmarks.gpu.bench import Bench
from tests.made import clips

ROOMS = (1.2, 0.8, 0.6, 0.4, 0.2, 0.05)
"""Shares of what a batch takes beyond its network, down to which the limit is lowered."""
BATCH = 16
MOST_APART = 2.0
"""Units of ab by which a batch in parts may differ at most."""


def memory(bench: Bench) -> None:
    """Tells what a lack of memory raises, and what is done with it."""
    for subject in ("compact",) if bench.is_short else ("compact", "siggraph17", "ddcolor"):
        if bench.has_time("memory", subject, 30):
            _lower_the_limit(bench, subject)


def _lower_the_limit(bench: Bench, subject: str) -> None:
    chosen = bench.chosen(subject, batch=BATCH)
    whole, idle, peak = _use(bench, chosen)
    for room in ROOMS:
        paint, raised = Paint(), list[str]()
        with _limited(bench, idle + int(room * (peak - idle)), room, chosen.batch), _heard(raised):
            try:
                painted, first = paint(bench.order(chosen)), len(raised)
                paint(bench.order(chosen))
            except StageError as error:
                bench.tell("memory", subject=subject, room=room, refused=error.what, raised=raised)
                continue
            except RuntimeError as error:
                bench.promise("memory", f"{subject}: known as lack of memory", False, room=room, error=str(error)[:300])
                continue
        apart = float(np.abs(painted.ab - whole).max())
        facts = {"room": room, "parts": painted.parts, "raised": raised, "apart": apart}
        holds = len(raised) == first and apart <= MOST_APART
        bench.promise("memory", f"{subject}: split once, then kept so", holds, **facts)


def _use(bench: Bench, chosen: Chosen) -> tuple[NDArray[np.float32], int, int]:
    """ab of a batch with all the memory there is; bytes that the network takes idle, and at most."""
    paint = Paint()
    if not bench.is_cuda:
        return paint(bench.order(chosen)).ab, 0, 0
    paint(bench.order(chosen))
    torch.cuda.empty_cache()
    idle = torch.cuda.memory_reserved()
    torch.cuda.reset_peak_memory_stats()
    ab = paint(bench.order(chosen)).ab
    peak = torch.cuda.max_memory_reserved()
    bench.tell("memory", subject=chosen.kind, idle_mib=idle >> 20, peak_mib=peak >> 20, batch=chosen.batch)
    return ab, idle, peak


@contextmanager
def _limited(bench: Bench, limit: int, room: float, batch: int) -> Iterator[None]:
    """Memory of `limit` bytes; in a rehearsal, batches of more than `room` of a whole one raise what CUDA would."""
    if bench.is_cuda:
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(min(1.0, limit / torch.cuda.mem_get_info()[1]))
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
            torch.cuda.empty_cache()
        return

    class Short(Colorize):
        def __call__(self, *given: Any) -> Any:
            if self.painter.batch > room * batch:
                raise torch.OutOfMemoryError("CUDA out of memory (injected)")
            return super().__call__(*given)

    with patch.object(painting, "Colorize", Short):
        yield


@contextmanager
def _heard(raised: list[str]) -> Iterator[None]:
    """Adds each error that painting looks at, with whether it counts as lack of memory."""
    known = painting.is_out_of_memory

    def listen(error: RuntimeError) -> bool:
        is_known = known(error)
        raised.append(f"{type(error).__name__}, {'known' if is_known else 'NOT KNOWN'}: {first_line(error)[:150]}")
        return is_known

    with patch.object(painting, "is_out_of_memory", listen):
        yield


CHILD = """
import sys
import torch
from pipelines.painting import colorize

def fail(kind, network, seen):
    if seen.lightness.device.type == "cpu":
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")
    torch.zeros(4, device="cuda")[torch.tensor([9], device="cuda")].cpu()

colorize.paint = fail
from restore.cli import main
main(sys.argv[1:])
"""


def fault(bench: Bench) -> None:
    """Tells the line that a user gets where the GPU fails, and what the run after it does."""
    film, out = clips.plain(bench.folder / "failing.mp4", 48), bench.folder / "failed.mp4"
    words = [str(film), "-o", str(out), "--device", bench.device]
    broken = _said([sys.executable, "-c", CHILD, *words])
    lines = [line for line in broken.stderr.splitlines() if "the GPU failed" in line]
    is_one_line = len(lines) == 1 and "start again" in lines[0] and "Traceback" not in broken.stderr
    holds = broken.returncode == 1 and is_one_line
    bench.promise("fault", "a failed GPU is told in one line", holds, rc=broken.returncode, said=broken.stderr[-600:])
    again = _said([sys.executable, "-c", "import sys; from restore.cli import main; main(sys.argv[1:])", *words])
    bench.promise("fault", "the next run goes on", again.returncode == 0 and out.exists(), said=again.stderr[-300:])


def _said(command: list[str]) -> "subprocess.CompletedProcess[str]":
    here = Path(__file__).parents[3]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=here)
