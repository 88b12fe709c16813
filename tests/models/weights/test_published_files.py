"""Files as their authors published them are imitated, and taken over strictly."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from models.networks import NETWORKS, state_of_published
from models.published.normed_weights import published_shapes
from models.weights import published_files
from models.weights.files import load_network
from models.weights.published_files import read_published
from models.weights.take_over import import_published
from tests.made.published import published_by_rule

MEANS = {"decay": 0.999, "num_updates": 3, "collected_params": None}


def zipped(path: Path, **files: object) -> Path:
    """A zip of PyTorch files, in a folder of its own as clouds zip folders; __ stands for a dot."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            with archive.open(f"folder/{name.replace('__', '.')}", "w", force_zip64=True) as file:
                torch.save(content, file)
    return path


def drawn(*shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(len(shape)).standard_normal(shape)).float()


def of_bigcolor() -> dict[str, Tensor]:
    """A convolution and a norm of BigColor."""
    return {"E.res1.conv.weight": drawn(2, 1), "G.a.weight": drawn(3, 2), "G.a.u0": drawn(1, 3), "G.a.sv0": drawn(1),
            "G.a.bias": drawn(3), "G.n.stored_mean": drawn(3), "G.n.gain.weight": drawn(3, 4)}  # fmt: skip


def test_bigcolors_means_without_names_take_the_place_of_its_parameters(tmp_path: Path) -> None:
    state = of_bigcolor()
    parameters = [key for key in state if not key.endswith(("u0", "sv0", "stored_mean"))]
    means = [state[key] + 1 for key in parameters]
    path = zipped(
        tmp_path / "x.zip", EG_011__ckpt=state, EG_EMA_011__ckpt=MEANS | {"shadow_params": means}, args__pkl=1
    )
    read = read_published(path)
    assert list(read) == list(state)
    for key, value in read.items():
        assert torch.equal(value, state[key] + (1 if key in parameters else 0))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda means: means[:-1], "holds 3 means for the 4 parameters of EG_011.ckpt"),
        (lambda _: None, "holds no means"),
        (lambda means: [means[0], means[0], *means[2:]], r"its mean of G\.a\.weight is \(2, 1\), not \(3, 2\)"),
    ],
)
def test_means_that_do_not_fit_are_refused(tmp_path: Path, change: Callable[[Any], Any], what: str) -> None:
    state = of_bigcolor()
    means = [state[key] for key in state if not key.endswith(("u0", "sv0", "stored_mean"))]
    about = MEANS | {"shadow_params": change(means)}
    path = zipped(tmp_path / "x.zip", EG_011__ckpt=state, EG_EMA_011__ckpt=about)
    with pytest.raises(ValueError, match=rf"x\.zip: EG_EMA_011\.ckpt: {what}"):
        read_published(path)


def test_gcps_four_files_are_five_networks(tmp_path: Path) -> None:
    one = {"a.weight": drawn(2)}
    path = zipped(tmp_path / "x.zip", biggan_D_256__pth=one, biggan_G_ema_256__pth=one, biggan_E__pth=one,
                  colorization_model__pth={"net_corr": one, "net_gen": one, "epoch": 3},
                  deformator_for_biggan__pt={})  # fmt: skip
    parts = ["net_corr", "net_gen", "biggan_dis", "biggan_gen", "biggan_enc"]
    assert list(read_published(path)) == [f"{part}.a.weight" for part in parts]
    path = zipped(tmp_path / "y.zip", biggan_D_256__pth=one, biggan_G_ema_256__pth=one, biggan_E__pth=one,
                  colorization_model__pth={"net_corr": one})  # fmt: skip
    with pytest.raises(ValueError, match=r"y\.zip: colorization_model\.pth: holds no net_gen"):
        read_published(path)


