"""A person's colours move the network's own, where they are given, and nothing where there are none."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.bins import soft_encode
from models.compact.fold import can_fold, folded
from models.compact.listener import Likeness
from models.compact.network import Compact, CompactConfig
from models.network_input import NetworkInput
from models.networks import NETWORKS
from models.paint import paint
from models.weights.files import beside_of, load_network, save_network
from pipelines.painting.choice import choose
from pipelines.settings import PaintSettings
from pipelines.training.begin import listening

SMALL = CompactConfig(widths=(32, 24, 16, 16))


def small() -> Compact:
    torch.manual_seed(0)
    return Compact(SMALL).eval()


def painted(network: Compact, *hints: tuple[float, ...], boxes: Tensor | None = None) -> Tensor:
    lightness = 100 * torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(3))
    boxes = torch.zeros(0, 4) if boxes is None else boxes
    owners = torch.zeros(len(boxes), dtype=torch.int64)
    table = torch.tensor(hints).reshape(-1, 5)
    return paint(NETWORKS["compact"], network, NetworkInput(lightness, 64, boxes, owners, table, 1.0))


def loud(network: Compact) -> Compact:
    """The network as if its branch had been trained."""
    torch.manual_seed(1)
    assert network.listener is not None
    for weight in network.listener.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return network


@torch.inference_mode()
def test_untrained_branch_and_frames_without_hints_change_nothing() -> None:
    before = painted(small())
    quiet = listening(small()).eval()
    assert torch.equal(painted(quiet, (0, 0.5, 0.5, 60, 20)), before)
    network = loud(quiet)
    assert torch.equal(painted(network), before)
    moved = painted(network, (0, 0.5, 0.5, 60, 20))
    assert torch.equal(moved[1], before[1])
    assert not torch.equal(moved[0], before[0])
    box = torch.tensor([[0.1, 0.1, 0.9, 0.9]])
    assert not torch.equal(painted(network, (0, 0.5, 0.5, 60, 20), boxes=box), painted(network, boxes=box))


@pytest.mark.skipif(not can_fold(), reason="this CPU has no bf16")
@torch.inference_mode()
def test_folded_network_hears_and_frames_without_hints_have_the_same_bits() -> None:
    network = folded(loud(listening(small())))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        before, moved = painted(network), painted(network, (0, 0.5, 0.5, 60, 20))  # type: ignore[arg-type]
    assert torch.equal(moved[1], before[1])
    assert (moved[0] - before[0]).abs().max() > 1


def test_weights_say_whether_they_take_hints(tmp_path: Path) -> None:
    deaf, hears = tmp_path / "deaf.safetensors", tmp_path / "hears.safetensors"
    save_network(small(), deaf, {})
    save_network(listening(small()), hears, {})
    assert [beside_of(path) for path in (deaf, hears)] == [("instances",), ("instances", "hints")]
    assert load_network(hears)[0].config == replace(SMALL, hints=True)
    assert choose(PaintSettings(str(hears), device="cpu")).takes("hints")
    assert not choose(PaintSettings(str(deaf), device="cpu")).takes("hints")


@pytest.mark.slow
def test_branch_that_was_trained_a_little_follows_the_colour_given() -> None:
    network = listening(small())
    assert network.listener is not None
    optimizer = torch.optim.Adam([*network.listener.parameters(), *network.decoder.parameters()], 0.01)
    lightness = torch.full((4, 1, 32, 32), 50.0)
    colours = torch.tensor([[50.0, 20], [-40, 30], [10, -50], [0, 60]])
    planes = torch.cat([colours, torch.ones(4, 1)], dim=1)[:, :, None, None].repeat(1, 1, 32, 32)
    bins, weights = soft_encode(colours[:, :, None, None].repeat(1, 1, 8, 8))
    with torch.no_grad():
        features = network.features(lightness)
    target = torch.zeros(4, 313, 8, 8).scatter_(1, bins, weights)
    for _ in range(60):
        loss = (
            -(F.log_softmax(network.colour(features, network.listen(planes, features)), dim=1) * target)
            .sum(dim=1)
            .mean()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        plain = network.mean(network.colour(features), 1.0).mean(dim=(2, 3))
        moved = network.mean(network.colour(features, network.listen(planes, features)), 1.0).mean(dim=(2, 3))
    assert ((moved - colours).norm(dim=1) < 0.6 * (plain - colours).norm(dim=1)).all()


@torch.inference_mode()
def test_a_colour_reaches_places_like_its_own_and_no_others() -> None:
    torch.manual_seed(0)
    taps = (8, 8, 8, 8)
    likeness, kinds = Likeness(taps), torch.randn(2, 8)
    is_right = torch.zeros(1, 1, 64, 96, dtype=torch.bool)
    is_right[..., 48:] = True
    features = []
    for stride in (4, 8, 16, 32):
        shape = is_right[..., ::stride, ::stride]
        features.append(torch.where(shape, kinds[1].view(1, 8, 1, 1), kinds[0].view(1, 8, 1, 1)))
    given = torch.zeros(1, 3, 8, 12)
    assert not likeness(given, features).any()
    given[0, :, 4, 8] = torch.tensor([0.5, -0.25, 1.0])
    found = likeness(given, features)[0]
    assert found[2, 4, 6:].min() > 0.8
    assert found[2, :, :4].max() < 0.2
    assert torch.allclose(found[:2, 4, 10] / found[2, 4, 10], torch.tensor([0.5, -0.25]), atol=1e-4)


LOADED = """
import sys
from models.weights.catalogue import DEFAULT_NETWORK, find_weights
from models.weights.files import load_network
load_network(find_weights(DEFAULT_NETWORK))
print(*sorted({"torch._dynamo", "sympy"} & set(sys.modules)))
"""


@pytest.mark.slow  # a process of its own imports torch
def test_loading_a_network_imports_no_compiler() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
