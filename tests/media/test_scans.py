"""Numbered pictures are one film: their codes, rate, numbers and what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from models.colour.log import CINEON, LogCurve
from pipelines.errors import DamagedError, FilmError, InputError, MissingError, SettingsError
from pipelines.frames import Frame
from pipelines.media.decode import Decode
from pipelines.media.probe import probe
from pipelines.media.scan_frames import DECODERS
from pipelines.media.scans import beside, check_gaps
from pipelines.settings import ScanSettings, Settings
from pipelines.source import SCAN_SUFFIXES, Film, Segment
from tests.made.scans import drawn, encoded, scans, write_dpx_header

AT_18 = ScanSettings(Fraction(18))
PICTURES = drawn(5)


def frames(film: Film, skip_damaged: bool = False, start: int | None = None, margin: int = 0) -> list[Frame]:
    seconds = margin * film.picture.time_base
    return list(Decode(seconds, skip_damaged)(Segment(film, 0, start, None)))


def refusal(kind: type[FilmError], path: Path, scanned: ScanSettings = AT_18) -> str:
    with pytest.raises(FilmError) as caught:
        frames(probe(path, scanned))
    assert type(caught.value) is kind, caught.value
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".dpx", ".tif", ".png"])
def test_codes_of_gray_pictures_are_the_luma(tmp_path: Path, suffix: str) -> None:
    film = probe(scans(tmp_path / "scans", PICTURES, suffix, first=86_399), AT_18)
    decoded = frames(film)
    assert (film.picture.bits, film.picture.is_full_range, film.picture.rate) == (16, True, 18)
    assert (film.duration, film.scans and film.scans.first) == (Fraction(5, 18), 86_399)
    assert [frame.pts for frame in decoded] == [0, 1, 2, 3, 4]
    assert all(np.array_equal(frame.luma, picture) for frame, picture in zip(decoded, PICTURES, strict=True))


@pytest.mark.parametrize("suffix", [".dpx", ".tif", ".png"])
def test_luma_of_gray_in_rgb_pictures_is_its_code(tmp_path: Path, suffix: str) -> None:
    film = probe(scans(tmp_path / "scans", [np.dstack([each] * 3) for each in PICTURES[:1]], suffix), AT_18)
    assert np.array_equal(frames(film)[0].luma, PICTURES[0])


def test_codes_of_ten_bits_are_kept(tmp_path: Path) -> None:
    codes = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) % 1024
    path = tmp_path / "reel" / "1.dpx"
    path.parent.mkdir()
    path.write_bytes(encoded(np.dstack([codes] * 3), ".dpx", form="gbrp10be"))
    film = probe(path.parent, AT_18)
    assert (film.picture.bits, film.picture.is_rgb) == (10, True)
    assert np.array_equal(frames(film)[0].luma, codes)


@pytest.mark.parametrize("channels", [1, 3])
def test_light_of_exr_becomes_the_srgb_code(tmp_path: Path, channels: int) -> None:
    light = np.linspace(0, 1.2, 48 * 64, dtype=np.float32).reshape(48, 64)
    film = probe(scans(tmp_path / "scans", [light if channels == 1 else np.dstack([light] * 3)], ".exr"), AT_18)
    clipped = np.float64(light).clip(0, 1)
    codes = 65_535 * np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    assert np.abs(frames(film)[0].luma - codes).max() <= 1
    assert film.notes == ("light of the scans is kept from 0 to 1",)


def test_a_pattern_names_one_sequence_among_others(tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", PICTURES[:2], first=7)
    scans(folder, PICTURES[2:], ".dpx")
    film = probe(folder / "scan_%06d.tif", AT_18)
    assert [frame.pts for frame in frames(film)] == [0, 1]
    assert "several formats: scan_%06d.dpx, scan_%06d.tif; name one film" in refusal(InputError, folder)
    assert "no picture has such a name" in refusal(InputError, folder / "scan_%04d.tif")
    assert beside(folder / "scan_%06d.tif", "restored") == folder / "scan.restored"
    assert beside(folder, "restored") == tmp_path / "reel.restored"


def test_numbers_without_zeros_count_as_numbers(tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", PICTURES[:3], first=9)
    for number in (9, 10, 11):
        (folder / f"scan_{number:06d}.tif").rename(folder / f"{number}.tif")
    film = probe(folder, AT_18)
    assert all(np.array_equal(frame.luma, was) for frame, was in zip(frames(film), PICTURES, strict=False))
    assert str(film.scans and film.scans.names) == "%d.tif"


def test_the_rate_comes_from_the_option_or_the_header(tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", PICTURES[:1], ".dpx")
    assert "say it, as --fps 18" in refusal(SettingsError, folder, ScanSettings())
    write_dpx_header(folder / "scan_000001.dpx", rate=16, timecode=0x01020304)
    film = probe(folder)
    assert (film.picture.rate, film.notes) == (16, ("16 pictures a second, as their headers say",))
    assert film.scans is not None
    assert film.scans.timecode == "01:02:03:04"
    assert probe(folder, AT_18).picture.rate == 18


@pytest.mark.parametrize(
    ("fields", "curve"),
    [
        ({"transfer": 1}, CINEON),
        ({"transfer": 3, "low": 6400, "high": 45_000}, LogCurve(6400 / 65_535, 45_000 / 65_535)),
        ({"transfer": 3, "low": 0, "high": 65_535}, CINEON),
        ({"transfer": 1, "black_level": 6000, "white_level": 44_000}, LogCurve(6000 / 65_535, 44_000 / 65_535)),
        ({"transfer": 6}, None),
    ],
)
def test_logarithmic_scans_are_known_by_their_header(
    tmp_path: Path, fields: dict[str, float], curve: LogCurve | None
) -> None:
    folder = scans(tmp_path / "reel", PICTURES[:1], ".dpx")
    write_dpx_header(folder / "scan_000001.dpx", **fields)
    film = probe(folder, AT_18)
    assert film.picture.log == curve
    assert ("logarithmic" in "".join(film.notes)) == (curve is not None)
    assert np.array_equal(frames(film)[0].luma, PICTURES[0])


def test_gaps_are_named_before_the_run(tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", drawn(12), first=100)
    for number in (103, 104, 105, 109):
        (folder / f"scan_{number:06d}.tif").unlink()
    film = probe(folder, AT_18)
    with pytest.raises(InputError, match="4 pictures are missing: 103 to 105, 109; --skip-damaged holds"):
        check_gaps(film, Settings())
    assert check_gaps(film, Settings(start=Fraction(6, 18), end=Fraction(9, 18))) == ()
    assert check_gaps(film, Settings(skip_damaged=True)) == (
        "4 pictures are missing: 103 to 105, 109; the last good one is held",
    )
    assert "scan_000103.tif at 00:00:00.167: is missing" in refusal(MissingError, folder)


def test_what_is_held_does_not_depend_on_where_decoding_begins(tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", drawn(8), first=1)
    for number in (1, 4, 5):
        (folder / f"scan_{number:06d}.tif").unlink()
    (folder / "scan_000006.tif").write_bytes(b"II*\0 not a picture")
    with pytest.raises(DamagedError):
        frames(probe(folder, AT_18), start=4)
    (folder / "scan_000001.tif").write_bytes(b"")
    film = probe(folder, AT_18)
    held, late = frames(film, skip_damaged=True), frames(film, skip_damaged=True, start=4)
    expected = [1, 1, 2, 2, 2, 2, 6, 7]
    assert [frame.is_held for frame in held] == [True, False, False, True, True, True, False, False]
    assert all(np.array_equal(f.luma, drawn(8)[at]) for f, at in zip(held, expected, strict=True))
    assert [frame.pts for frame in late] == [4, 5, 6, 7]
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(held[4:], late, strict=True))


@pytest.mark.parametrize("suffix", SCAN_SUFFIXES)
def test_a_damaged_picture_is_named_by_its_file(tmp_path: Path, suffix: str) -> None:
    pictures = [each / np.float32(65_535) for each in PICTURES[:3]] if suffix == ".exr" else list(PICTURES[:3])
    folder = scans(tmp_path / "reel", pictures, ".tif" if suffix == ".tiff" else suffix)
    for path in folder.iterdir():
        path.rename(path.with_suffix(suffix))
    cut = folder / f"scan_000002{suffix}"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    assert f"scan_000002{suffix} at 00:00:00.056: damaged" in refusal(DamagedError, folder)
    assert set(DECODERS) == set(SCAN_SUFFIXES)


def test_a_compressed_tiff_with_a_broken_strip_is_damaged(tmp_path: Path) -> None:
    from PIL import Image

    folder = tmp_path / "reel"
    folder.mkdir()
    for number, picture in enumerate(PICTURES[:2]):
        path = folder / f"{number}.tif"
        Image.fromarray(picture).save(path, compression="tiff_adobe_deflate", dpi=(300, 300))
    whole = path.read_bytes()
    path.write_bytes(whole[:2000] + bytes(40) + whole[2040:])
    assert "1.tif" in refusal(DamagedError, folder)


@pytest.mark.parametrize(("at", "place"), [(-1, b"x" * 40), (0, b"\xff" * 8), (0, bytes(8))])
def test_an_exr_with_a_broken_header_or_table_is_damaged(tmp_path: Path, at: int, place: bytes) -> None:
    folder = scans(tmp_path / "reel", [each / np.float32(65_535) for each in PICTURES[:2]], ".exr")
    path = folder / "scan_000002.exr"
    whole = path.read_bytes()
    first = next(i for i in range(8, 900) if int.from_bytes(whole[i : i + 8], "little") == i + 8 * 48)
    path.write_bytes(whole[: first + at] + place + whole[first + at + len(place) :])
    assert "scan_000002.exr" in refusal(DamagedError, folder)


def test_pictures_of_another_size_are_named(tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", [*PICTURES[:2], drawn(1, (32, 64))[0]])
    message = refusal(InputError, folder)
    assert "scan_000003.tif at 00:00:00.111: is 64x32 gray16le, the first picture 64x48 gray16le" in message


def test_folders_and_files_that_are_no_scans_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "is a folder, not a film" in refusal(InputError, tmp_path / "empty")
    mixed = scans(tmp_path / "mixed", PICTURES[:2])
    (mixed / "target.tif").write_bytes(b"")
    assert "several names: scan_%06d.tif, target.tif" in refusal(InputError, mixed)
    (mixed / "target.tif").rename(mixed / ".target.tif")
    assert probe(mixed, AT_18).scans


def test_files_take_no_rate(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"any")
    assert "leave out --fps" in refusal(SettingsError, film)
    assert replace(Settings(), scans=AT_18) != Settings()


def test_numbers_that_are_dates_are_no_count(tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", PICTURES[:2])
    (folder / "scan_000002.tif").rename(folder / "scan_20261130142233.tif")
    assert "2 pictures are numbered from 1 to 20261130142233; number them one after" in refusal(InputError, folder)


@pytest.mark.parametrize("fields", [{"rate": 1e-30}, {"rate": float("inf")}, {"rate": -18}, {"rate": 1e9}])
def test_rates_beyond_measure_in_a_header_are_none(tmp_path: Path, fields: dict[str, float]) -> None:
    folder = scans(tmp_path / "reel", PICTURES[:1], ".dpx")
    write_dpx_header(folder / "scan_000001.dpx", **fields)
    assert "say it, as --fps 18" in refusal(SettingsError, folder, ScanSettings())
    with pytest.raises(ValueError, match=r"--fps must be 0.1 to 1000"):
        ScanSettings(Fraction(1, 1000))
