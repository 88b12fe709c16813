"""The codec that follows a film."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.media.codecs import kept
from pipelines.media.probe import probe
from pipelines.settings import Codec, EncodeSettings, ScanSettings
from tests.made import clips
from tests.made.runs import Films
from tests.made.scans import drawn, scans


@pytest.mark.parametrize(
    ("own", "codec", "notes"),
    [
        ("ffv1", "ffv1", ()),
        ("v210", "ffv1", ("the film is lossless (v210), its result ffv1 (--codec keep)",)),
        ("prores", "prores", ()),
        ("dvvideo", "h264", ("the film is dvvideo, its result h264 (--codec keep)",)),
        ("jpeg2000", "h264", ("the film is jpeg2000, its result h264 (--codec keep)",)),
        ("h264", "h264", ()),
    ],
)
def test_what_is_lossless_stays_so_and_prores_stays_prores(
    films: Films, own: str, codec: Codec, notes: tuple[str, ...]
) -> None:
    film = probe(films(clips.plain, ".mp4"))
    film = replace(film, picture=replace(film.picture, codec=own))
    assert kept(film, EncodeSettings("keep")) == (EncodeSettings(codec), notes)
    quality = EncodeSettings("keep", crf=30, preset="fast")
    assert kept(film, quality)[0] == (replace(quality, codec="h264") if codec == "h264" else EncodeSettings(codec))
    assert kept(film, EncodeSettings("av1")) == (EncodeSettings("av1"), ())


def test_scans_with_sound_become_a_film_without_loss(films: Films, tmp_path: Path) -> None:
    folder = scans(tmp_path / "scans", drawn(2))
    silent = probe(folder, ScanSettings(Fraction(18)))
    sounding = probe(folder, ScanSettings(Fraction(18), films(clips.everything, ".mkv")))
    assert kept(silent, EncodeSettings("keep")) == (EncodeSettings("ffv1"), ())
    assert kept(sounding, EncodeSettings("keep"))[1] == (
        "the film is lossless (scans), its result ffv1 (--codec keep)",
    )
