"""Settings of a training run, and their limits."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from models.colour.finish import Finish

Objective = Literal["classes", "regression"]
Beginning = Literal["start", "random"]
Stage = Literal["full", "instance", "fusion", "decoder", "detector"]
MAX_LAYERS = 23
"""Of the deepest of the encoders."""
MAX_FLOAT = sys.float_info.max
"""Above it there are only infinity and NaN."""
RANGES: dict[tuple[str, ...], tuple[float, float]] = {
    ("steps", "warmup", "instances", "prior_pictures"): (1, MAX_FLOAT),
    ("held_out", "workers", "learning_rate", "encoder_learning_rate", "weight_decay"): (0, MAX_FLOAT),
    ("huber_weight", "colourfulness_weight", "consistency_weight", "detector_weight"): (0, MAX_FLOAT),
    ("ema", "uniform_share", "clean_share", "hint_share", "lettering", "least_score"): (0, 1),
    ("temperature",): (0.01, MAX_FLOAT),
    ("saturation",): (0, 4),
    ("smoothing",): (0, MAX_FLOAT),
    ("tint",): (0, 1),
    ("coring",): (0, MAX_FLOAT),
    ("frozen_layers",): (0, MAX_LAYERS),
    ("seed",): (0, 2**23 - 1),  # a step's seed, of 64 bits, holds it, the step and the process
}
"""Limits of the settings."""
CHOICES = {"stage": get_args(Stage), "objective": get_args(Objective), "encoder": get_args(Beginning),
           "detector": get_args(Beginning)}  # fmt: skip


Ranges = Mapping[tuple[str, ...], tuple[float, float]]
Choices = Mapping[str, Sequence[object]]


def check_limits(settings: object, ranges: Ranges, choices: Choices) -> None:
    """Checks settings against limits of numbers and lists of values, both by the settings' names.

    Raises:
        ValueError: one lies outside; it is named.
    """
    for name, (low, high) in ((name, limits) for names, limits in ranges.items() for name in names):
        if not low <= getattr(settings, name) <= high:
            most = "or more" if high == MAX_FLOAT else f"to {high}"
            raise ValueError(f"{name} must be {low:g} {most}, got {getattr(settings, name)}")
    for name, known in choices.items():
        if getattr(settings, name) not in known:
            raise ValueError(f"{name} must be {' or '.join(map(str, known))}, got {getattr(settings, name)}")


def check_zoom(zoom: Sequence[float]) -> None:
    """Checks the range of sides that squares are cut with, as shares of a picture's short side.

    Raises:
        ValueError: it is not two shares of 1, the smaller one first.
    """
    is_pair = len(zoom) == 2 and all(isinstance(share, int | float) for share in zoom)
    if not is_pair or not 0 < zoom[0] <= zoom[1] <= 1:
        raise ValueError(f"zoom must be two shares of 1, the smaller one first, got {zoom}")


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run."""

    stage: Stage = "full"
    steps: int = 8_000
    batch: int = 32
    """Pictures of a step, an even number; with consistency each comes twice, as two frames of a film."""
    crop: int = 128
    """Side of a training picture in pixels, a multiple of 32."""
    zoom: tuple[float, float] = (0.55, 1.0)
    """Side of the square cut from a picture, as a share of its short side."""
    learning_rate: float = 1e-3
    encoder_learning_rate: float = 3e-4
    frozen_layers: int = 3
    """First layers of the encoder that keep their weights: they cost a quarter of a step and see only edges."""
    warmup: int = 300
    """Steps in which the rate rises from 0."""
    weight_decay: float = 0.01
    ema: float = 0.999
    """Share of the averaged weights that each step keeps."""
    objective: Objective = "classes"
    """regression: squared error of the distribution's mean colour is the only term."""
    uniform_share: float = 0.5
    """lambda of the rebalancing; 1 turns it off."""
    huber_weight: float = 2.0
    """Of the Huber term on the mean ab."""
    colourfulness_weight: float = 0.0
    """Of the difference between a picture's colourfulness, its mean ab times `saturation`, and the true one's."""
    consistency_weight: float = 2.0
    """Of the difference between the mean colours of the two frames of a picture; 0: each picture comes once."""
    clean_share: float = 0.0
    """Share of the pictures that come without a film's faults, as a new scan of a good print shows them."""
    hint_share: float = 0.0
    """Share of the pictures that come with hints, in the stages full and decoder; above 0 the network takes hints."""
    lettering: float = 0.0
    """Share of the pictures that show words, which have no colour: laid over them, on a sign, or as a title card."""
    detector_weight: float = 0.2
    encoder: Beginning = "start"
    """random: the encoder that ships, drawn anew (He's rule), its norms settled on the first pictures. The run has
    no weights to start from."""
    detector: Beginning = "start"
    """random: a detector drawn anew, whatever the weights to start from have."""
    temperature: float = 1.0
    """T of the annealed mean when the network colours; written into the weights."""
    saturation: float = 1.9
    """This and the next three: `models.colour.finish.Finish` when the network colours, written into the weights."""
    smoothing: float = 100.0
    tint: float = 0.8
    coring: float = 8.0
    least_score: float = 0.3
    """Score from which the instance and fusion stages take a box."""
    instances: int = 4
    """Maximum of instances of a picture in the fusion stage."""
    held_out: int = 1000
    """Pictures held out of training, to test on."""
    prior_pictures: int = 2000
    """Pictures from which the prior over the bins is counted."""
    seed: int = 0
    workers: int = 1
    """Processes that decode pictures."""

    @property
    def finish(self) -> Finish:
        """Finish of the network's colours."""
        return Finish(self.saturation, self.smoothing, self.tint, self.coring)

    @property
    def box_score(self) -> float | None:
        """Score from which boxes count, in the stages that learn from what boxes show alone; None: in the others."""
        return self.least_score if self.stage in ("instance", "fusion") else None

    def __post_init__(self) -> None:
        check_limits(self, RANGES, CHOICES)
        if self.encoder == "random" and self.frozen_layers:
            raise ValueError(
                f"frozen_layers must be 0 with encoder=random, got {self.frozen_layers}: they never learned"
            )
        if self.batch < 2 or self.batch % 2:
            raise ValueError(f"batch must be an even number above 0, got {self.batch}")
        if self.crop < 32 or self.crop % 32:
            raise ValueError(f"crop must be a multiple of 32 above 0, got {self.crop}")
        check_zoom(self.zoom)
