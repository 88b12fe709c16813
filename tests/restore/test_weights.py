"""`restore weights`, as a person types it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from models.weights.catalogue import DEFAULT_NETWORK, Published, find_weights, published
from models.weights.files import load_network, read_weights
from restore.cli import main
from tests.made.published import save_by_rule
from tests.made.runs import save_random_network
from tests.made.server import Server, serve


def tensors() -> bytes:
    file = io.BytesIO()
    torch.save({"module.weight": torch.arange(1000.0)}, file)
    return file.getvalue()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serves the weights `some`, the only ones that are known."""
    with serve(Server(tensors())) as server:
        digest = hashlib.sha256(server.content).hexdigest()
        some = Published("some", "A paper", "CC BY-NC 4.0", True, 1, digest, (server.url,), len(server.content))
        for module in (
            "models.weights.take_over",
            "models.weights.catalogue",
            "restore.commands.weights",
        ):  # in this order: the first takes it from the second
            monkeypatch.setattr(f"{module}.published", lambda: {"some": some})
        yield server


def weights(*args: str | Path, folder: Path | None = None) -> Result:
    env = {"RESTORE_WEIGHTS": str(folder) if folder else None}
    return CliRunner().invoke(main, ["weights", *map(str, args)], env=env)


def test_list_shows_what_ships_first_and_how_to_get_the_others(tmp_path: Path) -> None:
    result = weights("list", folder=tmp_path)
    first, *others = result.stdout.splitlines()
    assert first.startswith(f"{DEFAULT_NETWORK}: ships with the program")
    assert [line.partition(":")[0] for line in others] == list(published())
    assert all("licence" in line and "not here, " in line and "restore weights pull" in line for line in others)


def test_what_is_fetched_by_hand_is_told_in_one_line(tmp_path: Path) -> None:
    result = weights("pull", "bigcolor", folder=tmp_path)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "restore: bigcolor is fetched by hand: EG_011.ckpt and EG_EMA_011.ckpt from https://drive.google.com/"
    )
    assert line.endswith("then: restore weights import ZIP --network bigcolor")


def test_where_is_the_option_or_the_variable_or_the_users_cache(tmp_path: Path) -> None:
    assert weights("where", folder=tmp_path).stdout.strip() == str(tmp_path)
    assert weights("where", "--weights-dir", tmp_path / "x", folder=tmp_path).stdout.strip() == str(tmp_path / "x")
    assert weights("where").stdout.strip().endswith("weights")


def test_pull_tells_paper_and_licence_then_fetches_and_takes_over(server: Server, tmp_path: Path) -> None:
    result = weights("pull", "some", folder=tmp_path)
    path = tmp_path / "some.safetensors"
    about, ready = result.stdout.splitlines()
    assert about == "some: A paper; 1 MB, licence CC BY-NC 4.0, non-commercial use only"
    assert ready == f"some is ready: {path}"
    state, metadata = read_weights(path)
    assert torch.equal(state["weight"], torch.arange(1000.0))
    assert metadata["licence"] == "CC BY-NC 4.0"
    assert [file.name for file in tmp_path.iterdir() if not file.name.startswith(".")] == [path.name]
    assert "here already" in weights("pull", "some", folder=tmp_path).stdout
    assert "; here" in weights("list", folder=tmp_path).stdout
    assert weights("verify", folder=tmp_path).exit_code == 0
    assert len(server.ranges) == 1


def test_pull_that_fails_says_what_to_do_in_one_line(server: Server, tmp_path: Path) -> None:
    server.status = 404
    result = weights("pull", "some", folder=tmp_path)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "404 Client Error: Not Found" in line
    assert line.endswith("fetch it elsewhere, then: restore weights import FILE")
    assert "no-such: not known; there are some" in weights("pull", "no-such", folder=tmp_path).stderr


