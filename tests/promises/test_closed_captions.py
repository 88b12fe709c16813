"""Closed captions in a film's frames are in the frames of its result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.frames import ColouredFrame
from pipelines.media.encode import Encode
from pipelines.media.target import choose_target
from pipelines.ranges import When
from pipelines.settings import Codec, EncodeSettings, Settings
from tests.made.handmade import FILM, frame
from tests.made.readers import closed_captions
from tests.made.runs import HALF_SECOND, Films, in_segments
from tests.made.side_data import captioned, texts

QUICK = [("h264", ".mp4", ".ts"), ("av1", ".mkv", ".ts"), ("av1", ".mp4", ".mp4")]
SLOW = [("h265", ".mkv", ".mp4"), ("h264", ".mkv", ".ts"), ("h264", ".ts", ".ts"), ("h264", ".mp4", ".mp4"),
        ("h265", ".mp4", ".ts"), ("h265", ".ts", ".mp4"), ("h265", ".mov", ".mp4")]  # fmt: skip


@pytest.mark.parametrize(
    ("codec", "ending", "source"), [*QUICK, *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW)]
)
def test_every_frame_keeps_its_captions(
    films: Films, settings: Settings, codec: Codec, ending: str, source: str
) -> None:
    film = films(captioned, source)
    assert closed_captions(film) == texts()
    coloured = in_segments(replace(settings, encode=EncodeSettings(codec)), HALF_SECOND)
    assert closed_captions(films.restored(film, coloured, ending)) == texts()


@pytest.mark.parametrize("deinterlace", [False, True])
@pytest.mark.parametrize("source", [".ts", ".mp4"])
def test_interlaced_film_keeps_its_closed_captions(
    films: Films, settings: Settings, source: str, deinterlace: bool
) -> None:
    film = films(captioned, source, is_interlaced=True)
    assert closed_captions(films.restored(film, replace(settings, deinterlace=deinterlace))) == texts()


def test_a_span_has_the_captions_of_its_frames(films: Films, settings: Settings) -> None:
    out = films.restored(films(captioned, ".mp4"), replace(settings, start=When("f9"), end=When("f20")))
    assert closed_captions(out) == texts()[9:20]


@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_captions_of_any_bytes_are_kept(tmp_path: Path, codec: Codec) -> None:
    """Zeros in a row would end a unit of H.264 and H.265; one message has 31 triplets, and FFmpeg reads one of AV1."""
    form = choose_target(FILM, EncodeSettings(codec), deinterlace=False)
    text = b"\xfc\0\0" + b"\0\0\1" + b"\0\0\0" * 8 + b"\0\0\3" + (b"\xfd\1\2" * 30 if codec != "av1" else b"")
    planes = [np.full(form.chroma_size, 128, np.uint8)] * 2
    frames = [ColouredFrame(replace(frame(np.full((96, 128), 90, np.uint8)), captions=text), *planes, shot=0)]
    Encode(form, EncodeSettings(codec))(frames, tmp_path / "segment.mp4")
    assert closed_captions(tmp_path / "segment.mp4") == [text]
