"""Colour pictures made gray and coloured again, as a film's frames are."""

import math
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.colour.colorspace import lab_from_srgb, srgb_from_lab
from models.judges.class_network import load_class_network
from models.networks import NETWORKS
from pipelines.frames import AnchorBatch, HintTable, InstanceBatch
from pipelines.guide.classes import shares_in
from pipelines.media.pictures import Picture, Pictures
from pipelines.painting.blend import anchors_at, mean_ab
from pipelines.painting.choice import Chosen, Part, choose, takes_class
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect, without_instances
from pipelines.painting.film_class import class_number
from pipelines.painting.finish import finished
from pipelines.painting.painter import Painter, open_finder, open_painter
from pipelines.painting.size import network_size
from pipelines.settings import PaintSettings

Find = Callable[[AnchorBatch], InstanceBatch]
"""Finds instances in the anchors; the stage `Detect` is one."""

EXPOSURE = 0.1
"""Of two takes of one picture: each is lighter or darker by up to this share."""
GRAIN = 3.0
"""Of a take: standard deviation of the grain in L*, before the blur that gives it its size."""
GRAIN_SIGMA = 0.7
"""Of that blur, in pixels."""
TAKES = 2
NO_HINTS: HintTable = np.empty((0, 4), np.float32)
LOOKED_FOR = 8
"""Instances of a picture, where the settings name no number."""


@dataclass(frozen=True)
class Named:
    """A picture and what it is called: its file name without folder and suffix."""

    key: str
    picture: Picture


