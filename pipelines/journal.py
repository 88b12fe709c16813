"""What a training run shows in TensorBoard: its losses, and the same few pictures coloured again and again."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.tensorboard import SummaryWriter

from models.bins import annealed_mean
from models.colorspace import lab_from_linear, srgb_from_lab
from models.compact import HEAD_STRIDE, Compact
from pipelines.crops import UNKNOWN, CropSettings, crops
from pipelines.pictures import Picture
from pipelines.train_config import TrainConfig

SHOWN = 8


class Journal:
    """Writes into a folder that `tensorboard --logdir` shows."""

    def __init__(self, folder: Path, pictures: Sequence[Picture], config: TrainConfig) -> None:
        self.writer = SummaryWriter(str(folder))
        self.temperature, self.saturation = config.temperature, config.saturation
        settings = CropSettings(config.crop, (1.0, 1.0), seed=config.seed + 2)
        self.light, _ = next(crops(pictures, [UNKNOWN] * len(pictures), settings, SHOWN, range(1), workers=0))

    def losses(self, step: int, terms: dict[str, float]) -> None:
        """Adds the mean of each term since the last time."""
        for name, mean in terms.items():
            self.writer.add_scalar(f"loss/{name}", mean, step)
        self.writer.flush()

    @torch.inference_mode()
    def pictures(self, step: int, network: Compact) -> None:
        """Adds rows of gray, coloured by the full frame, true."""
        lab = lab_from_linear(self.light)
        device = next(network.parameters()).device
        small = self.saturation * annealed_mean(network(lab[:, :1].to(device)), self.temperature).cpu()
        ab = F.interpolate(small, scale_factor=HEAD_STRIDE, mode="bicubic", align_corners=False)
        rows = [torch.zeros_like(ab), ab, lab[:, 1:]]
        columns = [srgb_from_lab(torch.cat([lab[:, :1], row], dim=1)).clamp(0, 1) for row in rows]
        sheet = torch.cat([torch.cat(list(column), dim=2) for column in columns], dim=1)
        self.writer.add_image("gray, coloured, true", sheet, step)
        self.writer.flush()
