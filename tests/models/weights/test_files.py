"""Weights are read strictly, and what is wrong with a file is said by name."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.compact.network import Compact, CompactConfig
from models.weights.catalogue import find_weights, weights_digest
from models.weights.files import load_network, read_weights, save_network

SMALL = CompactConfig(widths=(32, 24, 16, 16))
METADATA = {"network": "compact", "config": json.dumps({"widths": [32, 24, 16, 16]})}


@pytest.fixture(scope="module")
def small() -> Compact:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Compact(SMALL).eval()


@pytest.fixture
def saved(tmp_path: Path, small: Compact) -> Path:
    path = tmp_path / "small.safetensors"
    save_network(small, path, {"temperature": "0.5"})
    return path


def with_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    save_file(tensors, path, metadata=metadata or METADATA)
    return path


def tensors_of(path: Path) -> dict[str, Tensor]:
    return read_weights(path)[0]


def test_network_comes_back_as_it_was_saved(saved: Path, small: Compact) -> None:
    network, metadata = load_network(saved)
    assert isinstance(network, Compact)
    assert network.config == SMALL
    assert not network.training
    assert metadata["temperature"] == "0.5"
    for key, value in network.state_dict().items():
        original = small.state_dict()[key]
        assert value.dtype in (torch.float32, torch.int64)
        assert torch.equal(value, original.half().float() if original.is_floating_point() else original)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_weights_have_the_mode_that_the_umask_leaves(umask: int, mode: int, small: Compact, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    path.with_name(path.name + ".part").touch(0o600)  # as a run that was killed left it
    before = os.umask(umask)
    try:
        save_network(small, path, {})
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode
    assert list(tmp_path.iterdir()) == [path]


@torch.inference_mode()
def test_network_that_comes_back_colours_as_before(saved: Path, small: Compact) -> None:
    lightness = 100 * torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    network, _ = load_network(saved)
    assert torch.allclose(network(lightness), small(lightness), atol=0.05)


def test_saving_twice_gives_the_same_weights_and_leaves_nothing_else(tmp_path: Path, small: Compact) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    save_network(small, one, {"note": "x"})
    save_network(small, other, {"note": "x"})
    tensors = tensors_of(other)
    assert all(torch.equal(value, tensors[key]) for key, value in tensors_of(one).items())
    assert sorted(tmp_path.iterdir()) == [one, other]
    assert weights_digest(one) == hashlib.sha256(one.read_bytes()).hexdigest()


def test_missing_tensor_is_named(saved: Path, tmp_path: Path) -> None:
    tensors = tensors_of(saved)
    del tensors["decoder.head.bias"]
    path = with_tensors(tmp_path / "x.safetensors", tensors)
    with pytest.raises(ValueError, match=r"x\.safetensors: missing: decoder\.head\.bias$"):
        load_network(path)


def test_extra_tensor_is_named(saved: Path, tmp_path: Path) -> None:
    path = with_tensors(tmp_path / "x.safetensors", tensors_of(saved) | {"decoder.head.scale": torch.ones(3)})
    with pytest.raises(ValueError, match=r"x\.safetensors: unexpected: decoder\.head\.scale$"):
        load_network(path)


def test_misshapen_tensor_is_named(saved: Path, tmp_path: Path) -> None:
    path = with_tensors(tmp_path / "x.safetensors", tensors_of(saved) | {"decoder.head.bias": torch.ones(312)})
    with pytest.raises(ValueError, match=r"x\.safetensors: misshapen: decoder\.head\.bias is \(312,\), not \(313,\)$"):
        load_network(path)


@pytest.mark.parametrize("metadata", [{"network": "huge"}, {"format": "pt"}])
def test_unknown_network_is_named_with_those_that_are_known(
    saved: Path, tmp_path: Path, metadata: dict[str, str]
) -> None:
    path = with_tensors(tmp_path / "x.safetensors", tensors_of(saved), metadata)
    with pytest.raises(ValueError, match=r"x\.safetensors: weights of network .*; known: compact"):
        load_network(path)


@pytest.mark.parametrize("config", ['{"depth": 3}', '{"widths": [32, 24]}', "{", "[]"])
def test_wrong_config_is_reported_with_the_file(saved: Path, tmp_path: Path, config: str) -> None:
    path = with_tensors(tmp_path / "x.safetensors", tensors_of(saved), {"network": "compact", "config": config})
    with pytest.raises(ValueError, match=r"x\.safetensors"):
        load_network(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a pickled checkpoint", b"x" * 1000])
def test_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.pth: not a safetensors file"):
        load_network(path)


def test_file_cut_short_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-1000])
    with pytest.raises(ValueError, match="not a safetensors file"):
        read_weights(saved)


def test_path_is_found_and_a_wrong_name_is_reported(saved: Path, tmp_path: Path) -> None:
    assert find_weights(str(saved)) == saved
    with pytest.raises(FileNotFoundError, match=r"no network 'nowhere': .*\(.*compact, .*eccv16, .*siggraph17.*\)"):
        find_weights("nowhere")
    with pytest.raises(FileNotFoundError, match="neither a file nor one that is known"):
        find_weights(str(tmp_path))
