"""The tables of papers: a row for each network, the paper's own below, and nothing that was not measured."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn

from models.judges import lpips as judge
from pipelines.evaluate.paint import PicturePainter, PictureSet
from pipelines.evaluate.tables import TABLES, evaluate_table
from pipelines.painting.detect import without_instances
from pipelines.settings import PaintSettings
from restore.commands.evaluate import evaluate
from restore.options.measured import TABLES as OFFERED


@pytest.fixture
def paint(network: Path) -> PicturePainter:
    return PicturePainter(PaintSettings(network=str(network), device="cpu", rows=64), without_instances, takes=0)


def table(name: str, *words: str | Path) -> Result:
    return CliRunner().invoke(evaluate, ["colour", "--table", name, "--rows", "64", *map(str, words)])


def test_command_offers_the_tables_there_are() -> None:
    assert tuple(TABLES) == tuple(OFFERED)


def test_share_of_cci_is_that_of_the_pictures_in_its_range(
    pictures: Path, paint: PicturePainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = PictureSet([pictures], limit=4)
    (each,) = evaluate_table("scgan", chosen, {"own": lambda: paint}).sections
    assert list(each.figures) == ["own", "gray", "true"]
    assert set(each.figures["own"]) == {"PSNR", "SSIM", "CCI", "CCI in 16 to 20, %"}
    assert set(each.figures["true"]) == {"CCI", "CCI in 16 to 20, %"}
    assert each.figures["gray"]["CCI in 16 to 20, %"] == 0
    true = each.figures["true"]["CCI"]
    monkeypatch.setattr("pipelines.evaluate.tables.OPTIMUM", (0, 2 * true))
    (wide,) = evaluate_table("scgan", chosen, {"own": lambda: paint}).sections
    assert wide.figures["true"]["CCI in 16 to 20, %"] == 100


@pytest.mark.slow
def test_tables_of_papers_whose_figures_could_not_be_checked_say_so(pictures: Path, network: Path) -> None:
    words = (pictures, "--network", network, "--limit", 1)
    has_line = {name: "no figures of the paper's own: they could" in table(name, *words).output for name in TABLES}
    assert has_line == {"eccv16": False, "instcolor": True, "scgan": True, "bigcolor": False}


def test_cci_is_the_signed_colourfulness(pictures: Path, paint: PicturePainter) -> None:
    (named,) = PictureSet([pictures], limit=1)
    red, green, blue = named.picture.reshape(-1, 3).T.astype(float)
    rg, yb = red - green, (red + green) / 2 - blue
    wanted = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    (each,) = evaluate_table("scgan", PictureSet([pictures], limit=1), {"own": lambda: paint}).sections
    assert each.figures["true"]["CCI"] == pytest.approx(wanted, rel=1e-3)


def test_run_time_is_of_one_picture_alone(pictures: Path, paint: PicturePainter) -> None:
    coloured = [paint(named) for named in PictureSet([pictures], limit=2)]
    assert min(one.seconds for one in coloured) > 0
    assert all(np.isnan(one.ab_change) for one in coloured)
    ours, theirs = evaluate_table("bigcolor", PictureSet([pictures], limit=2), {"own": lambda: paint}).sections
    assert ours.figures["own"]["seconds"] > 0
    assert set(ours.figures["own"]) == {"colourfulness, absolute", "dCF, absolute", "seconds"}
    assert set(ours.figures["true"]) == {"colourfulness, absolute"}
    assert theirs.pictures == 50_000


@pytest.mark.slow
def test_rows_are_networks_and_columns_without_a_judge_are_said(
    pictures: Path, network: Path, classifier: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(network.read_bytes())
    answers = tmp_path / "anna.csv"
    answers.write_text("picture,network,taken_for_real\na,other,1\nb,other,0\n")
    words = (pictures, "--network", network, "--network", other, "--limit", 2)
    said = table("eccv16", *words, "--answers", answers).output
    assert "other" in said
    assert "50.000" in next(line for line in said.splitlines() if line.startswith("  other"))
    assert "not measured: top-1; give --classifier and --labels" in said
    assert "not measured: taken for real" not in said
    assert "the paper's own, ImageNet, top-1 of VGG-16, 10000 pictures" in said
    judged = table("eccv16", *words, "--classifier", classifier).output
    assert "not measured: top-1 as" not in judged
    assert "not measured: taken for real, %; give --answers" in judged


def test_lpips_is_measured_where_its_package_and_backbone_are(
    pictures: Path, paint: PicturePainter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StandIn(nn.Module):
        """The mean difference, of pictures in -1..1."""

        def __init__(self, net: str, verbose: bool) -> None:
            super().__init__()
            assert (net, verbose) == ("alex", False)

        def forward(self, one: Tensor, other: Tensor) -> Tensor:
            assert one.min() >= -1
            return (one - other).abs().mean(dim=(1, 2, 3), keepdim=True)

    package = types.ModuleType("lpips")
    package.LPIPS = StandIn  # type: ignore[attr-defined]
    package.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "lpips", package)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert judge.open_lpips() is None  # it would be fetched without asking
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / judge.BACKBONE).touch()
    lpips = judge.open_lpips()
    assert lpips is not None
    (section,) = evaluate_table(
        "instcolor", PictureSet([pictures], limit=2), {"own": lambda: paint}, lpips=lpips
    ).sections
    assert set(section.figures["own"]) == {"LPIPS", "PSNR", "SSIM"}
    assert 0 < section.figures["gray"]["LPIPS"] < 1


def test_what_does_not_go_together_is_refused(pictures: Path, network: Path, tmp_path: Path) -> None:
    one = ["colour", str(pictures), "--network", str(network)]
    several = CliRunner().invoke(evaluate, [*one, "--network", str(network)])
    assert "are for a paper's columns; give --table, too" in several.output
    sheet = table("scgan", *one[1:], "--sheet", tmp_path / "sheet.png")
    assert "leave them out with --table" in sheet.output
