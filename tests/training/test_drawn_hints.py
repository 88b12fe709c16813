"""Hints are drawn from the true colours, as people might give them."""

from __future__ import annotations

from dataclasses import replace

import torch

from pipelines.training.begin import listening
from pipelines.training.config import TrainConfig
from pipelines.training.drawn_hints import drawn_hints
from pipelines.training.stages import LOSSES
from tests.made.training import batch, network


def test_hints_are_true_colours_at_some_places_of_some_pictures() -> None:
    torch.manual_seed(0)
    ab = torch.tensor([30.0, -20])[None, :, None, None].repeat(60, 1, 32, 32)
    planes = drawn_hints(ab, 0.5)
    mask = planes[:, 2:]
    assert set(mask.unique().tolist()) == {0, 1}
    assert (planes[:, :2][mask.expand(-1, 2, -1, -1) == 0] == 0).all()
    has_some = mask.amax(dim=(1, 2, 3)) > 0
    assert 15 < has_some.sum() < 45
    off = ((planes[:, :2] - ab) * mask).abs().amax(dim=(1, 2, 3))
    assert (off[has_some] < 1e-3).float().mean() > 0.6
    assert off.max() < 30
    assert not drawn_hints(ab, 0.0).any()


def test_hints_reach_the_branch_alone_where_they_are_asked_for() -> None:
    for stage in ("full", "decoder"):
        trained = listening(network())
        terms = LOSSES[stage](trained, batch(4), replace(TrainConfig(stage), hint_share=1.0))  # type: ignore[index, arg-type]
        terms["cross-entropy"].backward()
        assert trained.listener is not None
        assert trained.listener.adds[0].weight.grad.abs().max() > 0