def test_a_python_package_of_one_file_is_that_file(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.whl", net__pth={"a": drawn(2)}, METADATA={})
    assert torch.equal(read_published(path)["a"], drawn(2))


def save_keras(path: Path, state: dict[str, Tensor], prefix: str = "") -> Path:
    """ChromaGAN's tensors as Keras saves a model: layers by depth, VGG-16 in a model of its own, other numbers."""
    h5py = pytest.importorskip("h5py", reason="needs h5py: restore-film[chromagan]")
    layers: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        layers.setdefault(key.rpartition(".")[0], {})[key.rpartition(".")[2]] = value
    groups: dict[str, list[str]] = {}
    for layer in layers:
        groups.setdefault("model_3" if layer.startswith("block") else layer.replace("conv2d_", "conv2d_1"), []).append(
            layer
        )
    groups = {"input_1": [], "model_3": groups.pop("model_3")} | groups
    with h5py.File(path, "w") as file:
        top = file.create_group("model_weights") if prefix else file
        top.attrs["layer_names"] = [name.encode() for name in groups]
        for group, inner in groups.items():
            names = []
            for layer in inner:
                own = layer if group == "model_3" else group
                for role, value in layers[layer].items():
                    names.append(f"{own}/{keras_role(layer, role)}:0")
                    top.create_dataset(f"{group}/{names[-1]}", data=as_in_keras(value).numpy())
            top.require_group(group).attrs["weight_names"] = [name.encode() for name in names]
    return path


def keras_role(layer: str, role: str) -> str:
    norm = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    return norm[role] if layer.startswith("batch") else {"weight": "kernel", "bias": "bias"}[role]


def as_in_keras(value: Tensor) -> Tensor:
    return value.permute(2, 3, 1, 0) if value.ndim == 4 else value.T if value.ndim == 2 else value


@pytest.mark.slow
def test_chromagans_file_of_keras_is_mapped_by_order_and_shape(tmp_path: Path) -> None:
    state = published_by_rule("chromagan")
    read = read_published(save_keras(tmp_path / "my_model_colorization.h5", state))
    assert read.keys() == state.keys()
    assert all(torch.equal(read[key], state[key]) for key in state)
    read = read_published(save_keras(tmp_path / "x.h5", {key: state[key] for key in state if key != "dense_6.bias"}))
    with pytest.raises(ValueError, match=r"^missing: dense_6\.bias$"):
        state_of_published("chromagan", read)


def test_keras_files_need_h5py_and_damage_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    pytest.importorskip("h5py", reason="needs h5py: restore-film[chromagan]")
    with pytest.raises(ValueError, match=r"x\.h5: h5py cannot read it as Keras's weights .*it is damaged"):
        read_published(path)
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(ValueError, match=r"x\.h5: Keras's files need h5py; pip install 'restore-film\[chromagan\]'"):
        read_published(path)


def as_published(name: str, folder: Path) -> Path:
    """The network's files by the rule, in their authors' form."""
    state = published_by_rule(name)
    if name == "chromagan":
        return save_keras(folder / "my_model_colorization.h5", state, "model_weights")
    if name == "bigcolor":
        means = [value for key, value in state.items() if not key.endswith(published_files.STATISTICS)]
        blank = {key: value if key.endswith(published_files.STATISTICS) else value * 0 for key, value in state.items()}
        return zipped(folder / "x.zip", EG_011__ckpt=blank, EG_EMA_011__ckpt=MEANS | {"shadow_params": means})
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        part, _, rest = key.partition(".")
        parts.setdefault(part, {})[rest] = value
    both = {part: parts[part] for part in ("net_corr", "net_gen")}
    return zipped(folder / "x.zip", biggan_D_256__pth=parts["biggan_dis"], biggan_G_ema_256__pth=parts["biggan_gen"],
                  biggan_E__pth=parts["biggan_enc"], colorization_model__pth=both)  # fmt: skip


@pytest.mark.parametrize("name", ["bigcolor", "scgan", "chromagan", "gcp"])
def test_each_missing_extra_or_misshapen_tensor_is_refused_by_name(name: str) -> None:
    with torch.device("meta"):
        network = NETWORKS[name].published() if NETWORKS[name].published else NETWORKS[name].make({})
    state = {key: torch.empty(shape, device="meta") for key, shape in published_shapes(network).items()}
    for key in (next(iter(state)), next(reversed(state))):
        with pytest.raises(ValueError, match=f"^missing: {key}$"):
            state_of_published(name, {other: value for other, value in state.items() if other != key})
        with pytest.raises(ValueError, match=f"^unexpected: {key}_ema$"):
            state_of_published(name, state | {f"{key}_ema": state[key]})
        with pytest.raises(ValueError, match=f"^misshapen: {key} is "):
            state_of_published(name, state | {key: state[key][None]})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bigcolor", "chromagan", "gcp"])
def test_published_files_are_taken_over_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.safetensors"
    import_published(as_published(name, tmp_path), name, path, None)
    network, about = load_network(path)
    assert about["network"] == name
    wanted = state_of_published(name, published_by_rule(name))
    assert all(torch.equal(value, wanted[key]) for key, value in network.state_dict().items())
