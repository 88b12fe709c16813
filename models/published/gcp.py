"""GCP (Wu et al., ICCV 2021, arXiv 2108.08826; also "ToVivid"), laid out as in its authors' code: five networks.


An encoder finds BigGAN's noise for a gray picture, BigGAN makes a reference picture of it, features of BigGAN's
discriminator tell which places of the two correspond, and a generator colours with what lies at these places.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.biggan import (
    CLASSES,
    SHARED,
    Attention,
    Discriminator,
    ResidualBlock,
    Step,
    halved,
    unchanged,
)
from models.published.biggan import Generator as BigGan
from models.published.gcp_generator import Generator

SIDE = 256
"""Height and width of pictures in pixels; it takes no other."""
LEVELS = [1, 64, 128, 256, 512, 512, 1024, 1024]
NOISE = 120
"""Numbers that the encoder finds, of which BigGAN uses 119."""
FEATURES = 192 + 384
"""Of the discriminator's blocks 1 and 2, by which places are compared."""
COMPARED = 128
TEMPERATURE = 0.01
SEEN = 3
"""Blocks of the discriminator that are used."""
REFERENCES = slice(3, 6)
"""Blocks of BigGAN whose features, at 64, 128 and 256 places, colour the picture."""
NORM_EPS = 1e-5
AB_SCALE = 110.0


class Encoder(nn.Module):
    """104 tensors: a picture and its class to BigGAN's noise."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.linear = nn.Embedding(CLASSES, SHARED), nn.Linear(LEVELS[-1], NOISE)
        self.blocks = nn.ModuleList()
        last = len(LEVELS) - 2
        for number in range(last + 1):
            inputs, outputs = LEVELS[number], LEVELS[number + 1]
            resample = unchanged if number == last else halved
            block = ResidualBlock(inputs, outputs, SHARED, resample, is_normed=False)
            self.blocks.append(Step([block, Attention(outputs, is_normed=False)] if number == 1 else [block]))

    def forward(self, lightness: Tensor, classes: Tensor) -> Tensor:
        """Noise (N, 120) of lightness (N, 1, 256, 256), -1..1, and classes (N,)."""
        y, x = self.shared(classes), lightness
        for step in self.blocks:
            x = step(x, y)
        noise: Tensor = self.linear(F.relu(x).mean(dim=(2, 3)))
        return noise


class ComparedBlock(nn.Module):
    """A residual block whose two activations share their slope."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pad, self.norm, self.prelu = nn.ReflectionPad2d(1), nn.InstanceNorm2d(channels, eps=NORM_EPS), nn.PReLU()
        self.conv1, self.conv2 = nn.Conv2d(channels, channels, 3), nn.Conv2d(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, h, w) of x (N, C, h, w)."""
        inside = self.prelu(self.norm(self.conv1(self.pad(x))))
        result: Tensor = self.prelu(self.norm(self.conv2(self.pad(inside))) + x)
        return result


class Correspondence(nn.Module):
    """24 tensors: which places of a reference each place of a picture takes its colours from."""

    def __init__(self) -> None:
        super().__init__()
        self.private_layer = nn.ModuleList(ComparedBlock(FEATURES) for _ in range(2))
        self.share_layer = nn.Sequential(*(ComparedBlock(FEATURES + 3) for _ in range(2)))
        self.theta, self.phi = (nn.Conv2d(FEATURES + 3, COMPARED, 1) for _ in range(2))

    def forward(self, picture: Tensor, reference: Tensor) -> Tensor:
        """Shares (N, 4096, 4096) of the reference's places, last, for each of the picture's, of sum 1.

        Args:
            picture: (N, 576, 64, 64), features.
            reference: (N, 576, 64, 64), features.
        """
        own, others = (
            _directions(conv(self.share_layer(_with_places(F.normalize(private(features))))))
            for conv, private, features in (
                (self.theta, self.private_layer[0], picture),
                (self.phi, self.private_layer[1], reference),
            )
        )
        return torch.softmax(own.mT @ others / TEMPERATURE, dim=2)


def _with_places(features: Tensor) -> Tensor:
    """Features with three more channels: x and y of each place, -1..1, and their distance from the middle."""
    height, width = features.shape[2:]
    y = torch.linspace(-1, 1, height, device=features.device)[:, None].expand(height, width)
    x = torch.linspace(-1, 1, width, device=features.device).expand(height, width)
    places = torch.stack([x, y, torch.hypot(x, y)]).expand(len(features), -1, -1, -1)
    return torch.cat([features, places], dim=1)


def _directions(features: Tensor) -> Tensor:
    """Vectors of length 1, (N, C, places), of features without their mean."""
    flat = features.flatten(2)
    return F.normalize(flat - flat.mean(dim=1, keepdim=True))


class Gcp(nn.Module):
    """638 tensors and 310.9 million numbers in the published files, of which 69 % are used.

    Args:
        is_whole: whether it holds what the published files have, and colouring does not use: the rest of the
            discriminator.
    """

    def __init__(self, is_whole: bool = False) -> None:
        super().__init__()
        self.biggan_enc, self.biggan_gen = Encoder(), BigGan()
        self.biggan_dis = Discriminator() if is_whole else Discriminator(blocks=SEEN)
        self.net_corr, self.net_gen = Correspondence(), Generator()

    def forward(self, lightness: Tensor, classes: Tensor) -> Tensor:
        """ab (N, 2, 256, 256).

        Args:
            lightness: (N, 1, 256, 256), CIE L* / 50 - 1.
            classes: (N,) int64, of ImageNet's 1,000.
        """
        return AB_SCALE * torch.tanh(self.before_tanh(lightness, classes))

    def before_tanh(self, lightness: Tensor, classes: Tensor) -> Tensor:
        """ab as `forward` gives it, without bounds."""
        noise = self.biggan_enc(lightness, classes)
        features, reference = self.biggan_gen(self.biggan_gen.shared(classes), noise)
        shares = self.net_corr(self._seen(lightness.expand(-1, 3, -1, -1)), self._seen(reference))
        result: Tensor = self.net_gen(lightness, [_brought(shares, one) for one in features[REFERENCES]])
        return result

    def _seen(self, rgb: Tensor) -> Tensor:
        """(N, 576, 64, 64) of RGB (N, 3, 256, 256)."""
        _, middle, deep = self.biggan_dis(rgb)[:SEEN]
        return torch.cat([middle, F.interpolate(deep, scale_factor=2, mode="nearest")], dim=1)


def _brought(shares: Tensor, features: Tensor) -> Tensor:
    """Features (N, C, h, w) of a reference, brought in cells to the places that correspond to them."""
    cell = features.shape[2] // round(shares.shape[1] ** 0.5)
    cells = F.pixel_unshuffle(features, cell)
    moved = (shares @ cells.flatten(2).mT).mT
    return F.pixel_shuffle(moved.reshape(cells.shape), cell)
