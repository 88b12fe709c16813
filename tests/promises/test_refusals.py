"""What cannot be restored is refused in one line that says where, what and what to do, and nothing is written."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import DamagedError, InputError, MissingError, SettingsError, timecode
from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.media.coloured import colours_of
from pipelines.media.probe import probe
from pipelines.settings import EncodeSettings, Settings
from restore.api import restore_film
from tests.made import broken, clips, pictures
from tests.made.extra_tracks import AudioTrack
from tests.made.readers import pts_list, times, true_chromas
from tests.made.runs import Refuse, in_segments
from tests.made.tracks import PictureTrack, write


@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (broken.empty, "the file is empty"),
        (broken.text, "not a film that can be read"),
        (broken.audio_only, "no picture in it, only audio"),
        (broken.without_index, "its index is missing"),
    ],
)
def test_a_file_that_is_no_film_is_refused(refusal: Refuse, tmp_path: Path, draw: broken.Draw, what: str) -> None:
    assert what in refusal(InputError, draw(tmp_path / "film.mp4"))


@pytest.mark.parametrize("ending", [".mkv", ".ts", ".avi"])
def test_a_film_cut_short_between_frames_keeps_those_it_has(settings: Settings, tmp_path: Path, ending: str) -> None:
    film = broken.cut_short(tmp_path / f"film{ending}")
    assert times(restore_film(film, None, settings)) == times(film)


def test_a_film_that_ends_long_before_its_end_is_reported(settings: Settings, tmp_path: Path) -> None:
    film = broken.cut_short(tmp_path / "film.mkv", frames=120)
    last = timecode(times(film)[-1] + Fraction(1, 24) - Fraction(1, 1000))  # which Matroska cuts to milliseconds
    (note,) = restore(prepare(film, tmp_path / "out.mkv", settings)).notes
    assert note == (
        f"the film's last frame ends at {last}, and it should go on to 00:00:05.000: it may have been cut short"
    )
    span = replace(settings, end=Fraction(1))
    assert restore(prepare(film, tmp_path / "span.mkv", span)).notes == []


@pytest.mark.parametrize(
    ("gop", "begin"),
    [(96, 0.05), (24, 0.5)],
    ids=["all hangs on a damaged keyframe", "a keyframe is missing"],
)
def test_what_damage_does_to_colours_is_not_taken_for_a_film_in_colour(tmp_path: Path, gop: int, begin: float) -> None:
    track = PictureTrack(pictures.pan(96), codec="flv", options={"g": str(gop)})
    assert colours_of(probe(broken.zeroed(tmp_path / "film.flv", track, begin, 0.2))) == 0


def test_a_film_in_which_times_cannot_be_found_is_looked_at_elsewhere(tmp_path: Path) -> None:
    track = PictureTrack(pictures.pan(240, width=320, height=240), options={"g": "24"})
    assert colours_of(probe(broken.zeroed(tmp_path / "film.ts", track, 0.2, 0.4))) == 0


def test_a_film_cut_short_within_a_frame_is_damaged_there(refusal: Refuse, settings: Settings, tmp_path: Path) -> None:
    film = broken.cut_short(tmp_path / "film.mpg")
    shown = times(film)
    last = f"{float(shown[-1] - shown[0]):.3f}"
    message = refusal(DamagedError, film)
    assert re.search(r"at 00:00:0\d\.\d{3}: packet damaged", message)
    assert message.split("00:00:0")[1][:5] >= last
    kept = times(restore_film(film, None, replace(settings, skip_damaged=True)))
    assert kept[: len(shown)] == shown
    assert len(kept) <= len(shown) + 1


def test_a_film_that_is_not_there_is_refused(refusal: Refuse, tmp_path: Path) -> None:
    assert "no such file" in refusal(MissingError, tmp_path / "film.mp4")


def test_a_folder_is_refused(refusal: Refuse, tmp_path: Path) -> None:
    assert "is a folder" in refusal(InputError, tmp_path)


def test_a_film_without_times_is_refused(refusal: Refuse, tmp_path: Path) -> None:
    film = write(tmp_path / "film.h264", PictureTrack(pictures.pan(), codec="libx264"))
    assert "no time" in refusal(InputError, film)


def test_a_film_whose_times_begin_again_is_refused(refusal: Refuse, tmp_path: Path) -> None:
    reel = clips.plain(tmp_path / "reel.ts")
    (tmp_path / "film.ts").write_bytes(2 * reel.read_bytes())
    message = refusal(InputError, tmp_path / "film.ts")
    assert re.search(r"at 00:00:0\d\.\d{3}: its times run backwards", message)


def test_a_film_with_colours_is_refused_and_says_how_much(refusal: Refuse, tmp_path: Path) -> None:
    message = refusal(InputError, broken.in_colour(tmp_path / "film.mp4"))
    assert re.search(r"has colours already \(chroma \d+\.\d of 255", message)
    assert "--recolour" in message


def test_a_film_with_colours_is_coloured_anew_where_it_is_asked_for(settings: Settings, tmp_path: Path) -> None:
    film = broken.in_colour(tmp_path / "film.mp4")
    out = restore_film(film, None, replace(settings, recolour=True))
    assert times(out) == times(film)
    assert not np.array_equal(true_chromas(out)[0][0], true_chromas(film)[0][0])


@pytest.mark.parametrize("by_luma", [False, True])
def test_a_film_in_one_tint_is_black_and_white(settings: Settings, tmp_path: Path, by_luma: bool) -> None:
    film = broken.tinted(tmp_path / "film.mp4", by_luma)
    assert times(restore_film(film, None, settings)) == times(film)


DAMAGED = [("libx264", ".mp4"), ("libx264", ".mkv"), ("libx264", ".ts"), ("mpeg4", ".avi"), ("ffv1", ".mkv")]
NEXT_TO_DAMAGE = (Fraction(17, 24), Fraction(24, 24))
"""Seconds from the start; packets 20 and 21 are of frames between these, in whatever order they are stored."""


@pytest.mark.parametrize(("codec", "ending"), DAMAGED)
def test_a_damaged_packet_is_reported_with_its_time(refusal: Refuse, tmp_path: Path, codec: str, ending: str) -> None:
    film = broken.damaged_packets(tmp_path / f"film{ending}", codec=codec)
    message = refusal(DamagedError, film)
    found = re.search(r"film\.\w+ at 00:00:0(\d\.\d{3}): packet damaged; --skip-damaged holds", message)
    assert found, message
    assert NEXT_TO_DAMAGE[0] - Fraction(1, 1000) <= Fraction(found[1]) <= NEXT_TO_DAMAGE[1]


@pytest.mark.parametrize(("codec", "ending"), DAMAGED)
def test_damage_is_skipped_where_it_is_asked_for_and_no_frame_is_lost(
    settings: Settings, tmp_path: Path, codec: str, ending: str
) -> None:
    film = broken.damaged_packets(tmp_path / f"film{ending}", codec=codec)
    whole = broken.damaged_packets(tmp_path / f"whole{ending}", (), codec)
    assert times(restore_film(film, None, replace(settings, skip_damaged=True))) == times(whole)


def test_damage_in_a_later_segment_leaves_no_result_and_the_segments_before_it(
    settings: Settings, tmp_path: Path
) -> None:
    film, out = broken.damaged_packets(tmp_path / "film.mp4", (40, 41)), tmp_path / "out.mp4"
    narrow = replace(settings.motion, anchors=Fraction(1, 12), steady=Fraction(0))
    with pytest.raises(DamagedError):
        restore_film(film, out, in_segments(replace(settings, motion=narrow)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.mp4.restore"]
    assert not list(tmp_path.rglob("*.part"))


def test_a_network_that_is_not_there_is_refused(refusal: Refuse, settings: Settings, tmp_path: Path) -> None:
    chosen = replace(settings, paint=replace(settings.paint, network="nosuch"))
    message = refusal(SettingsError, clips.plain(tmp_path / "film.mp4"), tmp_path / "out.mp4", chosen)
    assert "no network 'nosuch'" in message


def test_a_network_that_is_no_network_is_refused(refusal: Refuse, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").write_text("no weights")
    chosen = replace(settings, paint=replace(settings.paint, network=str(tmp_path / "net.safetensors")))
    message = refusal(SettingsError, clips.plain(tmp_path / "film.mp4"), tmp_path / "out.mp4", chosen)
    assert "net.safetensors" in message


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_is_refused_where_there_is_none(refusal: Refuse, settings: Settings, tmp_path: Path) -> None:
    chosen = replace(settings, paint=replace(settings.paint, device="cuda"))
    message = refusal(SettingsError, clips.plain(tmp_path / "film.mp4"), None, chosen)
    assert "no CUDA device here; --device cpu" in message


def test_a_span_after_the_end_is_refused(refusal: Refuse, settings: Settings, tmp_path: Path) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    assert "lies after the film's end" in refusal(SettingsError, film, None, replace(settings, start=Fraction(2)))


def test_a_span_between_two_frames_is_refused(refusal: Refuse, settings: Settings, tmp_path: Path) -> None:
    chosen = replace(settings, start=Fraction(1, 100), end=Fraction(2, 100))
    assert "no frame" in refusal(InputError, clips.plain(tmp_path / "film.mp4"), None, chosen)


@pytest.mark.parametrize("codec", ["h265", "av1", "dnxhr"])
def test_a_codec_that_holds_no_interlaced_film_is_refused(
    refusal: Refuse, settings: Settings, tmp_path: Path, codec: str
) -> None:
    chosen = replace(settings, encode=EncodeSettings(codec))  # type: ignore[arg-type]
    assert "--deinterlace" in refusal(SettingsError, clips.interlaced(tmp_path / "film.mp4"), None, chosen)


@pytest.mark.parametrize(("codec", "width"), [("dnxhr", 128), ("h265", 8)])
def test_a_size_that_an_encoder_refuses_is_reported(
    refusal: Refuse, settings: Settings, tmp_path: Path, codec: str, width: int
) -> None:
    film = write(tmp_path / "film.mkv", PictureTrack(pictures.pan(2, width=width, height=48), codec="ffv1"))
    chosen = replace(settings, encode=EncodeSettings(codec))  # type: ignore[arg-type]
    assert codec in refusal(SettingsError, film, None, chosen)


def test_sound_that_is_damaged_is_no_damage_of_the_picture(settings: Settings, tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", PictureTrack(pictures.pan()), AudioTrack(is_damaged=True))
    assert pts_list(restore_film(film, None, settings)) == pts_list(film)
