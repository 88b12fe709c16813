"""The machine; whole films on it, how busy they keep its GPU; and its encoders."""

import hashlib
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from pipelines.film import restore
from pipelines.frames import ColouredFrame
from pipelines.job.job import Job, prepare
from pipelines.media.decode import Decode
from pipelines.media.encode import Encode
from pipelines.media.nvenc import missing_nvenc
from pipelines.media.target import choose_target
from pipelines.settings import Codec, EncodeSettings, PaintSettings, Settings
from tests.benchmarks.gpu.bench import Bench
from tests.benchmarks.run import SIZE, Counted, cost, draw_film

FRAMES, SEGMENT = 960, Fraction(4)
IN_SHORT, SHORT_SEGMENT, SMALL = 24, Fraction(1, 2), (320, 180)
QUERY = ("utilization.gpu", "utilization.memory", "memory.used", "power.draw")
CODECS: tuple[Codec, ...] = ("h264", "h265")
ENCODED = 240
"""Frames of which encoders are timed."""


def machine(bench: Bench) -> None:
    """Tells what this machine is, and what `restore doctor` says of it."""
    facts = {"torch": torch.__version__, "cuda": torch.version.cuda, "cores": os.cpu_count()}
    if bench.is_cuda:
        card = torch.cuda.get_device_properties(0)
        facts |= {"card": card.name, "capability": f"{card.major}.{card.minor}", "gib": card.total_memory >> 30}
        facts |= {"cudnn": torch.backends.cudnn.version(), "driver": _smi("--query-gpu=driver_version,compute_mode")}
    bench.tell("machine", python=platform.python_version(), **facts)
    code = "import sys; from restore.cli import main; main(['doctor'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = [line for line in said.stdout.splitlines() if "cuda" in line or "encoder" in line or "BAD" in line]
    bench.promise("machine", "doctor finds nothing wrong", said.returncode == 0, said=lines)


def _smi(*asked: str) -> str:
    command = ["nvidia-smi", *asked, "--format=csv,noheader"]
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return "no nvidia-smi"


