"""What a network learns from another's colours of pictures without a film's faults."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from published import save_by_rule
from runs import save_random_network
from training import CAT, CONFIG, SMALL, are_equal, batch, network, run

from models.compact import Compact
from models.published import weights_digest
from models.weights import load_network
from pipelines.examples import Sources
from pipelines.train_config import Stage, TrainConfig
from pipelines.train_stages import LOSSES

pytestmark = pytest.mark.usefixtures("narrow")

TAUGHT = {"cross-entropy", "huber", "teacher", "likeness"}


@pytest.mark.parametrize(
    ("stage", "changes", "names"),
    [
        ("full", {}, TAUGHT | {"consistency", "features", "detector"}),
        ("full", {"consistency_weight": 0.0}, TAUGHT | {"features", "detector"}),
        ("decoder", {"consistency_weight": 0.0}, TAUGHT),
        ("instance", {"consistency_weight": 0.0}, TAUGHT),
        ("fusion", {}, TAUGHT | {"consistency"}),
        ("full", {"objective": "regression"}, {"squared", "consistency", "features", "detector"}),
    ],
)
def test_terms_of_the_loss_with_a_teacher(stage: Stage, changes: dict[str, object], names: set[str]) -> None:
    what = batch(2, (0.1, 0.1, 0.9, 0.9, CAT, 0.9), teacher=network().eval())
    terms = LOSSES[stage](network(), what, replace(TrainConfig(stage), **changes))
    assert set(terms) == names
    assert all(0 < float(term.detach()) < 50 for term in terms.values())


def test_teacher_does_not_learn() -> None:
    teacher = network().eval()
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    terms = LOSSES["full"](network(), batch(teacher=teacher), TrainConfig())
    torch.stack(list(terms.values())).sum().backward()
    assert are_equal(teacher.state_dict(), before)
    assert all(p.grad is None for p in teacher.parameters())


def test_who_sees_and_says_what_the_teacher_does_is_not_corrected() -> None:
    """On pictures without faults, and by what the teacher teaches alone."""
    teacher = network().eval()
    settings = TrainConfig(clean_share=1.0, consistency_weight=0.0)
    terms = LOSSES["full"](copy.deepcopy(teacher), batch(teacher=teacher), settings)
    assert float(terms["features"].detach()) == 0
    other = LOSSES["full"](other_network(), batch(teacher=teacher), settings)
    assert float(other["features"].detach()) > 0.01
    assert float(other["teacher"].detach()) > float(terms["teacher"].detach())
    assert float(other["likeness"].detach()) > 1.5 * float(terms["likeness"].detach())


def other_network() -> Compact:
    torch.manual_seed(1)
    return Compact(SMALL).eval()


def test_share_of_the_teacher_leaves_the_rest_to_the_true_colours() -> None:
    teacher = network().eval()

    def losses(share: float, teacher: Compact | None) -> dict[str, float]:
        torch.manual_seed(0)
        config = TrainConfig(teacher_share=share, consistency_weight=0.0)
        terms = LOSSES["full"](other_network(), batch(teacher=teacher), config)
        return {name: float(term.detach()) for name, term in terms.items()}

    alone, none, most = losses(0.5, None), losses(0.0, teacher), losses(0.75, teacher)
    for name in ("cross-entropy", "huber"):
        assert none[name] == pytest.approx(alone[name], rel=1e-4)
        assert most[name] == pytest.approx(alone[name] / 4, rel=1e-4)
    assert none["teacher"] == 0


def test_teacher_is_of_the_networks_kind(sources: Sources, tmp_path: Path) -> None:
    other = save_by_rule("eccv16", tmp_path)
    with pytest.raises(ValueError, match=r"eccv16.safetensors: not weights of the network that is trained; a teacher"):
        run(replace(sources, teacher=other), tmp_path / "out.safetensors")


def test_what_taught_is_written_into_the_weights(sources: Sources, tmp_path: Path) -> None:
    teacher, out = save_random_network(tmp_path / "teacher.safetensors"), tmp_path / "out.safetensors"
    run(replace(sources, teacher=teacher), out, replace(CONFIG, steps=1))
    assert load_network(out)[1]["teacher"] == weights_digest(teacher)
