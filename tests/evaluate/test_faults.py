"""Faults of colour are told from right colours, and given points bring colours closer to the truth."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from models.compact.network import Compact, CompactConfig
from models.weights.files import save_network
from pipelines.evaluate.faults import blue_ground, clouds, halves, one_hue, skin
from pipelines.evaluate.hints import evaluate_hints
from pipelines.evaluate.masks import PERSON, Masks
from pipelines.evaluate.paint import PicturePainter, PictureSet
from pipelines.settings import PaintSettings
from restore.commands.evaluate import evaluate
from restore.evaluation import measure_on_masks
from restore.exits import Refused
from restore.measuring import OnPictures

SIZE = (48, 64)


def plane(a: float, b: float) -> NDArray[np.float32]:
    return np.broadcast_to(np.array([a, b], np.float32), (*SIZE, 2)).copy()


def lab(lightness: float, ab: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([np.full((*SIZE, 1), lightness, np.float32), ab], axis=-1)


def figure(found: dict[str, dict[str, float]] | None) -> float:
    assert found is not None
    ((row,),) = (tuple(found.values()),)
    return row["ours"]


def test_clouds_are_counted_on_even_surfaces_of_one_true_colour() -> None:
    even, cloudy = plane(2, 5), plane(2, 5)
    cloudy[:, :32] = (20, -20)
    assert figure(clouds(lab(70, even), even)) == pytest.approx(0, abs=1e-4)
    assert figure(clouds(lab(70, even), cloudy)) == pytest.approx(np.hypot(9, 12.5), rel=0.05)
    assert clouds(lab(70, cloudy), cloudy) is None  # truly in two colours
    rough = np.random.default_rng(0).uniform(0, 100, (*SIZE, 1)).astype(np.float32)
    assert clouds(np.concatenate([rough, even], axis=-1), cloudy) is None


def test_blue_ground_counts_only_under_a_blue_sky() -> None:
    true = plane(0, 0)
    true[:16] = (0, -30)
    ours = true.copy()
    ours[24:] = (0, -12)
    assert figure(blue_ground(ours, true)) == pytest.approx(12)
    assert figure(blue_ground(true, true)) == 0
    assert blue_ground(ours, plane(0, 0)) is None


def test_one_hue_is_a_fault_where_the_truth_has_more() -> None:
    many, sepia = plane(10, 20), plane(5, 15)
    many[:, :32] = (-20, -20)
    assert figure(one_hue(sepia, many)) == 1
    assert figure(one_hue(many, many)) == 0
    assert figure(one_hue(plane(0, 0), many)) == 0
    assert one_hue(many, sepia) is None


def test_halves_are_compared_with_the_truth() -> None:
    thing = np.zeros(SIZE, bool)
    thing[10:40, 16:48] = True
    ours, true = plane(10, 10), plane(10, 10)
    ours[:, 32:] = (30, 10)
    assert figure(halves(ours, true, thing)) == pytest.approx(20)
    assert figure(halves(ours, ours, thing)) == 0


def test_skin_is_wrong_where_its_hue_is_off_or_it_has_none() -> None:
    persons = np.zeros(SIZE, bool)
    persons[:, :32] = True
    true, ours = lab(60, plane(15, 18)), plane(15, 18)
    assert figure(skin(ours, true, persons)) == 0
    ours[:24], ours[24:36] = (-15, 10), (0, 0)
    assert figure(skin(ours, true, persons)) == pytest.approx(0.75)
    assert skin(ours, true, ~persons & persons) is None
    assert skin(ours, lab(60, plane(0, -20)), persons) is None


def maps(path: Path, classes: NDArray[np.uint8], *keys: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for key in keys:
            png = io.BytesIO()
            Image.fromarray(classes).save(png, "png")
            archive.writestr(f"{key}.png", png.getvalue())
    return path


def test_largest_thing_of_a_picture_is_found(tmp_path: Path) -> None:
    classes = np.zeros((20, 20), np.uint8)
    classes[2:6, 2:6], classes[10:18, 10:18], classes[0, 19] = 3, PERSON, 7
    masks = Masks(maps(tmp_path / "masks.zip", classes, "000000"))
    thing = masks.largest("000000", 40, 60)
    assert thing is not None
    assert thing.sum() == 16 * 24
    assert thing[30, 45]
    empty = Masks(maps(tmp_path / "empty.zip", np.zeros((20, 20), np.uint8), "a"))
    assert empty.largest("a", 40, 60) is None
    with pytest.raises(ValueError, match="no masks in it"):
        Masks(maps(tmp_path / "none.zip", classes))


@pytest.fixture
def listening(tmp_path: Path) -> Path:
    """A network that takes hints, and answers to them by more than nothing."""
    torch.manual_seed(0)
    network = Compact(CompactConfig(widths=(16, 16, 16, 16), hints=True)).eval()
    assert network.listener is not None
    for weight in network.listener.adds.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    save_network(network, tmp_path / "listening.safetensors", {"temperature": "1.0"})
    return tmp_path / "listening.safetensors"


def test_points_are_given_to_the_network(listening: Path, pictures: Path, tmp_path: Path) -> None:
    classes = np.zeros((20, 20), np.uint8)
    classes[5:15, 5:15] = 3
    masks = Masks(maps(tmp_path / "masks.zip", classes, "000002"))
    paint = PicturePainter(PaintSettings(network=str(listening), device="cpu", rows=64))
    first, second = evaluate_hints(PictureSet([pictures], limit=2), paint, masks).sections
    assert (first.pictures, second.pictures) == (2, 1)
    row = first.figures["PSNR"]
    assert len({row["none"], row["10 points"], row["50 points"]}) == 3


def test_commands_show_tables(listening: Path, pictures: Path, tmp_path: Path) -> None:
    classes = np.zeros((20, 20), np.uint8)
    classes[5:15, 5:15] = PERSON
    masks = str(maps(tmp_path / "masks.zip", classes, "000000", "000002"))
    common = [str(pictures), "--network", str(listening), "--rows", "64", "--masks", masks, "--limit", "2"]
    result = CliRunner().invoke(evaluate, ["hints", *common], catch_exceptions=False)
    assert "random true points, 2 pictures" in result.output
    assert "one point on a thing" in result.output
    result = CliRunner().invoke(evaluate, ["faults", *common], catch_exceptions=False)
    assert "halves of a thing, difference of ab" in result.output


def test_network_that_takes_no_hints_is_refused(network: Path, pictures: Path) -> None:
    options = {"network": str(network), "weights_dir": None, "rows": 64}
    with pytest.raises(Refused, match="takes no hints"):
        measure_on_masks("hints", OnPictures([pictures], None, None, print), options, None, None)
