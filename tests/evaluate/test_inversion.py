"""Reconstructions by features F and by noise z are measured alike, on held-out pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from models.measures.metrics import ssim
from models.paint import luma_of
from models.published.bigcolor import BigColor
from models.published.biggan import Generator
from models.published.biggan_sizes import BigColorConfig, BigGanConfig
from pipelines.evaluate.inversion import LUMA, VIVID, evaluate_inversion, found_noise, middle, with_lightness
from pipelines.evaluate.paint import Named
from pipelines.training.examples import Sources
from restore.cli import main
from tests.made.by_class import SMALL, SMALL_COLOUR, coloured_folders, train_bigcolor, train_biggan
from tests.made.evaluated import drawn, save_classifier

SIZES = {"width": 4, "side": 64, "noise": 10, "shared": 4, "classes": 2, "attention": 0}


@pytest.mark.slow
def test_noise_is_found_that_gives_the_luma_better() -> None:
    torch.manual_seed(1)
    generator = Generator(BigGanConfig(**SIZES)).eval().requires_grad_(False)
    classes = torch.tensor([0, 1])
    y = generator.shared(classes)
    wanted = luma_of((generator(y, torch.randn(2, 10))[1] + 1) / 2)

    @torch.inference_mode()  # as it is measured
    def error(steps: int) -> float:
        made = luma_of((generator(y, found_noise(generator, wanted, classes, steps))[1] + 1) / 2)
        return float((made - wanted).square().mean())

    assert error(20) < 0.9 * error(1)


def test_middle_square_is_taken() -> None:
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, 20:60] = 255
    assert torch.allclose(middle(picture, 16), torch.ones(1, 3, 16, 16))


def test_figures_are_those_of_reconstructions_and_of_true_pictures() -> None:
    torch.manual_seed(0)
    pictures = [Named(str(number), drawn(number)) for number in range(3)]
    network = BigColor(BigColorConfig(**SIZES)).eval()
    report = evaluate_inversion(pictures, {"0": 0, "1": 1, "2": 1}, {"F 16": network})
    figures = report.sections[0].figures
    assert (report.sections[0].pictures, len(report.pictures)) == (3, 3)
    assert set(figures[VIVID]) == {"F 16", "true"}
    assert set(figures[LUMA]) == {"F 16"}
    true = middle(pictures[0].picture, 64)
    assert with_lightness(true, true).sub(true).abs().max() < 1e-3
    assert float(ssim(luma_of(true), luma_of(true))) == pytest.approx(1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, a generator, networks with F of 8 and of 16, and a classifier."""
    folder = tmp_path_factory.mktemp("inversion")
    classifier = save_classifier(folder / "classifier.safetensors")
    sources = Sources([coloured_folders(folder / "pictures")])
    train_biggan(sources, replace(SMALL, steps=1), folder / "biggan.safetensors")
    for side in (8, 16):
        config = replace(SMALL_COLOUR, steps=1, held_out=3, feature_side=side)
        train_bigcolor(replace(sources, others={"perceptual": classifier}), config, folder / f"f{side}.safetensors",
                       folder / "biggan.safetensors")  # fmt: skip
    return folder


@pytest.mark.slow
def test_command_compares_sizes_of_features_and_noise(files: Path, tmp_path: Path) -> None:
    command = ["evaluate", "inversion", str(files / "pictures"), "--keys", str(files / "f8.held-out")]
    for side in (8, 16):
        command += ["--network", str(files / f"f{side}.safetensors")]
    command += ["--generator", str(files / "biggan.safetensors"), "--z-steps", "2"]
    results = {"--sheet": "sheet.png", "--class-sheet": "classes.png", "--json": "figures.json"}
    for option, name in results.items():
        command += [option, str(tmp_path / name)]
    command += ["--classifier", str(files / "classifier.safetensors")]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "reconstruction, 64 x 64, 3 pictures" in result.output
    for word in ("z", "F 8", "F 16", "true", "SSIM of the reconstruction's luma", "Fréchet distance, MobileNetV2"):
        assert word in result.output
    with Image.open(tmp_path / "sheet.png") as opened:
        assert opened.size == (5 * 64, 3 * 64)
    with Image.open(tmp_path / "classes.png") as opened:
        assert opened.size == (4 * 64, 3 * 64)
    assert len(json.loads((tmp_path / "figures.json").read_text())["pictures"]) == 3


@pytest.mark.slow
def test_networks_that_cannot_be_compared_are_refused(files: Path, tmp_path: Path) -> None:
    network, other = str(files / "f8.safetensors"), str(files / "biggan.safetensors")
    result = CliRunner().invoke(main, ["evaluate", "inversion", str(files / "pictures"), "--network", other])
    assert result.exit_code != 0
    assert "weights of network 'biggan'; known:" in result.output
    table = tmp_path / "classes.tsv"
    table.write_text("reds0\tpurples\n")
    command = ["evaluate", "inversion", str(files / "pictures"), "--network", network, "--classes", str(table)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code != 0
    assert "none of the 12 pictures has a key that was asked for" in result.output


@pytest.mark.slow
def test_two_sheets_have_two_files(files: Path, tmp_path: Path) -> None:
    network = next(files.glob("*.safetensors"))
    own = str(tmp_path / "sheet.png")
    command = ["evaluate", "inversion", str(files), "--network", str(network), "--sheet", own, "--class-sheet", own]
    result = CliRunner().invoke(main, command)
    assert result.output == f"restore: {own}: is named for two results; name another file for one\n"
    assert [*tmp_path.iterdir()] == []
