"""Any network that there is an entry for colours anchors, each the same whatever comes with it."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from models.colour.finish import Finish
from models.judges import torchvision_networks
from models.judges.maskrcnn import find_instances, load_maskrcnn
from models.networks import NETWORKS
from models.weights.catalogue import CLASS_NETWORK
from pipelines.frames import AnchorBatch, InstanceBatch
from pipelines.painting.choice import choose
from pipelines.painting.detect import Detect, without_instances
from pipelines.painting.finder import OwnFinder
from pipelines.painting.painter import Painter, open_finder, ready
from pipelines.settings import PaintSettings
from tests.made.coloured import Coloured
from tests.made.published import network_by_rule, save_about
from tests.made.simulated_device import DEVICE, simulated_device

Painters = Callable[..., Painter]
SMALL = 64
QUICK = (
    "compact",
    "eccv16",
    "siggraph17",
    "instcolor",
    "ddcolor",
    "ddcolor-tiny",
    "deoldify-video",
    "deoldify-artistic",
)
"""Networks that are made and run within a second, some as their small twins."""
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that say which network's weights they hold."""
    folder = tmp_path_factory.mktemp("weights")
    for name in [*NETWORKS.keys() - {"compact"}, CLASS_NETWORK]:
        save_about(name, folder)
    return folder


@pytest.fixture
def painter(folder: Path) -> Callable[..., Painter]:
    """Painters with weights by rule, that show their networks smaller squares than they were taught at."""

    def opened(network: str, **how: object) -> Painter:
        rows = 0 if SMALL % NETWORKS[network].sees.multiple or NETWORKS[network].sees.has_one_size else SMALL
        chosen = choose(PaintSettings(network, folder, device="cpu", rows=rows, **how))  # type: ignore[arg-type]
        find = open_finder(chosen.asked, CPU) if chosen.instances else None
        made, batch = network_by_rule(network, is_small=True), chosen.batch
        return Painter(CPU, NETWORKS[network], made, chosen.rows, batch, chosen.instances, find, 1.0, Finish())

    return opened


def anchors(*numbers: int) -> AnchorBatch:
    lightness = np.random.default_rng(9).integers(0, 256, (4, 64, 96), np.uint8)[list(numbers)]
    return AnchorBatch(numbers, (0,) * len(numbers), lightness, classes=tuple(100 * number for number in numbers))


def parts_of(batch: AnchorBatch, size: int) -> list[AnchorBatch]:
    """The anchors, `size` at a time."""
    return [anchors(*batch.pts[first : first + size]) for first in range(0, len(batch.pts), size)]


def with_boxes(batch: AnchorBatch, *counts: int) -> InstanceBatch:
    """The anchors with so many boxes each, of all sizes."""
    random = np.random.default_rng(4)
    corners = [np.sort(random.uniform(0, 1, (count, 2, 2)), axis=1).reshape(-1, 4) for count in counts]
    tables = [np.hstack([table, np.ones((len(table), 2))]).astype(np.float32) for table in corners]
    return InstanceBatch(batch, tuple(tables))


@pytest.mark.parametrize(
    "network", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS]
)
def test_gives_ab_at_the_size_of_the_lightness_alike_whatever_comes_with_it(painter: Painters, network: str) -> None:
    colorize = Coloured(painter(network, batch=2))
    both = anchors(0, 1)
    together = np.concatenate([colorize(without_instances(part)).ab for part in parts_of(both, colorize.painter.batch)])
    assert together.shape == (2, 64, 96, 2)
    assert together.std() > 0.1
    assert np.array_equal(colorize(without_instances(anchors(1))).ab[0], together[1])


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_on_a_gpu_no_devices_are_mixed_and_colours_are_the_same_to_half_precision(
    painter: Painters, network: str
) -> None:
    here = painter(network, batch=1)
    batch = with_boxes(anchors(1), 3 if here.instances else 0)
    with simulated_device():
        copied = copy.deepcopy(here.network)
        there = replace(here, device=DEVICE, network=ready(here.kind, copied, DEVICE), find=None)
        got = Coloured(there)(batch).ab
    expected = Coloured(here)(batch).ab
    assert np.abs(got - expected).mean() < 0.1 * expected.std()


def test_instances_are_coloured_alike_whatever_comes_with_them(painter: Painters) -> None:
    colorize = Coloured(painter("instcolor", batch=2))
    both = with_boxes(anchors(0, 1), 3, 1)
    together = colorize(both).ab
    alone = colorize(InstanceBatch(anchors(1), both.boxes[1:])).ab
    assert np.array_equal(alone[0], together[1])
    without = colorize(InstanceBatch(anchors(1), (np.empty((0, 6), np.float32),))).ab
    assert np.abs(without - alone).max() > 1


def test_hints_colour_the_anchor_that_they_are_given_for(painter: Painters) -> None:
    colorize, both = Coloured(painter("siggraph17", batch=2)), anchors(0, 1)
    plain = colorize(without_instances(both)).ab
    table = np.array([[0.25, 0.5, 60, 40]], np.float32)
    hinted = colorize(without_instances(replace(both, hints=(table[:0], table)))).ab
    assert np.array_equal(hinted[0], plain[0])
    change = np.abs(hinted[1] - plain[1]).max(axis=2)
    assert change[28:36, 20:28].mean() > 2 * change.mean()


def test_published_networks_are_shown_squares(painter: Painters) -> None:
    shown, opened = [], painter("siggraph17", batch=1)
    hook = opened.network.model1.register_forward_pre_hook(lambda _, inputs: shown.append(tuple(inputs[0].shape)))
    Coloured(opened)(without_instances(anchors(2)))
    hook.remove()
    assert shown == [(1, 4, SMALL, SMALL)]


