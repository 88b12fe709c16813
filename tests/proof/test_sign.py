"""Results signed with content credentials: the film is an ingredient; its own are kept, or said to be lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import OutputError, SettingsError
from pipelines.job.credentials import has_credentials
from pipelines.job.job import prepare
from pipelines.settings import Settings
from restore.api import restore_film
from restore.verification import verify
from tests.made import clips
from tests.made.certificates import save_certificates
from tests.made.runs import Films

c2pa = pytest.importorskip("c2pa", reason="needs c2pa-python: pip install 'restore-film[c2pa]'")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def signing(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that sign."""
    chain, key, _ = save_certificates(tmp_path_factory.mktemp("certificates"))
    return replace(settings, c2pa_cert=chain, c2pa_key=key)


def manifest(path: Path) -> dict[str, Any]:
    """The active manifest of a file, whose signature and hashes are right."""
    with c2pa.Reader(path) as reader:
        store = json.loads(reader.json())
        assert reader.get_validation_state() == "Valid"
    found: dict[str, Any] = store["manifests"][store["active_manifest"]]
    return found


def actions(path: Path) -> list[dict[str, Any]]:
    (found,) = [each["data"]["actions"] for each in manifest(path)["assertions"] if "actions" in each["label"]]
    return list(found)


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_a_signed_result_names_its_film_and_its_actions(
    films: Films, signing: Settings, tmp_path: Path, ending: str
) -> None:
    film = films(clips.everything, ending)
    out = restore_film(film, tmp_path / f"out{ending}", replace(signing, sidecar=True))
    (ingredient,) = manifest(out)["ingredients"]
    assert (ingredient["title"], ingredient["relationship"]) == (film.name, "parentOf")
    opened, colours, edited = actions(out)
    assert opened["action"] == "c2pa.opened"
    assert colours["action"] == "c2pa.color_adjustments"
    assert colours["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert "colours are estimated by a neural network; not historical" in edited["parameters"]["description"]
    assert verify(film, out).frames == 24


def test_the_record_has_the_sha256_before_and_after_signing(films: Films, signing: Settings, tmp_path: Path) -> None:
    film = films(clips.plain, ".mp4")
    out = restore_film(film, tmp_path / "out.mp4", replace(signing, sidecar=True))
    unsigned = films.restored(film, replace(signing, c2pa_cert=None, c2pa_key=None, sidecar=True))
    found, plain = (json.loads(path.with_suffix(".json").read_text("utf-8"))["result"] for path in (out, unsigned))
    assert (found["sha256"], found["bytes"]) == (plain["sha256"], plain["bytes"])
    assert (found["signed"]["bytes"], plain["signed"]) == (out.stat().st_size, None)


def test_credentials_of_a_film_are_kept_within_those_of_a_signed_result(
    films: Films, signing: Settings, tmp_path: Path
) -> None:
    film = restore_film(films(clips.plain, ".mp4"), tmp_path / "film.mp4", signing)
    out = restore_film(film, tmp_path / "out.mp4", replace(signing, recolour=True))
    (ingredient,) = manifest(out)["ingredients"]
    assert ingredient["active_manifest"]


def test_that_credentials_are_left_out_is_said(films: Films, signing: Settings, tmp_path: Path) -> None:
    plain = films(clips.plain, ".mp4")
    film = restore_film(plain, tmp_path / "film.mp4", signing)
    unsigned = replace(signing, c2pa_cert=None, c2pa_key=None, recolour=True)
    assert (has_credentials(film), has_credentials(plain)) == (True, False)
    assert any("content credentials" in note for note in prepare(film, tmp_path / "out.mp4", unsigned).target.notes)
    assert not any("credentials" in note for note in prepare(plain, tmp_path / "out.mp4", unsigned).target.notes)


def test_a_film_in_matroska_is_an_ingredient_by_its_name(films: Films, signing: Settings, tmp_path: Path) -> None:
    out = restore_film(films(clips.plain, ".mkv"), tmp_path / "out.mp4", signing)
    (ingredient,) = manifest(out)["ingredients"]
    assert ingredient["title"] == "film.mkv"


def test_what_cannot_be_signed_is_refused_before_the_run(films: Films, signing: Settings, tmp_path: Path) -> None:
    film = films(clips.plain, ".mp4")
    with pytest.raises(SettingsError, match=r"matroska cannot be signed; name an \.mp4 or \.mov"):
        restore_film(film, tmp_path / "out.mkv", signing)
    with pytest.raises(ValueError, match="give both"):
        replace(signing, c2pa_key=None)


def test_a_key_of_another_certificate_does_not_sign(films: Films, signing: Settings, tmp_path: Path) -> None:
    _, other, _ = save_certificates(tmp_path)
    with pytest.raises(OutputError, match="cannot be signed"):
        restore_film(films(clips.plain, ".mp4"), tmp_path / "out.mp4", replace(signing, c2pa_key=other))
    assert not (tmp_path / "out.mp4").exists()
