"""Input of a network: a batch of frames, with their instances and hints."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class NetworkInput:
    """Frames, the instances found in them, and hints of their colours.

    Frames lie on the network's device. Boxes, their owners and hints are few and lie on the CPU: code that goes through
    them would wait for the device at each.
    """

    lightness: Tensor
    """(N, 1, h, w), CIE L* 0..100; the short side is `rows`."""
    rows: int
    """Of the pictures that the network is shown, see `models.kind.Sees`."""
    boxes: Tensor
    """(K, 4), left, top, right, bottom as shares of the sides."""
    owners: Tensor
    """(K,) int64, the frame each box belongs to, in rising order."""
    hints: Tensor
    """(M, 5): frame, x and y as shares of the sides, a*, b*."""
    temperature: float
    """T of the annealed mean, for networks that have one."""
    classes: Tensor | None = None
    """(N,) int64, of ImageNet's 1,000, what each frame shows; None: nobody asked for it."""
    instances: int = 0
    """Most instances of a frame, to which a GPU fills them up; 0: there are none."""
    features: tuple[Tensor, ...] | None = None
    """The frames' features, where the network's own detector has made them already."""
