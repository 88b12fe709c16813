"""Whole films through the published networks, with weights by rule: the colours mean nothing, the way is tried."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from pipelines.job.job import prepare
from pipelines.painting.paint import FilmPaint, Paint
from pipelines.preview.view import STILL, open_view, ready
from pipelines.segment import carried
from pipelines.settings import Hint, PaintSettings, Settings
from pipelines.source import Segment
from pipelines.streams import in_process
from restore.api import restore_film
from restore.cli import main
from tests.made import clips
from tests.made.published import save_by_rule
from tests.made.readers import true_chromas
from tests.made.runs import Films


def chroma_of(film: Path) -> NDArray[np.int16]:
    """(N, 2, h, w), Cb and Cr of every frame."""
    return np.array(true_chromas(film), np.int16)


@pytest.fixture
def settings_of(settings: Settings, tmp_path: Path) -> Settings:
    """Small pictures, and weights in a folder of one's own."""
    return replace(settings, paint=PaintSettings(weights_dir=tmp_path, rows=64, device="cpu", batch=1))


def test_film_is_coloured_with_the_hints_that_a_person_gives(
    films: Films, settings_of: Settings, tmp_path: Path
) -> None:
    save_by_rule("siggraph17", tmp_path)
    film = films(clips.plain, ".mp4")
    plain = replace(settings_of, paint=replace(settings_of.paint, network="siggraph17"))
    hint = Hint(Fraction(1, 24), 64, 48, (70.0, -60.0))
    without, with_hint = (
        restore_film(film, tmp_path / f"{name}.mp4", chosen)
        for name, chosen in (("without", plain), ("with", replace(plain, hints=(hint,))))
    )
    change = np.abs(chroma_of(with_hint) - chroma_of(without)).mean(axis=(0, 1))  # (48, 64)
    assert change[20:28, 16:40].mean() > 2 * change.mean() > 0


def test_a_look_shows_the_hints_of_the_run(films: Films, settings_of: Settings, tmp_path: Path) -> None:
    save_by_rule("siggraph17", tmp_path)
    film, painting = films(clips.plain, ".mp4"), in_process(Paint())
    plain = replace(settings_of, paint=replace(settings_of.paint, network="siggraph17"))
    hinted = replace(plain, hints=(Hint(Fraction(1, 24), 64, 48, (70.0, -60.0)),))
    without, given = ready(open_view(film, tmp_path / "still.png", STILL, plain), hinted)
    job = prepare(film, tmp_path / "out.mp4", hinted)
    paint = FilmPaint(painting, job.film, job.chosen, job.ways.parts[0].way.given)
    run = carried(Segment(job.film, 0, None, None), job.settings, job.chosen.motion_rows, paint)
    flows = [without.carried(0, None, painting), given.carried(0, None, painting), run]
    plainly, looked, ran = (np.array([frame.ab for frame in flow]) for flow in flows)
    assert np.array_equal(looked, ran)
    assert np.abs(looked - plainly).max() > 1


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["ddcolor", "deoldify-video", "ddcolor+deoldify-video"])
def test_a_segment_alone_has_the_colours_of_one_pass_where_the_network_sees_more_than_the_flow(
    films: Films, settings_of: Settings, tmp_path: Path, asked: str
) -> None:
    for name in ("ddcolor", "deoldify-video"):
        save_by_rule(name, tmp_path, is_small=True)
    settings = replace(settings_of, paint=replace(settings_of.paint, network=asked, rows=128))
    job = prepare(films(clips.plain, ".mp4"), tmp_path / "out.mp4", settings)
    paint = FilmPaint(in_process(Paint()), job.film, job.chosen, job.ways.parts[0].way.given)
    assert (job.chosen.rows, job.chosen.motion_rows) == (128, 64)

    def colours(start: int | None) -> dict[int, NDArray[np.float32]]:
        segment = Segment(job.film, 0, start, None)
        frames = carried(segment, settings, job.chosen.motion_rows, paint, large_rows=job.chosen.rows)
        return {frame.frame.pts: frame.ab for frame in frames}

    whole = colours(None)
    later = colours(sorted(whole)[len(whole) // 2])
    assert 0 < len(later) < len(whole)
    assert all(np.array_equal(ab, whole[pts]) for pts, ab in later.items())
    assert np.std(list(whole.values())) > 0.1


def test_every_look_takes_hints(tmp_path: Path) -> None:
    hints = tmp_path / "hints.json"
    hints.write_text("{}")
    for command in ("preview", "still", "sheet"):
        at = [] if command == "sheet" else ["--at", "0"]
        result = CliRunner().invoke(main, [command, "film.mp4", *at, "--hints", str(hints)])
        assert (result.exit_code, "must be a list of hints" in result.stderr) == (2, True)


@pytest.mark.slow
def test_film_is_coloured_by_its_instances(films: Films, settings_of: Settings, tmp_path: Path) -> None:
    save_by_rule("instcolor", tmp_path)
    film = films(clips.plain, ".mp4")
    some, none = (
        replace(settings_of, paint=replace(settings_of.paint, network="instcolor", instances=count, least_score=0.001))
        for count in (3, 0)
    )
    with_instances, without = (
        restore_film(film, tmp_path / f"{name}.mp4", chosen) for name, chosen in (("some", some), ("none", none))
    )
    assert np.abs(chroma_of(with_instances) - chroma_of(without)).max() > 4
