"""Training: what each stage changes and learns from, and what it leaves behind."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.colour.bins import BINS
from models.colour.finish import Finish
from models.compact.network import CompactConfig
from models.weights.catalogue import weights_digest
from models.weights.files import load_network, save_network
from pipelines.training.config import Stage, TrainConfig
from pipelines.training.crops import CropSettings, crops
from pipelines.training.examples import Sources, examples
from pipelines.training.provenance import digest_of
from pipelines.training.stages import LOSSES, TRAINED, Batch
from tests.made.runs import save_random_network
from tests.made.training import (
    CAT,
    CONFIG,
    PICTURES,
    SMALL,
    WHOLE_ENCODER,
    batch,
    checkpoint_of,
    network,
    run,
)

pytestmark = pytest.mark.usefixtures("narrow")


# What a stage changes


def parts_of(keys: set[str]) -> set[str]:
    return {key.split(".")[0] for key in keys}


@pytest.mark.parametrize("stage", TRAINED)
def test_stage_changes_its_own_parts_alone(stage: Stage, sources: Sources, tmp_path: Path) -> None:
    start, out = save_random_network(tmp_path / "start.safetensors"), tmp_path / "out.safetensors"
    assert len(run(sources, out, replace(CONFIG, stage=stage), start)) == 3
    before, state = (load_network(path)[0].state_dict() for path in (start, out))
    if stage == "instance":  # it begins as the decoder
        before |= {f"instance.{key[8:]}": value for key, value in before.items() if key.startswith("decoder.")}
    after = checkpoint_of(out)["network"]
    changed = {key for key, value in before.items() if not torch.equal(value, after[key])}
    assert parts_of(changed) == set(TRAINED[stage])
    own = {key for key in before if key.split(".")[0] in TRAINED[stage]}
    as_before = {
        "full": {key for key in own if re.match(r"encoder\.features\.(\d|1[0-5])\.", key)},
        "fusion": {"instance.head.weight", "instance.head.bias"},  # an instance alone has no colours there
    }
    assert changed == own - as_before.get(stage, set())
    assert all(value.isfinite().all() for value in after.values())
    assert {key for key in before if not torch.equal(state[key], before[key])} <= changed  # what is written, too


def test_instance_stage_begins_with_the_decoder(sources: Sources, tmp_path: Path) -> None:
    start, out = save_random_network(tmp_path / "start.safetensors"), tmp_path / "out.safetensors"
    slow = replace(CONFIG, stage="instance", steps=1, learning_rate=1e-9)
    run(sources, out, slow, start)
    network = load_network(out)[0]
    assert torch.allclose(network.instance.head.weight, network.decoder.head.weight, atol=1e-6)


# The losses

COLOUR = {"cross-entropy", "huber"}
WEIGHED = ["huber", "colourfulness", "consistency", "detector"]
"""Terms with a factor of their own, `TrainConfig.<term>_weight`."""


@pytest.mark.parametrize(
    ("stage", "changes", "names"),
    [
        ("full", {}, {*COLOUR, "consistency", "detector"}),
        ("full", {"objective": "regression"}, {"squared", "consistency", "detector"}),
        ("full", {"objective": "regression", "consistency_weight": 0.0}, {"squared", "detector"}),
        ("instance", {}, {*COLOUR, "consistency"}),
        ("fusion", {"objective": "regression"}, {"squared", "consistency"}),
        ("decoder", {}, {*COLOUR, "consistency"}),
        ("decoder", {"colourfulness_weight": 0.5}, {*COLOUR, "colourfulness", "consistency"}),
        ("detector", {"objective": "regression"}, {"detector"}),
    ],
)
def test_terms_of_the_loss(stage: Stage, changes: dict[str, object], names: set[str]) -> None:
    config = replace(TrainConfig(stage), **changes)
    terms = LOSSES[stage](network(), batch(2, (0.1, 0.1, 0.9, 0.9, CAT, 0.9)), config)
    assert set(terms) == names
    assert all(0 < float(term.detach()) < 50 for term in terms.values())


@pytest.mark.parametrize("name", WEIGHED)
def test_weights_are_factors(name: str) -> None:
    losses = []
    for factor in (1.0, 3.0):
        trained, what = network(), batch(2, (0.1, 0.1, 0.9, 0.9, CAT, 0.9))
        torch.manual_seed(0)
        config = replace(TrainConfig(colourfulness_weight=1.0), **{f"{name}_weight": factor})
        losses.append(LOSSES["full"](trained, what, config))
    assert float(losses[1].pop(name).detach()) == pytest.approx(3 * float(losses[0].pop(name).detach()), rel=1e-4)
    assert all(torch.equal(losses[0][other], losses[1][other]) for other in losses[0])


def test_colourfulness_is_that_of_saturated_colours() -> None:
    terms = []
    for saturation in (0.0, 1.0, 2.0):
        torch.manual_seed(0)
        config = replace(TrainConfig("decoder"), saturation=saturation, colourfulness_weight=1.0)
        terms.append(LOSSES["decoder"](network(), batch(2), config)["colourfulness"].detach())
    assert terms[0] > terms[1] > terms[2]  # a network that learned nothing is pale


class LookedError(Exception):
    """The fusion stage looks at instances; this is enough."""


@pytest.mark.parametrize(("changes", "each"), [({}, 4), ({"instances": 20}, 5), ({"least_score": 0.45}, 3)])
def test_fusion_stage_looks_at_the_best_instances_of_both_frames(
    changes: dict[str, float], each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = (0.9, 0.8, 0.5, 0.4, 0.35, 0.2)
    trained, what = network(), batch(2, *((0.1, 0.1, 0.6, 0.6, CAT, score) for score in scores))

    def see(squares: Tensor) -> None:
        raise LookedError(len(squares))

    monkeypatch.setattr(trained, "see", see)
    with pytest.raises(LookedError, match=rf"^{2 * 2 * each}$"):
        LOSSES["fusion"](trained, what, replace(TrainConfig("fusion"), **changes))


def test_square_without_instances_leaves_no_mark_on_the_fusion() -> None:
    trained = network()
    terms = LOSSES["fusion"](trained, batch(2), TrainConfig("fusion"))
    torch.stack(list(terms.values())).sum().backward()
    assert all(value.isfinite().all() for value in trained.state_dict().values())
    assert all(p.grad is None or p.grad.isfinite().all() for p in trained.parameters())


def save_seeing_network(path: Path) -> Path:
    """Random weights, but of an encoder that tells pictures apart."""
    seeing = network()
    with torch.no_grad():
        for name, weight in seeing.encoder.named_parameters():
            weight.mul_(0 if name.endswith("bias") else math.sqrt(6))  # keeps the deviation (He et al., 2015)
    save_network(seeing, path, {})
    return path


def test_losses_fall(sources: Sources, tmp_path: Path) -> None:
    config = replace(CONFIG, steps=16, batch=4, learning_rate=2e-2, frozen_layers=WHOLE_ENCODER)
    start, out = save_seeing_network(tmp_path / "start.safetensors"), tmp_path / "out.safetensors"
    run(sources, out, config, start)
    data = examples(sources, config.held_out)
    light, boxes = next(crops(data, data.boxes, CropSettings(32, seed=9), 8, range(1), workers=0))
    losses = []
    for state in (load_network(start)[0].state_dict(), checkpoint_of(out)["network"]):
        trained = network()
        trained.load_state_dict(state)
        torch.manual_seed(0)  # the same faults of film
        losses.append(LOSSES["full"](trained, Batch(light, boxes, torch.ones(BINS)), config))
    for name, share in (("cross-entropy", 0.92), ("huber", 0.7), ("detector", 0.95)):
        assert float(losses[1][name].detach()) < share * float(losses[0][name].detach()), name


# What it learns from, and what it leaves behind


def copied(sources: Sources, folder: Path, change: Callable[[Path], None]) -> Sources:
    """Copies of the pictures in a folder of their own, each changed."""
    folder.mkdir()
    for path in sources.images[0].glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
        change(folder / path.name)
    return Sources([folder], boxes=sources.boxes)


def test_pictures_held_out_are_written_down_and_never_read(sources: Sources, tmp_path: Path) -> None:
    out, config = tmp_path / "out.safetensors", replace(CONFIG, stage="detector", steps=4, held_out=4)
    run(sources, out, config)
    keys = out.with_suffix(".held-out").read_text().splitlines()
    assert len(keys) == 4
    assert set(keys) < {f"{number:04d}" for number in range(PICTURES)}

    def damaged(path: Path) -> None:
        if path.stem in keys:
            path.write_bytes(b"never read")

    damaged_sources = copied(sources, tmp_path / "damaged", damaged)
    run(damaged_sources, tmp_path / "again.safetensors", config)
    assert (tmp_path / "again.held-out").read_text() == out.with_suffix(".held-out").read_text()
    with pytest.raises(ValueError, match="not a picture that can be read"):
        run(damaged_sources, tmp_path / "all.safetensors", replace(config, held_out=0))


def test_examples_have_their_own_boxes(sources: Sources) -> None:
    data = examples(sources, 2)
    assert len(data) == PICTURES - 2
    for picture, boxes in zip(data, data.boxes, strict=True):
        y, x = np.nonzero(picture[..., 0] > 200)
        expected = [x.min() / 64, y.min() / 48, (x.max() + 1) / 64, (y.max() + 1) / 48]
        assert boxes[0, :4].tolist() == pytest.approx(expected, abs=1e-6)
        assert len(boxes) == 2


@pytest.mark.parametrize("stage", ["instance", "fusion"])
def test_instance_stages_learn_from_pictures_with_likely_boxes(stage: Stage, sources: Sources, tmp_path: Path) -> None:
    entries = [json.loads(line) for line in sources.boxes.read_text().splitlines()] if sources.boxes else []
    entries[0]["boxes"], entries[1]["boxes"] = [], [[0, 0, 1, 1, CAT, 0.2]]
    del entries[2]
    table = tmp_path / "boxes.jsonl"
    table.write_text("\n".join(json.dumps(entry) for entry in entries))
    score = replace(CONFIG, stage=stage).box_score
    data = examples(replace(sources, boxes=table), 0, score)
    assert len(data) == PICTURES - 3
    assert [len(boxes) for boxes in data.boxes] == [1] * len(data)
    assert all(np.array_equal(data[i], examples(sources, 0)[i + 3]) for i in range(len(data)))


@pytest.mark.parametrize("stage", ["instance", "fusion"])
def test_instance_stages_ask_for_boxes(stage: Stage, sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no boxes, and this stage learns from what they show") as caught:
        run(replace(sources, boxes=None), tmp_path / "out.safetensors", replace(CONFIG, stage=stage))
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="all 0 pictures are held out to test on; give more"):
        run(Sources(), tmp_path / "out.safetensors")


def test_holding_out_all_pictures_is_refused(sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"all {PICTURES} pictures are held out to test on; give more"):
        run(sources, tmp_path / "out.safetensors", replace(CONFIG, held_out=1000))


def test_full_stage_needs_no_boxes_and_teaches_the_detector_nothing_then(sources: Sources, tmp_path: Path) -> None:
    steps = run(replace(sources, boxes=None), tmp_path / "out.safetensors", replace(CONFIG, steps=2))
    assert [terms["detector"] for terms in steps] == [0, 0]
    assert all(terms["cross-entropy"] > 0 for terms in steps)


def test_weights_tell_what_they_were_made_from(sources: Sources, tmp_path: Path) -> None:
    start, out = save_random_network(tmp_path / "start.safetensors"), tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, steps=1), start)
    metadata = load_network(out)[1]
    assert metadata["start"] == weights_digest(start)
    assert metadata["images"] == digest_of(sources.images)
    assert "films" not in metadata


def test_weights_tell_how_they_came_about(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    config = replace(CONFIG, stage="detector", steps=2, temperature=0.5, smoothing=20.0, tint=0.9, held_out=1)
    run(sources, out, config)
    metadata = load_network(out)[1]
    assert json.loads(metadata["train"]) == asdict(config) | {"zoom": list(config.zoom)}
    assert CompactConfig(tuple(json.loads(metadata["config"])["widths"])) == SMALL
    assert (metadata["step"], metadata["pictures"]) == ("2", str(PICTURES - 1))
    assert float(metadata["temperature"]) == 0.5
    assert Finish.of(metadata) == config.finish == Finish(config.saturation, 20.0, 0.9, config.coring)
