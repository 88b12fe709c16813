"""A run goes on with what an earlier one finished, where that is whole and was asked for in the same words."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from models.weights.catalogue import find_weights, weights_digest
from pipelines.errors import OutputError
from pipelines.film import Listener, restore
from pipelines.job.identity import about
from pipelines.job.job import prepare
from pipelines.settings import PaintSettings, Settings
from restore.api import restore_film
from tests.made import clips
from tests.made.readers import times
from tests.made.resumed import FRAMES, SEGMENTS, Heard, assert_whole, done, four_seconds, near, work_folder
from tests.made.runs import Films, in_segments, listing, restore_heard, save_random_network


@pytest.fixture
def chosen(lossless: Settings) -> Settings:
    return near(lossless)


@pytest.fixture
def film(films: Films) -> Path:
    return films(four_seconds, ".mp4")


def test_a_run_that_is_interrupted_leaves_its_segments_and_nothing_half_written(
    films: Films, film: Path, chosen: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    heard = stopped_after(film, out, chosen, 3)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        *(f"{number:05d}.{ending}" for number in range(3) for ending in ("json", "segment")),
        "manifest.json",
        "out.mp4.restore",
    ]
    assert len(heard.frames) > 3 * FRAMES
    restore_film(film, out, chosen)
    assert_whole(out, films.restored(film, chosen, ".mp4"))


def stopped_after(film: Path, out: Path, settings: Settings, segments: int) -> Heard:
    """Runs until a frame after so many segments, as when a person presses Ctrl-C there."""
    heard = Heard()

    def on_frame(pts: int) -> None:
        heard.frames.append(pts)
        if len(heard.frames) == segments * FRAMES + FRAMES // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_heard(film, out, settings, listener=replace(heard.listener, on_frame=on_frame))
    assert done(out) == segments
    return heard


ABOUT = {
    "container": "mp4",
    "paint.network": "",
    "paint.weights_dir": "None",
    "paint.device": "cpu",
    "paint.rows": "192",
    "paint.batch": "4",
    "paint.instances": "0",
    "paint.detector": "compact",
    "paint.least_score": "None",
    "paint.temperature": "None",
    "paint.saturation": "1.0",
    "motion.anchors": "0.3333333333333333",
    "motion.closest": "0.16666666666666666",
    "motion.steady": "1.75",
    "motion.residual": "32.0",
    "encode.codec": "h264",
    "encode.crf": "None",
    "encode.preset": "None",
    "encode.threads": "8",
    "hints": "()",
    "start": "None",
    "end": "None",
    "segment": "30.0",
    "skip_damaged": "False",
    "recolour": "False",
    "deinterlace": "False",
}
"""The manifest of a run with the defaults; film, weights and versions aside."""


def test_a_manifest_says_what_the_bytes_depend_on_in_the_words_of_older_runs(film: Path, tmp_path: Path) -> None:
    told = about(prepare(film, tmp_path / "out.mp4", Settings(paint=PaintSettings(device="cpu"))))
    assert list(told) == ["film", "container", "weights", *list(ABOUT)[1:], "restore", "av", "torch", "opencv-python"]
    assert {name: told[name] for name in ABOUT} == ABOUT
    size, _, digest = told["film"].partition("-")
    assert (int(size), len(digest)) == (film.stat().st_size, 64)
    assert told["weights"] == weights_digest(find_weights("compact"))


OTHER = {
    "encode.threads": ("8", "2"),
    "motion.anchors": (str(1 / 3), "0.25"),
    "paint.saturation": ("1.0", "0.5"),
    "segment": ("0.5", "1.0"),
}


def changed(settings: Settings, name: str) -> Settings:
    match name:
        case "encode.threads":
            return replace(settings, encode=replace(settings.encode, threads=2))
        case "motion.anchors":
            return replace(settings, motion=replace(settings.motion, anchors=Fraction(1, 4)))
        case "paint.saturation":
            return replace(settings, paint=replace(settings.paint, saturation=0.5))
        case _:
            return replace(settings, segment=Fraction(1))


@pytest.mark.parametrize("name", OTHER)
def test_other_settings_start_over_and_say_what_differs(
    films: Films, film: Path, chosen: Settings, tmp_path: Path, name: str
) -> None:
    out, heard, other = tmp_path / "out.mp4", Heard(), changed(chosen, name)
    stopped_after(film, out, chosen, 2)
    restore_heard(film, out, other, overwrite=True, listener=heard.listener)
    was, now = OTHER[name]
    assert heard.notes == [f"starts over: {name.rpartition('.')[2]} was {was}, is {now}"]
    assert heard.resumed == []
    assert_whole(out, films.restored(film, other, ".mp4"))


def test_finished_segments_are_not_lost_to_other_settings(
    films: Films, film: Path, chosen: Settings, tmp_path: Path
) -> None:
    out, heard, other = tmp_path / "out.mp4", Heard(), changed(chosen, "paint.saturation")
    stopped_after(film, out, chosen, 2)
    before = listing(tmp_path)
    with pytest.raises(OutputError) as refused:
        restore_film(film, out, other)
    assert str(refused.value) == (
        f"{out}: 2 finished segments would be lost: saturation was 1.0, is 0.5; "
        "--overwrite starts over; with the settings of before it goes on"
    )
    assert [name for name, *_ in listing(tmp_path)] == [name for name, *_ in before]
    restore_heard(film, out, chosen, listener=heard.listener)
    assert heard.resumed == 2 * [FRAMES]


def test_where_no_segment_is_finished_other_settings_start_over(film: Path, chosen: Settings, tmp_path: Path) -> None:
    out, heard = tmp_path / "out.mp4", Heard()
    stopped_after(film, out, chosen, 1)
    for left in work_folder(out).glob("0*"):
        left.unlink()
    restore_heard(film, out, changed(chosen, "paint.saturation"), listener=heard.listener)
    assert heard.notes == ["starts over: saturation was 1.0, is 0.5"]


def test_another_film_starts_over_and_says_so(films: Films, film: Path, chosen: Settings, tmp_path: Path) -> None:
    out, heard, other = tmp_path / "out.mp4", Heard(), films(clips.b_frames, ".mp4")
    stopped_after(film, out, chosen, 2)
    restore_heard(other, out, chosen, overwrite=True, listener=heard.listener)
    assert len(heard.notes) == 1
    assert heard.notes[0].startswith("starts over: film was ")
    assert heard.resumed == []
    assert times(out) == times(other)


def test_other_weights_start_over_and_say_so(
    films: Films, film: Path, chosen: Settings, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    weights = save_random_network(tmp_path_factory.mktemp("other") / "random.safetensors", seed=1)
    out, heard = tmp_path / "out.mp4", Heard()
    other = replace(chosen, paint=replace(chosen.paint, network=str(weights)))
    stopped_after(film, out, chosen, 2)
    restore_heard(film, out, other, overwrite=True, listener=heard.listener)
    assert len(heard.notes) == 1
    assert heard.notes[0].startswith("starts over: weights was ")
    assert_whole(out, films.restored(film, other, ".mp4"))


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("harm", [flip_a_bit, cut_in_half, Path.unlink])
def test_a_segment_that_is_not_as_it_was_written_is_done_again(
    films: Films, film: Path, chosen: Settings, tmp_path: Path, harm: object
) -> None:
    assert callable(harm)
    out, heard = tmp_path / "out.mp4", Heard()
    stopped_after(film, out, chosen, 3)
    harm(work_folder(out) / "00001.segment")
    restore_heard(film, out, chosen, listener=heard.listener)
    assert heard.resumed == 2 * [FRAMES]
    assert len(heard.frames) == (SEGMENTS - 2) * FRAMES
    assert_whole(out, films.restored(film, chosen, ".mp4"))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"about": {}, "segments": {"0": {}}}', '{"about": 1}', "\0\0\0"])
def test_a_manifest_that_cannot_be_read_starts_over(
    films: Films, film: Path, chosen: Settings, tmp_path: Path, content: str
) -> None:
    out = tmp_path / "out.mp4"
    stopped_after(film, out, chosen, 1)
    (work_folder(out) / "manifest.json").write_text(content)
    restore_film(film, out, chosen)
    assert_whole(out, films.restored(film, chosen, ".mp4"))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "\0\0\0"])
def test_a_segment_whose_entry_cannot_be_read_is_done_again(
    films: Films, film: Path, chosen: Settings, tmp_path: Path, content: str
) -> None:
    out, heard = tmp_path / "out.mp4", Heard()
    stopped_after(film, out, chosen, 2)
    (work_folder(out) / "00000.json").write_text(content)
    restore_heard(film, out, chosen, listener=heard.listener)
    assert heard.resumed == [FRAMES]
    assert_whole(out, films.restored(film, chosen, ".mp4"))


def test_what_a_killed_run_left_half_written_is_not_used(
    films: Films, film: Path, chosen: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    stopped_after(film, out, chosen, 2)
    for left in ("film.0a1b2c3d.part", "00002.0a1b2c3d.part", "00005.segment", "lock"):
        (work_folder(out) / left).write_text("half")
    restore_film(film, out, chosen)
    assert_whole(out, films.restored(film, chosen, ".mp4"))


def test_a_run_goes_on_with_the_film_and_the_weights_at_other_places(
    films: Films, film: Path, chosen: Settings, tmp_path: Path
) -> None:
    out, heard, place = tmp_path / "run" / "out.mp4", Heard(), tmp_path / "place"
    out.parent.mkdir()
    place.mkdir()
    stopped_after(film, out, chosen, 2)
    moved = place / "moved.mp4"
    moved.write_bytes(film.read_bytes())
    weights = place / "w.safetensors"
    weights.write_bytes(Path(chosen.paint.network).read_bytes())
    there = replace(chosen, paint=replace(chosen.paint, network=str(weights)))
    restore_heard(moved, out, there, listener=heard.listener)
    assert heard.resumed == 2 * [FRAMES]
    assert_whole(out, films.restored(film, chosen, ".mp4"))


@pytest.mark.parametrize("length", [Fraction(1, 3), Fraction(1, 2), Fraction(30)])
def test_a_run_tells_where_the_film_was_cut_whatever_its_segments(
    films: Films, settings: Settings, tmp_path: Path, length: Fraction
) -> None:
    job = prepare(films(clips.with_cuts, ".mp4"), tmp_path / "out.mp4", in_segments(settings, length))
    assert restore(job).cuts == (Fraction(1, 2), Fraction(1))


def test_a_run_that_goes_on_tells_the_cuts_of_segments_finished_before(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    job = prepare(films(clips.with_cuts, ".mp4"), tmp_path / "out.mp4", in_segments(settings))
    painted = 0

    def stop_in_the_last(pts: int) -> None:
        nonlocal painted
        painted += 1
        if painted > 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(job, Listener(on_frame=stop_in_the_last))
    assert restore(job).cuts == (Fraction(1, 2), Fraction(1))
