"""The studio's memory of a frame saves work and changes no byte."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pipelines.guide import reading
from pipelines.painting.paint import Paint
from pipelines.settings import MotionSettings, PaintSettings, Settings
from restore.api import still
from restore.options.look import with_look_text
from restore.studio import memory
from restore.studio.look import look_text
from restore.studio.pictures import Pictures
from restore.studio.worker import CancelledJobError
from tests.made import clips
from tests.made.runs import Films

RED = {"time": "f40", "x": 70, "y": 20, "colour": "#a03020"}
BLUE = {"time": "f40", "x": 30, "y": 60, "colour": "#2040a0"}
ELSEWHERE = {"time": "f10", "x": 100, "y": 50, "colour": "#20a040"}
REGION = {"time": "f40", "polygon": [[20, 20], [60, 20], [60, 60]], "colour": "#a03020"}
AT = Fraction(40, 24)


def film_look(**said: Any) -> dict[str, Any]:
    return {"film": said}


@pytest.fixture(scope="module")
def directed() -> Settings:
    """Settings under which a frame depends on a second of the film around it, with the network that takes points."""
    motion = MotionSettings(anchors=Fraction(1, 6), steady=Fraction(1, 4), rows=64)
    return Settings(PaintSettings(rows=64, device="cpu"), motion)


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    """A shot that is longer than what one of its frames depends on."""
    return films(clips.plain, ".mp4", frames=96)


@pytest.fixture
def shown(film: Path, directed: Settings, tmp_path: Path) -> Callable[[dict[str, Any]], bytes]:
    """Gives the file of one frame under a look."""
    pictures, out = Pictures([film], directed, lambda: None, lambda *_: None), tmp_path / "still.png"

    def show(look: dict[str, Any]) -> bytes:
        pictures.still(0, str(AT), look, str(out))
        return out.read_bytes()

    return show


@pytest.mark.slow
def test_each_change_of_a_frame_has_the_bytes_of_the_command(
    film: Path, directed: Settings, shown: Callable[[dict[str, Any]], bytes], tmp_path: Path
) -> None:
    looks = [
        {}, film_look(saturation=0.5), film_look(hints=[RED]), film_look(hints=[RED | {"colour": "#20a040"}]),
        film_look(hints=[RED, BLUE]), film_look(hints=[BLUE, ELSEWHERE]), film_look(hints=[BLUE, REGION]),
        film_look(hints=[BLUE], steady=0), {},
    ]  # fmt: skip
    found = [shown(look) for look in looks]
    for number, look in enumerate(looks):
        said = with_look_text(directed, look_text(look), film)
        assert found[number] == still(film, AT, tmp_path / f"{number}.png", said).read_bytes(), look
    assert len(set(found)) == len(looks) - 1


@pytest.mark.slow
def test_a_change_does_only_what_it_changes(
    shown: Callable[[dict[str, Any]], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def count(name: str, of: Any, attribute: str) -> None:
        work = getattr(of, attribute)
        monkeypatch.setattr(of, attribute, lambda *args: (done.append(name), work(*args))[1])

    count("read", memory, "with_flows")
    count("read a shot", reading, "marked")
    count("paint", Paint, "__call__")
    shown({})
    assert set(done) == {"read", "paint"}
    for look, expected in (
        (film_look(saturation=0.5), set()),
        (film_look(hints=[RED]), {"paint"}),
        (film_look(hints=[RED], warmth=10), set()),
        (film_look(hints=[RED, BLUE]), {"paint"}),
        ({}, set()),
    ):
        done.clear()
        shown(look)
        assert set(done) == expected, look


@pytest.mark.slow
def test_a_frame_that_nobody_waits_for_any_more_is_read_no_further(
    film: Path, directed: Settings, tmp_path: Path
) -> None:
    turns: list[int] = []

    def turn() -> None:
        turns.append(1)
        if len(turns) == 1:
            raise CancelledJobError

    pictures, out = Pictures([film], directed, turn, lambda *_: None), tmp_path / "still.png"
    with pytest.raises(CancelledJobError):
        pictures.still(0, str(AT), {}, str(out))
    assert not out.exists()
    pictures.still(0, str(AT), {}, str(out))
    assert out.read_bytes() == still(film, AT, tmp_path / "own.png", directed).read_bytes()
    assert len(turns) > 10
