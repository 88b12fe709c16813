"""`restore train`, as a person types it: what it refuses before anything is trained or written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest
from click import Option
from click.testing import CliRunner, Result

from pipelines.places import only_run
from pipelines.training.config import Stage
from pipelines.training.examples import Sources
from restore.cli import main
from restore.commands.train import STAGES, compact
from tests.made.runs import listing, save_random_network
from tests.made.training import CONFIG

pytestmark = pytest.mark.usefixtures("narrow")
SMALL = ("batch", "crop", "warmup", "held_out", "prior_pictures", "frozen_layers", "workers")


def train(sources: Sources, out: Path, *options: str | Path) -> Result:
    given = (item for name in SMALL for item in ("--set", f"{name}={getattr(CONFIG, name)}"))
    command = ["train", "compact", "--images", sources.images[0], "-o", out, "--steps", 2, "--device", "cpu", *given]
    return CliRunner().invoke(main, [str(word) for word in (*command, *options)])


def refused(result: Result) -> str:
    """The one line by which a command was refused."""
    assert result.exit_code == 1, result.output
    (line,) = result.output.splitlines()
    return line


def test_help_names_stages_that_there_are() -> None:
    (told,) = (str(param.help) for param in compact.params if isinstance(param, Option) and param.name == "boxes")
    assert tuple(STAGES) == get_args(Stage)
    assert told.rpartition("all stages but ")[2].rstrip(".") in STAGES


@pytest.mark.parametrize("option", ["--images", "--films", "--boxes", "--start"])
def test_what_a_run_reads_is_never_written_to(option: str, sources: Sources, tmp_path: Path) -> None:
    own = save_random_network(tmp_path / "own.safetensors")
    before = listing(tmp_path)
    said = refused(train(sources, tmp_path / "." / "own.safetensors", option, own, "--overwrite"))
    assert "own.safetensors: is what the run reads, which is never written to; name another file" in said
    assert listing(tmp_path) == before


def test_what_lies_beside_the_weights_is_never_what_a_run_reads(sources: Sources, tmp_path: Path) -> None:
    boxes = Path(shutil.copy(str(sources.boxes), tmp_path / "out.held-out"))
    said = refused(train(sources, tmp_path / "out.safetensors", "--boxes", boxes))
    assert "out.held-out: is what the run reads" in said


def test_weights_of_others_are_replaced_on_request_only(sources: Sources, tmp_path: Path) -> None:
    out = save_random_network(tmp_path / "out.safetensors")
    before = out.read_bytes()
    assert "out.safetensors: exists already; --overwrite replaces it" in refused(train(sources, out))
    assert out.read_bytes() == before
    assert train(sources, out, "--overwrite").exit_code == 0
    assert out.read_bytes() != before
    assert train(sources, out).exit_code == 0  # a run's own, with its checkpoint


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("run.v1", "run.v1: weights are .safetensors files; name it run.v1.safetensors with -o"),
        ("new/out.safetensors", "new/out.safetensors: its folder does not exist; make it: mkdir -p "),
    ],
)
def test_place_that_is_none_is_refused(name: str, told: str, sources: Sources, tmp_path: Path) -> None:
    assert told in refused(train(sources, tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_two_runs_never_train_at_one_place(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    with only_run(tmp_path / ".out.safetensors.lock", out):
        assert "out.safetensors: another run is at work on it" in refused(train(sources, out))
    assert list(tmp_path.iterdir()) == []
    assert train(sources, out).exit_code == 0
    assert not (tmp_path / ".out.safetensors.lock").exists()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("ema=2", "ema must be 0 to 1, got 2.0"),
        ("temperature=0", "temperature must be 0.01 or more, got 0.0"),
        ("held_out=-1", "held_out must be 0 or more, got -1"),
        ("zoom=[0.5]", "zoom must be two shares of 1"),
        ("objective=foo", "objective must be classes or regression, got foo"),
        ("learning_rate=NaN", "learning_rate must be 0 or more, got nan"),
        ("teacher=1", "--set teacher: no such setting; there are stage, steps"),
    ],
)
def test_settings_that_are_none_are_reported(setting: str, told: str, sources: Sources, tmp_path: Path) -> None:
    result = train(sources, tmp_path / "out.safetensors", "--set", setting)
    assert result.exit_code == 2
    assert told in result.output
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_drawn_anew_keeps_no_layer_and_takes_no_weights(sources: Sources, tmp_path: Path) -> None:
    own = save_random_network(tmp_path / "own.safetensors")
    command = ["train", "compact", "--images", sources.images[0], "-o", tmp_path / "out.safetensors"]
    options = ["--set", "held_out=0", "--set", "encoder=random", "--start", own]
    said = refused(CliRunner().invoke(main, [str(word) for word in (*command, *options)]))
    assert "own.safetensors: nothing of it is used with encoder=random; leave --start out" in said
