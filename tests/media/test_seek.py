"""Wherever a format lands when it is sought, decoding goes on to the frame that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from pipelines.media.seek import frames_up_to
from tests.made import clips
from tests.made.runs import Films


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("draw", [clips.plain, clips.b_frames, clips.open_gop, clips.late_start, clips.variable_rate])
def test_the_last_of_the_frames_is_the_one_asked_for(films: Films, draw: Callable[..., Path], ending: str) -> None:
    with av.open(films(draw, ending)) as film:
        stream = film.streams.video[0]
        shown = [pts for frame in film.decode(stream) if (pts := frame.pts) is not None]
        for wanted in reversed(shown):
            *_, last = frames_up_to(film, stream, wanted)
            assert last.pts == wanted


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_a_time_between_frames_or_behind_them_gives_the_next_or_the_last(films: Films, ending: str) -> None:
    with av.open(films(clips.b_frames, ending)) as film:
        stream = film.streams.video[0]
        shown = [pts for frame in film.decode(stream) if (pts := frame.pts) is not None]
        *_, next_one = frames_up_to(film, stream, shown[7] + 1)
        *_, last = frames_up_to(film, stream, shown[-1] + 1000)
        assert (next_one.pts, last.pts) == (shown[8], shown[-1])
