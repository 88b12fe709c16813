"""The finish of a network's colours: smoothed within things, less of one tint, cored, more saturated.

The smoother is the fast global one (Min, Choi, Lu, Ham, Sohn, Do, IEEE Transactions on Image Processing 23(12), 2014):
smoothing by weighted least squares, separated into lines, each of which is solved exactly.
"""

from dataclasses import dataclass, fields
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

LIGHTNESS_STEP = 2.0
"""L* between two neighbours that lowers what ties them to 1/e."""
COLOUR_STEP = 2.0
"""Distance in ab between two neighbours that lowers what ties them to 1/e."""
LEAST_SATURATION = 0.25
"""Factor from which on colours can be found that come out as given ones."""
ROUNDS = 2
"""Times that rows and then columns are solved, each time with a quarter of the strength."""


@dataclass(frozen=True)
class Finish:
    """Settings of the finish; by default colours stay as they are."""

    saturation: float = 1.0
    """Factor on ab, last: gives back what the mean over likely colours loses."""
    smoothing: float = 0.0
    """lambda of `smoothed`, which takes blotches away; 0: none."""
    tint: float = 1.0
    """Share that stays of the mean colour of a whole frame, which networks overdo: sepia rooms."""
    coring: float = 0.0
    """Chroma, in units of ab, that is halved; weaker colours lose more, stronger ones less. A network is unsure of
    weak colours, and most of what is truly weak is gray."""

    @classmethod
    def of(cls, metadata: dict[str, str]) -> "Finish":
        """The settings in the metadata of a weights file."""
        known = [field.name for field in fields(cls)]
        return cls(**{name: float(metadata[name]) for name in known if name in metadata})

    def __call__(self, ab: Tensor, lightness: Tensor) -> Tensor:
        """ab (N, 2, h, w) of frames whose L* (N, 1, H, W) is, finished: float32."""
        ab = ab.float()
        if self.smoothing:
            ab = smoothed(ab, lightness, self.smoothing)
        ab = ab - (1 - self.tint) * ab.mean(dim=(2, 3), keepdim=True)
        if self.coring:
            chroma = ab.square().sum(dim=1, keepdim=True).sqrt()
            ab = ab * (chroma / (chroma + self.coring))
        return self.saturation * ab

    def before(self, ab: Tensor) -> Tensor:
        """The colours that come out as these, the tint aside: (M, 2), float32.

        Below LEAST_SATURATION they come out paler, as all others do: a network knows no colours beyond those there are.
        """
        cored = ab / max(self.saturation, LEAST_SATURATION)
        chroma = cored.square().sum(dim=1, keepdim=True).sqrt()
        whole = (chroma + (chroma.square() + 4 * self.coring * chroma).sqrt()) / 2
        return cored * (whole / chroma.clamp(min=1e-6))


def smoothed(ab: Tensor, lightness: Tensor, strength: float) -> Tensor:
    """ab made even within what lightness shows as one thing, and kept apart where either has an edge.

    Args:
        ab: (N, 2, h, w), float32.
        lightness: (N, 1, H, W), L* 0..100.
        strength: lambda: weight of the difference of two neighbours against that of a place from its own colour.

    Returns:
        (N, 2, h, w), on the CPU: a line is solved place after place, in steps too small for a GPU.
    """
    small = F.adaptive_avg_pool2d(lightness.float(), (ab.shape[2], ab.shape[3])).cpu()
    ab = ab.cpu()
    across, down = (_ties(ab, small, dim) for dim in (3, 2))
    for number in range(1, ROUNDS + 1):
        share = 1.5 * strength * 4 ** (ROUNDS - number) / (4**ROUNDS - 1)
        ab = _solved(_solved(ab, across * share, 3), down * share, 2)
    return ab


def _ties(ab: Tensor, lightness: Tensor, dim: int) -> Tensor:
    """Strength of the tie of each place to the next along `dim`, 0..1: (N, 1, h, w), one less along it."""
    apart = lightness.diff(dim=dim).abs() / LIGHTNESS_STEP
    return (-apart - ab.diff(dim=dim).square().sum(dim=1, keepdim=True).sqrt() / COLOUR_STEP).exp()


def _solved(values: Tensor, ties: Tensor, dim: int) -> Tensor:
    """u that minimises (u - values)^2 + ties * (the difference of neighbours along `dim`)^2, by Thomas's algorithm.

    Args:
        values: (N, K, h, w).
        ties: (N, 1, h, w), one less along `dim`.
    """
    to_next = ties.movedim(dim, 0).contiguous()
    around = F.pad(to_next, (0, 0, 0, 0, 0, 0, 1, 1))  # no tie before the first nor after the last
    own = 1 + around[:-1] + around[1:]
    solved, shares = list(values.movedim(dim, 0).contiguous()), [torch.zeros_like(own[0])]
    for i, (before, after) in enumerate(pairwise(around)):  # before the first lies the last, with no tie to it
        scale = 1 / torch.addcmul(own[i], before, shares[-1], value=-1)
        shares.append(after * scale)  # of the next place's value, in this one's
        solved[i] = torch.addcmul(solved[i], before, solved[i - 1]) * scale
    for i in reversed(range(len(to_next))):
        solved[i] = torch.addcmul(solved[i], shares[i + 1], solved[i + 1])
    return torch.stack(solved).movedim(0, dim)