@contextmanager
def watched(bench: Bench) -> Iterator[dict[str, float]]:
    """How busy the GPU is while the block runs, as nvidia-smi says ten times a second."""
    facts: dict[str, float] = {}
    if not bench.is_cuda:
        yield facts
        return
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits", "-lms", "100"]
    rows: list[list[float]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:

        def read() -> None:
            for line in process.stdout or ():
                with suppress(ValueError):
                    rows.append([float(cell) for cell in line.split(",")])

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        try:
            yield facts
        finally:
            process.terminate()
            thread.join(5)
    if rows:
        table = np.array(rows)
        facts |= {"gpu_busy_%": round(table[:, 0].mean(), 1), "gpu_busy_most_%": table[:, 0].max()}
        facts |= {"mib": table[:, 2].max(), "watt": round(table[:, 3].mean())}


def film(bench: Bench) -> None:
    """Tells frames a second of a film, here and on Ray."""
    small = bench.is_short or not bench.is_cuda
    frames, size, segment = (IN_SHORT, SMALL, SHORT_SEGMENT) if small else (FRAMES, SIZE, SEGMENT)
    path = draw_film(bench.folder / "film.mp4", frames, size)
    settings = Settings(paint=PaintSettings(device=bench.device), segment=segment)  # type: ignore[arg-type]
    digests = [_film_here(bench, prepare(path, bench.folder / f"here{n}.mp4", settings)) for n in range(2)]
    bench.promise("film", "the same film twice has the same bytes", digests[0] == digests[1])
    on_cpu = replace(settings, paint=PaintSettings(device="cpu"))
    if not bench.is_cuda:
        bench.tell("film", skipped="--gpus 1, which CUDA alone has")
    elif bench.has_time("film", "on the CPU, and --gpus 1", 100):
        _film_here(bench, prepare(path, bench.folder / "cpu.mp4", on_cpu))
        there = _film_on_ray(bench, path, settings, "--gpus 1", gpus=1)
        bench.promise("film", "on Ray, --gpus 1: the same bytes", there == digests[0])
    workers = 1 if small else max(1, (os.cpu_count() or 1) // 4)
    if bench.has_time("film", "on Ray, --workers", 60):
        there = _film_on_ray(bench, path, on_cpu, f"--workers {workers}", workers=workers)
        if not bench.is_cuda:
            bench.promise("film", f"on Ray, --workers {workers}: the same bytes", there == digests[0])


def _film_here(bench: Bench, job: Job) -> str:
    counted, frames = Counted(), 0

    def run() -> None:
        nonlocal frames
        frames = restore(job, None, counted).frames

    with watched(bench) as facts:
        taken = cost(run)
    seconds = (taken.cpu - counted.cpu) / frames
    if job.chosen.device.type == bench.device and job.film.picture.width == SIZE[0]:
        bench.found |= {"frames an anchor": frames / counted.anchors, "seconds a frame": seconds}
    bench.tell(
        "film",
        how=f"in this process, {job.chosen.device.type}",
        frames_a_second=round(frames / taken.wall, 2),
        cpu_ms_a_frame=round(taken.cpu / frames * 1e3, 1),
        all_but_painting_ms=round(seconds * 1e3, 1),
        frames_an_anchor=round(frames / counted.anchors, 2),
        painting_share=round(counted.wall / taken.wall, 3),
        **facts,
    )
    return _digest(job.out)


def _film_on_ray(bench: Bench, path: Path, settings: Settings, name: str, **crew: int) -> str:
    from pipelines.on_ray.cluster import cluster
    from pipelines.on_ray.films import open_pool, restore_on_ray

    out = bench.folder / "ray.mp4"
    with cluster():
        pool = open_pool(**crew)
        short = replace(settings, end=2 * settings.segment)
        restore_on_ray(prepare(path, bench.folder / "warm.mp4", short, True), None, pool)  # its processes have started
        job = prepare(path, out, settings, True)
        with watched(bench) as facts:
            began = time.perf_counter()
            frames = restore_on_ray(job, None, pool).frames
            taken = time.perf_counter() - began
    facts_of_run = {"cores": os.cpu_count(), "segments": len(job.segments)}
    bench.tell("film", how=f"on Ray, {name}", frames_a_second=round(frames / taken, 2), **facts_of_run, **facts)
    return _digest(out)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def encoders(bench: Bench) -> None:
    """Tells the speeds of the CPU's encoders, and of the card's where it has them."""
    small = bench.is_short or not bench.is_cuda
    frames, size = (12, SMALL) if small else (ENCODED, SIZE)
    path = draw_film(bench.folder / "encoded.mp4", frames, size)
    job = prepare(path, bench.folder / "encoders.mp4", Settings(paint=PaintSettings(device="cpu")))
    decode = Decode(Fraction(0))
    ready = [_coloured(frame) for segment in job.segments for frame in decode(segment)]
    for codec in CODECS:
        for encoder in ("cpu", "nvenc"):
            missing = missing_nvenc(codec) if encoder == "nvenc" else None
            if missing:
                bench.tell("encoders", codec=codec, encoder=encoder, skipped=missing)
                continue
            settings = EncodeSettings(codec, encoder=encoder)  # type: ignore[arg-type]
            encode, part = Encode(choose_target(job.film, settings, False), settings), bench.folder / f"{codec}.mp4"
            taken = cost(lambda encode=encode, part=part: encode(iter(ready), part))  # type: ignore[misc]
            facts = {"frames_a_second": round(frames / taken.wall, 1), "cpu_ms": round(taken.cpu / frames * 1e3, 2)}
            bench.tell("encoders", codec=codec, encoder=encoder, bytes=part.stat().st_size, **facts)
            with av.open(part) as written:
                kept = sum(1 for _ in written.decode(video=0))
            bench.promise("encoders", f"{codec} by {encoder}: every frame is there", kept == frames)


def _coloured(frame: Any) -> ColouredFrame:
    """A frame with chroma that is not flat."""
    height, width = (side // 2 for side in frame.luma.shape)
    ramp = np.linspace(64, 192, width, dtype=np.uint8)[None].repeat(height, axis=0)
    return ColouredFrame(frame, ramp, ramp[:, ::-1].copy(), shot=0)
