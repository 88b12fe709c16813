"""The settings of a training run, each between its limits."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest

from pipelines.training.config import RANGES, TrainConfig

IMPOSSIBLE = [
    *[("batch", 3), ("batch", 0), ("crop", 48), ("zoom", (0.9, 0.5)), ("zoom", (0.5,)), ("zoom", ("a", "b"))],
    *[("stage", "nonsense"), ("objective", "foo"), ("steps", 0), ("warmup", 0), ("held_out", -1), ("workers", -1)],
    *[("instances", 0), ("prior_pictures", 0), ("frozen_layers", 24), ("seed", -1), ("seed", 2**23)],
    *[("learning_rate", -1e-3), ("learning_rate", math.inf), ("learning_rate", math.nan), ("weight_decay", -0.1)],
    *[("temperature", 0.0), ("saturation", 4.5), ("smoothing", -1.0), ("tint", 1.5)],
    *[(f"{name}_weight", -1.0) for name in ("huber", "colourfulness", "consistency", "detector")],
    *[(name, 2.0) for name in ("ema", "uniform_share", "clean_share", "lettering", "least_score")],
]


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_impossible_settings_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be .*, got "):
        replace(TrainConfig(), **{name: value})


def test_every_number_among_the_settings_has_its_limits() -> None:
    limited = {name for names in RANGES for name in names} | {"batch", "crop"}
    assert limited == {name for name, value in asdict(TrainConfig()).items() if isinstance(value, int | float)}
