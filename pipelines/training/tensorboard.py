"""A training run in TensorBoard: its losses, and a few pictures coloured anew at each checkpoint."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.tensorboard import SummaryWriter

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

    def __init__(self, folder: Path, data: Examples, config: TrainConfig) -> None:
        self.writer, self.config = SummaryWriter(str(folder)), config
        settings = CropSettings(config.crop, (1.0, 1.0), seed=config.seed + 2)
        self.light, self.boxes = next(crops(data, data.boxes, settings, SHOWN, range(1), workers=0))

    def losses(self, step: int, terms: dict[str, float]) -> None:
        """Adds the mean of each term since the last time."""
        for name, mean in terms.items():
            self.writer.add_scalar(f"loss/{name}", mean, step)
        self.writer.flush()

    @torch.inference_mode()
    def pictures(self, step: int, network: Compact) -> None:
        """Adds rows of gray, coloured, true, in the stages that change colours; instances count in the fusion stage."""
        if self.config.stage not in COLOURING:
            return
        lab = lab_from_linear(self.light)
        device = next(network.parameters()).device
        boxes = self.boxes[:, : self.config.instances if self.config.stage == "fusion" else 0]
        owners, number = torch.nonzero(boxes[..., 5] >= self.config.least_score, as_tuple=True)
        corners, hints = boxes[owners, number, :4], torch.zeros(0, 5)
        lightness = lab[:, :1].to(device)
        rows = min(lightness.shape[2:])
        inputs = NetworkInput(lightness, rows, corners, owners, hints, self.config.temperature)
        small = self.config.finish(paint(NETWORKS["compact"], network, inputs), lightness).cpu()
        ab = F.interpolate(small, scale_factor=HEAD_STRIDE, mode="bicubic", align_corners=False)
        kinds = [torch.zeros_like(ab), ab, lab[:, 1:]]
        columns = [srgb_from_lab(torch.cat([lab[:, :1], kind], dim=1)).clamp(0, 1) for kind in kinds]
        sheet = torch.cat([torch.cat(list(column), dim=2) for column in columns], dim=1)
        self.writer.add_image("gray, coloured, true", sheet, step)
        self.writer.flush()
