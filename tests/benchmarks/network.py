"""What the default network costs beside one of siggraph17's size: `python tests/benchmarks/network.py [--short]`.

Prints a table and writes nothing. Both colour the same 256 x 256 frames in the same minutes, turn about, in bf16 and
channels last; the yardstick has siggraph17's layers (Zhang et al., SIGGRAPH 2017: 34.2 million parameters, 202 GFLOP at
256 x 256) with random weights. Medians of CPU seconds of all threads.
"""

import argparse
import statistics
from collections.abc import Callable

import numpy as np
import torch
from run import cost
from torch import Tensor, nn

from pipelines.batch import AnchorBatch, InstanceBatch
from pipelines.painter import open_painter
from pipelines.settings import PaintSettings
from pipelines.stages.colorize import Colorize
from pipelines.stages.detect import Detect
from restore.memory import keep_freed_memory

SIDE = 256
CORNERS = [[0.05, 0.1, 0.45, 0.9], [0.5, 0.2, 0.95, 0.95], [0.1, 0.0, 0.9, 0.6], [0.3, 0.5, 0.6, 0.9]]
BOXES = np.array(CORNERS, np.float32)


def _convs(inputs: int, outputs: int, count: int, dilation: int = 1) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(count):
        layers += [nn.Conv2d(inputs if i == 0 else outputs, outputs, 3, 1, dilation, dilation), nn.ReLU()]
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs))


class Yardstick(nn.Module):
    """siggraph17's layers."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([_convs(4, 64, 2), _convs(64, 128, 2), _convs(128, 256, 3)])
        self.middle = nn.Sequential(
            _convs(256, 512, 3), _convs(512, 512, 3, 2), _convs(512, 512, 3, 2), _convs(512, 512, 3)
        )
        up = [(512, 256), (256, 128), (128, 128)]
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 4, 2, 1) for i, o in up)
        skips = [(256, 256), (128, 128), (64, 128)]
        self.short = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in skips)
        self.after = nn.ModuleList([_convs(256, 256, 2), _convs(128, 128, 1), _convs(128, 128, 1)])
        self.classes = nn.Conv2d(256, 529, 1)
        self.out = nn.Conv2d(128, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """ab in -1..1 of (N, 4, h, w)."""
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = x[:, :, ::2, ::2]
        x = self.middle(x)
        for up, short, after, skip in zip(self.up, self.short, self.after, reversed(skips), strict=True):
            x = after(torch.relu(up(x) + short(skip)))
        return torch.tanh(self.out(x))


def _yardstick() -> Callable[[], object]:
    network = Yardstick().eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    count = sum(p.numel() for p in network.parameters())
    assert 33e6 < count < 35e6, count
    x = torch.zeros(1, 4, SIDE, SIDE).to(memory_format=torch.channels_last)

    def work() -> None:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            network(x)

    return work


def _ours(instances: int) -> Callable[[], object]:
    """Lightness to ab, found instances and all; the boxes coloured are always the same."""
    painter = open_painter(PaintSettings(rows=SIDE, batch=1, device="cpu", instances=8))
    detect, colorize = Detect(painter), Colorize(painter)
    lightness = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE), np.uint8)
    anchors = AnchorBatch((0,), (0,), lightness)
    boxes = np.hstack([BOXES[:instances], np.zeros((instances, 1), np.float32), np.ones((instances, 1), np.float32)])

    def work() -> None:
        found = detect(anchors)
        colorize(InstanceBatch(anchors, (boxes,), found.features))

    return work


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().short else 15
    keep_freed_memory()
    works = {"siggraph17's layers": _yardstick(), "full frame": _ours(0), "with 4 instances": _ours(4)}
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            spent = cost(work).cpu
            if number:  # the first call plans
                taken[name].append(spent)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    yardstick = next(iter(medians.values()))
    for name, seconds in medians.items():
        print(f"{name:<24}{1000 * seconds:8.1f} ms{seconds / yardstick:8.3f}")


if __name__ == "__main__":
    main()
