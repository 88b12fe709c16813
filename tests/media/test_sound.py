"""Sound whose codec no container holds is written as PCM: every sample that a decoder gives, at its time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.job.job import prepare
from pipelines.settings import Settings
from tests.made.runs import Films
from tests.made.sounds import with_sound

NOWHERE_HELD = [(".avi", "wmav2", "pcm_f32le"), (".avi", "adpcm_ms", "pcm_s16le"), (".vob", "pcm_dvd", "pcm_s16le")]


def samples(path: Path) -> tuple[str, float, NDArray[Any]]:
    """The codec of a film's sound, seconds of its first sample, and all samples, (channels, N)."""
    with av.open(path) as film:
        stream = film.streams.audio[0]
        frames = list(film.decode(stream))
        parts = [
            frame.to_ndarray().reshape(len(frame.layout.channels), -1, order="CF"[not frame.format.is_planar])
            for frame in frames
        ]
        return stream.codec_context.name, float(frames[0].pts * frames[0].time_base), np.concatenate(parts, axis=1)


@pytest.mark.parametrize("wanted", [".mkv", ".mov", ".mp4"])
@pytest.mark.parametrize(("ending", "codec", "pcm"), NOWHERE_HELD)
def test_every_sample_comes_at_its_time(
    films: Films, settings: Settings, ending: str, codec: str, pcm: str, wanted: str
) -> None:
    film = films(with_sound, ending, codec=codec)
    _, begins, before = samples(film)
    written, begins_now, after = samples(films.restored(film, settings, wanted))
    assert (written, begins_now) == (pcm, pytest.approx(begins, abs=1e-3))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(("ending", "codec", "pcm"), NOWHERE_HELD)
def test_a_note_says_so_before_the_run(
    films: Films, settings: Settings, tmp_path: Path, ending: str, codec: str, pcm: str
) -> None:
    note = (
        f"no container holds the codec of sound, which is written sample for sample: audio stream 1 ({codec}) as {pcm}"
    )
    assert note in prepare(films(with_sound, ending, codec=codec), None, settings, stem=tmp_path / "out").target.notes


def test_a_span_has_the_sound_of_its_time(films: Films, settings: Settings) -> None:
    film = films(with_sound, ".avi", codec="adpcm_ms")
    _, _, whole = samples(film)
    _, begins, part = samples(films.restored(film, replace(settings, start=Fraction(1, 2)), ".mkv"))
    assert 0 <= begins < 0.05
    np.testing.assert_array_equal(part, whole[:, -part.shape[1] :])
