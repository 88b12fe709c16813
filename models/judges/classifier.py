"""MobileNetV2 as a judge of coloured pictures: features, and scores of ImageNet's classes.

Sandler et al., CVPR 2018 (arXiv 1801.04381); the keys are those of torchvision's `mobilenet_v2`, batch norm folded.
"""

from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from models.compact.mobilenet import STEM_CHANNELS, TOP_CHANNELS, MobileNetV2
from models.weights.files import read_weights

CLASSES = 1001
"""ImageNet's 1000 in the order of their WordNet numbers, after 0, the background."""
SIDE = 224
CENTRE = 0.875
"""Share of the short side that the classifier sees, as is usual for ImageNet."""


class Classifier(nn.Module):
    """RGB pictures to features and classes."""

    def __init__(self) -> None:
        super().__init__()
        self.features = MobileNetV2().features
        self.features[0][0] = nn.Conv2d(3, STEM_CHANNELS, 3, stride=2)  # type: ignore[operator]
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(TOP_CHANNELS, CLASSES))  # torchvision's keys

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features and logits.

        Args:
            rgb: (N, 3, 224, 224), sRGB 0..1; see `centre_square`.

        Returns:
            (N, 1280) and (N, 1001).
        """
        pooled = self.features(2 * rgb - 1).mean(dim=(2, 3))
        return pooled, self.classifier(pooled)


def centre_square(rgb: Tensor) -> Tensor:
    """The square that the classifier sees of each picture: (N, 3, H, W) to (N, 3, 224, 224)."""
    side = round(CENTRE * min(rgb.shape[-2:]))
    top, left = ((extent - side) // 2 for extent in rgb.shape[-2:])
    square = rgb[..., top : top + side, left : left + side]
    return F.interpolate(square, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)


def load_classifier(path: Path) -> Classifier:
    """The classifier with the weights at `path`, in evaluation mode.

    Raises:
        ValueError: not a safetensors file, or tensors are missing, misshapen or too many.
    """
    classifier = Classifier()
    try:
        classifier.load_state_dict({key: value.float() for key, value in read_weights(path)[0].items()}, strict=True)
    except RuntimeError as error:
        raise ValueError(f"{path}: {error}") from error
    return classifier.eval()
