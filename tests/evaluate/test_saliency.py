"""Colours are measured where people look, and the maps of a network that finds these places."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from models.published.scgan import Scgan
from models.weights.files import write_weights
from pipelines.evaluate.saliency import finder
from restore.cli import main

TITLES = ["whole picture", "inside salient places", "outside salient places", "saliency"]


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """The left half of two pictures is salient."""
    left = np.zeros((8, 8), np.uint8)
    left[:, :4] = 255
    path = tmp_path / "maps.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for key in ("000000", "000002"):
            png = BytesIO()
            Image.fromarray(left).save(png, "PNG")
            archive.writestr(f"{key}.png", png.getvalue())
    return path


def scgan(path: Path, has_saliency: bool = True) -> Path:
    torch.manual_seed(0)
    config = {"has_saliency": has_saliency, "width": 1, "side": 64}
    state = Scgan(**config).state_dict()  # type: ignore[arg-type]
    write_weights(state, path, {"network": "scgan", "config": json.dumps(config)})
    return path


def sections(pictures: Path, maps: Path, network: Path, out: Path) -> dict[str, dict[str, dict[str, float]]]:
    command = ["evaluate", "saliency", pictures, "--saliency", maps, "--network", network, "--json", out]
    result = CliRunner().invoke(main, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    told = json.loads(out.read_text())
    assert [picture["key"] for picture in told["pictures"]] == ["000000", "000002"]
    return {section["title"]: section["figures"] for section in told["sections"]}


@pytest.mark.slow
def test_command_measures_colours_and_maps(pictures: Path, maps: Path, tmp_path: Path) -> None:
    found = sections(pictures, maps, scgan(tmp_path / "a.safetensors"), tmp_path / "a.json")
    assert list(found) == TITLES
    inside, outside, whole = (found[title]["PSNR"]["gray"] for title in (TITLES[1], TITLES[2], TITLES[0]))
    assert inside != outside
    assert min(inside, outside) < whole < max(inside, outside)
    assert found["saliency"]["MAE"]["everywhere"] == pytest.approx(0.5)
    assert found["saliency"]["F, best threshold"]["everywhere"] == pytest.approx(1.3 * 0.5 / (0.3 * 0.5 + 1))
    assert 0 < found["saliency"]["MAE"]["ours"] < 1


@pytest.mark.slow
def test_network_without_the_branch_is_measured_by_its_colours(pictures: Path, maps: Path, tmp_path: Path) -> None:
    found = sections(pictures, maps, scgan(tmp_path / "b.safetensors", has_saliency=False), tmp_path / "b.json")
    assert list(found) == TITLES[:3]


def test_map_is_found_at_the_pictures_own_size(tmp_path: Path) -> None:
    find = finder(scgan(tmp_path / "a.safetensors"), 64)
    assert find is not None
    with torch.inference_mode():
        found = find(torch.rand(1, 1, 48, 100) * 100)
    assert found.shape == (48, 100)
    assert 0 <= found.min() <= found.max() <= 1


def test_something_must_say_where_people_look(pictures: Path) -> None:
    result = CliRunner().invoke(main, ["evaluate", "saliency", str(pictures)])
    assert result.exit_code == 2
    assert "nothing says where people look; give --saliency or --masks" in result.output
