"""EfficientNet-Lite0 has the layers of its published file, and sees what TensorFlow's padding lets it see."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from models.judges.class_network import Block, ClassNetwork, load_class_network


def test_has_as_many_tensors_and_parameters_as_the_published_file() -> None:
    with torch.device("meta"):
        network = ClassNetwork()
    assert len(network.state_dict()) == 296
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_652_008
    assert {norm.eps for norm in network.modules() if isinstance(norm, torch.nn.BatchNorm2d)} == {1e-3}


@pytest.mark.parametrize(
    ("kernel", "stride", "before", "after"), [(3, 1, 1, 1), (3, 2, 0, 1), (5, 1, 2, 2), (5, 2, 1, 2)]
)
def test_pads_as_tensorflow_does(kernel: int, stride: int, before: int, after: int) -> None:
    block = Block(1, 1, kernel, stride, expansion=1).eval()
    torch.nn.init.ones_(block._depthwise_conv.weight)
    torch.nn.init.ones_(block._project_conv.weight)
    x = torch.rand(1, 1, 8, 8) / 25
    wanted = F.conv2d(F.pad(x, (before, after, before, after)), torch.ones(1, 1, kernel, kernel), stride=stride)
    wanted = wanted / (1 + 1e-3)  # two norms
    with torch.inference_mode():
        assert torch.allclose(block(x) - (x if stride == 1 else 0), wanted, atol=1e-5)


def test_gives_shares_of_the_classes_of_pictures_of_any_size(tmp_path: Path) -> None:
    torch.manual_seed(1)
    path = tmp_path / "x.safetensors"
    save_file(ClassNetwork().state_dict(), path)
    with torch.inference_mode():
        shares = load_class_network(path)(torch.rand(2, 1, 48, 96))
    assert shares.shape == (2, 1000)
    assert torch.allclose(shares.sum(dim=1), torch.ones(2))


def test_other_weights_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"not weights of a network that tells classes \(missing: .*; unexpected: a\)"):
        load_class_network(tmp_path / "x.safetensors")
