"""What the networks cost an anchor on this CPU: `python tests/benchmarks/published.py [--short | --memory | --gflop]`.

Prints a table and writes nothing. One thread, one anchor of 256 x 256 at a time, bf16, random weights; turn about,
medians of CPU seconds. InstColorization's 8 instances are coloured as `restore` does, all crops through the network at
once; a crop after the other; and wholly box by box, each box's features also brought to the whole frame at each level,
as its authors' code does (which takes single precision). `--memory` measures only the memory that four anchors of 8
instances each take; `--gflop` only counts the arithmetic of every network, for an anchor of 16:9 at the size it sees.
"""

import argparse
import resource
import statistics
from collections.abc import Callable
from unittest.mock import patch

import torch
import torch.nn.functional as F
from run import cost
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from models.compact.fold import can_fold, folded
from models.compact.network import Compact
from models.network_input import NetworkInput
from models.networks import NETWORKS
from models.paint import paint
from models.published.eccv16 import Eccv16
from models.published.instcolor import OUTSIDE, Fusion, InstColor, place
from models.published.siggraph17 import Levels, Siggraph17
from models.published.trunk import SIDE
from pipelines.painting.size import network_size
from pipelines.process import keep_freed_memory

ANCHORS, INSTANCES = 4, 8


def as_published(fusion: Fusion, full: Tensor, seen: Tensor, boxes: Tensor) -> Tensor:
    """One frame with its instances, each brought to the whole frame."""
    logits, pictures, is_outside = [], [], torch.ones_like(full[:, :1])
    for one, box in zip(torch.split(seen, 1), boxes.tolist(), strict=True):
        left, top, right, bottom = place(box, *full.shape[2:])
        pad = (left, full.shape[3] - right, top, full.shape[2] - bottom)
        logit, size = fusion.simple_instance_conv(one), (bottom - top, right - left)
        with torch.autocast("cpu", enabled=False):  # it would resize in float32, at twice the time
            logits.append(F.pad(F.interpolate(logit, size=size, mode="bilinear"), pad))
            pictures.append(F.pad(F.interpolate(one, size=size, mode="bilinear"), pad))
        is_outside[:, :, top:bottom, left:right] = 0
    logits.append(fusion.simple_bg_conv(full) + is_outside * OUTSIDE)
    weights = torch.cat(logits).float().softmax(dim=0).to(full.dtype)
    return (torch.cat([*pictures, full]) * weights).sum(dim=0, keepdim=True)


def one_by_one(levels: Callable[[Tensor], Levels]) -> Callable[[Tensor], Levels]:
    """The levels of pictures, each of which goes through the network alone."""

    def run(squares: Tensor) -> Levels:
        alone = [levels(square) for square in torch.split(squares, 1)]
        features = [next(one) for one in alone]
        while True:
            sent = torch.split((yield torch.cat(features)), 1)
            features = [one.send(own) for one, own in zip(alone, sent, strict=True)]

    return run


def _boxes() -> Tensor:
    """Of the sizes that detectors find: from a tenth to nine tenths of the sides."""
    random = torch.Generator().manual_seed(0)
    sizes = torch.linspace(0.1, 0.9, INSTANCES)[:, None].expand(-1, 2)
    corners = torch.rand((INSTANCES, 2), generator=random) * (1 - sizes)
    return torch.cat([corners, corners + sizes], dim=1)


def _works(ready: Callable[[nn.Module], nn.Module]) -> dict[str, Callable[[], object]]:
    frame, squares = torch.rand(1, 1, SIDE, SIDE) * 100, torch.rand(INSTANCES, 1, SIDE, SIDE) * 100
    boxes, owners = _boxes(), torch.zeros(INSTANCES, dtype=torch.int64)
    compact, eccv16, siggraph17, inst = (ready(network) for network in (Compact(), Eccv16(), Siggraph17(), InstColor()))
    inputs = NetworkInput(frame, SIDE, boxes[:0], owners[:0], torch.zeros(0, 5), 1.0)

    def together() -> object:
        return inst(frame, squares, boxes, owners)

    def crop_by_crop() -> object:
        with patch.object(inst.instance, "levels", one_by_one(inst.instance.levels)):
            return together()

    def box_by_box() -> object:
        with patch.object(Fusion, "forward", as_published):
            return crop_by_crop()

    return {
        "compact": lambda: paint(NETWORKS["compact"], compact, inputs),
        "eccv16": lambda: eccv16(frame),
        "siggraph17": lambda: siggraph17(frame),
        "instcolor, no instance": lambda: inst(frame, squares[:0], boxes[:0], owners[:0]),
        "instcolor, 8 instances": together,
        "the same, crop by crop": crop_by_crop,
        "the same, box by box": box_by_box,
    }


def _ready(network: nn.Module) -> nn.Module:
    network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return folded(network) if can_fold() else network


@torch.inference_mode()
def _print_memory() -> None:
    network, boxes = _ready(InstColor()), _boxes().repeat(ANCHORS, 1)
    frames, squares = torch.rand(ANCHORS, 1, SIDE, SIDE) * 100, torch.rand(len(boxes), 1, SIDE, SIDE) * 100
    print(f"instcolor, its weights loaded: {peak_memory():.0f} MiB")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        network(frames, squares, boxes, torch.arange(ANCHORS).repeat_interleave(INSTANCES))
    print(f"{ANCHORS} anchors with {INSTANCES} instances each: {peak_memory():.0f} MiB")


def _print_gflop() -> None:
    for name, kind in NETWORKS.items():
        size = network_size(1080, 1920, kind.sees.rows)
        nobody, boxes = torch.zeros(1, dtype=torch.int64), torch.zeros(0, 4)
        frame = torch.rand(1, 1, *size) * 100
        inputs = NetworkInput(frame, kind.sees.rows, boxes, nobody[:0], torch.zeros(0, 5), 1.0, classes=nobody)
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            paint(kind, kind.make({}).eval().requires_grad_(False), inputs)  # the counter follows gradients
        print(f"{name:<26}{counter.get_total_flops() / 1e9:8.0f}", flush=True)


def peak_memory() -> float:
    """MiB that this process has taken at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="fewer rounds")
    parser.add_argument("--memory", action="store_true", help="peak memory alone")
    parser.add_argument("--gflop", action="store_true", help="arithmetic of every network alone")
    asked = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(1)
    if asked.gflop:
        _print_gflop()
    elif asked.memory:
        _print_memory()
    else:
        _print_times(2 if asked.short else 7)


def _gflop() -> list[int]:
    """Of the first five, as PyTorch counts them in networks that are not folded."""
    counts = []
    for work in list(_works(nn.Module.eval).values())[:5]:
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            work()
        counts.append(round(counter.get_total_flops() / 1e9))
    return counts


def _print_times(rounds: int) -> None:
    works, gflop = _works(_ready), _gflop()
    counted = dict(zip(works, gflop, strict=False))
    taken: dict[str, list[float]] = {name: [] for name in works}
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for number in range(rounds + 1):
            for name, work in works.items():
                spent = cost(work).cpu
                if number:  # the first call plans
                    taken[name].append(spent)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(f"{'':<26}{'GFLOP':>8}{'CPU':>12}")
    for name, seconds in medians.items():
        print(f"{name:<26}{counted.get(name, ''):>8}{1000 * seconds:9.0f} ms")
    ours, *others = list(medians.values())[-3:]
    print("8 instances, of crop by crop and of box by box: " + ", ".join(f"{ours / one:.2f}" for one in others))


if __name__ == "__main__":
    main()
