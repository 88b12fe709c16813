"""Probe tells what a film holds, and says plainly what is wrong with a file that is none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.display import DisplayMatrix
from pipelines.errors import InputError
from pipelines.frames import ColouredFrame
from pipelines.media import encode
from pipelines.media.encode import Encode
from pipelines.media.probe import probe
from pipelines.settings import Codec, EncodeSettings
from pipelines.source import Film
from tests.made import broken, clips, pictures
from tests.made.encoding import interlace_types
from tests.made.handmade import frame, target
from tests.made.readers import times
from tests.made.tracks import Colours, PictureTrack, write

CONTAINERS = [".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".ts"]


def streams(film: Film) -> list[tuple[str, str]]:
    return [(other.kind, other.language) for other in film.others]


@pytest.mark.parametrize("ending", CONTAINERS)
def test_tells_size_rate_and_times_of_every_container(tmp_path: Path, ending: str) -> None:
    path = clips.plain(tmp_path / f"film{ending}")
    film = probe(path)
    with av.open(path) as opened:
        stream, container = opened.streams.video[0], opened.format.name
    assert (film.path, film.container, film.picture.index) == (path, container, 0)
    assert (film.picture.width, film.picture.height) == (pictures.WIDTH, pictures.HEIGHT)
    assert film.picture.time_base == stream.time_base
    assert film.picture.frame_rate == Fraction(24)
    assert (film.picture.display_matrix, film.picture.field_order) == (DisplayMatrix(), "progressive")
    assert film.picture.sample_aspect_ratio == 1
    assert film.start == times(path)[0]
    assert (film.others, film.chapters) == ((), 0)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts"])
def test_lasts_from_the_first_frame_to_the_end_of_the_last(tmp_path: Path, ending: str) -> None:
    assert abs(probe(clips.plain(tmp_path / f"film{ending}")).duration - 1) < Fraction(1, 200)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".ts"])
def test_late_start_does_not_count_as_duration(tmp_path: Path, ending: str) -> None:
    film = probe(clips.late_start(tmp_path / f"film{ending}"))
    assert film.start == 2
    assert abs(film.duration - 1) < Fraction(1, 200)


@pytest.mark.parametrize("ending", [".mkv", ".webm"])
def test_finds_the_duration_where_the_header_has_none(tmp_path: Path, ending: str) -> None:
    assert abs(probe(clips.without_duration(tmp_path / f"film{ending}")).duration - 1) < Fraction(1, 200)


def test_counts_packets_where_the_header_says_years(tmp_path: Path) -> None:
    path = clips.plain(tmp_path / "film.avi")
    data = bytearray(path.read_bytes())
    frames = data.index(b"strh") + 8 + 32  # dwLength
    data[frames : frames + 4] = (1 << 31).to_bytes(4, "little")
    path.write_bytes(data)
    with av.open(path) as film:
        stream = film.streams.video[0]
        assert (stream.duration or 0) * (stream.time_base or 1) > 10**7
    assert abs(probe(path).duration - 1) < Fraction(1, 20)


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_hidden_frames_count_for_nothing(tmp_path: Path, ending: str) -> None:
    film = probe(clips.trimmed(tmp_path / f"film{ending}"))
    assert film.start == 0
    assert abs(film.duration - Fraction(14, 24)) < Fraction(1, 200)


def test_fragmented_film_begins_with_its_first_frame(tmp_path: Path) -> None:
    film = probe(clips.fragmented(tmp_path / "film.mp4"))
    assert film.start == Fraction(2, 24)
    assert abs(film.duration - 1) < Fraction(1, 200)


def test_single_frame_lasts_longer_than_nothing(tmp_path: Path) -> None:
    for ending in CONTAINERS:
        assert probe(clips.one_frame(tmp_path / f"film{ending}")).duration > 0


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("libx264", ".mkv"), ("mpeg4", ".avi")])
def test_tells_the_shape_of_a_pixel(tmp_path: Path, codec: str, ending: str) -> None:
    assert probe(clips.wide_pixels(tmp_path / f"film{ending}", codec)).picture.sample_aspect_ratio == Fraction(16, 11)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(("turned", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_tells_the_rotation_counter_clockwise(tmp_path: Path, ending: str, turned: int, turns: int) -> None:
    assert probe(clips.rotated(tmp_path / f"film{ending}", turned)).picture.display_matrix.turns == turns


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("mpeg2video", ".mpg"), ("ffv1", ".mkv")])
def test_tells_interlaced_with_the_top_field_first(tmp_path: Path, codec: str, ending: str) -> None:
    assert probe(clips.interlaced(tmp_path / f"film{ending}", codec)).picture.field_order == "top"


@pytest.mark.parametrize(("codec", "encoder"), [("h264", "libx264"), ("ffv1", "ffv1"), ("prores", "prores_ks")])
def test_tells_interlaced_with_the_bottom_field_first(tmp_path: Path, codec: Codec, encoder: str) -> None:
    deep = {"bits": 10, "chroma_format": "422", "source_bits": 10} if codec == "prores" else {}
    form = target(codec=codec, encoder=encoder, field_order="bottom", **deep)
    dtype = np.uint16 if deep else np.uint8
    luma, gray = np.full((form.height, form.width), 100, dtype), np.full(form.chroma_size, 128, dtype)
    frames = [ColouredFrame(frame(luma, pts), gray, gray, 0) for pts in range(4)]
    path = tmp_path / "film.mov"
    Encode(form, EncodeSettings(codec))(frames, path)
    assert probe(path).picture.field_order == "bottom"


def test_frames_that_say_bottom_field_first_are_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # as FFmpeg writes H.264 unless x264 is told too: the order of display says top, the frames say bottom
    monkeypatch.setattr(encode, "encoder_options", lambda target, settings: {})
    form = target(codec="h264", encoder="libx264", field_order="bottom")
    gray = np.full(form.chroma_size, 128, np.uint8)
    frames = [ColouredFrame(frame(np.full((96, 128), 100, np.uint8), pts), gray, gray, 0) for pts in range(4)]
    path = tmp_path / "film.mp4"
    Encode(form, EncodeSettings())(frames, path)
    assert interlace_types(path) == ["BOTTOMFIRST"] * 4
    assert probe(path).picture.field_order == "bottom"


@pytest.mark.parametrize("ending", [".avi", ".mov"])
def test_tells_the_bottom_field_first_of_dv(tmp_path: Path, ending: str) -> None:
    drawn = pictures.pan(3, width=720, height=576)
    path = write(tmp_path / f"film{ending}", PictureTrack(drawn, codec="dvvideo", rate=Fraction(25)))
    assert probe(path).picture.field_order == "bottom"  # all DV is


@pytest.mark.parametrize(
    ("pix_fmt", "bits", "is_full_range", "is_gray", "is_rgb"),
    [
        ("gray", 8, True, True, False),
        ("gray10le", 10, True, True, False),
        ("gray12le", 12, True, True, False),
        ("yuv420p12le", 12, False, False, False),
        ("yuv420p", 8, False, False, False),
        ("yuv422p10le", 10, False, False, False),
        ("yuvj420p", 8, True, False, False),
        ("rgb24", 8, True, False, True),
    ],
)
def test_tells_how_samples_are_stored(
    tmp_path: Path, pix_fmt: str, bits: int, is_full_range: bool, is_gray: bool, is_rgb: bool
) -> None:
    picture = probe(clips.in_format(tmp_path / "film", pix_fmt)).picture
    stored = (picture.pixel_format, picture.bits, picture.is_full_range, picture.is_gray, picture.is_rgb)
    assert stored == (pix_fmt, bits, is_full_range, is_gray, is_rgb)


def test_gray_of_limited_range_is_known_by_its_tag(tmp_path: Path) -> None:
    track = PictureTrack(pictures.pan(2), codec="ffv1", pix_fmt="gray", full_range=False)
    assert not probe(write(tmp_path / "film.mkv", track)).picture.is_full_range


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("colours", Colours)
def test_tells_the_colour_tags(tmp_path: Path, colours: Colours, full_range: bool) -> None:
    picture = probe(clips.tagged(tmp_path / "film.mp4", colours, full_range)).picture
    assert (picture.matrix, picture.primaries, picture.transfer) == (colours, colours, colours)
    assert picture.is_full_range == full_range


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_names_every_other_stream(tmp_path: Path, ending: str) -> None:
    film = probe(clips.everything(tmp_path / f"film{ending}"))
    named = [("audio", "eng"), ("audio", "fra"), ("audio", "ger"), ("subtitle", "ger")]
    assert streams(film)[:4] == named
    kinds = {".mp4": ["video"], ".mov": [], ".mkv": ["video", "attachment"]}[ending]  # cover, font
    assert [kind for kind, _ in streams(film)[4:]] == kinds
    assert film.picture.width == pictures.WIDTH
    assert film.chapters == 2


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_counts_chapters_and_takes_them_for_no_stream(tmp_path: Path, ending: str) -> None:
    film = probe(clips.with_chapters(tmp_path / f"film{ending}"))
    assert (film.chapters, film.others) == (2, ())


def test_names_a_data_stream(tmp_path: Path) -> None:
    assert [kind for kind, _ in streams(probe(clips.with_data(tmp_path / "film.ts")))] == ["data"]


def test_missing_packets_do_not_keep_a_film_from_being_read(tmp_path: Path) -> None:
    assert probe(broken.damaged_packets(tmp_path / "film.mkv", scrambled=(0, 1))).picture.width == pictures.WIDTH
    assert probe(broken.cut_short(tmp_path / "short.mkv")).duration > Fraction(1, 4)


def test_never_writes_to_the_film(tmp_path: Path) -> None:
    path = clips.everything(tmp_path / "film.mkv")
    before = path.read_bytes()
    probe(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (broken.empty, "the file is empty"),
        (broken.text, "give a video file"),
        (broken.audio_only, "only audio"),
        (broken.without_index, "index is missing"),
        (broken.fragment, "a fragment of an MP4 without its beginning"),
        (broken.without_fragments, "join its fragments behind it"),
    ],
)
def test_says_what_is_wrong_with_a_file_that_is_no_film(tmp_path: Path, draw: broken.Draw, words: str) -> None:
    path = draw(tmp_path / "film.mp4")
    with pytest.raises(InputError, match=words) as caught:
        probe(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_says_that_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        probe(tmp_path / "film.mp4")


def test_says_that_a_folder_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        probe(tmp_path)
