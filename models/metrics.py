"""How near coloured pictures come to the true ones."""

import torch
from torch import Tensor


def psnr(predicted: Tensor, true: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each RGB picture: two (N, 3, h, w) in 0..1 to (N,)."""
    return -10 * ((predicted - true) ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-10).log10()


def colourfulness(rgb: Tensor, is_absolute: bool = False) -> Tensor:
    """Colourfulness of each picture (Hasler, Suesstrunk, SPIE 2003, sec. 7): (N, 3, h, w) in 0..1 to (N,).

    Args:
        rgb: the pictures.
        is_absolute: take |rg| and |yb|, as much published code does; such figures compare only with their like.
    """
    red, green, blue = (255 * rgb).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue])  # (2, N, h, w)
    if is_absolute:
        opponents = opponents.abs()
    spread = opponents.var(dim=(2, 3), correction=0).sum(dim=0).sqrt()
    mean = (opponents.mean(dim=(2, 3)) ** 2).sum(dim=0).sqrt()
    return spread + 0.3 * mean
