"""Pictures put together by the graph are the pictures that went in, to the pixel."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import ffmpeg
import imageio_ffmpeg
import numpy as np
import pytest

from pipelines.errors import OutputError
from pipelines.preview import compose, pipe
from pipelines.preview.pipe import INPUT, Moment, Yuv
from tests.made.handmade import target
from tests.made.readers import samples

SIZE = 48, 64
TICKS = Fraction(1, 1000)
SOURCE = ffmpeg.input(**INPUT)


def noise(seed: int, rows: int = SIZE[0], columns: int = SIZE[1]) -> Yuv:
    """A picture whose every sample is another."""
    rng = np.random.default_rng(seed)
    planes = [
        rng.integers(16, 236, size).astype(np.uint8) for size in [(rows, columns)] + 2 * [(rows // 2, columns // 2)]
    ]
    return Yuv(*planes)


def put_together(screen: compose.Node, pictures: list[Yuv], tmp_path: Path, times: tuple[int, ...] = (0,)) -> Path:
    """A lossless film of what the graph makes of the pictures, shown at all times."""
    out = tmp_path / "out.nut"
    how: dict[str, Any] = {
        "vcodec": "rawvideo",
        "pix_fmt": "yuv420p",
        "fps_mode": "passthrough",
        "enc_time_base": "1/1000",
    }
    arguments = ffmpeg.output(screen, str(out), format="nut", **how).get_args()
    pipe.run(["-v", "error", *arguments], [Moment(pts, pictures) for pts in times], TICKS, Fraction(25), out)
    return out


def planes(film: Path) -> list[np.ndarray[Any, Any]]:
    """Y', Cb and Cr of the first frame."""
    with av.open(film) as opened:
        frame = next(opened.decode(video=0))
        return [samples(frame, channel) for channel in range(3)]


def grayed(picture: Yuv) -> list[np.ndarray[Any, Any]]:
    return [picture.luma, np.full_like(picture.cb, 128), np.full_like(picture.cr, 128)]


def own(picture: Yuv) -> list[np.ndarray[Any, Any]]:
    return [picture.luma, picture.cb, picture.cr]


@pytest.mark.parametrize(("layout", "join"), [("side", np.hstack), ("over", np.vstack)])
def test_both_pictures_lie_beside_or_above_each_other_and_nothing_is_between(
    tmp_path: Path, layout: Any, join: Any
) -> None:
    screen = compose.arranged(SOURCE["v:0"], SIZE, layout)
    picture = noise(0)
    shown = planes(put_together(screen.node, [picture], tmp_path))
    assert screen.size == shown[0].shape
    for plane, before, after in zip(shown, grayed(picture), own(picture), strict=True):
        assert np.array_equal(plane, join([before, after]))


