"""A training run in TensorBoard: its losses, and a few pictures coloured anew at each checkpoint."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.colorspace import lab_from_linear, srgb_from_lab
from models.compact.network import HEAD_STRIDE, Compact
from models.network_input import NetworkInput
from models.networks import NETWORKS
from models.paint import paint
from pipelines.training.config import Stage, TrainConfig
from pipelines.training.crops import CropSettings, crops
from pipelines.training.examples import Examples

SHOWN = 8
COLOURING: tuple[Stage, ...] = ("full", "fusion", "decoder")
"""Stages that change the colours of whole pictures."""


class TensorBoardWriter:
    """Writes into a folder that `tensorboard --logdir` shows."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder))

    def losses(self, step: int, terms: dict[str, float]) -> None:
        """Adds the mean of each term since the last time."""
        for name, mean in terms.items():
            self.writer.add_scalar(f"loss/{name}", mean, step)
        self.writer.flush()

    def pictures(self, step: int, sheet: Tensor) -> None:
        """Adds rows of gray, coloured, true, (3, H, W)."""
        self.writer.add_image("gray, coloured, true", sheet, step)
        self.writer.flush()


def rows_of_pictures(*rows: Tensor) -> Tensor:
    """Pictures (N, 3, h, w) of each row beside each other, and the rows below each other: (3, H, W)."""
    return torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)


@torch.inference_mode()
def coloured_sheet(network: Compact, data: Examples, config: TrainConfig) -> Tensor:
    """Rows of gray, coloured, true, of a few pictures that are the same each time; instances count in fusion."""
    settings = CropSettings(config.crop, (1.0, 1.0), seed=config.seed + 2)
    light, found = next(crops(data, data.boxes, settings, SHOWN, range(1), workers=0))
    lab = lab_from_linear(light)
    boxes = found[:, : config.instances if config.stage == "fusion" else 0]
    owners, number = torch.nonzero(boxes[..., 5] >= config.least_score, as_tuple=True)
    corners, hints = boxes[owners, number, :4], torch.zeros(0, 5)
    lightness = lab[:, :1].to(next(network.parameters()).device)
    inputs = NetworkInput(lightness, min(lightness.shape[2:]), corners, owners, hints, config.temperature)
    small = config.finish(paint(NETWORKS["compact"], network, inputs), lightness).cpu()
    ab = F.interpolate(small, scale_factor=HEAD_STRIDE, mode="bicubic", align_corners=False)
    kinds = [torch.zeros_like(ab), ab, lab[:, 1:]]
    return rows_of_pictures(*(srgb_from_lab(torch.cat([lab[:, :1], kind], dim=1)).clamp(0, 1) for kind in kinds))
