"""The promises on films of your own: RESTORE_CLIPS=FOLDER pytest tests/promises/test_real_clips.py."""

from __future__ import annotations

import os
from itertools import zip_longest
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.settings import EncodeSettings, Settings
from restore.api import restore_film
from tests.made.readers import packets, samples

FOLDER = os.environ.get("RESTORE_CLIPS", "")
CLIPS = sorted(path for path in Path(FOLDER).iterdir() if path.is_file()) if FOLDER else []

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CLIPS, reason="needs films: RESTORE_CLIPS=FOLDER"),
]


def copied_streams(path: Path) -> list[int]:
    """Streams that are neither the picture nor written anew by the muxer (chapters, timecode)."""
    with av.open(path) as film:
        return [stream.index for stream in film.streams if stream.type in ("audio", "subtitle", "attachment")]


@pytest.mark.parametrize("clip", CLIPS, ids=[clip.name for clip in CLIPS])
def test_lossless_round_trip_keeps_luma_times_and_every_other_packet(clip: Path, tmp_path: Path) -> None:
    settings = Settings(encode=EncodeSettings("ffv1"), recolour=True)
    film = tmp_path / clip.name
    film.symlink_to(clip.resolve())  # the result lies beside it, in the container that the program chooses
    out = restore_film(film, None, settings)
    with av.open(clip) as was, av.open(out) as now:
        for before, after in zip_longest(was.decode(video=0), now.decode(video=0)):
            assert before is not None
            assert after is not None
            assert before.pts * before.time_base == after.pts * after.time_base
            assert np.array_equal(samples(before, 0), samples(after, 0))
    assert len(copied_streams(clip)) == len(copied_streams(out))
    for before_index, after_index in zip(copied_streams(clip), copied_streams(out), strict=True):
        assert packets(clip, before_index) == packets(out, after_index)
