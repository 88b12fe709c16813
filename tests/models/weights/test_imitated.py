"""Files as DDColor's and DeOldify's authors wrote them, imitated: same keys, wrapped as theirs, taken over strictly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from models.networks import NETWORKS
from models.weights.catalogue import identify, published
from models.weights.files import load_network, read_weights
from models.weights.take_over import fault_of_imported, import_published
from restore.cli import main
from tests.made.published import config_of, network_by_rule, published_by_rule

LARGE = ("ddcolor", "ddcolor-artistic", "ddcolor-paper", "ddcolor-tiny", "deoldify-video", "deoldify-stable",
         "deoldify-artistic")  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks are small twins of themselves."""
    for name in LARGE:
        kind, config = NETWORKS[name], config_of(name, is_small=True)
        small = replace(kind, make=lambda given, kind=kind, config=config: kind.make(config | given))
        monkeypatch.setitem(NETWORKS, name, small)


def bare(state: dict[str, Tensor]) -> object:
    return state


def in_params(state: dict[str, Tensor]) -> object:
    return {"params": state}


def with_optimizer(state: dict[str, Tensor]) -> object:
    """As fastai 1 saves a learner; its optimizer's groups hold slices."""
    return {"model": state, "opt": {"state": {}, "groups": [slice(None, 3)]}}


@pytest.mark.parametrize("name", ["ddcolor", "ddcolor-tiny", "deoldify-video", "deoldify-artistic"])
@pytest.mark.parametrize("wrapped", [bare, in_params, with_optimizer])
def test_is_taken_over_with_its_norms_divided_out(name: str, wrapped: object, tmp_path: Path) -> None:
    source, path = tmp_path / "x.pth", tmp_path / "mine.safetensors"
    torch.save(wrapped(published_by_rule(name, is_small=True)), source)  # type: ignore[operator]
    import_published(source, name, path, None)
    network, metadata = load_network(path)
    assert metadata["network"] == name
    assert not [key for key in read_weights(path)[0] if key.endswith(("_orig", "_u", "_g"))]
    gray = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.allclose(network(gray), network_by_rule(name, is_small=True)(gray), atol=1e-3)
    assert fault_of_imported(path) is None


def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path: Path) -> None:
    state = published_by_rule("ddcolor", is_small=True)
    key = "decoder.layers.0.shuf.conv.0.weight_v"
    torch.save({other: value for other, value in state.items() if other != key}, tmp_path / "x.bin")
    with pytest.raises(ValueError, match=rf"x\.bin: not weights of ddcolor \(missing: {key}\)"):
        import_published(tmp_path / "x.bin", "ddcolor", tmp_path / "x.safetensors", None)


def test_a_copy_in_half_precision_takes_half_the_space_and_colours_alike(tmp_path: Path) -> None:
    torch.save(published_by_rule("ddcolor", is_small=True), tmp_path / "x.bin")
    paths = [tmp_path / "whole.safetensors", tmp_path / "half.safetensors"]
    for path, in_half in zip(paths, (False, True), strict=True):
        import_published(tmp_path / "x.bin", "ddcolor", path, None, in_half)
        assert fault_of_imported(path) is None
    whole, half = (path.stat().st_size for path in paths)
    assert half < 0.7 * whole
    state = read_weights(paths[1])[0]
    assert {value.dtype for key, value in state.items() if key.endswith("running_var")} == {torch.float32}
    gray = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        one, other = (load_network(path)[0](gray) for path in paths)
    assert 0 < (one - other).abs().max() < 0.02 * one.abs().max()


def test_each_has_an_entry_with_licence_paper_and_addresses() -> None:
    entries = published()
    assert entries.keys() >= set(LARGE)
    for name in LARGE:
        entry = entries[name]
        assert entry.licence in ("Apache-2.0", "MIT")
        assert entry.paints
        assert len(entry.sha256) == (0 if name == "ddcolor-paper" else 64)
    assert entries["ddcolor"].is_of("17c460d7e55b32a598370621d77173be59e03c24b0823f06821db23a50c263ce")
    assert not entries["ddcolor"].is_of("18" * 32)


def test_a_file_whose_sha256_nobody_states_is_known_by_its_tensors(tmp_path: Path) -> None:
    source = tmp_path / "pytorch_model.bin"
    torch.save(published_by_rule("ddcolor-paper", is_small=True), source)
    options = ["weights", "import", str(source), "--network", "ddcolor-paper", "--weights-dir", str(tmp_path)]
    assert (
        f"ddcolor-paper is ready: {tmp_path / 'ddcolor-paper.safetensors'}" in CliRunner().invoke(main, options).stdout
    )
    assert identify(source) is None
    assert fault_of_imported(tmp_path / "ddcolor-paper.safetensors") is None
    assert "here already" in CliRunner().invoke(main, options).stdout