def test_settings_leave_size_and_instances_to_the_network(folder: Path) -> None:
    chosen = {name: choose(PaintSettings(name, folder)) for name in ("compact", "eccv16", "instcolor")}
    assert {name: (one.rows, one.instances) for name, one in chosen.items()} == {
        "compact": (192, 0), "eccv16": (256, 0), "instcolor": (256, 8)
    }  # fmt: skip
    own = choose(PaintSettings("instcolor", folder, rows=320, instances=0))
    assert (own.rows, own.instances) == (320, 0)
    assert chosen["instcolor"].digests.keys() == {"weights", "detector"}
    assert own.digests.keys() == chosen["compact"].digests.keys() == {"weights"}


@pytest.mark.parametrize(
    ("network", "asked", "what"),
    [
        ("eccv16", {"instances": 3}, "eccv16 does not colour instances on their own; --network instcolor"),
        ("siggraph17", {"temperature": 0.5}, "siggraph17 has no distribution"),
        ("scgan", {"rows": 128}, "scgan sees pictures whose rows are a multiple of 256, not 128"),
        ("chromagan", {"rows": 256}, "chromagan sees squares of 224 pixels and no others; leave out --rows"),
        ("compact", {"detector": "maskrcnn"}, "maskrcnn finds things for --instances, which is off; add --instances N"),
    ],
)
def test_what_a_network_cannot_do_is_refused(folder: Path, network: str, asked: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        choose(PaintSettings(network, folder, **asked))  # type: ignore[arg-type]


def test_instcolor_finds_instances_with_the_detector_that_ships(painter: Painters) -> None:
    opened = painter("instcolor", batch=1, least_score=0.001)
    found = Detect(opened)(anchors(2))
    assert 0 < len(found.boxes[0]) <= 8
    assert found.features is None  # they are no use to another network


def test_the_detector_that_ships_looks_at_pictures_of_its_own_size(painter: Painters) -> None:
    opened, seen = painter("instcolor", batch=1), list[tuple[int, ...]]()
    finder = opened.find
    assert isinstance(finder, OwnFinder)
    hook = finder.network.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape)))
    Detect(opened)(anchors(2))
    hook.remove()
    assert seen == [(1, 1, 192, 288)]  # of 64 x 96


class StandIn(nn.Module):
    """Finds three things in every picture; its one tensor is what torchvision's would be in hundreds."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, pictures: list[Tensor]) -> list[dict[str, Tensor]]:
        assert all(picture.shape == (3, 64, 96) and picture.max() <= 1 for picture in pictures)
        boxes = torch.tensor([[0.0, 0.0, 48.0, 64.0], [24.0, 16.0, 72.0, 48.0], [0.0, 0.0, 9.0, 9.0]])
        labels, scores = torch.tensor([90, 18, 1]), torch.tensor([0.8, 0.9, 0.69]) * self.scale
        return [{"boxes": boxes, "labels": labels, "scores": scores} for _ in pictures]


@pytest.fixture
def torchvision(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A module in torchvision's place, and weights for it."""
    detection = ModuleType("torchvision.models.detection")
    detection.maskrcnn_resnet50_fpn_v2 = lambda **_: StandIn()  # type: ignore[attr-defined]
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, detection.__name__, detection)
    save_file({"scale": torch.ones(1)}, folder / "maskrcnn.safetensors", {"network": "maskrcnn"})


@pytest.mark.usefixtures("torchvision")
def test_maskrcnn_gives_the_best_boxes_from_its_own_score_as_shares_with_the_80_classes(painter: Painters) -> None:
    found = Detect(painter("instcolor", batch=2, detector="maskrcnn"))(anchors(1))
    assert len(found.boxes) == 1
    dog, toothbrush = found.boxes[0]
    assert np.allclose(dog, [0.25, 0.25, 0.75, 0.75, 16, 0.9])
    assert np.allclose(toothbrush, [0.0, 0.0, 0.5, 1.0, 79, 0.8])
    assert [len(table) for table in find_instances(StandIn(), torch.zeros(1, 1, 64, 96), 0.5, 1)] == [1]


@pytest.mark.usefixtures("torchvision")
def test_weights_that_do_not_fit_maskrcnn_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"size": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"not weights of maskrcnn \(missing: scale; unexpected: size\)"):
        load_maskrcnn(tmp_path / "x.safetensors")


def test_missing_torchvision_is_reported_with_what_installs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(ValueError, match=r"pip install 'restore-film\[maskrcnn\]'"):
        load_maskrcnn(folder / "maskrcnn.safetensors")


def test_torchvision_made_for_another_pytorch_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> ModuleType:
        raise RuntimeError(f"operator {name}::nms does not exist\nand more")

    monkeypatch.setattr(torchvision_networks, "import_module", refuse)
    with pytest.raises(ValueError, match=r"made for this PyTorch \(operator .*::nms does not exist\); pip install"):
        load_maskrcnn(folder / "maskrcnn.safetensors")


def test_real_maskrcnn_takes_gray_pictures() -> None:
    detection = pytest.importorskip("torchvision.models.detection", reason="needs torchvision: restore-film[maskrcnn]")
    network = detection.maskrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None).eval()
    with torch.inference_mode():
        (table,) = find_instances(network, torch.rand(1, 1, 64, 96) * 100, 0.0, 3)
    assert table.shape[1] == 6
