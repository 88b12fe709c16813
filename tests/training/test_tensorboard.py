"""TensorBoard shows what training does to colours, where it does something to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from pipelines.training.config import Stage
from pipelines.training.examples import Sources
from pipelines.training.run import train
from tests.made.runs import save_random_network
from tests.made.training import CONFIG

pytest.importorskip("tensorboard", reason="needs the extra train")
pytestmark = pytest.mark.usefixtures("narrow")


def shown(stage: Stage, sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The sheets after each of two steps."""
    sheets: list[Tensor] = []
    monkeypatch.setattr(
        "torch.utils.tensorboard.SummaryWriter.add_image", lambda _, title, sheet, step: sheets.append(sheet)
    )
    start, out = save_random_network(tmp_path / "start.safetensors"), tmp_path / "out.safetensors"
    config = replace(CONFIG, stage=stage, steps=2, learning_rate=1e-2)
    train(sources, config, out, start=start, tensorboard=tmp_path / "board", checkpoint_every=1, log=lambda _: None)
    return sheets


@pytest.mark.parametrize("stage", ["full", "fusion", "decoder"])
def test_tensorboard_shows_colours_that_change(
    stage: Stage, sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = shown(stage, sources, tmp_path, monkeypatch)
    assert first.shape == (3, 3 * CONFIG.crop, 8 * CONFIG.crop)
    gray, coloured, true = (
        (one - other).abs().amax() for one, other in zip(first.chunk(3, 1), second.chunk(3, 1), strict=True)
    )
    assert (gray, true) == (0, 0)
    assert coloured > 0.01


@pytest.mark.parametrize("stage", ["instance", "detector"])
def test_tensorboard_shows_no_colours_that_stay(
    stage: Stage, sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(stage, sources, tmp_path, monkeypatch) == []