class PictureSet:
    """The pictures to be measured, from zip files and folders, decoded when their turn comes.

    Args:
        sources: zip files or folders of colour pictures.
        limit: take so many only, evenly spread.
        keys: take only these.

    Raises:
        ValueError: none is left.
    """

    def __init__(self, sources: Sequence[Path], limit: int | None = None, keys: Container[str] | None = None) -> None:
        self.pictures = Pictures(sources)
        self.keys = [Path(name).stem for _, name in self.pictures.keys]
        wanted = [i for i, key in enumerate(self.keys) if keys is None or key in keys]
        count = min(len(wanted), limit or len(wanted))
        if not count:
            raise ValueError(f"none of the {len(self.keys)} pictures has a key that was asked for")
        self.indices = [wanted[n * len(wanted) // count] for n in range(count)]

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Named]:
        return (Named(self.keys[i], self.pictures[i]) for i in self.indices)


@dataclass(frozen=True)
class Coloured:
    """One picture, as the network colours it (ours), without colour (gray) and as it is (true)."""

    key: str
    lab: dict[str, Tensor]
    """ours, gray, true: (1, 3, H, W)."""
    rgb: dict[str, Tensor]
    """ours, gray, true: (1, 3, H, W), sRGB 0..1."""
    boxes: NDArray[np.float32]
    """(K, 6), as in `InstanceBatch`: what was found in it."""
    ab_change: float
    """Mean distance in ab, at network size, between the colours of two takes of it (see `take`); NaN without takes."""
    seconds: float = math.nan
    """That the network took for it and its takes, on this machine."""


def lab_of(picture: Picture) -> Tensor:
    """CIE Lab of a picture: (H, W, 3) to (1, 3, H, W)."""
    return lab_from_srgb(_srgb(picture))


def _srgb(picture: Picture) -> Tensor:
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255


def as_anchors(lightness: NDArray[np.float32]) -> AnchorBatch:
    """L* (N, h, w) as the network takes it; each picture is a shot of its own."""
    numbers = tuple(range(len(lightness)))
    return AnchorBatch(numbers, numbers, np.rint(lightness * 2.55).astype(np.uint8))


def network_lightness(lightness: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """A picture's L* (H, W) at network size (h, w), see `network_size`."""
    height, width = network_size(lightness.shape[0], lightness.shape[1], rows)
    return cv2.resize(lightness, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)


def take(lightness: NDArray[np.float32], key: str, number: int) -> NDArray[np.float32]:
    """L* (h, w) as another frame of the same film might have it: other grain, other exposure, nothing else.

    The same key and number always give the same take.
    """
    random = np.random.default_rng([number, *key.encode()])
    grain = cv2.GaussianBlur(GRAIN * random.standard_normal(lightness.shape, np.float32), (0, 0), GRAIN_SIGMA)
    return (lightness * random.uniform(1 - EXPOSURE, 1 + EXPOSURE) + grain).clip(0, 100).astype(np.float32)


def _that_finds(painter: Painter, settings: PaintSettings) -> Painter:
    """The painter, made to look for instances even if it does not colour them on their own."""
    own = painter.network if painter.kind is NETWORKS.get(settings.detector) else None
    find = open_finder(settings, painter.device, own)
    return replace(painter, instances=painter.instances or LOOKED_FOR, find=find)


def by_class(settings: PaintSettings, classes: Mapping[str, str] | None) -> PaintSettings:
    """The settings; where pictures have classes and the network colours by class, with any of these as the film's.

    Nothing has to tell classes then. `PicturePainter` takes each picture's own in its place.

    Args:
        settings: of the network.
        classes: names by the pictures' keys.
    """
    if not classes or not takes_class(settings):
        return settings
    return replace(settings, film_class=next(iter(classes.values())))


def _class_numbers(chosen: Sequence[Chosen], classes: Mapping[str, str]) -> dict[str, int | None]:
    """Numbers of the pictures' classes in a network's weights, by key; empty where it colours by none.

    Raises:
        ValueError: the weights know no class of this name.
    """
    weights = [one.file("weights") for one in chosen if one.takes("class")]
    if not weights:
        return {}
    numbers = {name: class_number(weights[0], name) for name in dict.fromkeys(classes.values())}
    return {key: numbers[name] for key, name in classes.items()}


class PicturePainter:
    """Colours pictures one by one, each together with its takes.

    Args:
        settings: the network, and the size at which it sees the pictures.
        classes: names of the pictures' classes by their keys, for networks that colour by class; see `by_class`.
        find: finds the instances; None: what the settings name. They are found in any case, and coloured on their own
            if the settings say so.
        takes: of each picture, coloured with it; 0 or TAKES.
    """

    def __init__(
        self, settings: PaintSettings, find: Find | None = None, takes: int = TAKES,
        classes: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.takes = takes
        chosen = choose(by_class(settings, classes))
        parts = chosen.parts or (Part(1.0, chosen),)
        self.numbers = _class_numbers([part.chosen for part in parts], classes or {})
        painters = [replace(open_painter(part.chosen), batch=1 + takes) for part in parts]
        self.rows = chosen.rows
        self.film_class = chosen.film_class
        is_told = chosen.takes("class") and chosen.film_class is None
        self.class_network = load_class_network(chosen.file("class")) if is_told else None
        self.find = find or Detect(_that_finds(painters[0], settings))
        self.parts = list(zip(parts, map(Colorize, painters), strict=True))

    @staticmethod
    def _ab(instances: InstanceBatch, part: Part, colorize: Colorize) -> NDArray[np.float32]:
        """ab of a network, with the instances where it colours them on their own."""
        anchors = anchors_at(part.chosen.rows, replace(instances.anchors, large=instances.anchors.lightness))
        boxes = instances.boxes if part.chosen.instances else without_instances(anchors).boxes
        features = instances.features if anchors.large is None else None  # those are of pictures of another size
        painted = colorize(replace(instances, anchors=anchors, boxes=boxes, features=features))
        return finished(anchors, painted, len(anchors.pts)).ab

    @torch.inference_mode()
    def __call__(self, named: Named, hints: HintTable | None = None) -> Coloured:
        """The picture coloured from its own lightness, and from hints where some are given; the takes have none."""
        true, lab = _srgb(named.picture), lab_of(named.picture)
        lightness = lab[0, 0].numpy()
        small = network_lightness(lightness, self.rows)
        seen = np.stack([small, *(take(small, named.key, number) for number in range(self.takes))])  # (N, h, w)
        anchors = as_anchors(seen)
        own = self.numbers.get(named.key, self.film_class)
        if self.class_network:
            own = int(shares_in(self.class_network, anchors.lightness[0]).argmax())
        if own is not None:
            anchors = replace(anchors, classes=(own,) * len(seen))
        if hints is not None:
            anchors = replace(anchors, hints=(hints, *[NO_HINTS] * self.takes))
        began = time.perf_counter()
        instances = self.find(anchors)
        each = [self._ab(instances, part, colorize) for part, colorize in self.parts]
        ab = mean_ab([part.share for part, _ in self.parts], each)
        seconds = time.perf_counter() - began
        full = cv2.resize(ab[0], lightness.shape[::-1], interpolation=cv2.INTER_CUBIC)
        planes = torch.from_numpy(full).permute(2, 0, 1)[None]
        labs = {"ours": torch.cat([lab[:, :1], planes], dim=1), "gray": lab * torch.tensor([1, 0, 0]).view(3, 1, 1)}
        rgbs = {kind: srgb_from_lab(one) for kind, one in labs.items()}
        change = float(np.linalg.norm(ab[1] - ab[2], axis=-1).mean()) if self.takes else math.nan
        return Coloured(named.key, labs | {"true": lab}, rgbs | {"true": true}, instances.boxes[0], change, seconds)
