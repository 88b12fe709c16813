"""Probes read off features what is in them, and nothing that is not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from models.compact.drawn import draw, settle
from models.compact.network import Compact, CompactConfig
from models.published.eccv16 import Eccv16
from models.published.siggraph17 import Siggraph17
from pipelines.evaluate.blocks import Seen, blocks_of, with_colour
from pipelines.evaluate.classes import Classes, is_tested, read_voc
from pipelines.evaluate.features import evaluate_features
from pipelines.evaluate.probes import mean_iou, mean_precision, probe
from restore.commands.evaluate import evaluate
from tests.made.pictures import striped_pictures


def measured(*words: str | Path) -> Result:
    return CliRunner().invoke(evaluate, ["features", *map(str, words)])


def test_blocks_are_those_before_each_halving_and_the_last() -> None:
    lab = 50 * torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        compact, eccv16 = blocks_of(Compact().eval())(lab), blocks_of(Eccv16().eval())(lab)
    assert [one.shape[-1] for one in compact] == [32, 16, 8, 4, 2]
    assert [one.shape[-1] for one in eccv16] == [32, 16, 8, 8, 8, 8, 8]
    with pytest.raises(ValueError, match="cannot be read"):
        blocks_of(Siggraph17())


@pytest.mark.parametrize("kind", [Compact, Eccv16])
def test_colours_change_nothing_until_their_weights_do(kind: type[torch.nn.Module]) -> None:
    network, lab = kind().eval(), 50 * torch.rand(2, 3, 64, 64)
    own, weights = with_colour(network)
    with torch.inference_mode():
        gray, same = blocks_of(network)(lab)[0], blocks_of(own)(lab)[0]
        assert torch.allclose(gray, same, atol=1e-5)
        weights.normal_()
        assert not torch.allclose(gray, blocks_of(own)(lab)[0], atol=1e-3)
        assert torch.equal(gray, blocks_of(network)(lab)[0])


def test_drawn_weights_tell_pictures_apart_once_norms_are_settled() -> None:
    torch.manual_seed(0)
    network = Compact(CompactConfig(encoder="efficientnet-lite0")).eval()
    draw(network)
    lightness = 100 * torch.rand(8, 1, 64, 64) * torch.rand(8, 1, 1, 1)
    settle(network, [lightness])
    with torch.inference_mode():
        last = network.features(lightness)[-1]
    assert not network.training
    assert last.mean(dim=(2, 3)).std(dim=0).mean() > 0.1
    assert last.max() < 6.1


def test_probe_learns_what_features_tell_and_no_more() -> None:
    torch.manual_seed(0)
    labels = torch.arange(400) % 4
    tested = torch.tensor([is_tested(str(number)) for number in range(400)])
    assert 60 < tested.sum() < 140
    telling = (torch.nn.functional.one_hot(labels, 4) + 0.3 * torch.randn(400, 4)).half()
    right = (probe(telling, labels, tested).argmax(dim=1) == labels[tested]).float().mean()
    assert right > 0.8
    silent = (probe(torch.randn(400, 4).half(), labels, tested).argmax(dim=1) == labels[tested]).float().mean()
    assert silent < 0.5


def test_probe_of_several_classes_leaves_out_what_does_not_count() -> None:
    torch.manual_seed(0)
    tested = torch.arange(400) % 4 == 0
    targets = (torch.rand(400, 2) > 0.5).float()
    features = (targets + 0.2 * torch.randn(400, 2)).half()
    unsure = targets.clone()
    unsure[~tested, 0] = torch.where(torch.rand(300) > 0.5, unsure[~tested, 0], torch.nan)
    scores = probe(features, unsure, tested)
    assert mean_precision(scores, targets[tested], 11) > 95


def test_mean_precision_is_over_the_classes_there_are() -> None:
    nan = float("nan")
    scores = torch.tensor([[0.9, 0.9, 0.1], [0.8, 0.5, 0.2], [0.7, 0.8, 0.3]])
    targets = torch.tensor([[1.0, nan, 0], [0, 0, 0], [1, 1, 0]])
    # the first: precision 1 to recall 1/2, then 2/3; the second: its one is first among those that count; no third
    assert mean_precision(scores, targets, 11) == pytest.approx(100 * ((6 + 5 * 2 / 3) / 11 + 1) / 2)
    assert mean_precision(scores, targets, None) == pytest.approx(100 * ((1 + 2 / 3) / 2 + 1) / 2)


def test_mean_iou_is_over_the_classes_there_are() -> None:
    true = torch.tensor([0, 0, 1, 1])
    assert mean_iou(true, true) == 100
    assert mean_iou(torch.tensor([0, 0, 0, 1]), true) == pytest.approx(100 * (2 / 3 + 1 / 2) / 2)


def mask_files(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12):
            png = io.BytesIO()
            Image.fromarray(np.eye(8, dtype=np.uint8) * 15).save(png, "png")
            archive.writestr(f"along{number}.png", png.getvalue())
    return path


@pytest.mark.slow
def test_command_shows_each_block_of_each_network(network: Path, tmp_path: Path) -> None:
    pictures, masks = striped_pictures(tmp_path / "p"), mask_files(tmp_path / "masks.zip")
    result = measured(pictures, "--network", network, "--network", "random", "--masks", masks)
    (of_pictures, of_places) = [line for line in result.stdout.splitlines() if "pictures" in line]
    assert "top-1 in %, 2 classes, 24 pictures" in of_pictures
    assert "mIU of places in %, 12 pictures" in of_places
    assert all(line.split()[-1] == "random" for line in (of_pictures, of_places))
    assert result.output.count("block 5") == 2


@pytest.mark.slow
def test_maps_alone_tell_of_places_alone(network: Path, tmp_path: Path) -> None:
    pictures, masks = striped_pictures(tmp_path / "p") / "along", mask_files(tmp_path / "masks.zip")
    said = measured(pictures, "--network", network, "--masks", masks).output
    assert "mIU of places in %, 12 pictures" in said
    assert "top-1" not in said
    assert "all pictures lie in one folder" in measured(pictures, "--network", network).output
    assert "these pictures have none" in measured(pictures, "--network", network, "--masks", masks, "--colour").output


@pytest.mark.slow
def test_colours_are_read_where_lightness_tells_nothing() -> None:
    torch.manual_seed(0)
    keys = [str(number) for number in range(96)]
    labels = torch.arange(96) % 2
    squares = torch.full((96, 3, 128, 128), 50.0) + torch.randn(96, 3, 128, 128)
    squares[:, 1] = torch.where(labels == 1, 40.0, -40.0)[:, None, None] + torch.randn(96, 128, 128)
    seen = Seen(keys, squares.half(), torch.full((96, 12, 12), -1))
    network = Compact(CompactConfig(encoder="efficientnet-lite0")).eval()
    draw(network)
    settle(network, [squares[:32, :1]])
    classes = Classes(["green", "red"], dict(zip(keys, labels, strict=True)))
    (section,) = evaluate_features(seen, {"own": network}, classes, None, has_colour=True).sections
    last = section.figures["block 5"]
    assert last["own"] < 80
    assert last["own, colour"] > 90


def draw_voc(folder: Path) -> Path:
    """A folder of PASCAL VOC as it unpacks: 24 pictures, two classes, maps for a third of them."""
    for inside in ("JPEGImages", "SegmentationClass", "Annotations", "ImageSets/Main", "ImageSets/Segmentation"):
        (folder / inside).mkdir(parents=True)
    keys, striped = [f"{number:06}" for number in range(24)], striped_pictures(folder / "striped")
    for number, key in enumerate(keys):
        kind = ("across", "along")[number % 2]
        with Image.open(striped / kind / f"{kind}{number // 2}.png") as picture:
            picture.save(folder / "JPEGImages" / f"{key}.jpg")
    sets = {"train": keys[:8], "val": keys[8:16], "trainval": keys[:16], "test": keys[16:]}
    for name, part in sets.items():
        main, cut = folder / "ImageSets" / "Main", folder / "ImageSets" / "Segmentation"
        (main / f"{name}.txt").write_text("".join(f"{key}\n" for key in part))
        (cut / f"{name}.txt").write_text("".join(f"{key}\n" for key in part[::3]))
        for rest, kind in enumerate(("aeroplane", "bicycle")):
            said = [" 0" if key == "000001" else " 1" if int(key) % 2 == rest else "-1" for key in part]
            lines = [f"{key} {value}\n" for key, value in zip(part, said, strict=True)]
            (main / f"{kind}_{name}.txt").write_text("".join(lines))
        for key in part[::3]:
            classes = np.zeros((64, 64), np.uint8)
            classes[:, 32:], classes[:, 30:34] = 1, 255
            Image.fromarray(classes, "P").save(folder / "SegmentationClass" / f"{key}.png")
    return folder


def test_voc_is_read_as_it_unpacks(tmp_path: Path) -> None:
    classes, places = read_voc(draw_voc(tmp_path / "VOC2007"))
    assert classes.names == ["aeroplane", "bicycle"]
    assert classes.of["000002"].tolist() == [1, 0]
    assert classes.of["000001"].isnan().all()  # difficult
    assert [key for key in sorted(classes.of) if classes.is_tested(key)] == [f"{number:06}" for number in range(16, 24)]
    assert places is not None
    tested = [key for key in sorted(places.masks.names) if places.is_tested(key)]
    assert tested == ["000016", "000019", "000022"]


def test_voc_without_a_test_set_is_tested_on_val(tmp_path: Path) -> None:
    folder = draw_voc(tmp_path / "VOC2012")
    for path in (folder / "ImageSets" / "Main").glob("*_test.txt"):  # the later years keep the labels of their test
        path.unlink()
    for number in range(16, 24):
        (folder / "SegmentationClass" / f"{number:06}.png").unlink(missing_ok=True)
    classes, places = read_voc(folder)
    assert places is not None
    assert {key for key in classes.of if classes.is_tested(key)} == {f"{number:06}" for number in range(8, 16)}
    assert {key for key in places.masks.names if places.is_tested(key)} == {"000008", "000011", "000014"}
    (folder / "ImageSets" / "Main" / "val.txt").unlink()
    with pytest.raises(ValueError, match=r"no lists to learn from and to test on; it must hold trainval\.txt and test"):
        read_voc(folder)


@pytest.mark.slow
def test_voc_has_both_ways_of_its_precision_and_its_maps(network: Path, tmp_path: Path) -> None:
    folder = draw_voc(tmp_path / "VOC2007")
    said = measured(folder, "--network", network).output
    assert "mAP in %, 11 points (VOC 2007), 2 classes, 24 pictures" in said
    assert "mAP in %, all points (VOC 2010), 2 classes, 24 pictures" in said
    assert "mIU of places in %, 9 pictures" in said
    alone = measured(folder, tmp_path, "--network", network).output
    assert "PASCAL VOC has its own classes, maps and pictures to test on; give it alone" in alone
