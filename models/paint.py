"""Colours of frames by any network: what it is shown, and how what it gives becomes ab."""

import functools

import numpy as np
import torch
from torch import Tensor, nn

from models.colour.colorspace import lab_from_srgb
from models.compact.instance_fusion import cut_out, with_context
from models.compact.network import INSTANCE_SIDE, Compact
from models.kind import Kind
from models.network_input import NetworkInput
from models.published.bigcolor import BigColor
from models.published.eccv16 import Eccv16
from models.published.gcp import Gcp
from models.published.instcolor import InstColor
from models.published.siggraph17 import Siggraph17

GROUP = 4
"""Instances in one call, padded with empty ones: a frame's colour must not depend on how many there are."""
HINT_REACH = 3
"""A hint colours the place it names and so many around it on each side, of 256; training drew squares of 1 to 9."""
NOISE_SEED, NOISE_SIGMA = 0, 0.8
"""BigColor's noise: drawn anew for each picture, as its authors do, colours would flicker; its standard deviation."""
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601) in the Y'UV of networks that give chroma."""


def paint(kind: Kind, network: nn.Module, inputs: NetworkInput) -> Tensor:
    """ab of frames, (N, 2, h, w), float32, at the size of what the network gives.

    Args:
        kind: of the network.
        network: with its weights.
        inputs: the frames, at the network's size where it keeps their shape.
    """
    pictures = kind.sees.fitted(inputs.lightness, inputs.rows)
    result = kind.run(network, pictures, inputs)
    with torch.autocast(result.device.type, enabled=False):
        if kind.gives == "distribution":
            return network.mean(result, inputs.temperature)  # type: ignore[operator]
        if kind.gives == "ab":
            return result.float()
        rgb = result.float().clamp(0, 1)
        return lab_from_srgb(rgb if kind.gives == "rgb" else with_luma(rgb, pictures[:, :1]))[:, 1:]


def with_luma(rgb: Tensor, luma: Tensor) -> Tensor:
    """Colours with another luma: their U and V (ITU-R BT.601) stay, and what then lies outside 0..1 is clipped.

    Args:
        rgb: (N, 3, h, w), sRGB 0..1.
        luma: (N, 1, h, w), 0..1.
    """
    return (rgb + luma - luma_of(rgb)).clamp(0, 1)


def luma_of(rgb: Tensor) -> Tensor:
    """Luma (ITU-R BT.601), (N, 1, h, w), of pictures (N, 3, h, w), sRGB 0..1."""
    return (rgb * _luma(rgb.device)[:, None, None]).sum(dim=1, keepdim=True)


@functools.cache
@torch.inference_mode(mode=False)
def _luma(device: torch.device) -> Tensor:
    """(3,), LUMA, kept on each device."""
    return torch.tensor(LUMA).to(device)


def compact_logits(network: Compact, pictures: Tensor, inputs: NetworkInput) -> Tensor:
    """Logits of the network that ships, of full frames with their instances fused in."""
    features = list(inputs.features) if inputs.features else network.features(pictures)
    heard = network.listen(hint_planes(inputs.hints, pictures), features) if len(inputs.hints) else None
    if not len(inputs.boxes):
        return network.colour(features, heard)
    if pictures.device.type != "cpu":
        boxes, owners, _ = filled_up(inputs, len(pictures), pictures.device)
        boxes = with_context(boxes)
        return network.fuse(features, network.see(cut_out(pictures, boxes, owners, INSTANCE_SIDE)), boxes, None, heard)
    boxes = with_context(inputs.boxes)
    squares = cut_out(pictures, boxes, inputs.owners, INSTANCE_SIDE)
    squares = torch.cat([squares, squares.new_zeros((-len(squares) % GROUP, *squares.shape[1:]))])
    groups = [network.see(group) for group in torch.split(squares, GROUP)]
    instances = [torch.cat(level)[: len(boxes)] for level in zip(*groups, strict=True)]
    return network.fuse(features, instances, boxes, inputs.owners, heard)


def filled_up(inputs: NetworkInput, frames: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes on a GPU, as many for each frame, filled up with empty boxes, which cover nothing.

    There what computes a product depends on its size: a frame's colour must not depend on the boxes of others.

    Returns:
        Boxes (K, 4), owners (K,), and which of these are no empty ones, in the order of the input's, on the CPU.
    """
    counts = torch.bincount(inputs.owners, minlength=frames)
    most = max(inputs.instances, int(counts.max()))
    boxes, numbers = torch.zeros(frames, most, 4), torch.cat([torch.arange(int(count)) for count in counts])
    boxes[inputs.owners, numbers] = inputs.boxes
    owners = torch.arange(frames, device=device).repeat_interleave(most, output_size=frames * most)
    return boxes.flatten(0, 1).to(device), owners, inputs.owners * most + numbers


def eccv16_logits(network: Eccv16, pictures: Tensor, _inputs: NetworkInput) -> Tensor:
    """Logits of eccv16."""
    return network.logits(pictures)


def with_hints(network: Siggraph17, pictures: Tensor, inputs: NetworkInput) -> Tensor:
    """ab of siggraph17, of frames with their hints."""
    return network(pictures, hint_planes(inputs.hints, pictures))


def with_instances(network: InstColor, pictures: Tensor, inputs: NetworkInput) -> Tensor:
    """ab of instcolor, of frames with their instances."""
    side, device = pictures.shape[-1], pictures.device
    if device.type == "cpu" or not len(inputs.boxes):
        squares = cut_out(inputs.lightness, inputs.boxes.to(device), inputs.owners.to(device), side)
    else:
        boxes, owners, own = filled_up(inputs, len(pictures), device)
        squares = cut_out(inputs.lightness, boxes, owners, side)[own.to(device)]
    return network(pictures, squares, inputs.boxes, inputs.owners)


def with_class(network: Gcp, pictures: Tensor, inputs: NetworkInput) -> Tensor:
    """ab of GCP, of frames with their classes."""
    return network(pictures / 50 - 1, inputs.classes)


def with_class_and_noise(network: BigColor, pictures: Tensor, inputs: NetworkInput) -> Tensor:
    """RGB 0..1 of BigColor, of frames with their classes; the noise is one for all frames of all films."""
    noise = fixed_noise(network.config.used_noise).to(pictures).expand(len(pictures), -1)
    return (network(pictures, inputs.classes, noise) + 1) / 2


def fixed_noise(numbers: int) -> Tensor:
    """BigColor's noise, (numbers,), float64."""
    return torch.from_numpy(np.random.default_rng(NOISE_SEED).standard_normal(numbers) * NOISE_SIGMA)


def hint_planes(hints: Tensor, pictures: Tensor) -> Tensor:
    """Planes of a*, b* and the hints' mask, (N, 3, h, w), from hints (M, 5); the later hint wins at a place."""
    frames, _, height, width = pictures.shape
    where = hints.device if len(hints) else pictures.device
    planes = torch.zeros((frames, 3, height, width), dtype=hints.dtype, device=where)
    for frame, x, y, a, b in hints.tolist():
        row, column = min(height - 1, int(y * height)), min(width - 1, int(x * width))
        rows = slice(max(0, row - HINT_REACH), row + HINT_REACH + 1)
        columns = slice(max(0, column - HINT_REACH), column + HINT_REACH + 1)
        planes[int(frame), :, rows, columns] = hints.new_tensor([a, b, 1])[:, None, None]
    return planes.to(pictures.device)
