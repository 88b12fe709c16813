"""Colours of a GPU: those of the CPU, and the same at each run."""

import hashlib
import subprocess
import sys

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.frames import AnchorBatch
from pipelines.painting.choice import Chosen
from pipelines.painting.paint import Paint
from restore.feeding import trial_anchors
from tests.benchmarks.gpu.bench import Bench, colours, in_float32, part_of

BF16_SHARE, FLOAT32_SHARE = 0.02, 0.002
"""Of the largest colour, by which the mean of two devices may differ in bf16, and the largest difference in float32: a
network that bf16 moves by more is marked `Kind.in_bf16=False`."""
MIN_LARGEST = 10.0
"""Units of ab: a network that gives less is measured as if it gave so much."""
SECONDS_OF_ONE = 45
"""In which a network's colours come from the CPU and the GPU."""
SAME = ("compact", "compact, 8 instances", "siggraph17", "ddcolor")
LEFT_FREE = 600 << 20
"""Bytes of the GPU's memory that are left while a batch is done again."""


def equal(bench: Bench) -> None:
    """Tells how far colours are from the CPU's."""
    for subject in bench.subjects:
        if bench.has_time("equal", subject, SECONDS_OF_ONE):
            _compare(bench, subject, "bf16")
            if "instances" not in subject:  # the detector hands bf16 on
                _compare(bench, subject, "float32")


def _compare(bench: Bench, subject: str, precision: str) -> None:
    ab = {}
    for device in ("cpu", bench.device):
        chosen = bench.chosen(subject, device, batch=2)
        order, paint = bench.order(chosen), Paint()
        if precision == "float32":
            with in_float32(chosen), _no_tf32():
                ab[device] = colours(paint, order)
        else:
            ab[device] = colours(paint, order)
    here, there = ab["cpu"], ab[bench.device]
    apart, largest = np.abs(here - there), max(MIN_LARGEST, float(np.abs(here).max()))
    got = {"mean": float(apart.mean()), "p999": float(np.quantile(apart, 0.999)), "max": float(apart.max())}
    holds = got["mean"] <= BF16_SHARE * largest if precision == "bf16" else got["max"] <= FLOAT32_SHARE * largest
    holds = holds and bool(np.isfinite(there).all())
    bench.promise("equal", f"{subject}, {precision}: the CPU's colours", holds, apart=got, largest=largest)


def _no_tf32() -> object:
    return torch.backends.cudnn.flags(enabled=True, allow_tf32=False)


def digest(ab: NDArray[np.float32]) -> str:
    """First 16 digits of the sha256 of colours."""
    return hashlib.sha256(np.ascontiguousarray(ab).tobytes()).hexdigest()[:16]


def same(bench: Bench) -> None:
    """Tells whether bytes repeat."""
    for subject in SAME[1:2] if bench.is_short else SAME:
        if bench.has_time("same", subject, SECONDS_OF_ONE):
            chosen = bench.chosen(subject)
            _repeat(bench, subject, chosen)
            _in_another_process(bench, subject, chosen)
            _with_little_memory(bench, subject, chosen)


def _repeat(bench: Bench, subject: str, chosen: Chosen) -> None:
    paint, drawn = Paint(), trial_anchors(chosen, 2 * chosen.batch)

    def of(*numbers: int) -> NDArray[np.float32]:
        return colours(paint, bench.order(chosen, _part(drawn, *numbers)))

    whole = of(*range(chosen.batch))
    rounds = 2 if bench.is_short else 10
    again = all(digest(of(*range(chosen.batch))) == digest(whole) for _ in range(rounds))
    bench.promise("same", f"{subject}: a batch done {rounds} times more", again)
    turned = of(*reversed(range(chosen.batch)))[::-1]
    alone = np.concatenate([of(number) for number in range(chosen.batch)])
    among_others = of(0, *range(chosen.batch + 1, 2 * chosen.batch))[0]
    for what, ab, wanted in (
        ("an anchor alone", alone, whole),
        ("an anchor in another place", turned, whole),
        ("an anchor among others", among_others, whole[0]),
    ):
        bench.promise("same", f"{subject}: {what}", np.array_equal(ab, wanted), apart=float(np.abs(ab - wanted).max()))


def _part(anchors: AnchorBatch, *numbers: int) -> AnchorBatch:
    return part_of(anchors, list(numbers))


CHILD = """
import sys
from pathlib import Path
from pipelines.painting.paint import Paint
from tests.benchmarks.gpu.bench import Bench, colours
from tests.benchmarks.gpu.colours import digest
bench = Bench(sys.argv[1], 600, Path(sys.argv[2]), Path(sys.argv[2]))
print("DIGEST", digest(colours(Paint(), bench.order(bench.chosen(sys.argv[3])))))
"""


def _in_another_process(bench: Bench, subject: str, chosen: Chosen) -> None:
    here = digest(colours(Paint(), bench.order(chosen)))
    command = [sys.executable, "-c", CHILD, bench.device, str(bench.folder), subject]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    holds = f"DIGEST {here}" in said.stdout
    bench.promise("same", f"{subject}: another process", holds, said=said.stdout[-60:] + said.stderr[-200:])


def _with_little_memory(bench: Bench, subject: str, chosen: Chosen) -> None:
    if not bench.is_cuda:
        return bench.tell("same", skipped=f"{subject}: with little memory left, which CUDA alone tells")
    paint, order = Paint(), bench.order(chosen)
    before = digest(colours(paint, order))
    torch.cuda.empty_cache()
    hog = torch.empty(max(0, torch.cuda.mem_get_info()[0] - LEFT_FREE), dtype=torch.uint8, device="cuda")
    try:
        painted = paint(order)
        what = f"{subject}: with {LEFT_FREE >> 20} MiB left"
        bench.promise("same", what, painted.parts > 1 or digest(painted.ab) == before, parts=painted.parts)
    finally:
        del hog
        torch.cuda.empty_cache()
    return None
