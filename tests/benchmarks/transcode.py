"""`restore` beside a plain transcode: `python tests/benchmarks/transcode.py [--seconds 60] [--size 1080 480]`.

FFmpeg's program decodes the coloured film and encodes it again, with the encoder, settings and threads of `restore`,
which colours the gray film it was made from; both in turn, in the same minutes. Prints CPU and wall time, the network's
own aside, and their ratios; `--parts` adds what the parts of a run take alone. `--profile` shows instead where the time
goes in each thread of a run.

With OMP_NUM_THREADS=1 the network's own CPU is what its thread takes, and exact.
"""

import argparse
import cProfile
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg

sys.path.insert(0, str(Path(__file__).parents[2]))
from run import Cost, Counted, cost, draw_film, necessary_parts

from pipelines.film import restore
from pipelines.job.job import Job, prepare
from pipelines.media.encode import KEYFRAME_SECONDS, MAX_H264_THREADS, encoder_options
from pipelines.process import keep_freed_memory
from pipelines.settings import Settings

SIZES = {1080: (1920, 1080), 480: (640, 480)}
RATE = 24000 / 1001
SHOWN = 25
"""Functions of a profile."""


def transcode(job: Job, to: Path) -> Cost:
    """What FFmpeg's program takes to decode a job's result and to encode it as the job does."""
    options = [
        word for name, value in encoder_options(job.target, job.settings.encode).items() for word in (f"-{name}", value)
    ]
    keyframes = str(round(KEYFRAME_SECONDS * job.target.rate))
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-i", str(job.out), "-map", "0",
        "-c", "copy", "-c:v", job.target.encoder, *options, "-threads:v", str(MAX_H264_THREADS), "-g", keyframes,
        "-fps_mode", "passthrough", str(to),
    ]  # fmt: skip

    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    wall, before = time.perf_counter(), cpu()
    subprocess.run(command, check=True)
    return Cost(time.perf_counter() - wall, cpu() - before)


def compare(size: int, seconds: int, folder: Path, has_parts: bool) -> None:
    """Prints a film's costs, both ways."""
    frames = round(seconds * RATE)
    film = draw_film(folder / f"{size}.mp4", frames, SIZES[size])
    job, counted = prepare(film, folder / f"{size}.coloured.mp4", Settings()), Counted()
    ours = cost(lambda: restore(job, paint=counted))
    plain = transcode(job, folder / f"{size}.again.mp4")
    own = ours.cpu - counted.cpu
    whole, network, again = (took / frames * 1e3 for took in (ours.cpu, counted.cpu, plain.cpu))
    print(f"{size}p, {frames} frames, at a load of {os.getloadavg()[0]:.1f}; ms of CPU a frame:")
    print(f"  restore {whole:.1f}, of that {network:.1f} the network's own; a transcode {again:.1f}")
    print(f"  CPU less the network's over a transcode: {own / plain.cpu:.2f}; wall time: {ours.wall / plain.wall:.2f}")
    if has_parts:
        for part, took in necessary_parts(job, folder).items():
            print(f"  {part}: {took / frames * 1e3:.1f} ms of CPU a frame")


@contextmanager
def profiled() -> Iterator[None]:
    """Prints the functions that take most of their threads' time while the block runs."""
    profiles: list[cProfile.Profile] = []
    run = threading.Thread.run

    def watched(work: Callable[[], Any]) -> None:
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.runcall(work)

    threading.Thread.run = lambda self: watched(lambda: run(self))  # type: ignore[method-assign]
    own = cProfile.Profile(time.thread_time)
    own.enable()
    try:
        yield
    finally:
        own.disable()
        threading.Thread.run = run  # type: ignore[method-assign]
        for profile in (own, *profiles):
            pstats.Stats(profile).sort_stats("tottime").print_stats(SHOWN)


def main() -> None:
    """Measures and prints."""
    if "OMP_WAIT_POLICY" not in os.environ:  # as `run.py` does
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_WAIT_POLICY": "passive"})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--size", type=int, nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in asked.size:
            if asked.profile:
                film = draw_film(folder / "film.mp4", round(asked.seconds * RATE), SIZES[size])
                job = prepare(film, folder / f"{size}.profiled.mp4", Settings())
                with profiled():
                    restore(job, paint=Counted())
            else:
                compare(size, asked.seconds, folder, asked.parts)


if __name__ == "__main__":
    main()
