"""A run of the benchmark: its device, its time, what it has found; and the networks that it measures."""

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from models.networks import NETWORKS
from models.weights.catalogue import CLASS_NETWORK
from pipelines.frames import AnchorBatch
from pipelines.media.probe import probe
from pipelines.painting.choice import Chosen, choose
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.settings import PaintSettings
from pipelines.source import Film
from restore.feeding import trial_anchors
from tests.made import clips
from tests.made.published import config_of, save_about
from tests.made.rule import by_rule

WITH_INSTANCES = {"instances": 8, "least_score": 0.02}
"""Of pictures that show nothing, too, some are found."""
SUBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "compact": ("compact", {}),
    "compact, 8 instances": ("compact", WITH_INSTANCES),
    "siggraph17": ("siggraph17", {}),
    "instcolor, 8 instances": ("instcolor", WITH_INSTANCES),
    "ddcolor": ("ddcolor", {}),
    "deoldify-video": ("deoldify-video", {}),
    **{name: (name, {}) for name in ("eccv16", "ddcolor-tiny", "deoldify-stable", "deoldify-artistic")},
    **{name: (name, {}) for name in ("bigcolor", "gcp", "chromagan", "scgan")},
}
"""Networks with settings, the most wanted first."""
IN_SHORT = ("compact", "compact, 8 instances", "ddcolor")
LAST = 20.0
"""Seconds below which no part begins but `feeding`, which only counts."""
KEPT = {"equal": 0.65, "same": 0.55, "memory": 0.5, "speed": 0.3}
"""Shares of the budget that parts leave to those behind them."""


@dataclass
class Bench:
    """A run: what it may use, and what it has found."""

    device: str
    budget: float
    """Seconds."""
    out: Path
    folder: Path
    """For films and weights; it goes with the run."""
    is_short: bool = False
    is_whole: bool = True
    """Whether all parts are run."""
    failed: list[str] = field(default_factory=list)
    """Promises that do not hold."""
    found: dict[str, Any] = field(default_factory=dict)
    """Figures of earlier parts that later ones need."""
    began: float = field(default_factory=time.monotonic)

    @property
    def is_cuda(self) -> bool:
        """Whether this is no rehearsal."""
        return self.device == "cuda"

    @property
    def left(self) -> float:
        """Seconds."""
        return self.budget - (time.monotonic() - self.began)

    def tell(self, part: str, **facts: Any) -> None:
        """Prints facts of a part, and keeps them."""
        line = json.dumps({"part": part, "at": round(time.monotonic() - self.began, 1)} | facts, default=str)
        print(line, flush=True)
        self.out.mkdir(parents=True, exist_ok=True)
        with (self.out / "gpu.jsonl").open("a") as file:
            file.write(line + "\n")

    def promise(self, part: str, what: str, holds: bool, **facts: Any) -> None:
        """Tells whether something holds that must."""
        if not holds:
            self.failed.append(f"{part}: {what}")
        self.tell(part, promise=what, holds=bool(holds), **facts)

    def run(self, name: str, part: "Callable[[Bench], None]") -> None:
        """Runs a part, if there is time; no error of it stops the others."""
        if self.left < LAST and name != "feeding":
            self.tell(name, skipped="no time left")
            return
        began = time.monotonic()
        try:
            part(self)
        except Exception as error:
            self.failed.append(f"{name}: {type(error).__name__}: {error}")
            self.tell(name, error=traceback.format_exc()[-900:])
        self.tell(name, took=round(time.monotonic() - began, 1))

    def has_time(self, part: str, for_what: str, seconds: float) -> bool:
        """Whether so many seconds are left beside those for later parts; tells what is skipped where they are not."""
        kept = KEPT.get(part, 0) * self.budget if self.is_whole else 0
        has_time = self.left >= seconds + kept
        if not has_time:
            self.tell(part, skipped=for_what)
        return has_time

    @property
    def subjects(self) -> tuple[str, ...]:
        """The networks to measure."""
        return IN_SHORT if self.is_short else tuple(SUBJECTS)

    @cached_property
    def film(self) -> Film:
        """A film that errors can name."""
        return probe(clips.plain(self.folder / "named.mp4"))

    def chosen(self, subject: str, device: str = "", batch: int = 4) -> Chosen:
        """A network with its settings, and weights by rule where it does not ship."""
        name, how = SUBJECTS[subject]
        if name != "compact":
            self._save_weights(name)
        asked = PaintSettings(name, self.folder, device=device or self.device, batch=batch, **how)  # type: ignore[arg-type]
        return choose(asked)

    def _save_weights(self, name: str) -> None:
        """Weights by rule, of a small twin in a rehearsal."""
        path = self.folder / f"{name}.safetensors"
        if path.exists():
            return
        if "class" in NETWORKS[name].takes:
            save_about(CLASS_NETWORK, self.folder)
        config = config_of(name, is_small=not self.is_cuda)
        with torch.device("meta"):
            shapes = {key: value.shape for key, value in NETWORKS[name].make(config).state_dict().items()}
        save_file(by_rule(shapes), path, {"format": "pt", "network": name, "config": json.dumps(config)})

    def order(self, chosen: Chosen, anchors: AnchorBatch | None = None) -> PaintOrder:
        """Anchors for a network: these, or a batch of drawn ones."""
        return PaintOrder(self.film, chosen, anchors or trial_anchors(chosen, chosen.batch))

    def wait(self) -> None:
        """Waits for the GPU."""
        if self.is_cuda:
            torch.cuda.synchronize()


def part_of(anchors: AnchorBatch, numbers: list[int]) -> AnchorBatch:
    """Some of the anchors, in this order."""
    large = None if anchors.large is None else anchors.large[numbers]
    pts = tuple(range(len(numbers)))
    classes = tuple(anchors.classes[n] for n in numbers) if anchors.classes else ()
    return replace(
        anchors, pts=pts, shots=(0,) * len(pts), lightness=anchors.lightness[numbers], large=large, classes=classes
    )


def colours(paint: Paint, order: PaintOrder) -> NDArray[np.float32]:
    """ab of an order, as the painter gives it."""
    return paint(order).ab


def in_float32(chosen: Chosen) -> Any:
    """While this holds, the network that is chosen runs in float32 where it is opened anew."""
    return patch.dict(NETWORKS, {chosen.kind: replace(NETWORKS[chosen.kind], in_bf16=False)})
