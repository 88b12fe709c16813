"""Motion is judged by Farneback's flow or by RAFT, whichever is asked for: the same flow, by another method."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file
from torch import Tensor, nn

from models.judges.raft import find_flow, load_raft
from models.measures.steadiness import warped
from pipelines.evaluate.judges import Light, open_judge
from restore.cli import main
from tests.made import pictures
from tests.made.tracks import PictureTrack, write

COLUMNS, ROWS = 3, -2
"""By which what is in the one picture lies elsewhere in the other."""
FAR = 4


class StandIn(nn.Module):
    """Finds by how many pixels a whole picture moved; its one tensor is what torchvision's would be in hundreds."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, one: Tensor, other: Tensor) -> list[Tensor]:
        assert one.shape == other.shape
        assert one.shape[1] == 3
        assert all(side >= 128 and side % 8 == 0 for side in one.shape[2:])
        shifts = [(across, down) for across in range(-FAR, FAR + 1) for down in range(-FAR, FAR + 1)]
        apart = [_inner(other.roll((-down, -across), (2, 3)) - one) for across, down in shifts]
        best = torch.tensor(shifts[int(torch.stack(apart).argmin())]) * self.scale
        flow = best[None, :, None, None].repeat(1, 1, *one.shape[2:])
        return [torch.zeros_like(flow), flow]  # the last is the best, as RAFT gives them


def _inner(difference: Tensor) -> Tensor:
    """How much differs where neither the rim nor what was added to it matters."""
    return difference[..., FAR : 48 - FAR, FAR : 64 - FAR].abs().mean()


class Places(StandIn):
    """Gives each place its own column and row as flow, and keeps what it was shown."""

    def forward(self, one: Tensor, other: Tensor) -> list[Tensor]:
        self.shown = one
        rows, columns = torch.meshgrid(*(torch.arange(float(side)) for side in one.shape[2:]), indexing="ij")
        return [torch.stack([columns, rows])[None]]


@pytest.fixture
def torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in torchvision's place."""
    flow = ModuleType("torchvision.models.optical_flow")
    flow.raft_large = lambda **_: StandIn()  # type: ignore[attr-defined]
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, flow.__name__, flow)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With weights for the stand-in."""
    return weights(tmp_path, 1)


def weights(folder: Path, scale: float) -> Path:
    save_file({"scale": torch.full((1,), float(scale))}, folder / "raft.safetensors", {"network": "raft"})
    return folder


def moved_pair() -> tuple[Light, Light]:
    """Two frames of 48 x 64: what is in the one lies COLUMNS and ROWS elsewhere in the other."""
    coarse = np.random.default_rng(3).integers(0, 256, (18, 22), np.uint8)
    wide = np.kron(coarse, np.ones((4, 4), np.uint8))
    return wide[8:56, 8:72], wide[8 - ROWS : 56 - ROWS, 8 - COLUMNS : 72 - COLUMNS]


@pytest.mark.usefixtures("torchvision")
@pytest.mark.parametrize(("name", "allowed"), [("farneback", 0.5), ("raft", 0.0)])
def test_flow_is_columns_and_rows_in_pixels_from_the_one_to_the_other(name: str, allowed: float, folder: Path) -> None:
    judge, (one, other) = open_judge(name, "cpu", folder), moved_pair()  # type: ignore[arg-type]
    assert judge.name == name
    there, back = judge.flow(one, other), judge.flow(other, one)
    assert there.shape == (1, 2, 48, 64)
    for flow, sign in ((there, 1), (back, -1)):
        middle = flow[0, :, 12:-12, 12:-12].flatten(1).median(dim=1).values
        assert middle.tolist() == pytest.approx([sign * COLUMNS, sign * ROWS], abs=allowed)
    first, second = (torch.from_numpy(light.copy())[None, None].float() for light in (one, other))
    inside = (..., slice(12, -12), slice(12, -12))
    still = (second - first)[inside].abs().mean()
    assert (warped(second, there) - first)[inside].abs().mean() < 0.25 * still


@pytest.mark.parametrize(("height", "width"), [(48, 64), (128, 136), (129, 200)])
def test_raft_is_shown_gray_from_minus_1_to_1_with_its_rim_held_and_cut_off_again(height: int, width: int) -> None:
    network = Places()
    lightness = torch.linspace(0, 100, height * width).view(1, 1, height, width)
    flow = find_flow(network, lightness, lightness)
    assert flow.shape == (1, 2, height, width)
    assert flow[0, 0, 5].tolist() == list(range(width))
    assert flow[0, 1, :, 5].tolist() == list(range(height))
    shown = network.shown
    assert [side % 8 for side in shown.shape[2:]] == [0, 0]
    assert min(shown.shape[2:]) >= 128
    assert torch.allclose(shown[:, 1, :height, :width] * 50 + 50, lightness[:, 0], atol=1e-4)
    assert torch.equal(shown[:, 0], shown[:, 2])
    assert bool((shown[..., height - 1 :, width - 1 :] == shown[..., height - 1, width - 1][..., None, None]).all())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six frames of the size that the network sees; all that is in them moves by 3 pixels from one to the next."""
    wide = pictures.picture(0, width=288, height=192)
    drawn = [wide[:, 3 * moment : 3 * moment + 256] for moment in range(6)]
    return write(tmp_path_factory.mktemp("film") / "pan.mp4", PictureTrack(drawn))


