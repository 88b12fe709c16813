"""Layers of colour: packed for the way to the anchors, several of them as one, and their rims at those of things."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import HintTable, Layer
from pipelines.motion.flow import FloatPicture

AB_STEPS, SHARE_STEPS = 16, 255
"""Steps of a* or b*, and of a share, from one stored number to the next."""
FAST = 1
"""Level of compression."""
RADIUS = 2
"""Pixels: half the side of the window in which colours are fitted to lightness."""
FLATNESS = 1e-3
"""Variance of lightness (of 1) up to which a window is evened rather than fitted."""
POINTS, MOST = 12, 0.5
"""Along the short side of what a network is told of a layer; where it has more than this share."""
MIN_SHARE = 1e-3
"""Below it there is no colour to speak of, and nothing to divide by."""


@dataclass(frozen=True)
class PackedLayer:
    """A layer as bytes, of which a minute of film takes a few megabytes."""

    size: tuple[int, int]
    ab: bytes
    share: bytes
    is_own: bool
    is_partial: bool

    @classmethod
    def of(cls, layer: Layer) -> "PackedLayer":
        """The layer, rounded to the steps."""
        ab = np.rint(layer.ab * AB_STEPS).astype(np.int16)
        ab[layer.share < 1 / (2 * SHARE_STEPS)] = 0
        share = np.rint(layer.share * SHARE_STEPS).astype(np.uint8)
        rows, columns = share.shape
        colours, shares = (zlib.compress(each.tobytes(), FAST) for each in (ab, share))
        return cls((rows, columns), colours, shares, layer.is_own, layer.is_partial)

    @property
    def layer(self) -> Layer:
        """The layer again."""
        ab = np.frombuffer(zlib.decompress(self.ab), np.int16).reshape(*self.size, 2)
        share = np.frombuffer(zlib.decompress(self.share), np.uint8).reshape(self.size)
        shown = ab.astype(np.float32) / np.float32(AB_STEPS), share.astype(np.float32) / np.float32(SHARE_STEPS)
        return Layer(*shown, self.is_own, self.is_partial)


Layers = dict[int, PackedLayer]
"""By the pts of an anchor: the colours given for it."""


def points_of(layer: Layer) -> HintTable:
    """Colours at places spread evenly over a layer, wherever most of it is given, as networks take hints."""
    rows, columns = layer.share.shape
    step = max(1, min(rows, columns) // POINTS)
    y, x = np.mgrid[step // 2 : rows : step, step // 2 : columns : step].reshape(2, -1)
    found = layer.share[y, x] > MOST
    y, x = y[found], x[found]
    places = np.stack([(x + 0.5) / columns, (y + 0.5) / rows], axis=1)
    return np.concatenate([places, layer.ab[y, x]], axis=1).astype(np.float32)


def with_share(ab: FloatPicture, share: FloatPicture) -> FloatPicture:
    """(h, w, 3): ab times its share, and the share: pictures that may be blurred and averaged."""
    return np.dstack([ab * share[..., None], share])


def layer_of(shared: FloatPicture) -> Layer:
    """The layer of a picture as `with_share` gives it."""
    share = shared[..., 2].clip(0, 1)
    return Layer(shared[..., :2] / np.maximum(share, MIN_SHARE)[..., None], share)


def fitted(shared: FloatPicture, lightness: NDArray[np.uint8]) -> FloatPicture:
    """A picture (h, w, C) whose rims lie where those of its lightness do (guided filter, He et al., ECCV 2010)."""
    light = lightness.astype(np.float32) / 255
    mean, mean_shared = _windows(light), _windows(shared)
    variance = _windows(light * light) - mean * mean
    slope = (_windows(light[..., None] * shared) - mean[..., None] * mean_shared) / (variance + FLATNESS)[..., None]
    return _windows(slope) * light[..., None] + _windows(mean_shared - slope * mean[..., None])


def _windows(picture: FloatPicture) -> FloatPicture:
    side = 2 * RADIUS + 1
    return cv2.blur(picture, (side, side))


def over(under: Layer, layer: Layer) -> Layer:
    """One layer under another, at the larger one's size."""
    rows, columns = max(under.share.shape, layer.share.shape)
    size = columns, rows
    below, above = (
        cv2.resize(with_share(each.ab, each.share), size, interpolation=cv2.INTER_LINEAR) for each in (under, layer)
    )
    both = layer_of(above + below * (1 - above[..., 2:]))
    is_partial = under.is_partial and layer.is_partial
    return replace(both, is_own=under.is_own or layer.is_own, is_partial=is_partial)


def met(found: Sequence[tuple[int, Layer]]) -> Layer:
    """Layers of one anchor from several stills as one: the nearer a still, the more it says, where it says anything.

    Args:
        found: layers, each with how far away its still is, in any unit; the still's own frame is 0 away.
    """
    if len(found) == 1:
        return found[0][1]
    own = [layer for distance, layer in found if not distance]
    others = [(distance, layer) for distance, layer in found if distance]
    if own:
        return reduce(over, own, *[met(others)] if others else [])
    said = np.stack([layer.share / np.float32(distance) for distance, layer in others])  # (K, h, w)
    weights = said / np.maximum(said.sum(axis=0), MIN_SHARE / max(distance for distance, _ in others))
    ab, share = (np.stack(each) for each in zip(*[(layer.ab, layer.share) for _, layer in others], strict=True))
    is_partial = all(layer.is_partial for _, layer in others)
    return Layer((ab * weights[..., None]).sum(axis=0), (share * weights).sum(axis=0), is_partial=is_partial)
