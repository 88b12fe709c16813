"""A picture of a frame keeps its bits, and its film and time, in PNG and TIFF."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.media.still_file import StillTag, picture_file, read_painted, tag_of, tagged

TAG = StillTag("0123456789ab", Fraction(7, 24))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_picture_and_tag_come_back_as_they_were_written(tmp_path: Path, suffix: str, kind: type) -> None:
    drawn = np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, (31, 45, 3), kind)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(tagged(picture_file(drawn, suffix), TAG))
    read = read_painted(path)
    assert np.array_equal(np.rint(read.rgb * np.iinfo(kind).max).astype(kind), drawn)
    assert read.alpha.min() == 1
    assert tag_of(path) == TAG


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_other_programs_find_the_tag_and_keep_it(tmp_path: Path, suffix: str) -> None:
    path, again = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    path.write_bytes(tagged(picture_file(np.full((8, 8, 3), 99, np.uint8), suffix), TAG))
    with Image.open(path) as opened:
        opened.load()
        assert str(TAG) in str(opened.info | dict(getattr(opened, "tag_v2", {})))
        if suffix == ".tif":
            opened.save(again, tiffinfo=opened.tag_v2)
            assert tag_of(again) == TAG


def test_time_ends_where_it_is_written_to_end(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(str(StillTag("0123456789ab", Fraction(7))).encode() + b"42")
    assert tag_of(path) == StillTag("0123456789ab", Fraction(7))


def test_transparency_is_read_and_what_is_no_picture_refused(tmp_path: Path) -> None:
    drawn = np.zeros((4, 6, 4), np.uint16)
    drawn[:, 3:, 3] = 0xFFFF
    cv2.imwrite(str(tmp_path / "a.tif"), drawn)
    assert read_painted(tmp_path / "a.tif").alpha.mean() == 0.5
    assert tag_of(tmp_path / "a.tif") is None
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="no picture"):
        read_painted(tmp_path / "b.png")