def steadiness(film: Path, folder: Path, *options: str) -> Result:
    env = {"RESTORE_WEIGHTS": str(folder)}
    return CliRunner().invoke(main, ["evaluate", "steadiness", str(film), *options], env=env)


@pytest.mark.usefixtures("torchvision")
def test_figures_are_taken_along_the_flow_of_the_judge_that_is_asked_for(film: Path, tmp_path: Path) -> None:
    errors, out = {}, tmp_path / "figures.json"
    for scale in (0, 1):
        shown = steadiness(film, weights(tmp_path, scale), "--judge", "raft", "--json", str(out))
        assert shown.exit_code == 0, shown.output
        assert "pan.mp4, 6 frames, judged by raft" in shown.output
        report = json.loads(out.read_text())
        assert report["judge"] == "raft"
        errors[scale] = report["sections"][0]["figures"]["warping error, picture x 1000"]["restore"]
    assert errors[1] < 0.5 * errors[0]


def test_motion_is_judged_by_farneback_unless_asked_otherwise(film: Path, tmp_path: Path) -> None:
    assert "pan.mp4, 6 frames, judged by farneback" in steadiness(film, tmp_path).output


def test_what_raft_lacks_is_reported_in_one_line_before_anything_is_coloured(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setattr("pipelines.evaluate.steadiness.evaluate_steadiness", None)
    for fill, what in ((False, "restore weights pull raft"), (True, "pip install 'restore-film[raft]'")):
        shown = steadiness(film, weights(tmp_path, 1) if fill else tmp_path, "--judge", "raft")
        assert shown.exit_code == 1
        assert shown.output.count("\n") == 1
        assert what in shown.output


@pytest.mark.usefixtures("torchvision")
def test_weights_that_do_not_fit_raft_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"size": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"not weights of raft \(missing: scale; unexpected: size\)"):
        load_raft(tmp_path / "x.safetensors")


def test_real_raft_takes_small_gray_pictures() -> None:
    optical_flow = pytest.importorskip(
        "torchvision.models.optical_flow", reason="needs torchvision: restore-film[raft]"
    )
    one, other = torch.rand(2, 1, 1, 50, 130) * 100
    flow = find_flow(optical_flow.raft_large(weights=None).eval(), one, other)
    assert flow.shape == (1, 2, 50, 130)
    assert bool(flow.isfinite().all())