def test_the_halves_of_a_split_picture_meet_to_the_pixel(tmp_path: Path) -> None:
    picture = noise(0)
    luma, *chroma = planes(put_together(compose.arranged(SOURCE["v:0"], SIZE, "split").node, [picture], tmp_path))
    middle = SIZE[1] // 2
    is_line = np.zeros(SIZE[1], bool)
    is_line[middle - 1 : middle + 1] = True
    assert np.array_equal(luma[:, ~is_line], picture.luma[:, ~is_line])
    assert (luma[:, is_line] > 230).all()
    for plane, coloured in zip(chroma, (picture.cb, picture.cr), strict=True):
        assert (plane[:, : middle // 2] == 128).all()
        assert np.array_equal(plane[:, middle // 2 + 1 :], coloured[:, middle // 2 + 1 :])


def test_a_layout_of_colour_alone_is_the_picture(tmp_path: Path) -> None:
    screen = compose.arranged(SOURCE["v:0"], SIZE, "colour")
    picture = noise(0)
    shown = planes(put_together(screen.node.filter("null"), [picture], tmp_path))
    assert all(np.array_equal(*pair) for pair in zip(shown, own(picture), strict=True))


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_a_grid_shows_black_and_white_and_then_every_variant_in_its_place(tmp_path: Path, count: int) -> None:
    pictures = [noise(seed) for seed in range(count)]
    screen = compose.grid([SOURCE[f"v:{i}"] for i in range(count)], SIZE)
    shown = planes(put_together(screen.node, pictures, tmp_path))
    assert screen.size == shown[0].shape
    for (left, top), tile in zip(screen.places, [grayed(pictures[0]), *map(own, pictures)], strict=True):
        for plane, expected, step in zip(shown, tile, (1, 2, 2), strict=True):
            rows, columns = expected.shape
            assert np.array_equal(plane[top // step :, left // step :][:rows, :columns], expected)


@pytest.mark.parametrize(("tiles", "columns"), [(2, 2), (3, 2), (4, 2), (5, 3), (9, 3), (10, 4)])
def test_a_grid_is_at_least_as_wide_as_high(tiles: int, columns: int) -> None:
    assert compose.grid_columns(tiles) == columns


def test_a_caption_covers_its_place_and_no_other(tmp_path: Path) -> None:
    picture, words = noise(0), pipe.colourless(np.full((12, 20), 16, np.uint8))
    screen = compose.captioned(SOURCE["v:0"], [(SOURCE["v:1"], (8, 6))])
    luma = planes(put_together(screen, [picture, words], tmp_path))[0]
    expected = picture.luma.copy()
    expected[6:18, 8:28] = 16
    assert np.array_equal(luma, expected)


def test_uneven_times_stay_exact(tmp_path: Path) -> None:
    times = 0, 42, 83, 100, 251, 900
    node, out = compose.arranged(SOURCE["v:0"], SIZE, "side").node, tmp_path / "out.mp4"
    arguments = compose.to_file(node, None, target(), TICKS, out)
    pipe.run(arguments, [Moment(pts, [noise(pts)]) for pts in times], TICKS, Fraction(25), out)
    with av.open(out) as film:
        assert tuple(round(frame.time * 1000) for frame in film.decode(video=0)) == times


def test_a_file_begins_with_its_index_and_names_its_colours(tmp_path: Path) -> None:
    node, out = compose.arranged(SOURCE["v:0"], SIZE, "side").node, tmp_path / "out.mp4"
    pipe.run(compose.to_file(node, None, target(matrix=6, primaries=6, transfer=6), TICKS, out),
             [Moment(0, [noise(0)])], TICKS, Fraction(25), out)  # fmt: skip
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(out) as film:
        frame = next(film.decode(video=0))
        assert (frame.format.name, frame.colorspace, frame.color_primaries, frame.color_trc) == ("yuv420p", 6, 6, 6)
        assert film.streams.video[0].codec_context.name == "h264"


def test_what_ffmpeg_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    arguments = ["-v", "error", "-i", str(tmp_path / "nothing"), str(tmp_path / "out.mp4")]
    with pytest.raises(OutputError, match="FFmpeg cannot write it"):
        pipe.run(arguments, (Moment(pts, [noise(0)]) for pts in range(500)), TICKS, Fraction(25), tmp_path / "out.mp4")


def test_a_failure_on_the_way_ends_ffmpeg_and_is_raised(tmp_path: Path) -> None:
    def broken() -> Any:
        yield Moment(0, [noise(0)])
        raise KeyError("on the way")

    arguments = compose.to_file(SOURCE["v:0"].filter("null"), None, target(), TICKS, tmp_path / "out.mp4")
    with pytest.raises(KeyError):
        pipe.run(arguments, broken(), TICKS, Fraction(25), tmp_path / "out.mp4")


def test_the_binary_has_every_filter_of_the_graphs() -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-filters"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 2}
    pictures = {"split", "lutyuv", "hstack", "vstack", "xstack", "crop", "overlay", "drawbox", "setparams"}
    assert pictures | {"atrim", "asetpts", "aresample", "apad", "aformat", "concat"} <= names
