"""Published files become the product's own, and nothing in them is run."""

from __future__ import annotations

import pickle
import re
import zipfile
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.networks import NETWORKS
from models.published.instcolor import InstColor
from models.weights.catalogue import find_weights
from models.weights.files import load_network, read_weights
from models.weights.published_files import read_published
from models.weights.take_over import fault_of_imported, import_published, named_network
from tests.made.published import save_by_rule, state_by_rule
from tests.made.runs import save_random_network

BARE = re.compile(r"\.(model(?:8up|9up|10up|3short8|2short9|1short10|_class))\.0\.")
MMAGIC = {"full": "image_model", "instance": "instance_model", "fusion": "fusion_model"}


@cache
def instcolor_keys() -> list[str]:
    with torch.device("meta"):
        return list(InstColor().state_dict())


def one_for_each(keys: list[str]) -> dict[str, Tensor]:
    """A number for each key, so that what went where can be seen."""
    return {key: torch.tensor([float(number)]) for number, key in enumerate(keys)}


def saved(path: Path, state: object) -> Path:
    torch.save(state, path)
    return path


def named_as_in_mmagic(key: str) -> str:
    part, _, rest = BARE.sub(r".\1.", key).partition(".")
    return f"{MMAGIC[part]}.{rest}"


@pytest.mark.parametrize("wrapper", [None, "state_dict", "params"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_wrappers_and_prefixes_are_taken_off(tmp_path: Path, wrapper: str | None, prefix: str) -> None:
    state = {f"{prefix}model1.0.weight": torch.ones(2), f"{prefix}model1.0.bias": torch.zeros(1)}
    path = saved(tmp_path / "x.pth", {wrapper: state, "epoch": 3} if wrapper else state)
    assert list(read_published(path)) == ["model1.0.weight", "model1.0.bias"]


def test_single_file_of_mmagic_is_mapped_to_every_key(tmp_path: Path) -> None:
    own = one_for_each(instcolor_keys())
    theirs = {named_as_in_mmagic(key): value for key, value in own.items()}
    assert "fusion_model.model8up.weight" in theirs
    assert "image_model.model_out.0.weight" in theirs
    path = saved(tmp_path / "x.pth", {"meta": {"epoch": 1}, "state_dict": theirs})
    assert read_published(path) == own


def test_three_files_of_the_authors_become_one(tmp_path: Path) -> None:
    own = one_for_each(instcolor_keys())
    path = tmp_path / "checkpoints.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part, file, prefix in (("full", "GComp", ""), ("instance", "G", ""), ("fusion", "GF", "module.")):
            keys = {key.partition(".")[2]: value for key, value in own.items() if key.startswith(f"{part}.")}
            state = saved(tmp_path / "part.pth", {prefix + key: value for key, value in keys.items()})
            archive.write(state, f"checkpoints/coco_finetuned_mask_256_ffs/latest_net_{file}.pth")
            archive.writestr(f"checkpoints/coco_finetuned_mask_256/latest_net_{file}.pth", b"an older one")
    assert read_published(path) == own


class _Runs:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.mark,)


def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path) -> None:
    mark, path = tmp_path / "it ran", tmp_path / "x.pth"
    path.write_bytes(pickle.dumps(_Runs(mark), protocol=2))
    with pytest.raises(ValueError, match="it is damaged or holds code"):
        read_published(path)
    saved(path, {"model1.0.weight": _Runs(mark)})
    with pytest.raises(ValueError, match="it is damaged or holds code"):
        read_published(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<html>no</html>", "a web page"),
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (b"PK\x03\x04 cut", "damaged or holds code"),
    ],
)
def test_other_files_are_refused_by_what_they_are(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"x\.pth: .*{what}"):
        read_published(path)


def test_file_of_anything_but_named_tensors_is_refused(tmp_path: Path) -> None:
    for content in ([torch.ones(1)], {"a": 1}, torch.ones(1)):
        with pytest.raises(ValueError, match=r"x\.pth: holds something else than named tensors"):
            read_published(saved(tmp_path / "x.pth", content))


def test_imported_network_has_the_numbers_of_the_published_file(tmp_path: Path) -> None:
    state = state_by_rule("eccv16")
    source = saved(tmp_path / "mine.pth", {f"module.{key}": value for key, value in state.items()})
    path = tmp_path / "mine.safetensors"
    import_published(source, "eccv16", path, None)
    network, metadata = load_network(find_weights("mine", tmp_path))
    assert metadata["network"] == "eccv16"
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())
    assert fault_of_imported(path) is None


def test_network_is_known_by_what_weights_of_the_own_form_say(tmp_path: Path) -> None:
    assert named_network(save_random_network(tmp_path / "mine.safetensors")) == "compact"
    assert named_network(saved(tmp_path / "x.pth", {"a": torch.ones(1)})) is None
    save_file({"a": torch.ones(1)}, tmp_path / "y.safetensors")
    assert named_network(tmp_path / "y.safetensors") is None


def test_tensors_that_share_their_numbers_are_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(NETWORKS, "eccv16")
    one = torch.arange(8.0)
    path = tmp_path / "x.safetensors"
    import_published(saved(tmp_path / "x.pth", {"a": one, "b": one, "c": one[2:4]}), "eccv16", path, None)
    assert {key: value.tolist() for key, value in read_weights(path)[0].items()} == {
        "a": one.tolist(), "b": one.tolist(), "c": [2, 3]
    }  # fmt: skip


def test_weights_of_another_network_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    source, path = saved(tmp_path / "x.pth", {"model1.0.weight": torch.ones(2)}), tmp_path / "x.safetensors"
    with pytest.raises(ValueError, match=r"x\.pth: not weights of eccv16 \(missing: .* and 78 more; misshapen: "):
        import_published(source, "eccv16", path, None)
    assert list(tmp_path.iterdir()) == [source]


def test_verifying_names_what_is_wrong(tmp_path: Path) -> None:
    path = save_by_rule("eccv16", tmp_path)
    assert "not made from the published file of eccv16" in (fault_of_imported(path) or "")
    path.write_bytes(path.read_bytes()[:-1000])
    assert "not a safetensors file" in (fault_of_imported(path) or "")
    path.write_bytes(b"<html></html>")
    assert fault_of_imported(path) == "a web page, not weights"
    assert fault_of_imported(tmp_path / "none.safetensors") == "not here"


def test_changed_tensor_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(NETWORKS, "eccv16")  # nothing but the digest is looked at
    source, path = saved(tmp_path / "x.pth", {"a": torch.ones(8)}), tmp_path / "x.safetensors"
    import_published(source, "eccv16", path, None)
    assert fault_of_imported(path) is None
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "its tensors are not those" in (fault_of_imported(path) or "")
    assert read_weights(path)[0]["a"][-1] != 1


def test_missing_weights_are_named_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"weights of eccv16 are not in .*: restore weights pull eccv16"):
        find_weights("eccv16", tmp_path)
    path = tmp_path / "eccv16.safetensors"
    path.touch()
    assert find_weights("eccv16", tmp_path) == path
