"""The network on anchors, in batches: lightness to ab."""

import json
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from models.bins import annealed_mean
from models.weights import find_weights, load_network
from pipelines.batch import AbBatch, InstanceBatch
from pipelines.settings import PaintSettings

DEFAULT_TEMPERATURE = 0.38
"""The paper's, for weights that name none."""


def find_device(name: str) -> torch.device:
    """The device to colour on: auto | cpu | cuda.

    Raises:
        ValueError: cuda is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("no CUDA device here; --device cpu runs without one")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


@dataclass
class Colorize:
    """The stage: built where it runs, with the weights loaded."""

    settings: PaintSettings
    device: torch.device = field(init=False)
    network: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        self.device = find_device(self.settings.device)
        network, metadata = load_network(find_weights(self.settings.network))
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        shipped = float(json.loads(metadata.get("temperature", str(DEFAULT_TEMPERATURE))))
        self.temperature = self.settings.temperature or shipped

    @torch.inference_mode()
    def __call__(self, batch: InstanceBatch) -> AbBatch:
        """ab of a batch of anchors, at the size of its lightness.

        A batch is always as large as the settings say, filled up where anchors lack, so that an anchor's colour does
        not depend, not even in the last bit, on how many others came with it.
        """
        lightness = batch.anchors.lightness
        full = np.zeros((self.settings.batch, *lightness.shape[1:]), np.uint8)
        full[: len(lightness)] = lightness
        x = torch.from_numpy(full).to(self.device)[:, None].float() * (100 / 255)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            logits = self.network(x.to(memory_format=torch.channels_last))
        # one picture at a time: the distributions of a batch would take hundreds of megabytes
        small = torch.cat([annealed_mean(one[None], self.temperature) for one in logits[: len(lightness)]])
        return AbBatch(batch.anchors, _at_size(small * self.settings.saturation, *lightness.shape[1:]))


def _at_size(ab: Tensor, height: int, width: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """(N, 2, h/4, w/4) to (N, h, w, 2): bicubic loses least on true colours (DESIGN 2.1)."""
    pictures = ab.permute(0, 2, 3, 1).float().cpu().numpy()
    return np.stack([cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC) for picture in pictures])
