"""What is copied beside the picture arrives as it was."""

from __future__ import annotations

import av
import pytest

from pipelines.settings import Settings
from tests.made.readers import packets
from tests.made.runs import Films
from tests.made.sounds import with_sound


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_sound_without_a_layout_gets_the_usual_one(films: Films, settings: Settings, ending: str) -> None:
    film = films(with_sound, ".avi", codec="pcm_s16le")
    with av.open(film) as before:
        assert before.streams.audio[0].layout.name == "2 channels"
    out = films.restored(film, settings, ending)
    with av.open(out) as after:
        sound = after.streams.audio[0]
        assert (sound.codec_context.name, sound.layout.name, sound.sample_rate) == ("pcm_s16le", "stereo", 48_000)
    assert b"".join(packets(out, 1)) == b"".join(packets(film, 1))