def test_import_takes_over_a_published_file_whatever_it_is_called(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "Download (3).bin"
    file.write_bytes(server.content)
    bundle = tmp_path / "bundle"
    assert (
        weights("import", file, "--weights-dir", bundle).stdout.strip() == f"some is ready: {bundle}/some.safetensors"
    )
    assert weights("verify", "some", "--weights-dir", bundle).stdout.startswith("ok ")
    other = tmp_path / "other"
    other.touch()
    assert (bundle / "some.safetensors").stat().st_mode == other.stat().st_mode


def test_import_of_other_files_asks_what_they_are(server: Server, tmp_path: Path) -> None:
    file, page = tmp_path / "mine.pth", tmp_path / "page.pth"
    torch.save({"a": torch.ones(1)}, file)
    page.write_bytes(b"<html></html>")
    result = weights("import", file, folder=tmp_path)
    assert result.exit_code == 1
    assert "not a published file that is known" in result.stderr
    assert "--network NAME" in result.stderr
    assert "mine.pth: not weights of eccv16" in weights("import", file, "--network", "eccv16", folder=tmp_path).stderr
    assert "page.pth: a web page, not weights" in weights("import", page, "--network", "eccv16").stderr
    assert "nothing: no network; there are" in weights("import", file, "--network", "nothing").stderr


def own_weights(path: Path, seed: int = 0, **about: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    return save_random_network(path, seed, **about)


def import_compact(file: Path, folder: Path) -> Result:
    return weights("import", file, "--network", "compact", folder=folder)


def test_import_keeps_what_own_weights_say_of_themselves(tmp_path: Path) -> None:
    file, folder = own_weights(tmp_path / "mine.safetensors", saturation="1.43", temperature="0.9"), tmp_path / "here"
    assert import_compact(file, folder).stdout.startswith("mine is ready")
    before, after = read_weights(file)[1], load_network(folder / "mine.safetensors")[1]
    assert before.items() <= after.items()
    assert weights("verify", folder=folder).exit_code == 0
    said = weights("import", file, "--network", "eccv16", folder=tmp_path / "other").stderr
    assert "mine.safetensors: weights of compact, not of eccv16" in said


def test_import_needs_no_option_for_weights_that_name_their_network(tmp_path: Path) -> None:
    file, folder = own_weights(tmp_path / "mine.safetensors"), tmp_path / "here"
    result = weights("import", file, folder=folder)
    assert (result.exit_code, result.stdout.strip()) == (0, f"mine is ready: {folder}/mine.safetensors")
    assert load_network(folder / "mine.safetensors")[1]["network"] == "compact"
    assert "mine is here already" in weights("import", file, folder=folder).stdout


def test_import_replaces_no_other_weights(tmp_path: Path) -> None:
    first, second = (own_weights(tmp_path / str(i) / "best.safetensors", seed=i) for i in range(2))
    folder = tmp_path / "here"
    assert "best is ready" in import_compact(first, folder).stdout
    path = folder / "best.safetensors"
    before = path.read_bytes()
    assert import_compact(first, folder).stdout.strip() == f"best is here already: {path}"
    refused = import_compact(second, folder)
    assert refused.exit_code == 1
    assert (
        "best.safetensors: other weights have this name; rename best.safetensors, or move these away" in refused.stderr
    )
    assert path.read_bytes() == before


def test_weights_that_were_damaged_are_imported_again(tmp_path: Path) -> None:
    file, folder = own_weights(tmp_path / "mine.safetensors"), tmp_path / "here"
    import_compact(file, folder)
    path = folder / "mine.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "mine is ready" in import_compact(file, folder).stdout
    assert weights("verify", folder=folder).exit_code == 0


@pytest.mark.parametrize(("name", "whose"), [("compact", "weights that ship"), ("siggraph17", "published weights")])
def test_import_leaves_known_names_to_their_own(name: str, whose: str, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    refused = import_compact(own_weights(tmp_path / f"{name}.safetensors"), folder)
    assert refused.exit_code == 1
    assert f"{name}.safetensors: {name} is the name of {whose}" in refused.stderr
    assert not folder.exists()


def test_weights_that_ship_are_here_already(tmp_path: Path) -> None:
    ships = find_weights(DEFAULT_NETWORK)
    assert import_compact(ships, tmp_path).stdout.strip() == f"{DEFAULT_NETWORK} is here already: {ships}"
    assert list(tmp_path.iterdir()) == []


def test_verify_fails_where_weights_are_not_what_they_say(tmp_path: Path) -> None:
    save_by_rule("eccv16", tmp_path)
    result = weights("verify", folder=tmp_path)
    assert result.exit_code == 1
    assert result.stdout.startswith("BAD")
    assert "not made from the published file of eccv16" in result.stdout


def test_verify_tells_a_name_that_is_none_from_weights_that_are_not_here(tmp_path: Path) -> None:
    import_compact(own_weights(tmp_path / "mine.safetensors"), tmp_path / "here")
    unknown = weights("verify", "foo", folder=tmp_path / "here")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert f"foo: not known; there are compact, {', '.join(published())}, mine" in unknown.stderr
    assert weights("verify", "eccv16", folder=tmp_path).stdout.rstrip().endswith("eccv16.safetensors: not here")
    assert weights("verify", "mine", DEFAULT_NETWORK, folder=tmp_path / "here").exit_code == 0


def test_verify_of_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert weights("verify", folder=tmp_path).stdout.startswith("no weights in")
