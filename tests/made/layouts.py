"""The networks that others published, with weights by the rule, and what their authors' code gives with these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.published.normed_weights import published_shapes, taken_over
from tests.made.rule import by_rule, digest_of

GOLDEN = Path(__file__).parents[3] / "shared" / "data" / "golden"
SHARP = 2e-5
"""Largest difference in float32, as a share of the largest value: what double precision differs by, times five."""
HALF = 2e-2
"""Bound in bf16, in which a network may run as far as it keeps within it."""
STATISTICS = ("running_mean", "running_var", "num_batches_tracked", "stored_mean", "stored_var", "u0", "sv0")
"""Ends of keys that are not of parameters in most of these networks."""


def golden(name: str) -> dict[str, Tensor]:
    """Inputs and outputs of the authors' code."""
    path = GOLDEN / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"the golden file {path} is not here")
    with np.load(path) as file:
        return {key: torch.from_numpy(value) for key, value in file.items()}


def on_meta(make: Callable[[], nn.Module]) -> nn.Module:
    """A network without numbers."""
    with torch.device("meta"):
        return make()


def filled(make: Callable[[], nn.Module], published: Callable[[], nn.Module], digest: str | None = None) -> nn.Module:
    """A network with the weights that its published file would hold by the rule, in evaluation mode.

    Args:
        make: the network.
        published: the network with all that its file has.
        digest: of the weights that the golden file was made with; None: not known.
    """
    network, whole = on_meta(make), on_meta(published)
    state = by_rule(published_shapes(whole))
    assert digest in (None, digest_of(state))
    network.load_state_dict(taken_over(network, whole, state), strict=True, assign=True)
    return network.eval()


def parameters_in(shapes: dict[str, torch.Size], others: tuple[str, ...] = STATISTICS) -> int:
    """Numbers of a published file that are parameters there: those whose keys do not end so."""
    return sum(shape.numel() for key, shape in shapes.items() if not key.endswith(others))


def share_off(result: Tensor, wanted: Tensor) -> float:
    """Largest difference, as a share of the largest value."""
    assert result.shape == wanted.shape
    return float((result - wanted).abs().max() / wanted.abs().max())
