"""Colours by likeness: each place of a picture takes those of the places that look most like it in another.

What looks alike is told by the encoder of the network that ships, and by lightness. Without motion between the two
pictures they are all there is; along motion they fill what was hidden.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.compact.network import Compact
from models.weights.catalogue import DEFAULT_NETWORK, find_weights
from models.weights.files import load_network
from pipelines.motion.flow import FloatPicture, brightness

SQUARE = 4
"""Pixels: side of the squares that are compared."""
SHARPNESS = 0.03
"""Difference of cosines by which a place has 1/e of the weight of another, likelier one."""
LIGHT = 20.0
"""Difference of lightness (of 255) by which it has 1/e too."""
UNSURE = 12.0
"""Spread of the ab of likely places at which their mean is trusted by half: it is the colour of none of them."""
AT_ONCE = 1024
"""Squares that are compared with all others at a time: their likenesses fill the memory."""
SAME_SHOT, ELSEWHERE = (0.38, 0.48), (0.46, 0.58)
"""Cosines of the likeliest place, in pictures of one shot and in any others: up to the first it is another thing, from
the second on the same. The likeliest places of two films have 0.485 in the median, 0.46 to 0.70 those of one shot that
are a second apart (5 to 75 % of them)."""


@lru_cache(1)
def _encoder() -> Compact:
    network, _ = load_network(find_weights(DEFAULT_NETWORK))
    assert isinstance(network, Compact)
    return network.eval()


@torch.inference_mode()
def _features(lightness: NDArray[np.uint8]) -> Tensor:
    """(C, M): what squares look like, as vectors of length 1, from lightness (h, w), 0..255, in multiples of 32."""
    size = [side // SQUARE for side in lightness.shape]
    levels = _encoder().features(torch.from_numpy(lightness)[None, None].float() * (100 / 255))[:-1]
    evened = []
    for level in levels:  # each has as much to say, and nothing that is so everywhere in the picture
        unlike = F.normalize(level - level.mean(dim=(2, 3), keepdim=True), dim=1)
        evened.append(F.interpolate(unlike, size=size, mode="bilinear", align_corners=False))
    return F.normalize(torch.cat(evened, dim=1)[0].flatten(1), dim=0)


@dataclass
class Likeness:
    """A picture whose colours others take."""

    lightness: NDArray[np.uint8]
    """(h, w), both multiples of 32."""
    colours: FloatPicture
    """(h, w, C), whatever is brought along."""
    known: tuple[float, float] = SAME_SHOT
    """Cosines from which a place is trusted, see `SAME_SHOT`."""
    _known: Tensor = field(init=False, repr=False)
    _table: Tensor = field(init=False, repr=False)
    """(M, C), the colours of its squares."""

    def __post_init__(self) -> None:
        self._known, self._table = _features(self.lightness), torch.from_numpy(_in_squares(self.colours)).flatten(0, 1)

    @torch.inference_mode()
    def brought(self, lightness: NDArray[np.uint8]) -> tuple[FloatPicture, FloatPicture]:
        """The colours as another picture (h', w') has them, (h', w', C), and how far to trust them, (h', w')."""
        gain, shift = brightness(lightness, self.lightness)
        light = torch.from_numpy(_in_squares(lightness).astype(np.float32) * np.float32(gain) + np.float32(shift))
        own_light = torch.from_numpy(_in_squares(self.lightness)).float().flatten()
        colours, best, sure = list[Tensor](), list[Tensor](), list[Tensor]()
        for features, lights in zip(
            torch.split(_features(lightness).T, AT_ONCE), torch.split(light.flatten(), AT_ONCE), strict=True
        ):
            likeness = features @ self._known  # (AT_ONCE, M)
            apart = (lights[:, None] - own_light) / LIGHT
            weights = torch.softmax(likeness / SHARPNESS - apart * apart, dim=1)
            colours.append(weights @ self._table)
            sure.append(_sureness(weights, self._table[:, :2], colours[-1][:, :2]))
            best.append(likeness.amax(dim=1))
        trust = ((torch.cat(best) - self.known[0]) / (self.known[1] - self.known[0])).clamp(0, 1) * torch.cat(sure)
        size = lightness.shape[::-1]
        brought, alike = (
            cv2.resize(each.reshape(*light.shape, -1).numpy(), size, interpolation=cv2.INTER_LINEAR)
            for each in (torch.cat(colours), trust)
        )
        return brought, alike


def _sureness(weights: Tensor, ab: Tensor, mean: Tensor) -> Tensor:
    """(N,): how nearly likely places agree on their colour, 0..1, of the weights (N, M) of places with ab (M, 2)."""
    spread = weights @ ab.square().sum(dim=1) - mean.square().sum(dim=1)
    return 1 / (1 + spread.clamp(min=0) / UNSURE**2)


def _in_squares(picture: NDArray[Any]) -> NDArray[Any]:
    return cv2.resize(picture, None, fx=1 / SQUARE, fy=1 / SQUARE, interpolation=cv2.INTER_AREA)
