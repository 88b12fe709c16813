"""On a GPU little is launched, copied and waited for; what is counted here is counted on a simulated one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models import paint
from models.compact.detector import CLASSES, Found, best_boxes
from models.compact.instance_fusion import cut_out
from models.network_input import NetworkInput
from pipelines.frames import InstanceBatch
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect
from pipelines.painting.painter import open_painter
from tests.made.launches import BATCH, CASES, anchors, boxes, count
from tests.made.simulated_device import DEVICE, simulated_device

pytestmark = pytest.mark.slow
SMALL = (64, 96)
"""Launches do not depend on the size."""
MOST = {"compact": (150, 1, 2), "compact, 8 instances": (650, 3, 5)}
"""Launches, copies to the device and waits of a batch."""
PUBLISHED = {"eccv16": (64, 1, 2), "siggraph17": (81, 1, 2), "instcolor, 8 instances": (4600, 8, 10)}


# The simulation


def test_launches_copies_and_waits_are_counted() -> None:
    with simulated_device() as counts:
        there = torch.ones(2, 3).to(DEVICE)
        assert (counts.launches, counts.to_device, counts.to_cpu, counts.waits) == (0, 1, 0, 1)
        twice = there.T[1] + there.view(3, 2)[0, 0]  # views launch nothing
        assert twice.device == DEVICE
        assert counts.operations == {"add": 1}
        assert twice.cpu().tolist() == [2, 2]
        assert there[0].tolist() == [1, 1, 1]
        assert int(there.nonzero()[:, 0].sum()) == 3
        assert (counts.to_device, counts.to_cpu, counts.other_waits) == (1, 2, 2)
        assert there[:, [0, 2]].shape == (2, 2)
        assert counts.to_device == 2
        counts.clear()
        assert (counts.launches, counts.waits) == (0, 0)


def test_operations_on_two_devices_fail() -> None:
    with simulated_device():
        there = torch.ones(2, 3).to(DEVICE)
        with pytest.raises(RuntimeError, match="add: tensors on simulated and cpu"):
            there + torch.ones(2, 3)
        with pytest.raises(RuntimeError, match="tensors on simulated and cpu"):
            nn.Linear(3, 2)(there)
        assert (there + torch.tensor(1.0)).device == DEVICE  # a number may lie on the CPU


def test_products_under_autocast_run_in_half_precision_and_cast_a_weight_once() -> None:
    layer = nn.Linear(3, 3)
    with simulated_device() as counts, torch.inference_mode():
        layer, x = layer.to(DEVICE), torch.ones(2, 3).to(DEVICE)
        counts.clear()
        with torch.autocast(DEVICE.type, dtype=torch.bfloat16):
            assert layer(layer(x)).dtype == torch.bfloat16
        assert counts.operations == {"cast or copy": 3, "addmm": 2}


# The product


@pytest.mark.parametrize("case", CASES)
def test_a_batch_launches_copies_and_waits_little(case: str, tmp_path: Path) -> None:
    counts, _ = count(case, tmp_path, SMALL)
    launches, to_device, waits = (MOST | PUBLISHED)[case]
    assert counts.launches <= launches
    assert counts.to_device <= to_device
    assert counts.to_cpu <= 2
    assert counts.waits <= waits


@pytest.mark.parametrize("case", MOST)
def test_a_gpu_gives_the_colours_of_the_cpu_to_half_precision(case: str, tmp_path: Path) -> None:
    batch, chosen = anchors(*SMALL), CASES[case].choose(tmp_path)
    _, there = count(case, tmp_path, SMALL)
    painter = open_painter(chosen)
    found = Detect(painter)(batch)
    here = Colorize(painter)(InstanceBatch(batch, boxes((chosen.instances,) * BATCH), found.features))
    assert there.ab.shape == here.ab.shape
    assert np.abs(there.ab - here.ab).mean() < 0.1 * here.ab.std()
    assert np.abs(there.ab - here.ab).max() < here.ab.std()


def test_a_gpu_finds_the_same_boxes_in_what_the_detector_gives() -> None:
    random = torch.Generator().manual_seed(0)
    logits, corners = torch.randn((2, 99, CLASSES), generator=random), torch.rand((2, 99, 2, 2), generator=random)
    here = Found(logits, corners.sort(dim=2).values.flatten(2), torch.zeros(99, 2), torch.zeros(99, 2))
    logits[1] -= 20  # nothing is found in the second picture
    logits[0, :9] = logits[0, 9]  # and the score of some is the same
    with simulated_device():
        there = Found(*(table.to(DEVICE) for table in (here.logits, here.boxes, here.centres, here.reach)))
        found = best_boxes(there, 0.7)
    for got, expected in zip(found, best_boxes(here, 0.7), strict=True):
        assert torch.equal(got, expected)
    assert [len(table) for table in found] == [8, 0]


@pytest.mark.parametrize("others", [(0, 0, 0), (1, 8, 5)])
def test_on_a_gpu_a_colour_does_not_depend_on_how_many_instances_others_have(
    tmp_path: Path, others: tuple[int, ...]
) -> None:
    batch, chosen = anchors(*SMALL), CASES["compact, 8 instances"].choose(tmp_path)
    own = boxes((3,))[0]
    with simulated_device():
        colorize = Colorize(open_painter(chosen))
        some, alone = (
            colorize(InstanceBatch(batch, (first, second, own, third)))
            for first, second, third in (boxes(others), boxes((8, 0, 2)))
        )
    assert np.array_equal(some.ab[2], alone.ab[2])


@pytest.mark.parametrize("counts", [(1, 0), (2, 3)])
def test_on_a_gpu_as_many_crops_are_cut_out_whatever_was_found(
    monkeypatch: pytest.MonkeyPatch, counts: tuple[int, ...]
) -> None:
    sizes, tables = [], boxes(counts)
    corners = torch.from_numpy(np.concatenate(tables)[:, :4])
    owners = torch.tensor([number for number, count in enumerate(counts) for _ in range(count)])
    lightness = 100 * torch.rand((2, 1, 64, 64), generator=torch.Generator().manual_seed(0))

    def watched(pictures: Tensor, *rest: Any) -> Tensor:
        sizes.append(len(rest[0]))
        return cut_out(pictures, *rest)

    def crops(lightness: Tensor) -> Tensor:
        inputs = NetworkInput(lightness, 64, corners, owners, torch.zeros(0, 5), 1.0, instances=4)
        return paint.with_instances(lambda _, squares, *of_squares: squares, lightness, inputs)  # type: ignore[arg-type]

    monkeypatch.setattr(paint, "cut_out", watched)
    with simulated_device():
        there = crops(lightness.to(DEVICE)).cpu()
    assert torch.allclose(there, crops(lightness), atol=1e-3)
    assert sizes == [8, sum(counts)]
