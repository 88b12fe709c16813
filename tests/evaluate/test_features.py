"""Probes read off features what is in them, and nothing that is not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from models.compact.network import Compact
from models.published.eccv16 import Eccv16
from models.published.siggraph17 import Siggraph17
from pipelines.evaluate.features import (
    blocks_of,
    mean_iou,
    probe,
    split,
)
from restore.commands.evaluate import evaluate
from tests.made.pictures import striped_pictures


def test_blocks_are_those_before_each_halving_and_the_last() -> None:
    with torch.inference_mode():
        compact = blocks_of(Compact().eval())(torch.rand(1, 1, 64, 64))
        eccv16 = blocks_of(Eccv16().eval())(torch.rand(1, 1, 64, 64))
    assert [one.shape[-1] for one in compact] == [32, 16, 8, 4, 2]
    assert [one.shape[-1] for one in eccv16] == [32, 16, 8, 8, 8, 8, 8]
    with pytest.raises(ValueError, match="cannot be read"):
        blocks_of(Siggraph17())


def test_probe_learns_what_features_tell_and_no_more() -> None:
    torch.manual_seed(0)
    labels = torch.arange(400) % 4
    tested = split([str(number) for number in range(400)])
    assert 60 < tested.sum() < 140
    telling = (torch.nn.functional.one_hot(labels, 4) + 0.3 * torch.randn(400, 4)).half()
    right = (probe(telling, labels, tested) == labels[tested]).float().mean()
    assert right > 0.8
    silent = (probe(torch.randn(400, 4).half(), labels, tested) == labels[tested]).float().mean()
    assert silent < 0.5


def test_mean_iou_is_over_the_classes_there_are() -> None:
    true = torch.tensor([0, 0, 1, 1])
    assert mean_iou(true, true) == 100
    assert mean_iou(torch.tensor([0, 0, 0, 1]), true) == pytest.approx(100 * (2 / 3 + 1 / 2) / 2)


def test_command_shows_each_block_of_each_network(network: Path, tmp_path: Path) -> None:
    masks = tmp_path / "masks.zip"
    with zipfile.ZipFile(masks, "w") as archive:
        for number in range(12):
            png = io.BytesIO()
            Image.fromarray(np.eye(8, dtype=np.uint8) * 15).save(png, "png")
            archive.writestr(f"along{number}.png", png.getvalue())
    command = ["features", str(striped_pictures(tmp_path / "p")), "--network", str(network), "--masks", str(masks)]
    result = CliRunner().invoke(evaluate, command, catch_exceptions=False)
    assert "top-1 in %, 2 classes, 24 pictures" in result.output
    assert result.output.count("block 5") == 2
    assert "mIU of places in %, 12 pictures" in result.output
