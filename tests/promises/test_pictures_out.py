"""Results as pictures: luma to the code, numbers, a folder that appears whole, words of DPX headers."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.colour.colorspace import srgb_from_linear
from pipelines.errors import FilmError, OutputError, SettingsError
from pipelines.film import Listener
from pipelines.media.dpx import read_header
from pipelines.media.scan_frames import read_scan
from pipelines.media.scan_writer import rgb_codes
from pipelines.settings import Codec, EncodeSettings, ScanSettings, Settings
from restore.api import restore_film
from tests.made import clips
from tests.made.readers import true_lumas
from tests.made.runs import in_segments, listing, restore_heard
from tests.made.scans import drawn, scans, write_dpx_header

AT_18 = ScanSettings(Fraction(18))
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
"""Of BT.709, the matrix of gray and RGB sources."""


def rgb_of(path: Path) -> NDArray[Any]:
    """(H, W, 3), 16 bits; of .exr sRGB codes of its light, not rounded."""
    frame = read_scan(path).frame
    if path.suffix != ".exr":
        return frame.to_ndarray(format="rgb48le")
    assert frame.format.name == "gbrpf16le"
    planes = [np.frombuffer(memoryview(each), np.float16).reshape(each.height, -1)[:, : each.width]
              for each in frame.planes]  # fmt: skip
    light = np.stack([planes[2], planes[0], planes[1]], axis=2).astype(np.float64)
    return srgb_from_linear(torch.from_numpy(light)).numpy() * 65_535


def luma_error(folder: Path, pictures: NDArray[Any], weights: NDArray[Any] = WEIGHTS) -> float:
    """The most codes by which Y' of written pictures differs from the scans."""
    written = sorted(folder.iterdir())
    assert len(written) == len(pictures)
    return max(
        float(np.abs(rgb_of(path) @ weights - picture).max()) for path, picture in zip(written, pictures, strict=True)
    )


def is_coloured(path: Path) -> bool:
    rgb = rgb_of(path).astype(float)
    return float(np.ptp(rgb, axis=2).mean()) > 300


@pytest.mark.parametrize("suffix", [".tif", ".dpx", ".png", ".exr"])
def test_pictures_have_the_scans_luma_and_numbers(tmp_path: Path, settings: Settings, suffix: str) -> None:
    pictures = drawn(12)
    reel = scans(tmp_path / "reel", pictures, first=86_399)
    out = restore_film(reel, tmp_path / f"coloured/frame_%07d{suffix}", in_segments(replace(settings, scans=AT_18)))
    assert out == tmp_path / "coloured"
    assert sorted(path.name for path in out.iterdir()) == [f"frame_{86_399 + i:07d}{suffix}" for i in range(12)]
    assert luma_error(out, pictures) <= (24 if suffix == ".exr" else 1)  # a half float has 11 bits
    assert is_coloured(out / f"frame_0086405{suffix}")
    assert {path.name for path in tmp_path.iterdir()} == {"coloured", "reel"}


def test_colours_give_way_and_luma_does_not() -> None:
    rng = np.random.default_rng(0)
    luma, cb, cr = rng.integers(0, 65_536, (3, 200, 300)).astype(np.uint16)
    luma[0, :2] = 0, 65_535
    rgb = rgb_codes(luma, cb, cr, (0.2126, 0.0722))
    assert np.abs(rgb @ WEIGHTS - luma).max() <= 0.51
    assert (np.ptp(rgb[luma > 0], axis=-1) > 0).mean() > 0.9


def test_a_span_keeps_the_numbers_of_its_scans(tmp_path: Path, settings: Settings) -> None:
    reel = scans(tmp_path / "reel", drawn(18), first=100)
    cut = replace(settings, scans=AT_18, start=Fraction(1, 3), end=Fraction(2, 3))
    out = restore_film(reel / "scan_%06d.tif", tmp_path / "out/x%d.tif", cut)
    assert sorted(path.name for path in out.iterdir()) == [f"x{number}.tif" for number in range(106, 112)]


def test_films_become_pictures_counted_from_zero(tmp_path: Path, settings: Settings) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    out = restore_film(film, tmp_path / "out/f%03d.png", settings)
    codes = [np.rint((luma.astype(float) - 16).clip(0, 219) / 219 * 65_535) for _, luma in true_lumas(film)]
    assert (out / "f000.png").exists()
    assert luma_error(out, np.stack(codes), np.array([0.299, 0.587, 0.114])) <= 1  # a small film is BT.601


