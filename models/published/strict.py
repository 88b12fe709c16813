"""Whether tensors are exactly those that a network or a published file has."""

from collections.abc import Mapping

import torch
from torch import Tensor


def misfit(shapes: Mapping[str, torch.Size], state: Mapping[str, Tensor]) -> str | None:
    """Names of tensors that are missing, too many or misshapen; None where all fit.

    Args:
        shapes: wanted, by key.
        state: the tensors.
    """
    faults = {
        "missing": [key for key in shapes if key not in state],
        "unexpected": [key for key in state if key not in shapes],
        "misshapen": [
            f"{key} is {tuple(state[key].shape)}, not {tuple(shape)}"
            for key, shape in shapes.items()
            if key in state and state[key].shape != shape
        ],
    }
    return "; ".join(f"{kind}: {_a_few(keys)}" for kind, keys in faults.items() if keys) or None


def _a_few(names: list[str], most: int = 3) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
