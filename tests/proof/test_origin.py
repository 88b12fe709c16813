"""Every result says in its tags where its colours come from, beside the tags of its film."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from threading import Event

import av
import pytest

from models.weights.catalogue import weights_digest
from pipelines import product_version
from pipelines.errors import InputError
from pipelines.media.probe import probe
from pipelines.proof.digest import digest_of, digested
from pipelines.settings import ScanSettings, Settings
from restore.api import restore_film
from tests.made import clips
from tests.made.runs import Films
from tests.made.scans import drawn, scans

STATEMENT = "colours are estimated by a neural network; not historical"


def tags(path: Path) -> dict[str, str]:
    with av.open(path) as film:
        return dict(film.metadata)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_matroska_has_a_tag_for_each_fact(films: Films, settings: Settings, network: Path) -> None:
    film = films(clips.everything, ".mkv")
    found = tags(films.restored(film, settings))
    assert {name: text for name, text in found.items() if name.startswith("RESTORE_")} == {
        "RESTORE_TOOL": f"restore-film {product_version()}",
        "RESTORE_NETWORK": "compact",
        "RESTORE_WEIGHTS": f"sha256 {weights_digest(network)}",
        "RESTORE_COLOURS": STATEMENT,
        "RESTORE_SOURCE": f"sha256 {sha256(film)[:16]}",
    }
    assert found["COMMENT"] == "drawn"


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_mp4_and_mov_have_a_line_behind_the_films_own_comment(films: Films, settings: Settings, ending: str) -> None:
    film = films(clips.everything, ending)
    first, second = tags(films.restored(film, settings))["comment"].split("\n")
    assert first == "drawn"
    assert second.startswith(f"restore-film {product_version()}; network compact; weights sha256 ")
    assert second.endswith(f"; {STATEMENT}; source sha256 {sha256(film)[:16]}")


def test_a_film_without_a_comment_gets_the_line_alone(films: Films, settings: Settings) -> None:
    assert tags(films.restored(films(clips.plain, ".mp4"), settings))["comment"].startswith("restore-film ")


def test_a_film_under_another_name_in_another_folder_has_the_same_tags(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    film = films(clips.plain, ".mkv")
    other = tmp_path / "other.mkv"
    other.write_bytes(film.read_bytes())
    again = restore_film(other, None, settings)
    assert again.read_bytes() == films.restored(film, settings).read_bytes()


def test_the_digest_of_scans_covers_every_picture_and_the_sound(tmp_path: Path) -> None:
    reel = scans(tmp_path / "reel", drawn(3))
    film = probe(reel, ScanSettings(Fraction(24)))
    assert film.scans is not None
    before = digest_of(film)
    middle = film.scans.files[1]
    middle.write_bytes(middle.read_bytes()[:-1] + b"\x01")
    assert digest_of(film) != before
    sound = reel / "sound.wav"
    sound.write_bytes(b"sound")
    assert digest_of(replace(film, scans=replace(film.scans, sound=sound))) != digest_of(film)


def test_a_film_that_cannot_be_read_is_named(films: Films, tmp_path: Path) -> None:
    film = probe(films(clips.plain, ".mkv"))
    with pytest.raises(InputError, match=r"gone\.mkv: cannot be read"):
        digest_of(replace(film, path=tmp_path / "gone.mkv"))


def test_a_block_that_ends_stops_the_reading(films: Films) -> None:
    film, stopped = probe(films(clips.plain, ".mkv")), Event()
    stopped.set()
    with pytest.raises(InterruptedError):
        digest_of(film, stopped)
    with digested(film, lambda: None) as digest:
        assert digest() == sha256(film.path)
