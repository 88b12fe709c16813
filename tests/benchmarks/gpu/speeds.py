"""Speeds of networks on a GPU, and the cores that feed it."""

import time
from contextlib import nullcontext
from typing import Any

from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from pipelines.painting.choice import Chosen
from pipelines.painting.paint import Paint
from pipelines.settings import MotionSettings
from restore.feeding import Feeding, seconds_a_frame
from restore.feeding import feeding as of_this_machine
from tests.benchmarks.gpu.bench import Bench, in_float32

BATCHES = (1, 4, 16)
PRECISIONS = ("as shipped", "float32")
SHIPPED = 4
"""Anchors in a batch by default."""
TOP = 5
"""Kernels that are named, those that take most time."""


def speed(bench: Bench) -> None:
    """Tells anchors a second by network, precision and batch."""
    rates: dict[str, float] = bench.found.setdefault("anchors a second", {})
    for subject in bench.subjects:
        for precision in PRECISIONS[: 1 if "instances" in subject else 2]:  # detectors hand bf16 on
            if not bench.has_time("speed", f"{subject}, {precision}", 30):
                return
            wanted = [bench.chosen(subject, batch=batch) for batch in ((SHIPPED,) if bench.is_short else BATCHES)]
            by_batch = {chosen.batch: chosen for chosen in wanted}  # heavy networks take one at a time
            found = {batch: _timed(bench, chosen, precision) for batch, chosen in by_batch.items()}
            bench.tell("speed", network=subject, precision=precision, by_batch=found)
            if precision == "as shipped":
                rates[subject] = found[min(SHIPPED, max(found))]["anchors_a_second"]
        if bench.is_cuda:
            bench.tell("speed", network=subject, profiled=_profiled(bench, bench.chosen(subject)))
        else:
            bench.tell("speed", skipped=f"{subject}: kernels and their time, which CUDA alone has")


def _timed(bench: Bench, chosen: Chosen, precision: str) -> dict[str, Any]:
    """Of the whole stage, detect and colorize; the CPU's time is that of all threads, spinning included."""
    paint, order = Paint(), bench.order(chosen)
    with in_float32(chosen) if precision == "float32" else nullcontext():
        paint(order)
        paint(order)
        seconds, rounds = (0.1, 0) if bench.is_short else (1.0, 0)
        began, used = time.perf_counter(), time.process_time()
        while time.perf_counter() - began < seconds:
            paint(order)
            rounds += 1
        bench.wait()
        wall, cpu = (time.perf_counter() - began) / rounds, (time.process_time() - used) / rounds
    facts = {"ms": round(wall * 1e3, 2), "cpu_ms": round(cpu * 1e3, 2)}
    return facts | {"batch": chosen.batch, "anchors_a_second": round(chosen.batch / wall, 1)}


def _profiled(bench: Bench, chosen: Chosen) -> dict[str, Any]:
    """Launches of a batch, and how long the GPU is busy with it."""
    paint, order = Paint(), bench.order(chosen)
    paint(order)
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        paint(order)
        bench.wait()
    events = [event for event in seen.key_averages() if event.device_type == DeviceType.CUDA]
    top = sorted(events, key=lambda event: -event.self_device_time_total)[:TOP]
    return {
        "kernels_and_copies": sum(event.count for event in events),
        "gpu_busy_ms": round(sum(event.self_device_time_total for event in events) / 1e3, 3),
        "top": [(event.key[:60], event.count, round(event.self_device_time_total / 1e3, 3)) for event in top],
    }


def feeding(bench: Bench) -> None:
    """Tells the cores that feed this GPU with each network."""
    rates = bench.found.get("anchors a second", {})
    if not rates:
        return bench.tell("feeding", skipped="no speeds: the part `speed` finds them")
    frame = bench.found.get("seconds a frame", seconds_a_frame())
    apart = bench.found.get("frames an anchor", 24 * float(MotionSettings().anchors))
    source = "the film part" if "seconds a frame" in bench.found else "restore.feeding"
    for subject, rate in rates.items():
        cores = Feeding(rate, frame, apart).cores
        facts = {"anchors_a_second": rate, "frames_an_anchor": round(apart, 2), "cpu_ms_a_frame": round(frame * 1e3, 1)}
        bench.tell("feeding", network=subject, cores=round(cores, 1), by=source, **facts)
    told = of_this_machine(bench.chosen("compact"), MotionSettings(), lambda _: rates.get("compact", 1.0))
    bench.tell("feeding", doctor_would_say=str(told))
    return None
