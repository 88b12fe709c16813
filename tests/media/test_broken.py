"""Each broken input is broken in the way that its name claims, and in no other."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.error import InvalidDataError

from tests.made import broken, clips
from tests.made.readers import packets, pts_list, true_chromas, true_lumas


@pytest.mark.parametrize("draw", [broken.empty, broken.text, broken.without_index])
def test_these_cannot_be_opened(tmp_path: Path, draw: broken.Draw) -> None:
    path = draw(tmp_path / "film.mp4")
    with pytest.raises(InvalidDataError):
        av.open(path)


def test_audio_only_has_no_pictures(tmp_path: Path) -> None:
    with av.open(broken.audio_only(tmp_path / "film.mp4")) as film:
        assert (len(film.streams.video), len(film.streams.audio)) == (0, 1)


@pytest.mark.parametrize("ending", [".mkv", ".ts", ".avi", ".mpg"])
def test_cut_short_opens_and_ends_early(tmp_path: Path, ending: str) -> None:
    shown = len(pts_list(broken.cut_short(tmp_path / f"short{ending}")))
    assert 0 < shown < len(pts_list(clips.plain(tmp_path / f"film{ending}")))


def decode_all(path: Path) -> tuple[int, int, int]:
    """Frames decoded, those among them flagged as corrupt, and packets refused."""
    frames, corrupt, refused = 0, 0, 0
    with av.open(path) as film:
        for packet in film.demux(video=0):
            try:
                decoded = packet.decode()
            except InvalidDataError:
                refused += 1
                continue
            frames += len(decoded)
            corrupt += sum(frame.is_corrupt for frame in decoded)
    return frames, corrupt, refused


@pytest.mark.parametrize(
    ("codec", "ending"),
    [("libx264", ".mp4"), ("libx264", ".mkv"), ("libx264", ".ts"), ("mpeg4", ".avi"), ("ffv1", ".mkv")],
)
def test_damaged_packets_are_noticed_by_the_decoder(tmp_path: Path, codec: str, ending: str) -> None:
    path = broken.damaged_packets(tmp_path / f"film{ending}", codec=codec)
    frames, corrupt, refused = decode_all(path)
    assert len(packets(path, 0)) == 48
    assert corrupt + refused > 0
    assert frames >= 46
    assert decode_all(broken.damaged_packets(tmp_path / f"whole{ending}", (), codec)) == (48, 0, 0)


def test_damaged_keyframe_in_ts_loses_frames_in_silence(tmp_path: Path) -> None:
    path = broken.damaged_packets(tmp_path / "film.ts", scrambled=(24,))
    frames, corrupt, refused = decode_all(path)
    assert (corrupt, refused) == (0, 0)
    assert frames < 40 < len(packets(path, 0)) < 48  # the packet is taken for a part of the one before


def chroma_spread(path: Path) -> float:
    """The standard deviation of Cb and Cr, of one frame, the larger."""
    return max(float(plane.std()) for planes in true_chromas(path)[:1] for plane in planes)


def test_in_colour_has_colours_that_luma_does_not_tell(tmp_path: Path) -> None:
    path = broken.in_colour(tmp_path / "film.mp4")
    assert chroma_spread(path) > 15
    assert chroma_spread(clips.plain(tmp_path / "plain.mp4")) == 0


def test_tinted_is_one_tint(tmp_path: Path) -> None:
    path = broken.tinted(tmp_path / "film.mp4")
    blue, red = true_chromas(path)[0]
    assert chroma_spread(path) < 0.5
    assert (round(blue.mean()), round(red.mean())) == (128 - 18, 128 + 11)


def test_tinted_by_luma_is_known_by_luma(tmp_path: Path) -> None:
    path = broken.tinted(tmp_path / "film.mp4", by_luma=True)
    luma = (true_lumas(path)[0][1][::2, ::2].astype(float) - 16) / 219
    blue, _ = true_chromas(path)[0]
    told = 128 - 0.08 * 224 * 4 * luma * (1 - luma)
    assert chroma_spread(path) > 2
    assert np.abs(blue - told).mean() < 1