def test_words_of_dpx_headers_are_carried(tmp_path: Path, settings: Settings) -> None:
    reel = scans(tmp_path / "reel", drawn(3), ".dpx")
    for number, path in enumerate(sorted(reel.iterdir())):
        write_dpx_header(path, rate=18, timecode=0x01000000 + number, transfer=1, low=6086, high=43_882)
    out = restore_film(reel, tmp_path / "out/f%04d.dpx", settings)
    header = read_header(out / "f0003.dpx")
    assert header is not None
    assert (header.timecode, header.rate) == ("01:00:00:02", 18)
    assert header.log == read_header(reel / "scan_000003.dpx").log  # type: ignore[union-attr]
    data = (out / "f0003.dpx").read_bytes()
    assert data[1664:1688] == b"KODAK film edge code 1234"[:24]
    assert struct.unpack_from(">I", data, 16)[0] == len(data)
    assert luma_error(out, drawn(3)) <= 1


def test_a_held_picture_has_its_neighbours_header(tmp_path: Path, settings: Settings) -> None:
    reel = scans(tmp_path / "reel", drawn(4), ".dpx")
    for path in sorted(reel.iterdir()):
        write_dpx_header(path, rate=18, transfer=1)
    (reel / "scan_000002.dpx").unlink()
    (reel / "scan_000003.dpx").write_bytes(b"")
    out = restore_film(reel, tmp_path / "out/f%d.dpx", replace(settings, skip_damaged=True))
    headers = [read_header(out / f"f{number}.dpx") for number in (1, 2, 3, 4)]
    assert all(header is not None and header.log is not None for header in headers)
    assert luma_error(out, drawn(4)[[0, 0, 0, 3]]) <= 1


class StoppedError(Exception):
    """The run ends here."""


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_and_the_folder_appears_whole(tmp_path: Path, settings: Settings) -> None:
    reel = scans(tmp_path / "reel", drawn(27))
    chosen = in_segments(replace(settings, scans=AT_18))
    whole = restore_film(reel, tmp_path / "whole/f%04d.tif", chosen)
    seen = list[int]()

    def stop(pts: int) -> None:
        seen.append(pts)
        if pts == 20:
            raise StoppedError

    with pytest.raises(StoppedError):
        restore_heard(reel, tmp_path / "out/f%04d.tif", chosen, listener=Listener(on_frame=stop))
    assert not (tmp_path / "out").exists()
    seen.clear()
    out = restore_heard(reel, tmp_path / "out/f%04d.tif", chosen, listener=Listener(on_frame=seen.append))
    assert min(seen) == 18
    assert [each.read_bytes() for each in sorted(out.iterdir())] == [
        each.read_bytes() for each in sorted(whole.iterdir())
    ]
    assert not (tmp_path / "out.restore").exists()


@pytest.mark.slow
def test_a_folder_that_holds_anything_else_is_left_alone(tmp_path: Path, settings: Settings) -> None:
    reel, chosen = scans(tmp_path / "reel", drawn(2)), replace(settings, scans=AT_18)
    out = tmp_path / "out"
    out.mkdir()
    restore_film(reel, out / "f%04d.tif", chosen)

    def refused(place: Path, kind: type[FilmError] = OutputError, **how: Any) -> str:
        before = listing(tmp_path)
        with pytest.raises(kind) as caught:
            restore_film(reel, place, how.pop("chosen", chosen), **how)
        assert listing(tmp_path) == before
        return str(caught.value)

    assert "holds pictures already; --overwrite replaces them" in refused(out / "f%04d.tif")
    assert restore_film(reel, out / "f%04d.tif", chosen, overwrite=True) == out
    assert len(list(out.iterdir())) == 2
    assert "holds other files" in refused(out / "g%04d.tif", overwrite=True)
    assert "is the folder of the film" in refused(reel / "scan_%06d.tif", overwrite=True)
    assert "make it: mkdir -p" in refused(tmp_path / "a/b/f%04d.tif")
    assert "folder of their own" in refused(Path("f%04d.tif"))
    codec: Codec = "prores"
    encode = replace(chosen, encode=EncodeSettings(codec))
    assert "leave out --codec" in refused(tmp_path / "new/f%d.tif", SettingsError, chosen=encode)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".tif", ".dpx"])
def test_two_hundred_scans_at_18_a_second(tmp_path: Path, settings: Settings, suffix: str) -> None:
    pictures = drawn(200, (96, 128))
    reel, chosen = scans(tmp_path / "reel", pictures, suffix, first=1001), replace(settings, scans=AT_18)
    out = restore_film(reel, tmp_path / "out/f%06d.tif", in_segments(chosen, Fraction(4)))
    assert luma_error(out, pictures) <= 1
    film = restore_film(reel, None, replace(in_segments(chosen, Fraction(4)), encode=EncodeSettings("ffv1")))
    assert film.suffix == ".mkv"
    kept = [luma for _, luma in true_lumas(film)]
    assert len(kept) == 200
    assert all(np.array_equal(luma, picture) for luma, picture in zip(kept, pictures, strict=True))
