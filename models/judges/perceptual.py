"""Features by which training compares coloured and true pictures (Johnson et al., ECCV 2016, arXiv 1603.08155).

SCGAN compares those of VGG-16. Where nobody gives its weights, those of a classifier of ours stand in.
"""

from collections.abc import Callable
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from models.compact.network import Compact
from models.judges.classifier import Classifier
from models.networks import load_strictly
from models.weights.catalogue import find_weights
from models.weights.files import load_network, network_of, read_weights
from models.weights.published_files import read_published

VGG = [64, 64, 0, 128, 128, 0, 256, 256, 256]
"""Channels of VGG-16's convolutions up to conv3_3; 0: its pools (Simonyan, Zisserman, ICLR 2015, arXiv 1409.1556)."""
MOBILENET_LAYERS = 7
"""Layers of MobileNetV2 up to the last one at 1/8."""
EIGHTH = 1
"""Number of the tap at 1/8 among an encoder's."""


class Perceptual(nn.Module):
    """Frozen features of pictures.

    Args:
        name: said in the weights that are trained by it.
        layers: its layers.
        prepare: RGB (N, 3, h, w), sRGB 0..1, to what the layers take.
        is_relative: whether distances are shares of the true features' mean size, since features of other networks are
            larger or smaller than those for which the loss was weighed.
    """

    def __init__(
        self, name: str, layers: nn.Module, prepare: Callable[[Tensor], Tensor], is_relative: bool = True
    ) -> None:
        super().__init__()
        self.name, self.layers, self.prepare, self.is_relative = name, layers, prepare, is_relative
        self.eval().requires_grad_(False)

    def forward(self, coloured: Tensor, true: Tensor) -> Tensor:
        """Mean absolute difference between the features of pictures, (N, 3, h, w) each, sRGB 0..1."""
        own, wanted = (self.layers(self.prepare(rgb)) for rgb in (coloured, true))
        distance = F.l1_loss(own, wanted)
        return distance / wanted.abs().mean() if self.is_relative else distance


def _vgg(state: dict[str, Tensor]) -> Perceptual:
    """conv3_3 before its ReLU, of pictures that are not normalised: as SCGAN's authors take it."""
    layers: list[nn.Module] = []
    inputs = 3
    for channels in VGG:
        layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()] if channels else [nn.MaxPool2d(2)]
        inputs = channels or inputs
    features = nn.Sequential(*layers[:-1])
    load_strictly(features, {key: state[f"features.{key}"] for key in features.state_dict()})
    return Perceptual("VGG-16 conv3_3", features, lambda rgb: rgb, is_relative=False)


def _mobilenet(state: dict[str, Tensor]) -> Perceptual:
    classifier = Classifier()
    load_strictly(classifier, state)
    return Perceptual("MobileNetV2 features.6", classifier.features[:MOBILENET_LAYERS].float(), lambda rgb: 2 * rgb - 1)


def _compact(path: Path) -> Perceptual:
    """An encoder that takes gray pictures: it sees red, green and blue as three of them."""
    network, _ = load_network(path)
    assert isinstance(network, Compact)
    last = sorted(network.encoder.taps)[EIGHTH]
    layers = network.encoder.features[: last + 1].float()
    return Perceptual(f"compact encoder.features.{last}", layers, lambda rgb: 2 * rgb.flatten(0, 1)[:, None] - 1)


def load_perceptual(path: Path | None) -> Perceptual:
    """Features of the weights at `path`; of the network that ships where it is None.

    Args:
        path: weights of torchvision's VGG-16 or MobileNetV2, or of `compact`.

    Raises:
        ValueError: it holds none of these.
    """
    if path is None:
        return _compact(find_weights("compact", None))
    is_ours = path.suffix == ".safetensors"
    state, about = read_weights(path) if is_ours else (read_published(path), {})
    if about.get("network") == "compact" and network_of(path) == "compact":
        return _compact(path)
    try:
        return _vgg(state) if "features.14.weight" in state and "features.14.bias" in state else _mobilenet(state)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}: no weights of VGG-16, MobileNetV2 or compact ({error})") from error
