"""What the default network costs beside siggraph17: `python tests/benchmarks/network.py [--short]`.

Prints a table and writes nothing. Both colour the same 256 x 256 frames in the same minutes, turn about, in bf16 and
channels last: siggraph17 (Zhang et al., SIGGRAPH 2017: 34.2 million parameters, 202 GFLOP at 256 x 256) as PyTorch runs
it and as `restore` does (`models.compact.fold`), with random weights. Medians of CPU seconds of all threads.
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from run import cost
from torch import nn

from models.compact.fold import folded
from models.compact.network import ENCODERS, Compact, CompactConfig
from models.published.siggraph17 import Siggraph17
from models.weights.catalogue import DEFAULT_NETWORK
from models.weights.files import save_network
from pipelines.frames import AnchorBatch, InstanceBatch
from pipelines.painting.choice import choose
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect
from pipelines.painting.finish import finished
from pipelines.painting.painter import open_painter
from pipelines.process import keep_freed_memory
from pipelines.settings import PaintSettings

SIDE = 256
CORNERS = [[0.05, 0.1, 0.45, 0.9], [0.5, 0.2, 0.95, 0.95], [0.1, 0.0, 0.9, 0.6], [0.3, 0.5, 0.6, 0.9]]
BOXES = np.array(CORNERS, np.float32)

Work = Callable[[], object]


def _siggraph17(network: nn.Module, batch: int) -> Work:
    lightness = torch.zeros(batch, 1, SIDE, SIDE).to(memory_format=torch.channels_last)

    def work() -> None:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            network(lightness)

    return work


def _ours(instances: int, looked_for: int, batch: int, network: str = DEFAULT_NETWORK) -> Work:
    """Lightness to ab, with what the settings look for; the boxes coloured are always the same."""
    asked = PaintSettings(network=network, rows=SIDE, batch=batch, device="cpu", instances=looked_for)
    painter = open_painter(choose(asked))
    detect, colorize = Detect(painter), Colorize(painter)
    lightness = np.random.default_rng(0).integers(0, 256, (batch, SIDE, SIDE), np.uint8)
    anchors = AnchorBatch(tuple(range(batch)), (0,) * batch, lightness)
    boxes = np.hstack([BOXES[:instances], np.zeros((instances, 1), np.float32), np.ones((instances, 1), np.float32)])

    def work() -> None:
        found = detect(anchors)
        painted = colorize(InstanceBatch(anchors, (boxes,) * batch, found.features))
        finished(anchors, painted, batch)

    return work


def _random(encoder: str, folder: Path) -> str:
    """A file of weights of the network with this encoder, random ones."""
    path = folder / f"{encoder}.safetensors"
    save_network(Compact(CompactConfig(encoder=encoder)), path, {})
    return str(path)


def measure(batch: int, rounds: int, folder: Path) -> None:
    """Prints what a frame costs in batches of so many."""
    published = Siggraph17().eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    works = {
        "siggraph17, by PyTorch": _siggraph17(published, batch),
        "siggraph17, by restore": _siggraph17(folded(published), batch),
        "compact": _ours(0, 0, batch),
        "compact and its detector": _ours(0, 8, batch),
        "compact, 4 instances": _ours(4, 8, batch),
        **{f"compact on {name}": _ours(0, 0, batch, _random(name, folder)) for name in ENCODERS},
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            spent = cost(work).cpu / batch
            if number:  # the first call plans
                taken[name].append(spent)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    eager, ready, *_ = medians.values()
    print(f"{f'frames in a batch: {batch}':<30}{'CPU':>9}{'of PyTorch':>12}{'of restore':>12}")
    for name, seconds in medians.items():
        print(f"{name:<30}{1000 * seconds:6.1f} ms{seconds / eager:12.3f}{seconds / ready:12.3f}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().short else 15
    keep_freed_memory()
    with TemporaryDirectory() as folder:
        for batch in (1, PaintSettings().batch):
            measure(batch, rounds, Path(folder))


if __name__ == "__main__":
    main()
