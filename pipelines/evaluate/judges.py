"""Methods that find the motion along which steadiness is judged.

The DIS flow that carries colours is none of them: where it is wrong, it would not see that colours are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.judges.raft import find_flow, load_raft
from models.weights.catalogue import find_weights
from pipelines.painting.device import find_device

Light = NDArray[np.uint8]
"""Lightness of a frame, (h, w), 0..255 for CIE L* 0..100."""
FindFlow = Callable[[Light, Light], Tensor]
"""One frame and another to the flow (1, 2, h, w) from the one to the other: columns and rows, in pixels."""


@dataclass(frozen=True)
class MotionJudge:
    """A way to find motion, and what it is called."""

    name: str
    flow: FindFlow


@dataclass(frozen=True)
class Raft:
    """RAFT (Teed, Deng, ECCV 2020)."""

    network: nn.Module
    device: torch.device

    def __call__(self, one: Light, other: Light) -> Tensor:
        """The flow from one frame to the other."""
        lightness = (torch.from_numpy(light).to(self.device)[None, None] * (100 / 255) for light in (one, other))
        return find_flow(self.network, *lightness).cpu()


def farneback(one: Light, other: Light) -> Tensor:
    """The flow from one frame to the other, as Farneback finds it (SCIA 2003)."""
    start = np.zeros((*one.shape, 2), np.float32)
    flow = cv2.calcOpticalFlowFarneback(one, other, start, 0.5, 4, 21, 3, 7, 1.5, 0)
    return torch.from_numpy(flow).permute(2, 0, 1)[None]


def open_judge(name: Literal["farneback", "raft"], device: str, weights_dir: Path | None) -> MotionJudge:
    """The judge of this name.

    Args:
        name: of the judge.
        device: auto | cpu | cuda; where a network runs.
        weights_dir: the folder of fetched weights; None takes the default.

    Raises:
        FileNotFoundError: its weights are not here.
        ValueError: they are of something else, the judge needs what is not installed, or the device is missing.
    """
    if name == "farneback":
        return MotionJudge(name, farneback)
    where = find_device(device)
    return MotionJudge(name, Raft(load_raft(find_weights(name, weights_dir)).to(where), where))
