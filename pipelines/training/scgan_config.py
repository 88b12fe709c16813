"""Settings of a training run of SCGAN, and their limits."""

from dataclasses import dataclass

from models.published.scgan import SIDE, WIDTH, depth_of
from pipelines.training.config import MAX_FLOAT, check_limits, check_zoom

RATES = {1: 2e-4, 2: 1e-4}
"""Learning rates of the stages, as published."""
RANGES: dict[tuple[str, ...], tuple[float, float]] = {
    ("steps", "batch", "width", "side"): (1, MAX_FLOAT),
    ("held_out", "workers", "learning_rate"): (0, MAX_FLOAT),
    ("l1_weight", "saliency_weight", "perceptual_weight", "adversarial_weight", "penalty_weight"): (0, MAX_FLOAT),
    ("halve_every",): (1e-6, MAX_FLOAT),
    ("seed",): (0, 2**23 - 1),
}
CHOICES = {"stage": (1, 2), "discriminators": (1, 2)}


@dataclass(frozen=True)
class ScganConfig:
    """Settings of a training run of SCGAN; the weights of losses, rates and their schedule are those published."""

    stage: int = 1
    """1: colours and their product with saliency. 2: features and discriminators, too."""
    steps: int = 8_000
    batch: int = 8
    width: int = WIDTH
    """Channels of the first level, of the discriminators' too."""
    side: int = SIDE
    """Of the squares, in pixels, a power of 2 from 64 to 256 or a multiple of 256; below 256 the innermost levels are
    left out."""
    zoom: tuple[float, float] = (0.7, 1.0)
    """Side of the square cut from a picture, as a share of its short side."""
    learning_rate: float = 0.0
    """Of all networks; 0: that of the stage."""
    halve_every: float = 10.0
    """Times that all pictures are seen after which the rate is halved."""
    l1_weight: float = 1.0
    saliency_weight: float = 0.5
    """Of the difference between products of colours and saliency; 0: the network has no branch for saliency."""
    perceptual_weight: float = 5.0
    adversarial_weight: float = 0.05
    penalty_weight: float = 10.0
    """lambda of the discriminators' gradient penalty."""
    discriminators: int = 1
    """1, as in the authors' code: of colours. 2, as in their paper: one more of colours times saliency."""
    held_out: int = 1000
    """Pictures held out of training, to test on."""
    seed: int = 0
    workers: int = 1
    """Processes that decode pictures."""

    @property
    def depth(self) -> int:
        """Levels of the generator."""
        return depth_of(self.side)

    def rate(self, step: int, pictures: int) -> float:
        """Learning rate of a step.

        Args:
            step: its number, from 0.
            pictures: how many the run learns from.
        """
        times = step * self.batch / pictures
        return (self.learning_rate or RATES[self.stage]) * 0.5 ** (times // self.halve_every)

    def __post_init__(self) -> None:
        check_limits(self, RANGES, CHOICES)
        if self.batch < 2:
            raise ValueError(f"batch must be 2 or more, for batch norm, got {self.batch}")
        depth_of(self.side)
        check_zoom(self.zoom)
        if self.discriminators == 2 and not self.saliency_weight:
            raise ValueError("discriminators must be 1 where saliency_weight is 0: the second one sees saliency")
