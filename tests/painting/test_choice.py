"""The network of a run is resolved once, and is the same network wherever its anchors are painted."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from models.networks import NETWORKS
from pipelines.painting import choice
from pipelines.painting.choice import Chosen, choose, choose_network
from pipelines.painting.painter import open_painter
from pipelines.settings import MotionSettings, PaintSettings, Settings
from tests.made.published import save_about
from tests.made.runs import save_random_network


@pytest.fixture
def chosen(network: Path) -> Chosen:
    return choose(PaintSettings(network=str(network), device="cpu"))


def test_a_choice_leaves_nothing_open_and_keeps_what_was_asked(chosen: Chosen, network: Path) -> None:
    assert (chosen.kind, chosen.rows, chosen.instances, chosen.device) == ("compact", 192, 0, torch.device("cpu"))
    assert [(file.of, file.path) for file in chosen.files] == [("weights", network)]
    assert (chosen.asked.rows, chosen.asked.instances) == (0, None)
    assert (chosen.settings.rows, chosen.settings.instances) == (192, 0)


def test_a_choice_travels_and_names_an_open_network(chosen: Chosen) -> None:
    arrived = pickle.loads(pickle.dumps(chosen))
    assert arrived == chosen
    assert {chosen: "open"}[arrived] == "open"
    assert {chosen: "open"}.get(replace(chosen, asked=replace(chosen.asked, saturation=0.5))) is None


def test_what_two_runs_are_compared_by_is_the_same_wherever_the_weights_lie(
    chosen: Chosen, network: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes(network.read_bytes())
    elsewhere = choose(PaintSettings(network="moved", weights_dir=tmp_path, device="cpu"))
    assert elsewhere != chosen
    assert (elsewhere.settings, elsewhere.digests) == (chosen.settings, chosen.digests)


def test_a_painter_finds_the_weights_of_its_own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    monkeypatch.setattr("models.weights.catalogue.default_folder", lambda: here)
    weights = save_random_network(here / "mine.safetensors")
    chosen = choose(PaintSettings(network="mine", device="cpu"))
    monkeypatch.setattr("models.weights.catalogue.default_folder", lambda: there)
    with pytest.raises(FileNotFoundError, match="no network 'mine'"):
        open_painter(chosen)
    weights.rename(there / weights.name)
    assert open_painter(chosen).device == torch.device("cpu")


def test_motion_keeps_its_own_size_whatever_the_network_sees(network: Path) -> None:
    large = choose(PaintSettings(network=str(network), rows=256, device="cpu"))
    assert (large.rows, large.motion_rows) == (256, 192)
    settings = Settings(paint=large.asked, motion=MotionSettings(rows=64))
    assert choose_network("film.mp4", settings).motion_rows == 64


def test_rows_that_a_network_cannot_see_are_refused(network: Path) -> None:
    with pytest.raises(ValueError, match="compact sees pictures whose rows are a multiple of 32, not 336"):
        choose(PaintSettings(network=str(network), rows=336, device="cpu"))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Weights of DDColor and DeOldify, small twins."""
    for name in ("ddcolor", "deoldify-video", "deoldify-artistic"):
        save_about(name, tmp_path)
    return tmp_path


def test_render_factor_counts_deoldifys_squares_in_16_pixels(large: Path) -> None:
    def rows(name: str, **how: int) -> int:
        return choose(PaintSettings(name, large, device="cpu", **how)).rows  # type: ignore[arg-type]

    assert [rows("deoldify-video"), rows("deoldify-artistic"), rows("ddcolor")] == [336, 560, 512]
    assert rows("deoldify-video", render_factor=10) == rows("deoldify-video", rows=160) == 160
    with pytest.raises(ValueError, match="ddcolor has no render factor, which DeOldify has; --rows N"):
        rows("ddcolor", render_factor=10)
    with pytest.raises(ValueError, match="--render-factor and --rows both"):
        rows("deoldify-video", render_factor=10, rows=160)


def test_two_ways_to_say_one_size_are_one_run(large: Path) -> None:
    ways = [{"render_factor": 21}, {"rows": 336}, {}]
    settings = [choose(PaintSettings("deoldify-video", large, device="cpu", **way)).settings for way in ways]  # type: ignore[arg-type]
    assert settings[0] == settings[1] == settings[2]


def test_large_networks_colour_one_anchor_at_a_time(large: Path) -> None:
    asked = PaintSettings("ddcolor", large, device="cpu")
    assert (choose(asked).batch, choose(replace(asked, network="compact")).batch) == (1, 4)
    assert choose(asked).settings.batch == 1


def test_batches_are_cut_to_the_memory_that_a_network_may_take(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = replace(NETWORKS["compact"], weights_mb=100, picture_mb=300)
    monkeypatch.setitem(NETWORKS, "compact", kind)
    asked = PaintSettings(device="cpu")
    batches = [choose(replace(asked, memory=memory)).batch for memory in (None, 9, 1.3, 1.2, 0.7, 0.4)]
    assert batches == [4, 4, 4, 3, 2, 1]
    assert choose(replace(asked, memory=1.2)).settings == replace(choose(asked).settings, batch=3)
    assert choose(replace(asked, rows=96, memory=0.4)).batch == 4  # a quarter of the pixels
    with pytest.raises(ValueError, match=r"compact takes about 0\.4 GB at 192 rows, more than the 0\.3 of --memory"):
        choose(replace(asked, memory=0.3))


def test_much_memory_is_told_before_a_run(large: Path) -> None:
    assert choose(PaintSettings(device="cpu")).notes == ()
    (note,) = choose(PaintSettings("ddcolor", large, device="cpu")).notes
    assert note.startswith("ddcolor takes about ")
    assert note.endswith(" GB of memory at 512 rows, in each process")
    both = choose(PaintSettings("ddcolor+deoldify-video", large, device="cpu"))
    assert both.memory == sum(part.chosen.memory for part in both.parts) > 2000


def test_a_device_need_not_be_here_where_anchors_are_painted_elsewhere() -> None:
    asked = PaintSettings(device="cuda")
    assert choose(asked, has_pool=True).device == torch.device("cuda")
    assert choose(PaintSettings(), has_pool=True).device.type in ("cpu", "cuda")


@pytest.mark.parametrize("is_file", [True, False])
def test_absolute_paths_are_those_of_files_alone(network: Path, monkeypatch: pytest.MonkeyPatch, is_file: bool) -> None:
    monkeypatch.chdir(network.parent)
    asked = PaintSettings(network=network.name if is_file else "compact", weights_dir=Path("w"), device="cpu")
    absolute = choose(asked).with_absolute_paths()
    assert absolute.asked.network == (str(network) if is_file else "compact")
    assert absolute.asked.weights_dir == network.parent / "w"


def test_weights_are_read_once_for_all_films_and_again_when_they_change(tmp_path: Path) -> None:
    asked = PaintSettings(network=str(save_random_network(tmp_path / "own.safetensors")), device="cpu")
    with patch.object(choice, "weights_digest", wraps=choice.weights_digest) as read:
        before = choose(asked).files
        assert choose(asked).files == before
        assert read.call_count == 1
        save_random_network(tmp_path / "own.safetensors", seed=1)
        assert choose(asked).files != before
        assert read.call_count == 2
