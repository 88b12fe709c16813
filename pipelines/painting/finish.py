"""The finish of a network's colours, and their size: done where the anchors are, not where the network is.

A painter gives back a sixteenth of the places that a frame has; and it may have a GPU, which would wait meanwhile.
"""

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.frames import AbBatch, AnchorBatch, Painted

CPU = torch.device("cpu")


@torch.inference_mode()
def finished(anchors: AnchorBatch, painted: Painted, batch: int) -> AbBatch:
    """The colours of anchors, finished, at the size of their lightness.

    They are filled up to a full batch, as for the network: a place's colour must not depend, not even in the last bit,
    on how many others come with it.

    Args:
        anchors: as they were painted.
        painted: their colours.
        batch: anchors in a full one.
    """
    ab = _filled(painted.ab, batch).permute(0, 3, 1, 2)
    done = painted.finish(ab, lightness_of(anchors, batch))[: len(anchors.pts)]
    return AbBatch(anchors, _at_size(done, *anchors.lightness.shape[1:]), painted.device, painted.parts)


def lightness_of(anchors: AnchorBatch, batch: int, device: torch.device = CPU) -> Tensor:
    """L* 0..100 of what the network sees of the anchors, filled up with black: (batch, 1, h, w), channels last."""
    return _filled(anchors.seen[..., None], batch).to(device).permute(0, 3, 1, 2) * (100 / 255)


def _filled(rows: NDArray[Any], count: int) -> Tensor:
    """A copy of the rows, with zeros up to `count` of them."""
    full = np.zeros((max(count, len(rows)), *rows.shape[1:]), rows.dtype)
    full[: len(rows)] = rows
    return torch.from_numpy(full)


def _at_size(ab: Tensor, height: int, width: int) -> NDArray[np.float32]:
    """(N, 2, h', w') to (N, h, w, 2): bicubic loses least on true colours."""
    pictures = ab.permute(0, 2, 3, 1).numpy()
    resized = [cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC) for picture in pictures]
    return np.stack(resized).astype(np.float32, copy=False)
