"""Features by which training compares coloured and true pictures (Johnson et al., ECCV 2016, arXiv 1603.08155).

SCGAN and BigColor compare those of VGG-16. Where nobody gives its weights, those of a classifier of ours stand in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from models.compact.network import Compact
from models.judges.classifier import Classifier
from models.networks import load_strictly
from models.weights.catalogue import find_weights
from models.weights.files import load_network, network_of, read_weights
from models.weights.published_files import read_published

VGG = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512]
"""Channels of VGG-16's convolutions up to conv4_2; 0: its pools (Simonyan, Zisserman, ICLR 2015, arXiv 1409.1556)."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue."""
MIDDLE = 7 / 8
"""Share of each side that BigColor compares: 224 of 256 pixels."""


@dataclass(frozen=True)
class Compared:
    """Features that a paper compares, and how."""

    vgg: tuple[int, ...]
    """Layers of VGG-16, from 0."""
    mobilenet: tuple[int, ...]
    """Layers of MobileNetV2 that stand in for them, of about the same sizes."""
    taps: tuple[int, ...]
    """Of an encoder's taps, from the first, those that stand in for them."""
    is_squared: bool
    """Whether differences are squared; False: absolute."""
    is_bigcolor: bool
    """Whether VGG-16 sees the middle of pictures, normalised, and its distance is divided by their number."""


COMPARED = {
    "scgan": Compared((14,), (6,), (1,), is_squared=False, is_bigcolor=False),
    "bigcolor": Compared((1, 2, 13, 20), (1, 3, 6), (0, 1), is_squared=True, is_bigcolor=True),
}
"""By the network that is trained. SCGAN takes conv3_3 before its ReLU, of pictures that are not normalised."""


class Perceptual(nn.Module):
    """Frozen features of pictures.

    Args:
        name: said in the weights that are trained by it.
        layers: its layers.
        compared: how features are compared.
        levels: layers whose features are.
        prepare: RGB (N, 3, h, w), sRGB 0..1, to what the layers take.
        is_relative: whether distances are shares of the true features' mean size, since features of other networks are
            larger or smaller than those for which the loss was weighed.
    """

    def __init__(  # a comparison's all
        self, name: str, layers: nn.Sequential, compared: Compared, levels: tuple[int, ...],
        prepare: Callable[[Tensor], Tensor], is_relative: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.name = f"{name} {', '.join(map(str, levels))}"
        self.layers = nn.Sequential(*list(layers)[: max(levels) + 1])
        self.compared, self.levels = compared, levels
        self.prepare, self.is_relative = prepare, is_relative
        self.float().eval().requires_grad_(False)

    def forward(self, coloured: Tensor, true: Tensor) -> Tensor:
        """Mean difference between the features of pictures, (N, 3, h, w) each, sRGB 0..1; of all levels the mean."""
        distances = []
        for own, wanted in zip(self.features(coloured), self.features(true), strict=True):
            sizes = (own - wanted, wanted) if self.is_relative else (own - wanted,)
            means = [(size.square() if self.compared.is_squared else size.abs()).mean() for size in sizes]
            distances.append(means[0] / means[1] if self.is_relative else means[0])
        total = torch.stack(distances).mean()
        return total / len(true) if self.compared.is_bigcolor and not self.is_relative else total

    def features(self, rgb: Tensor) -> list[Tensor]:
        """Features of each level, (N, C, h', w')."""
        x = self.prepare(_middle(rgb) if self.compared.is_bigcolor else rgb)
        found = []
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number in self.levels:
                found.append(x)
        return found


def _middle(rgb: Tensor) -> Tensor:
    """The middle of pictures, MIDDLE of each side."""
    top, left = (round(extent * (1 - MIDDLE) / 2) for extent in rgb.shape[2:])
    return rgb[:, :, top : rgb.shape[2] - top, left : rgb.shape[3] - left]


def _normalised(rgb: Tensor) -> Tensor:
    mean, deviation = (torch.tensor(values).to(rgb)[:, None, None] for values in (MEAN, DEVIATION))
    return (rgb - mean) / deviation


def _vgg(state: dict[str, Tensor], compared: Compared) -> Perceptual:
    layers: list[nn.Module] = []
    inputs = 3
    for channels in VGG:
        layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()] if channels else [nn.MaxPool2d(2)]
        inputs = channels or inputs
    features = nn.Sequential(*layers[: max(compared.vgg) + 1])
    load_strictly(features, {key: state[f"features.{key}"] for key in features.state_dict()})
    prepare = _normalised if compared.is_bigcolor else _as_it_is
    return Perceptual("VGG-16 features", features, compared, compared.vgg, prepare, is_relative=False)


def _as_it_is(rgb: Tensor) -> Tensor:
    return rgb


def _mobilenet(state: dict[str, Tensor], compared: Compared) -> Perceptual:
    classifier = Classifier()
    load_strictly(classifier, state)
    levels = compared.mobilenet
    return Perceptual("MobileNetV2 features", classifier.features, compared, levels, lambda rgb: 2 * rgb - 1)


def _compact(path: Path, compared: Compared) -> Perceptual:
    """An encoder that takes gray pictures: it sees red, green and blue as three of them."""
    network, _ = load_network(path)
    assert isinstance(network, Compact)
    taps = sorted(network.encoder.taps)
    levels = tuple(taps[number] for number in compared.taps)
    return Perceptual("compact encoder.features", network.encoder.features, compared, levels, _as_grays)


def _as_grays(rgb: Tensor) -> Tensor:
    return 2 * rgb.flatten(0, 1)[:, None] - 1


def load_perceptual(path: Path | None, trained: Literal["scgan", "bigcolor"]) -> Perceptual:
    """Features of the weights at `path`; of the network that ships where it is None.

    Args:
        path: weights of torchvision's VGG-16 or MobileNetV2, or of `compact`.
        trained: the network that is trained by it.

    Raises:
        ValueError: it holds none of these.
    """
    compared = COMPARED[trained]
    if path is None:
        return _compact(find_weights("compact", None), compared)
    is_ours = path.suffix == ".safetensors"
    state, about = read_weights(path) if is_ours else (read_published(path), {})
    if about.get("network") == "compact" and network_of(path) == "compact":
        return _compact(path, compared)
    try:
        is_vgg = "features.14.weight" in state and "features.14.bias" in state
        return (_vgg if is_vgg else _mobilenet)(state, compared)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}: no weights of VGG-16, MobileNetV2 or compact ({error})") from error
