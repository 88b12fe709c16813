"""Parts of a step that all runs share: processes, checks, averages."""

from collections.abc import Iterable, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn


def rank_and_world() -> tuple[int, int]:
    """The number of this process among those that share the run, from 0, and how many there are."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def share_gradients(parameters: Sequence[nn.Parameter], world: int) -> None:
    """Averages the gradients of all processes."""
    if world > 1:
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_((mean / world).view_as(gradient))


def check_finite(name: str, values: Iterable[Tensor], step: int) -> None:
    """Raises ValueError where training has diverged, before anything of it is kept.

    Args:
        name: of the values.
        values: tensors.
        step: how many steps there have been with this one.
    """
    if not all(value.isfinite().all() for value in values):
        what = f"{name} became NaN or infinite at step {step}"
        raise ValueError(f"{what}; take a lower --set learning_rate=X; the checkpoint before it, if any, stays")


def average(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    """Moves averaged weights towards those of a network; `keep` is the share of the old ones that stays."""
    old, new = averaged.state_dict(), network.state_dict()
    for key, value in old.items():
        if value.is_floating_point():
            value.lerp_(new[key], 1 - keep)
        else:
            value.copy_(new[key])
