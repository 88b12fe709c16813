"""Pictures that are measured may each be coloured as their own class."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from models.published.bigcolor import BigColor
from models.weights.files import write_weights
from pipelines.evaluate.paint import PicturePainter, PictureSet
from pipelines.painting.detect import without_instances
from pipelines.settings import PaintSettings
from restore.cli import main
from tests.made.by_class import COLOURS, SMALL_COLOUR, coloured_folders

NAMES = sorted(COLOURS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return coloured_folders(tmp_path_factory.mktemp("by_class"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    sizes, path = SMALL_COLOUR.sizes(len(NAMES)), tmp_path_factory.mktemp("weights") / "own.safetensors"
    about = {"network": "bigcolor", "config": json.dumps(asdict(sizes)), "classes": json.dumps(NAMES)}
    write_weights(BigColor(sizes).state_dict(), path, about)
    return path


def evaluate(folder: Path, weights: Path, *words: str | Path) -> Result:
    command = ["evaluate", "colour", folder, "--network", weights, "--rows", "64", *words]
    return CliRunner().invoke(main, list(map(str, command)))


def table(path: Path, *lines: tuple[str, str]) -> Path:
    path.write_text("key\tclass\n" + "".join(f"{key}\t{name}\n" for key, name in lines))
    return path


def test_each_picture_is_coloured_as_its_own_class(folder: Path, weights: Path) -> None:
    def painter(**how: object) -> PicturePainter:
        settings = PaintSettings(network=str(weights), device="cpu", rows=64, film_class=how.pop("film_class", None))  # type: ignore[arg-type]
        return PicturePainter(settings, without_instances, takes=0, **how)  # type: ignore[arg-type]

    classes = {"reds0": "blues", "blues1": "reds"}
    own = painter(classes=classes)
    of_one = {name: painter(film_class=name) for name in NAMES}
    for named in PictureSet([folder], keys=classes):
        ours = own(named).lab["ours"]
        alike = [name for name in NAMES if torch.equal(of_one[name](named).lab["ours"], ours)]
        assert alike == [classes[named.key]]


@pytest.mark.slow
def test_table_has_a_row_for_a_network_of_own_classes(
    folder: Path, weights: Path, network: Path, tmp_path: Path
) -> None:
    classes = table(tmp_path / "classes.tsv", ("reds0", "reds"), ("blues1", "blues"))
    result = evaluate(folder, weights, "--network", network, "--table", "bigcolor", "--classes", classes)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("table of bigcolor, 2 pictures")
    assert [line.split()[0] for line in lines[1:5]] == ["own", network.stem, "gray", "true"]
    result = evaluate(folder, weights, "--classes", classes)
    assert result.exit_code == 0, result.output
    assert ", 2 pictures" in result.stdout.splitlines()[0]


@pytest.mark.parametrize("more", [(), ("--table", "bigcolor")], ids=["alone", "table"])
def test_classes_that_nothing_gives_or_the_weights_do_not_know_are_refused(
    more: tuple[str, ...], folder: Path, weights: Path, tmp_path: Path
) -> None:
    result = evaluate(folder, weights, *more)
    assert (result.exit_code, "name one by --class: blues, grays, reds" in result.output) == (2, True)
    classes = table(tmp_path / "classes.tsv", ("reds0", "reds"), ("blues1", "purples"))
    result = evaluate(folder, weights, *more, "--classes", classes)
    assert result.exit_code != 0
    assert "own.safetensors knows no class purples; there are blues, grays, reds" in result.output
    result = evaluate(folder, weights, *more, "--classes", classes, "--class", "reds")
    assert (result.exit_code, "--classes gives each its own; leave one out" in result.output) == (2, True)
