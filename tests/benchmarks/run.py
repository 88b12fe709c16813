"""Speed and memory of `restore FILM`, as ratios within one run: `python tests/benchmarks/run.py [--short]`.

Prints a table and writes nothing. Times of machines differ; what is compared here was measured in the same minutes,
on the same 1080p clip (the sample film scaled up), with the same network, the same encoder and the same settings.

- The loop most tools use: decode to RGB, RGB to Lab, the network on every frame, Lab to RGB at film size, encode.
  `torch` does Lab in torch on float pictures, as the published code of InstColorization does; `cv2` with OpenCV's
  float conversion, the fastest we know.
- The necessary parts alone: decode; the network at the anchors; flow; encode of ready frames.
- All of a run but its network, in units of the flow, which says how fast cores are: see `restore.feeding`.
- Peak memory of a whole run over a short and a long film of the same size.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch

from models.colour.colorspace import lab_from_srgb, srgb_from_lab
from pipelines.colour.lightness import Lightness, lightness_size
from pipelines.film import restore
from pipelines.frames import AbBatch, AnchorBatch, ColouredFrame, Frame
from pipelines.job.job import Job, prepare
from pipelines.media.decode import Decode
from pipelines.media.encode import Encode, _open_stream
from pipelines.motion.flow import Motion
from pipelines.painting.choice import Chosen, choose
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect
from pipelines.painting.finish import finished
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.painting.painter import open_painter
from pipelines.process import keep_freed_memory
from pipelines.settings import Settings

SAMPLE = Path(__file__).parents[2] / "samples" / "newsreel.mp4"
SIZE = (1920, 1080)


@dataclass(frozen=True)
class Cost:
    """What something took."""

    wall: float
    cpu: float
    """Seconds, of all threads, user and system."""


def cost(work: Callable[[], object]) -> Cost:
    """Runs `work` and says what it took."""

    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    wall, before = time.perf_counter(), cpu()
    work()
    return Cost(time.perf_counter() - wall, cpu() - before)


def draw_film(path: Path, frames: int, size: tuple[int, int] = SIZE) -> Path:
    """The sample film scaled up, cut to its middle, again and again until it has so many frames."""
    with av.open(path, "w") as out:
        stream: Any = out.add_stream("libx264", Fraction(24000, 1001), options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, frame in enumerate(islice(_repeated(size), frames)):
            frame.pts, frame.time_base = number, Fraction(1001, 24000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _repeated(size: tuple[int, int]) -> Iterator[av.VideoFrame]:
    while True:
        with av.open(SAMPLE) as film:
            for frame in film.decode(video=0):
                luma = frame.to_ndarray(format="gray")[60:420]  # 640 x 360, the middle
                wide = cv2.resize(luma, size, interpolation=cv2.INTER_CUBIC)
                neutral = np.full((size[1] // 2, size[0]), 128, np.uint8)
                yield av.VideoFrame.from_ndarray(np.vstack([wide, neutral]), format="yuv420p")


def _lab_torch(rgb: Any) -> tuple[Any, Callable[[Any], Any]]:
    lab = lab_from_srgb(torch.from_numpy(rgb).permute(2, 0, 1).float() / 255)

    def back(ab: Any) -> Any:
        joined = torch.cat([lab[:1], torch.from_numpy(ab).permute(2, 0, 1)])
        return (srgb_from_lab(joined) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()

    return lab[0].numpy(), back


def _lab_cv2(rgb: Any) -> tuple[Any, Callable[[Any], Any]]:
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)

    def back(ab: Any) -> Any:
        joined = np.dstack([lab[..., 0], ab])
        return np.rint(cv2.cvtColor(joined, cv2.COLOR_Lab2RGB) * 255).astype(np.uint8)

    return lab[..., 0].copy(), back


def open_network(chosen: Chosen) -> Callable[[AnchorBatch], AbBatch]:
    """The network with its weights loaded, as `restore` runs it."""
    painter = open_painter(chosen)
    detect, colorize = Detect(painter), Colorize(painter)
    return lambda anchors: finished(anchors, colorize(detect(anchors)), painter.batch)


def common_loop(job: Job, to_lab: Callable[[Any], Any], folder: Path) -> None:
    """What most tools do, frame after frame."""
    network = open_network(choose(replace(job.settings.paint, batch=1)))
    height, width = lightness_size(job.film.picture, job.chosen.motion_rows)
    with torch.inference_mode(), av.open(job.film.path) as film, av.open(folder / "loop.mp4", "w") as out:
        film.streams.video[0].thread_type = "AUTO"
        stream = _open_stream(out, job.target, job.settings.encode)
        for frame in film.decode(video=0):
            lightness, back = to_lab(frame.to_ndarray(format="rgb24"))
            small = cv2.resize(lightness, (width, height), interpolation=cv2.INTER_AREA)
            anchors = AnchorBatch((0,), (0,), np.rint(small * 2.55).astype(np.uint8)[None])
            ab = network(anchors).ab[0]
            rgb = back(cv2.resize(ab, SIZE, interpolation=cv2.INTER_CUBIC))
            coloured = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            coloured.pts, coloured.time_base = frame.pts, frame.time_base
            out.mux(stream.encode(coloured))
        out.mux(stream.encode(None))


class Counted:
    """The painting of a run, which counts its anchors, and the seconds that its thread takes for them."""

    def __init__(self) -> None:
        self.anchors, self.wall, self.cpu = 0, 0.0, 0.0

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[Any]:
        paint = Paint()
        for order in orders:
            wall, cpu = time.perf_counter(), time.thread_time()
            painted = paint(order)
            self.wall, self.cpu = self.wall + time.perf_counter() - wall, self.cpu + time.thread_time() - cpu
            self.anchors += len(painted.ab)
            yield painted


def _plane(frame: Any, number: int) -> Any:
    plane = frame.planes[number]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width].copy()


def necessary_parts(job: Job, folder: Path) -> dict[str, float]:
    """CPU seconds of each part alone, for the film that `restore` has just written."""
    decode = Decode(Fraction(0))
    kept: list[Frame] = []
    lights: list[Any] = []
    costs = {"decode": cost(lambda: [None for segment in job.segments for _ in decode(segment)]).cpu}
    for segment in job.segments:
        for light in Lightness(job.film.picture, job.chosen.motion_rows)(decode(segment)):
            lights.append(light.lightness)
            kept.append(light.frame)
    step = max(1, round(job.settings.motion.anchors * job.film.picture.rate))
    anchors = lights[::step]
    network, batch = open_network(job.chosen), job.settings.paint.batch
    groups = [np.stack((anchors[i : i + batch] + anchors[:batch])[:batch]) for i in range(0, len(anchors), batch)]
    batches = [AnchorBatch(tuple(range(batch)), (0,) * batch, group) for group in groups]
    network(batches[0])  # the first call plans
    costs["network at the anchors"] = cost(lambda: [network(b) for b in batches]).cpu
    between = Motion().between
    costs["flow, both ways"] = cost(lambda: [between(a, b) for a, b in pairwise(lights)]).cpu
    with av.open(job.out) as film:
        planes = [[_plane(frame, i) for i in (1, 2)] for frame in film.decode(video=0)]
    ready = [ColouredFrame(frame, *chroma, shot=0) for frame, chroma in zip(kept, planes, strict=True)]
    encode = Encode(job.target, job.settings.encode)
    costs["encode"] = cost(lambda: encode(iter(ready), folder / "parts.mp4")).cpu
    return costs


def _anchors_in_parts(job: Job, frames: int) -> int:
    """Pictures that the network of `necessary_parts` gets, in whole batches."""
    step, batch = max(1, round(job.settings.motion.anchors * job.film.picture.rate)), job.settings.paint.batch
    return -(-len(range(0, frames, step)) // batch) * batch


def peak_memory(film: Path) -> float:
    """MiB that `restore` of a film takes at most, in a process of its own."""
    code = (  # getrusage would count the parent's peak too
        "import sys; from restore.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(open('/proc/self/status').read())"
    )
    command = [sys.executable, "-c", code, str(film), "--overwrite", "--quiet"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(printed.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    """Measures and prints."""
    if "OMP_WAIT_POLICY" not in os.environ:  # read when PyTorch is loaded; the command sets it before that
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_WAIT_POLICY": "passive"})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer frames, memory of one length only")
    parser.add_argument("--parts", action="store_true", help="the run and its parts alone: no other loops, no memory")
    asked = parser.parse_args()
    keep_freed_memory()
    frames, lengths = (48, (48,)) if asked.short else (720, (500, 5000))
    loops: dict[str, Any] = {"torch": _lab_torch, "cv2": _lab_cv2}
    if asked.parts:
        loops, lengths = {}, ()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job, counted = prepare(draw_film(folder / "film.mp4", frames), None, Settings()), Counted()
        ours = cost(lambda: restore(job, paint=counted))
        print(f"restore: {frames / ours.wall:.2f} frames/s, {ours.cpu / frames * 1000:.0f} ms of CPU a frame")
        for label, to_lab in loops.items():
            loop = cost(lambda to_lab=to_lab: common_loop(job, to_lab, folder))  # type: ignore[misc]
            ratio = loop.wall / ours.wall
            print(
                f"common loop, Lab by {label}: {frames / loop.wall:.2f} frames/s; restore is {ratio:.2f} times as fast"
            )
        parts = necessary_parts(job, folder)
        for part, seconds in parts.items():
            print(f"  {part}: {seconds / frames * 1000:.1f} ms of CPU a frame")
        print(f"CPU of restore over its necessary parts alone: {ours.cpu / sum(parts.values()):.2f}")
        network = parts["network at the anchors"] / _anchors_in_parts(job, frames) * counted.anchors
        flows = (ours.cpu - network) / parts["flow, both ways"]
        print(f"frames an anchor: {frames / counted.anchors:.1f}; all but the network: {flows:.0f} times the flow")
        for length in lengths:
            print(f"peak memory, {length} frames: {peak_memory(draw_film(folder / f'{length}.mp4', length)):.0f} MiB")


if __name__ == "__main__":
    main()
