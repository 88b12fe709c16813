"""Blends: the mean of what networks give, each with its share and at its own size."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.networks import NETWORKS
from pipelines.errors import SettingsError
from pipelines.evaluate.paint import Named, PicturePainter
from pipelines.frames import AnchorBatch
from pipelines.painting.blend import anchors_at, shares_of
from pipelines.painting.choice import choose, choose_network
from pipelines.painting.paint import FilmPaint, Paint
from pipelines.settings import Hint, PaintSettings, Settings
from pipelines.source import Film
from pipelines.streams import in_process
from tests.made.handmade import picture
from tests.made.published import save_by_rule

FILM = Film(Path("film"), "mp4", picture(), (), 0, Fraction(0), Fraction(1))
BLEND = "ddcolor-tiny:3+deoldify-video:1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of small twins, by the rule."""
    folder = tmp_path_factory.mktemp("weights")
    for name in ("ddcolor-tiny", "deoldify-video"):
        save_by_rule(name, folder, is_small=True)
    return folder


def anchors(large: tuple[int, int] | None = None) -> AnchorBatch:
    random = np.random.default_rng(4)
    pictures = random.integers(0, 256, (2, 64, 96), np.uint8)
    return AnchorBatch((0, 1), (0, 0), pictures, large=large and random.integers(0, 256, (2, *large), np.uint8))


def painted(network: str, folder: Path, batch: AnchorBatch, rows: int = 64) -> NDArray[np.float32]:
    chosen = choose(PaintSettings(network, folder, device="cpu", rows=rows))
    (done,) = FilmPaint(in_process(Paint()), FILM, chosen, lambda anchors: anchors)([batch])
    return done.ab


@pytest.mark.parametrize(
    ("network", "shares"),
    [
        ("compact", {"compact": 1}),
        ("a+b", {"a": 0.5, "b": 0.5}),
        ("a:0.6+b:0.4", {"a": 0.6, "b": 0.4}),
        ("a:3 + b:1", {"a": 0.75, "b": 0.25}),
        ("x/a.safetensors:.5+b:1.5", {"x/a.safetensors": 0.25, "b": 0.75}),
    ],
)
def test_names_and_shares_are_read(network: str, shares: dict[str, float]) -> None:
    assert shares_of(network) == pytest.approx(shares)


@pytest.mark.parametrize("network", ["a+", "+", "a+a", "a:0.5+b", "a:0+b:1"])
def test_a_blend_that_is_none_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match=r"blend|above 0"):
        shares_of(network)


def test_a_file_with_a_plus_in_its_name_is_one_network(tmp_path: Path) -> None:
    path = tmp_path / "a+b.safetensors"
    path.touch()
    assert shares_of(str(path)) == {str(path): 1.0}


def test_ab_is_the_mean_by_the_shares(folder: Path) -> None:
    batch = anchors()
    one, other = (painted(name, folder, batch) for name in ("ddcolor-tiny", "deoldify-video"))
    assert np.abs(one - other).max() > 1
    assert np.allclose(painted(BLEND, folder, batch), 0.75 * one + 0.25 * other, atol=1e-4)


def test_each_network_keeps_its_own_size(folder: Path) -> None:
    chosen = choose(PaintSettings(BLEND, folder, device="cpu"))
    assert [(part.share, part.chosen.rows) for part in chosen.parts] == [(0.75, 512), (0.25, 336)]
    assert (chosen.rows, chosen.motion_rows, chosen.kind) == (512, 192, "ddcolor-tiny+deoldify-video")
    batch = anchors((128, 192))
    assert anchors_at(128, batch) is batch
    assert anchors_at(64, batch).large is None
    smaller = anchors_at(96, batch).large
    assert smaller is not None
    assert smaller.shape == (2, 96, 128)  # multiples of 32


def test_runs_of_other_shares_or_weights_are_told_apart(folder: Path) -> None:
    def identity(network: str) -> tuple[object, ...]:
        chosen = choose(PaintSettings(network, folder, device="cpu"))
        return chosen.settings, tuple(chosen.digests.items())

    same = identity(BLEND)
    assert same == identity("ddcolor-tiny:0.75+deoldify-video:0.25")
    assert same not in (identity("ddcolor-tiny+deoldify-video"), identity("deoldify-video:3+ddcolor-tiny:1"))


def test_an_option_is_for_the_networks_that_take_it(folder: Path) -> None:
    def asked(network: str, **how: object) -> Settings:
        return Settings(PaintSettings(network, folder, device="cpu", **how))  # type: ignore[arg-type]

    chosen = choose_network("film", asked("ddcolor-tiny+deoldify-video", render_factor=10))
    assert [part.chosen.rows for part in chosen.parts] == [512, 160]
    chosen = choose_network("film", asked("compact+ddcolor-tiny", temperature=0.5, instances=3))
    assert [part.chosen.instances for part in chosen.parts] == [3, 0]
    with pytest.raises(SettingsError, match="ddcolor-tiny has no distribution"):
        choose_network("film", asked(BLEND, temperature=0.5))
    hinted = replace(asked(BLEND), hints=(Hint(Fraction(0), 1, 1, (9.0, 9.0)),))
    with pytest.raises(SettingsError, match=r"ddcolor-tiny\+deoldify-video takes no hints"):
        choose_network("film", hinted)


@pytest.mark.parametrize("network", ["ddcolor-tiny", "deoldify-video+compact"])
def test_pictures_are_evaluated_by_any_network_and_blend(folder: Path, network: str) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (64, 96, 3), np.uint8)
    coloured = PicturePainter(PaintSettings(network, folder, device="cpu", rows=64))(Named("one", picture))
    assert coloured.lab["ours"].shape == (1, 3, 64, 96)
    assert coloured.lab["ours"][:, 1:].std() > 0.1


def test_every_network_has_a_name_that_can_be_blended() -> None:
    assert not [name for name in NETWORKS if "+" in name or ":" in name]
