"""The published networks give what their authors' own code gives with the same weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.compact.fold import can_fold, folded
from models.networks import NETWORKS, load_strictly
from tests.made.published import golden, network_by_rule

FULL, HALF = 1e-4, 2e-2
"""Largest difference in float32 and in bfloat16, as a share of the largest value."""
Made = Callable[[str], nn.Module]
"""A network with the weights of the rule, by its name."""
NO_BOXES, NO_OWNERS = torch.empty((0, 4)), torch.empty(0, dtype=torch.int64)


def tensors(of: dict[str, NDArray[np.float32]], *names: str) -> list[Tensor]:
    return [torch.from_numpy(of[name]) for name in names]


def folded_by_rule(name: str) -> nn.Module:
    return folded(network_by_rule(name))


def eccv16(made: Made = network_by_rule) -> tuple[Tensor, Tensor]:
    lightness, ab = tensors(golden("eccv16"), "lightness", "ab")
    return made("eccv16")(lightness), ab


def siggraph17(made: Made = network_by_rule) -> tuple[Tensor, Tensor]:
    lightness, ab = tensors(golden("siggraph17"), "lightness", "ab_without_hints")
    return made("siggraph17")(lightness), ab


def siggraph17_with_hints(made: Made = network_by_rule) -> tuple[Tensor, Tensor]:
    lightness, colours, mask, ab = tensors(golden("siggraph17"), "lightness", "hint_ab", "hint_mask", "ab_with_hints")
    return made("siggraph17")(lightness, torch.cat([colours, mask], dim=1)), ab


def instcolor_without_boxes(made: Made = network_by_rule) -> tuple[Tensor, Tensor]:
    lightness, ab = tensors(golden("instcolor_full"), "lightness", "ab")
    return made("instcolor")(lightness, torch.empty((0, 1, 8, 8)), NO_BOXES, NO_OWNERS), ab


def instcolor(made: Made = network_by_rule) -> tuple[Tensor, Tensor]:
    lightness, squares, boxes, ab = tensors(golden("instcolor"), "lightness", "crop_lightness", "boxes_ltrb", "ab")
    return made("instcolor")(lightness, squares, boxes / lightness.shape[-1], torch.zeros(len(boxes)).long()), ab


@pytest.mark.parametrize(("is_half", "most"), [(False, FULL), (True, HALF)], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("run", [eccv16, siggraph17, siggraph17_with_hints, instcolor_without_boxes, instcolor])
def test_gives_what_the_authors_code_gives(
    run: Callable[[], tuple[Tensor, Tensor]], is_half: bool, most: float
) -> None:
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_half):
        ab, golden_ab = run()
    assert ab.dtype == torch.float32
    assert (ab - golden_ab).abs().max() <= most * golden_ab.abs().max()


@pytest.mark.skipif(not can_fold(), reason="this CPU has no bf16")
@pytest.mark.parametrize("run", [eccv16, siggraph17, siggraph17_with_hints, instcolor_without_boxes, instcolor])
def test_gives_it_folded_too_as_films_are_coloured_on_a_cpu(
    run: Callable[..., tuple[Tensor, Tensor]],
) -> None:
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        ab, golden_ab = run(folded_by_rule)
    assert ab.dtype == torch.float32
    assert (ab - golden_ab).abs().max() <= HALF * golden_ab.abs().max()


@pytest.mark.parametrize(
    ("name", "part", "tensors", "parameters"),
    [
        ("eccv16", "", 82, 32_236_011),
        ("siggraph17", "", 107, 34_187_027),
        ("instcolor", "full", 107, 34_187_027),
        ("instcolor", "instance", 107, 34_187_027),
        ("instcolor", "fusion", 275, 35_270_831),
    ],
)
def test_has_as_many_tensors_and_parameters_as_the_published_file(
    name: str, part: str, tensors: int, parameters: int
) -> None:
    network = network_by_rule(name).get_submodule(part)
    assert len(network.state_dict()) == tensors
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


@pytest.mark.parametrize("name", ["eccv16", "siggraph17", "instcolor"])
def test_each_missing_extra_or_misshapen_tensor_is_refused_by_name(name: str) -> None:
    network = network_by_rule(name)
    state = network.state_dict()
    key = next(key for key in reversed(state) if key.endswith("0.weight"))
    without = {other: value for other, value in state.items() if other != key}
    with pytest.raises(ValueError, match=f"^missing: {key}$"):
        load_strictly(network, without)
    with pytest.raises(ValueError, match=f"^unexpected: {key}_ema$"):
        load_strictly(network, state | {f"{key}_ema": state[key]})
    with pytest.raises(ValueError, match=f"^misshapen: {key} is "):
        load_strictly(network, state | {key: state[key][:-1]})


def test_all_wrong_tensors_are_counted_but_only_a_few_named() -> None:
    with pytest.raises(ValueError, match=r"^missing: .* and 79 more; unexpected: module\.a$"):
        load_strictly(network_by_rule("eccv16"), {"module.a": torch.zeros(1)})


@torch.inference_mode()
def test_temperature_sharpens_the_mean_of_eccv16() -> None:
    network = network_by_rule("eccv16")
    centres = network.model_out.weight[:, :, 0, 0].T
    logits = torch.full((1, 313, 2, 2), -9.0)
    logits[:, 7], logits[:, 9] = 1.0, 2.0
    flat, paper, sharp = (network.mean(logits, t)[0, :, 0, 0] / 110 for t in (1.0, 0.38, 0.01))
    assert torch.allclose(sharp, centres[9], atol=1e-5)
    assert (paper - centres[9]).norm() < (flat - centres[9]).norm()


@torch.inference_mode()
def test_hint_changes_the_colour_where_it_is_and_none_changes_nothing() -> None:
    network = network_by_rule("siggraph17")
    lightness = torch.from_numpy(golden("siggraph17")["lightness"][:1])
    none = torch.zeros(1, 3, *lightness.shape[2:])
    plain = network(lightness)
    assert torch.equal(network(lightness, none), plain)
    none[:, :, 40:47, 60:67] = torch.tensor([60.0, 40.0, 1.0]).view(3, 1, 1)
    change = (network(lightness, none) - plain).abs().amax(dim=1)[0]
    assert change[40:47, 60:67].mean() > 2 * change.mean()


def test_every_network_says_how_it_is_run() -> None:
    assert {name for name, kind in NETWORKS.items() if "hints" in kind.takes} == {"siggraph17"}
    assert {name for name, kind in NETWORKS.items() if "instances" in kind.takes} == {"compact", "instcolor"}
    assert {name for name, kind in NETWORKS.items() if kind.temperature} == {"compact", "eccv16"}
