"""The 313 ab bins: soft encoding, annealed mean, class rebalancing (Zhang, Isola, Efros, ECCV 2016, arXiv 1603.08511).

The bins are the official ones (`pts_in_hull.npy`): a grid of step 10 over the ab plane, in order of a, then b.
"""

import functools

import torch
from torch import Tensor

STEP = 10
REACH = 110
"""The bins and the tables below cover a* and b* from -REACH to REACH."""
MAX_EXPONENT = 75.0
"""Up to which exponentials and their sums keep within float32."""

B_RUNS = {  # a -> first and last b
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100), -40: (-40, 100), -30: (-50, 100),
    -20: (-50, 100), -10: (-60, 100), 0: (-70, 100), 10: (-80, 90), 20: (-80, 90), 30: (-90, 90), 40: (-100, 90),
    50: (-100, 80), 60: (-110, 80), 70: (-110, 80), 80: (-110, 70), 90: (-110, 70), 100: (-90, 0),
}  # fmt: skip


@functools.cache
@torch.inference_mode(mode=False)  # cached, and the first caller may be one without gradients
def bin_centres() -> Tensor:
    """(313, 2), the a* and b* of each bin."""
    centres = [(a, b) for a, (first, last) in B_RUNS.items() for b in range(first, last + 1, STEP)]
    return torch.tensor(centres, dtype=torch.float32)


BINS = sum((last - first) // STEP + 1 for first, last in B_RUNS.values())


@functools.cache
@torch.inference_mode(mode=False)
def _soft_table(neighbours: int, sigma: float) -> tuple[Tensor, Tensor]:
    """Bins and weights of every whole ab pair: two tables of (2 REACH + 1, 2 REACH + 1, neighbours)."""
    axis = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    ab = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1).reshape(-1, 2)
    distance, bins = torch.cdist(ab, bin_centres()).topk(neighbours, largest=False)
    nearness = distance[:, :1] ** 2 - distance**2  # relative to the nearest, so that far pairs do not become 0/0
    weights = torch.softmax(nearness / (2 * sigma**2), dim=1)
    side = 2 * REACH + 1
    return bins.reshape(side, side, neighbours), weights.reshape(side, side, neighbours)


def soft_encode(ab: Tensor, neighbours: int = 5, sigma: float = 5.0) -> tuple[Tensor, Tensor]:
    """The nearest bins of each pixel and their Gaussian weights (sec. 2.1; the released Caffe code takes 10 bins).

    ab is rounded to whole numbers first, which moves a weight by less than the 8-bit picture it comes from does.

    Args:
        ab: (N, 2, h, w).
        neighbours: bins for each pixel.
        sigma: of the Gaussian, in ab units.

    Returns:
        bins (N, neighbours, h, w) int64, nearest first, and weights of the same shape, of sum 1.
    """
    index = (ab.round().clamp(-REACH, REACH) + REACH).long()
    bins, weights = (table.to(ab.device)[index[:, 0], index[:, 1]] for table in _soft_table(neighbours, sigma))
    return bins.permute(0, 3, 1, 2), weights.permute(0, 3, 1, 2)


def annealed_mean(logits: Tensor, temperature: float) -> Tensor:
    """ab from the distribution over the bins, sharpened (eq. 5; the paper takes T = 0.38).

    Args:
        logits: (N, 313, h, w).
        temperature: 1 gives the mean, towards 0 the mode.

    Returns:
        (N, 2, h, w), float32.
    """
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    last = logits.permute(0, 2, 3, 1)
    if temperature == 1 and logits.device.type == "cpu":
        return _mean(last)
    scaled = last.float() if temperature == 1 else last.float() / temperature
    return expected_ab(torch.softmax(scaled, dim=-1).permute(0, 3, 1, 2))


def _mean(logits: Tensor) -> Tensor:
    """The mean colour of logits (N, h, w, 313), clamped to MAX_EXPONENT.

    Softmax would look for their maximum first, which takes a CPU longest.
    """
    with torch.autocast(logits.device.type, enabled=False):
        likely = logits.to(torch.float32, copy=True).clamp_(-MAX_EXPONENT, MAX_EXPONENT).exp_()
        sums = likely @ _centres_and_one()
    return (sums[..., :2] / sums[..., 2:]).permute(0, 3, 1, 2)


@functools.cache
@torch.inference_mode(mode=False)
def _centres_and_one() -> Tensor:
    """(313, 3), the a* and b* of each bin, and 1."""
    return torch.cat([bin_centres(), torch.ones(BINS, 1)], dim=1)


@functools.cache
@torch.inference_mode(mode=False)
def _centres_on(device: torch.device, dtype: torch.dtype) -> Tensor:
    """`bin_centres`, kept on each device: a copy to a GPU waits for all that it was given before."""
    return bin_centres().to(device, dtype)


def expected_ab(probability: Tensor) -> Tensor:
    """The mean colour of a distribution over the bins: (N, 313, h, w) of sum 1 to (N, 2, h, w)."""
    # bins last: there neither softmax nor product depend, in the last bit, on how many threads share the work
    return (probability.permute(0, 2, 3, 1) @ _centres_on(probability.device, probability.dtype)).permute(0, 3, 1, 2)


def smoothed_prior(counts: Tensor, sigma: float = 5.0) -> Tensor:
    """The prior over the bins, smoothed by a Gaussian in ab (sec. 2.2): (313,) counts to (313,) of sum 1."""
    kernel = torch.exp(-(torch.cdist(bin_centres(), bin_centres()) ** 2) / (2 * sigma**2))
    smoothed = (counts / counts.sum()) @ (kernel / kernel.sum(dim=1, keepdim=True))
    return smoothed / smoothed.sum()


def rebalancing_weights(prior: Tensor, uniform_share: float = 0.5) -> Tensor:
    """Weight of each bin, rare ones up (eq. 4): ((1 - s) p + s / Q)^-1, scaled so that its mean under p is 1.

    Args:
        prior: (313,), of sum 1.
        uniform_share: s, the paper's lambda; 1 gives every bin the weight 1.

    Returns:
        (313,).
    """
    in_use = prior > 0
    uniform = in_use.float() / in_use.sum()
    weights = torch.where(in_use, 1 / ((1 - uniform_share) * prior + uniform_share * uniform), torch.zeros(()))
    return weights / (prior * weights).sum()
