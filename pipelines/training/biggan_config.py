"""Settings of training runs of BigGAN and BigColor, and their limits."""

from dataclasses import dataclass

from models.published.biggan_sizes import BigColorConfig, BigGanConfig
from pipelines.training.config import MAX_FLOAT, check_limits, check_zoom

RANGES: dict[tuple[str, ...], tuple[float, float]] = {
    ("steps", "discriminator_steps"): (1, MAX_FLOAT),
    ("batch",): (2, MAX_FLOAT),
    ("held_out", "workers", "learning_rate", "discriminator_rate"): (0, MAX_FLOAT),
    ("ema",): (0, 1),
    ("seed",): (0, 2**23 - 1),
}
COLOUR_RANGES: dict[tuple[str, ...], tuple[float, float]] = {
    ("mse_weight", "perceptual_weight", "adversarial_weight", "min_colourfulness", "boost"): (0, MAX_FLOAT),
    ("decay",): (0, 1),
}


@dataclass(frozen=True)
class BigGanRun:
    """Settings of a training run of BigGAN; sizes, loss and rates are those published, for batches of hundreds."""

    steps: int = 20_000
    batch: int = 32
    width: int = BigGanConfig.width
    """This and the next four: `models.published.biggan_sizes.BigGanConfig`."""
    side: int = BigGanConfig.side
    noise: int = BigGanConfig.noise
    shared: int = BigGanConfig.shared
    attention: int = BigGanConfig.attention
    zoom: tuple[float, float] = (0.8, 1.0)
    """Side of the square cut from a picture, as a share of its short side."""
    learning_rate: float = 5e-5
    """Of the generator."""
    discriminator_rate: float = 2e-4
    discriminator_steps: int = 1
    """For each of the generator; each has pictures of its own."""
    ema: float = 0.999
    """Share of the generator's averaged weights that each step keeps."""
    held_out: int = 1000
    """Pictures held out of training, to test on."""
    seed: int = 0
    workers: int = 1
    """Processes that decode pictures."""

    def __post_init__(self) -> None:
        check_limits(self, RANGES, {})
        self.sizes(1)
        check_zoom(self.zoom)

    def sizes(self, classes: int) -> BigGanConfig:
        """Sizes of the networks."""
        return BigGanConfig(self.width, self.side, self.noise, self.shared, classes, self.attention)


@dataclass(frozen=True)
class BigColorRun(BigGanRun):
    """Settings of a training run of BigColor; all but batch and squares are those published."""

    feature_side: int = BigColorConfig.feature_side
    """Side of F, the features that the encoder gives of a picture of `side` pixels: 8, 16, 32 and so on."""
    learning_rate: float = 1e-4
    """Of encoder and generator."""
    discriminator_rate: float = 3e-5
    decay: float = 0.9
    """Share of the rates that is left each time all pictures were seen."""
    mse_weight: float = 1.0
    perceptual_weight: float = 0.2
    adversarial_weight: float = 0.03
    boost: float = 1.2
    """Factor on the colours of the true pictures that the discriminator sees."""
    min_colourfulness: float = 10.0
    """Pictures below it (absolute, as the authors measure it) are left out; they have a list of such pictures, and name
    no number."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_limits(self, COLOUR_RANGES, {})

    def sizes(self, classes: int) -> BigColorConfig:
        """Sizes of the networks."""
        return BigColorConfig(
            self.width, self.side, self.noise, self.shared, classes, self.attention, self.feature_side
        )

    def rates(self, step: int, pictures: int) -> float:
        """Share of the rates that a step has.

        Args:
            step: its number, from 0.
            pictures: how many the run learns from.
        """
        return self.decay ** (step * self.batch // pictures)
