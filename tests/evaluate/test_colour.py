"""Networks are measured on pictures of which the figures are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.colour.colorspace import lab_from_srgb
from models.measures.metrics import ciede2000
from pipelines.evaluate.colour import JUDGED, evaluate_colour, measure, parts
from pipelines.evaluate.content import ContentJudge, read_labels
from pipelines.evaluate.detector import evaluate_detector
from pipelines.evaluate.paint import Coloured, Find, Named, PicturePainter, PictureSet, network_lightness, take
from pipelines.evaluate.report import Report, means
from pipelines.evaluate.sheet import tile
from pipelines.frames import AnchorBatch, InstanceBatch
from pipelines.settings import PaintSettings
from tests.made.evaluated import CAR, CUP, DOG, LEFT_HALF, PERSON, RIGHT_HALF, boxes, drawn

NO_BOXES = np.empty((0, 6), np.float32)


@pytest.fixture
def settings(network: Path) -> PaintSettings:
    return PaintSettings(network=str(network), device="cpu", rows=64)


def find(*rows: tuple[float, ...]) -> Find:
    """A stage that finds the same in every anchor."""
    return lambda anchors: InstanceBatch(anchors, (boxes(*rows),) * len(anchors.pts))


def as_coloured(ours: NDArray[np.float32], true: NDArray[np.float32]) -> Coloured:
    """A picture whose ab planes (H, W, 2) are known."""
    lab = {}
    for kind, ab in (("ours", ours), ("gray", 0 * ours), ("true", true)):
        planes = torch.from_numpy(ab).permute(2, 0, 1)[None]
        lab[kind] = torch.cat([torch.full_like(planes[:, :1], 50), planes], dim=1)
    rgb = {kind: (value / 200 + 0.5).clamp(0, 1) for kind, value in lab.items()}
    return Coloured("x", lab, rgb, NO_BOXES, 1.5)


def test_pictures_are_chosen_evenly_and_by_key(pictures: Path) -> None:
    assert [named.key for named in PictureSet([pictures])] == [f"{number:06}" for number in range(5)]
    assert [named.key for named in PictureSet([pictures], limit=2)] == ["000000", "000002"]
    assert [named.key for named in PictureSet([pictures], keys={"000003", "x"})] == ["000003"]
    assert len(PictureSet([pictures], limit=9)) == 5
    with pytest.raises(ValueError, match="none of the 5 pictures has a key"):
        PictureSet([pictures], keys={"x"})


def test_takes_differ_in_grain_and_exposure_only_and_repeat() -> None:
    lightness = np.full((64, 64), 50, np.float32)
    one, other = take(lightness, "a", 0), take(lightness, "a", 1)
    assert np.array_equal(one, take(lightness, "a", 0))
    assert not np.array_equal(one, take(lightness, "b", 0))
    for taken in (one, other):
        assert abs(taken.mean() - 50) < 5.2
        assert 0.8 < taken.std() < 2
    assert abs(one.mean() - other.mean()) > 0.1
    assert take(np.zeros((8, 8), np.float32), "a", 0).min() == 0


@pytest.mark.parametrize(("shape", "expected"), [((64, 96), (64, 96)), ((100, 60), (96, 64)), ((48, 304), (64, 416))])
def test_network_sees_multiples_of_32(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert network_lightness(np.zeros(shape, np.float32), 64).shape == expected


def test_picture_is_coloured_from_its_lightness_alone(settings: PaintSettings) -> None:
    paint = PicturePainter(settings)
    gray = np.repeat(drawn(0)[..., :1], 3, axis=-1)
    ours = paint(Named("a", gray))
    assert set(ours.lab) == set(ours.rgb) == {"ours", "gray", "true"}
    assert {tuple(value.shape) for value in ours.rgb.values()} == {(1, 3, 64, 96)}
    assert torch.allclose(ours.rgb["gray"], ours.rgb["true"], atol=1e-2)
    assert torch.equal(ours.lab["ours"][:, :1], ours.lab["true"][:, :1])
    assert ours.lab["ours"][:, 1:].std() > 1
    assert ours.ab_change > 0.1


def test_takes_are_painted_only_where_they_are_wanted(settings: PaintSettings) -> None:
    row = (*LEFT_HALF, PERSON, 0.9)
    sizes = list[int]()

    def found(anchors: AnchorBatch) -> InstanceBatch:
        sizes.append(len(anchors.pts))
        return find(row)(anchors)

    pairs = [PicturePainter(settings, found, takes=takes)(Named("a", drawn(0))) for takes in (2, 0)]
    assert sizes == [3, 1]
    assert np.isnan(pairs[1].ab_change)
    assert torch.allclose(pairs[0].lab["ours"], pairs[1].lab["ours"], atol=1e-2)


def test_instances_are_found_but_need_not_be_coloured(settings: PaintSettings) -> None:
    row = (*LEFT_HALF, PERSON, 0.9)
    coloured_by: list[InstanceBatch] = []
    for instances in (8, 0):
        paint = PicturePainter(replace(settings, instances=instances), find(row))
        ((part, colorize),) = paint.parts
        shown = lambda batch, stage=colorize: (  # noqa: E731
            coloured_by.append(batch) or stage(replace(batch, boxes=(NO_BOXES,) * 3))
        )
        paint.parts = [(part, shown)]  # type: ignore[list-item]
        assert paint(Named("a", drawn(0))).boxes.tolist() == boxes(row).tolist()
    assert [len(batch.boxes[0]) for batch in coloured_by] == [1, 0]


def test_picture_without_boxes_has_no_parts() -> None:
    assert [title for title, _ in parts(NO_BOXES, 10, 20)] == ["whole picture"]


def test_parts_are_unions_of_boxes() -> None:
    found = boxes((*LEFT_HALF, PERSON, 0.9), (0.25, 0.0, 0.75, 0.5, DOG, 0.9), (0.0, 0.0, 0.1, 0.1, CUP, 0.9))
    sizes = {title: int(mask.sum()) for title, mask in parts(found, 10, 20)}
    assert sizes == {
        "whole picture": 200,
        "inside boxes": 100 + 25,
        "outside boxes": 75,
        "inside person boxes": 100,
        "inside animal boxes": 50,
    }


def test_box_over_all_leaves_nothing_outside() -> None:
    titles = [title for title, _ in parts(boxes((0.0, 0.0, 1.0, 1.0, CAR, 0.9)), 10, 20)]
    assert titles == ["whole picture", "inside boxes", "inside vehicle boxes"]


def test_figures_of_a_part_are_of_its_pixels_alone() -> None:
    true = np.zeros((32, 40, 2), np.float32)
    ours = true.copy()
    ours[:, :20] = 20  # 0.1 of 1 in two of three channels
    measured = measure(as_coloured(ours, true), boxes((*LEFT_HALF, PERSON, 0.9)))
    inside, outside = (measured[title].figures for title in ("inside boxes", "outside boxes"))
    assert inside["PSNR"]["ours"] == pytest.approx(-10 * np.log10(0.01 * 2 / 3), abs=1e-3)
    assert outside["PSNR"]["ours"] == pytest.approx(100)
    assert measured["whole picture"].figures["PSNR"]["ours"] == pytest.approx(-10 * np.log10(0.01 / 3), abs=1e-3)
    error = np.ceil(20 * np.sqrt(2))
    assert inside["AuC"]["ours"] == pytest.approx(100 * (150.5 - error) / 150, abs=1e-3)
    assert inside["AuC"]["gray"] == outside["AuC"]["ours"] == pytest.approx(100)
    assert inside["SSIM"]["ours"] < outside["SSIM"]["ours"]
    assert measured["inside boxes"].figures.keys() == measured["inside person boxes"].figures.keys()
    assert measured["whole picture"].figures["ab change"] == {"ours": 1.5}


def test_true_colours_are_found_to_be_true() -> None:
    true = np.random.default_rng(0).uniform(-40, 40, (32, 40, 2)).astype(np.float32)
    figures = measure(as_coloured(true, true), NO_BOXES)["whole picture"].figures
    assert figures["PSNR"]["ours"] == pytest.approx(100)
    assert figures["SSIM"]["ours"] == pytest.approx(1, abs=1e-5)
    assert figures["AuC"]["ours"] == pytest.approx(100)
    assert figures["colourfulness, signed"]["ours"] == figures["colourfulness, signed"]["true"]


def test_ciede2000_is_of_every_second_pixel() -> None:
    true = np.zeros((32, 40, 2), np.float32)
    coloured = as_coloured(true, true)
    coloured.rgb["ours"][:, :, 1::2] = 1  # rows that are not looked at
    figures = measure(coloured, NO_BOXES)["whole picture"].figures["CIEDE2000"]
    assert figures == {"ours": 0, "gray": 0}
    coloured.rgb["ours"][:, :, :16] = coloured.rgb["ours"][:, :, 31:]
    figures = measure(coloured, NO_BOXES)["whole picture"].figures["CIEDE2000"]
    gray, white = (lab_from_srgb(coloured.rgb[kind])[:, :, :1, :1] for kind in ("true", "ours"))
    assert figures["ours"] == pytest.approx(float(ciede2000(gray, white)) / 2, rel=1e-4)


def test_means_leave_out_what_does_not_exist() -> None:
    rows = [{"SSIM": {"ours": 0.5, "gray": float("nan")}}, {"SSIM": {"ours": float("nan"), "gray": float("nan")}}]
    mean = means(rows)["SSIM"]
    assert mean["ours"] == 0.5
    assert np.isnan(mean["gray"])
    assert Report([], [{"key": "a", "SSIM": mean}]).as_json()["pictures"] == [
        {"key": "a", "SSIM": {"ours": 0.5, "gray": None}}
    ]


def test_report_has_a_section_for_each_part(pictures: Path, settings: PaintSettings) -> None:
    given = {
        "000000": boxes((*LEFT_HALF, PERSON, 0.9), (*RIGHT_HALF, DOG, 0.4)),
        "000003": boxes((*RIGHT_HALF, DOG, 0.7)),
    }
    report = evaluate_colour(PictureSet([pictures]), PicturePainter(settings), given)
    assert [(section.title, section.pictures) for section in report.sections] == [
        ("whole picture", 5),
        ("inside boxes", 2),
        ("outside boxes", 2),
        ("inside person boxes", 1),
        ("inside animal boxes", 1),
    ]
    whole = report.sections[0].figures
    colourful = whole["colourfulness, absolute"]
    assert whole["dCF, absolute"]["ours"] == pytest.approx(abs(colourful["ours"] - colourful["true"]))
    assert whole["dCF, absolute"]["gray"] == pytest.approx(colourful["true"], abs=1e-3)
    of_one = [picture["whole picture"]["PSNR"]["ours"] for picture in report.pictures]  # type: ignore[index]
    assert whole["PSNR"]["ours"] == pytest.approx(np.mean(of_one))


def test_figures_repeat(pictures: Path, settings: PaintSettings) -> None:
    first, second = (evaluate_colour(PictureSet([pictures], limit=2), PicturePainter(settings)) for _ in range(2))
    assert first == second


def test_judge_compares_with_the_true_picture_and_with_labels(
    pictures: Path, settings: PaintSettings, classifier: Path
) -> None:
    judge = ContentJudge(classifier, {"000000": 1000, "000001": 1000})
    evaluate_colour(PictureSet([pictures]), PicturePainter(settings), judge=judge)
    seen, labelled = judge.sections()
    assert seen.title == "classifier, whole picture"
    assert seen.pictures == 5
    assert seen.figures["top-1 as on the true picture"]["true"] == 100
    assert set(seen.figures["Fréchet distance, MobileNetV2"]) == {"ours", "gray"}
    assert min(seen.figures["Fréchet distance, MobileNetV2"].values()) > 0
    assert labelled.pictures == 2
    assert set(labelled.figures["top-1"]) == {"ours", "gray", "true"}


def test_judge_sees_the_colours_of_one_part_at_a_time(classifier: Path) -> None:
    true = np.random.default_rng(0).uniform(-40, 40, (64, 96, 2)).astype(np.float32)
    half = true.copy()
    half[:, :48] = 30
    judge = ContentJudge(classifier)
    judge.add(as_coloured(half, true), parts(boxes((*LEFT_HALF, PERSON, 0.9)), 64, 96))
    whole, inside, outside = (judge.answers[title].features[0] for title in JUDGED)
    ours, gray, as_true = range(3)
    assert torch.equal(whole[ours], inside[ours])
    assert torch.equal(outside[ours], outside[as_true])
    assert not torch.equal(whole[ours], whole[as_true])
    assert len({tuple(part[gray].tolist()) for part in (whole, inside, outside)}) == 3


def test_labels_are_read_and_wrong_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text("a\t3\nb 1000\n")
    assert read_labels(path) == {"a": 3, "b": 1000}
    path.write_text("a\t3\nb\tcat\n")
    with pytest.raises(ValueError, match=r"labels\.tsv, line 2: a line must be a key and a class's number"):
        read_labels(path)


@pytest.mark.parametrize("size", [(40, 300), (300, 40), (192, 256)])
def test_sheet_shows_all_of_a_picture(size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.float32)
    picture[:3] = picture[-3:] = picture[:, :3] = picture[:, -3:] = 1
    rgb = {kind: torch.from_numpy(picture).permute(2, 0, 1)[None] for kind in ("ours", "gray", "true")}
    shown = tile(Coloured("x", {}, rgb, NO_BOXES, 0))
    assert shown.shape == (192, 3 * 256, 3)
    rows, columns = np.nonzero(shown[:, :256, 0] > 100)
    edges = shown[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1, 0]
    assert min(edges[0].min(), edges[-1].min(), edges[:, 0].min(), edges[:, -1].min()) > 100
    assert edges.shape[1] / edges.shape[0] == pytest.approx(size[1] / size[0], rel=0.05)
    assert edges.shape[0] == 192 or edges.shape[1] == 256


def test_detector_is_measured_class_by_class_and_over_all(pictures: Path) -> None:
    def found(anchors: AnchorBatch) -> InstanceBatch:
        rows = [(*RIGHT_HALF, DOG, 0.5), (*LEFT_HALF, PERSON, 0.9), (*RIGHT_HALF, CUP, 0.8)]
        return InstanceBatch(anchors, (boxes(*rows),) * len(anchors.pts))

    given = {
        "000000": boxes((*LEFT_HALF, PERSON, 0.9), (*RIGHT_HALF, DOG, 0.9)),
        "000001": boxes((*LEFT_HALF, PERSON, 0.9), (*RIGHT_HALF, CUP, 0.4)),
        "000002": boxes((*RIGHT_HALF, PERSON, 0.9)),
    }
    report = evaluate_detector(PictureSet([pictures], keys=given), 64, found, given)
    (section,) = report.sections
    assert section.pictures == 3
    figures = {name: {kind: round(value, 2) for kind, value in row.items()} for name, row in section.figures.items()}
    # persons: right, right, wrong of 3; dogs: right, wrong, wrong of 1; cups: wrong, left out, wrong
    person = {"AP50": round(100 * 67 / 101, 2), "boxes": 3}
    assert figures["person"] == person
    assert figures["dog"] == {"AP50": 100, "boxes": 1}
    assert figures["mean over 2 classes"] == {"AP50": round((person["AP50"] + 100) / 2, 2)}
    # all: persons R R W, cups W W, dogs R W W; precision 1 to recall 1/2, then 3/6
    assert figures["all boxes"] == {"AP50": round(100 * (51 + 25 / 2) / 101, 2), "boxes": 4}
    assert report.pictures[0] == {"key": "000000", "found": 3, "right": 2, "given": 2}


def test_detector_needs_boxes_to_find(pictures: Path) -> None:
    given = {"000000": boxes((*LEFT_HALF, PERSON, 0.3))}
    with pytest.raises(ValueError, match=r"no box of these pictures scores 0\.5 or more"):
        evaluate_detector(PictureSet([pictures], keys=given), 64, find(), given)  # type: ignore[arg-type]
