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
    lab = torch.tensor([50.0, 30, -20])[None, :, None, None].repeat(60, 1, 32, 32)
    hints = drawn_hints(lab, 0.5)
    planes, mask = hints.planes, hints.planes[:, 2:]
    assert set(mask.unique().tolist()) == {0, 1}
    assert (planes[:, :2][mask.expand(-1, 2, -1, -1) == 0] == 0).all()
    has_some = mask.amax(dim=(1, 2, 3)) > 0
    assert 15 < has_some.sum() < 45
    assert not hints.shift.any()  # all is one thing, too large to be recoloured
    off = ((planes[:, :2] - lab[:, 1:]) * mask).abs().amax(dim=(1, 2, 3))
    assert (off[has_some] < 1e-3).float().mean() > 0.6
    assert off.max() < 30
    assert not drawn_hints(lab, 0.0).planes.any()


def test_things_are_recoloured_as_a_whole_and_nothing_else_and_the_hints_say_so() -> None:
    torch.manual_seed(0)
    lab = torch.tensor([50.0, 10, 10])[None, :, None, None].repeat(40, 1, 48, 48)
    lab[:, :, 12:36, 12:36] = torch.tensor([70.0, 20, -20])[:, None, None]
    inside = torch.zeros(48, 48, dtype=torch.bool)
    inside[12:36, 12:36] = True
    hints = drawn_hints(lab, 1.0)
    moved = hints.shift.norm(dim=1)
    changed = moved.amax(dim=(1, 2)) > 0
    assert 2 < changed.sum() < 40
    for plane, shift, length in zip(hints.planes[changed], hints.shift[changed], moved[changed], strict=True):
        on_it = length[18:30, 18:30].min() > 14
        area = inside if on_it else ~inside
        assert length[~area].median() == 0
        assert length[area].median() >= 15
        given = plane[2] > 0
        assert (plane[:2] - lab[0, 1:] - shift)[:, given].norm(dim=0).min() < 8  # a square may lie over an edge
        assert (given & area).any()


def test_hints_reach_the_branch_alone_where_they_are_asked_for() -> None:
    for stage in ("full", "decoder"):
        trained = listening(network())
        terms = LOSSES[stage](trained, batch(4), replace(TrainConfig(stage), hint_share=1.0))  # type: ignore[index, arg-type]
        terms["cross-entropy"].backward()
        assert trained.listener is not None
        assert trained.listener.adds[0].weight.grad.abs().max() > 0
