"""A film that players turn or mirror: its display matrix is copied, and its colours are those of what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import OutputError
from pipelines.job.job import prepare
from pipelines.settings import Codec, EncodeSettings, Settings
from tests.made import pictures
from tests.made.readers import first_frame, true_chromas
from tests.made.runs import Films
from tests.made.side_data import mirrored_by_its_stream
from tests.made.tracks import PictureTrack, write

MATRICES = {
    "mirrored": (-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30),
    "upside down": (65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30),
    "mirrored and turned": (0, 65536, 0, 65536, 0, 0, 0, 0, 1 << 30),
    "askew": (46341, -46341, 0, 46341, 46341, 0, 0, 0, 1 << 30),
    "moved": (0, 65536, 0, -65536, 0, 0, 96 << 16, 0, 1 << 30),
}
"""Display matrices (ISO/IEC 14496-12, section 6.2.2)."""


def with_matrix(path: Path, name: str) -> Path:
    """A film with one of MATRICES."""
    return write(path, PictureTrack(pictures.pan(), matrix=MATRICES[name]))


def matrix_of(path: Path) -> tuple[int, ...]:
    return tuple(np.frombuffer(bytes(first_frame(path).side_data["DISPLAYMATRIX"]), "<i4").tolist())


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_a_display_matrix_is_copied_as_it_is(films: Films, settings: Settings, ending: str, name: str) -> None:
    assert matrix_of(films.restored(films(with_matrix, ending, name=name), settings)) == MATRICES[name]


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_matroska_keeps_the_turn_of_a_display_matrix(films: Films, settings: Settings, codec: Codec, name: str) -> None:
    out = films.restored(films(with_matrix, ".mp4", name=name), replace(settings, encode=EncodeSettings(codec)), ".mkv")
    assert np.allclose(matrix_of(out)[:6], MATRICES[name][:6], atol=2)  # it holds degrees, and no place


def turned(path: Path, degrees: int, is_mirrored: bool = False) -> Path:
    """A film stored so that a player, which mirrors and then turns it, shows it as `clips.plain` is shown."""
    stored: Iterator[pictures.Picture] = (np.rot90(drawn, -degrees // 90).copy() for drawn in pictures.pan())
    if not is_mirrored:
        return write(path, PictureTrack(stored, options={"qp": "0"}, rotation=degrees))
    matrix = {0: MATRICES["mirrored"], 90: (0, 65536, 0, 65536, 0, 0, 0, 0, 1 << 30)}[degrees]
    return write(path, PictureTrack((drawn[:, ::-1].copy() for drawn in stored), options={"qp": "0"}, matrix=matrix))


@pytest.mark.parametrize(("degrees", "is_mirrored"), [(90, False), (-90, False), (180, False), (0, True), (90, True)])
def test_a_turned_film_is_coloured_as_it_is_shown(
    films: Films, lossless: Settings, degrees: int, is_mirrored: bool
) -> None:
    upright = true_chromas(films.restored(films(turned, ".mp4", degrees=0), lossless))
    shown = true_chromas(films.restored(films(turned, ".mp4", degrees=degrees, is_mirrored=is_mirrored), lossless))
    for (cb, cr), planes in zip(upright, shown, strict=True):
        for straight, stored in zip((cb, cr), planes, strict=True):
            back = np.rot90(stored[:, ::-1] if is_mirrored else stored, degrees // 90).astype(int)
            assert np.abs(back - straight).mean() < 0.25 * np.abs(np.rot90(back, 2) - straight).mean()


def test_what_the_stream_alone_says_goes_into_the_container(films: Films, settings: Settings) -> None:
    film = films(mirrored_by_its_stream, ".ts")
    out = films.restored(film, settings)
    assert out.suffix == ".mp4"  # MPEG-TS has no place for it
    assert matrix_of(out) == matrix_of(film) == MATRICES["mirrored"]


def test_mpeg_ts_is_refused_with_a_container_that_holds_the_matrix(films: Films, settings: Settings) -> None:
    film = films(with_matrix, ".mp4", name="mirrored")
    with pytest.raises(OutputError, match=r"\.ts does not keep how the picture is turned; \.mp4 holds it$"):
        prepare(film, film.with_name("out.ts"), settings)
