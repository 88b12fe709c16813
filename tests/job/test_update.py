"""A changed look renders the segments that it touches, and the result has the bytes of a whole run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from models.compact.network import Compact, CompactConfig
from models.weights.files import save_network
from pipelines.film import restore
from pipelines.job.finder import Finder
from pipelines.job.job import prepare
from pipelines.job.update import updating
from pipelines.look import LookValues
from pipelines.settings import EncodeSettings, Hint, Settings
from restore.api import restore_archive, restore_film
from restore.reporting import Reporter
from restore.show.events import Event, Note
from tests.job.test_ways import looked
from tests.made import clips
from tests.made.resumed import Heard, near, work_folder
from tests.made.runs import HALF_SECOND, Films
from tests.proof.test_record import timeless

NEUTRAL = LookValues(neutral=True)
pytestmark = pytest.mark.slow


@pytest.fixture
def film(films: Films) -> Path:
    """Eight shots of half a second, a segment each."""
    return films(clips.with_cuts, ".mp4", shots=8)


def entries(out: Path) -> dict[str, str]:
    """The entries of finished segments by their names."""
    return {path.name: path.read_text() for path in sorted(work_folder(out).glob("[0-9]*.json"))}


def written(out: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_mtime_ns for path in work_folder(out).glob("*.segment")}


def changed(before: dict[str, int], out: Path) -> list[int]:
    """Numbers of the segments that have been written since."""
    return sorted(int(name) for name, time in written(out).items() if before.get(name) != time)


def test_only_changed_segments_are_rendered_and_the_bytes_are_those_of_a_whole_run(
    film: Path, settings: Settings, tmp_path: Path
) -> None:
    plain, out = near(settings), tmp_path / "out.mp4"
    restore_film(film, out, plain, keep_work=True)
    assert not any("about" in entry for entry in entries(out).values())
    before, first = written(out), out.read_bytes()
    look = looked(plain, ("shot 3", NEUTRAL), ("f62-f66", LookValues(sharpen=0.3)))
    restore_film(film, out, look, update=True)
    assert changed(before, out) == [2, 5]
    assert out.read_bytes() == restore_film(film, tmp_path / "whole.mp4", look).read_bytes() != first
    restore_film(film, out, plain, update=True)
    assert out.read_bytes() == first


def test_one_shot_is_rendered_and_others_are_taken_as_they_are(film: Path, settings: Settings, tmp_path: Path) -> None:
    plain, out = near(settings), tmp_path / "out.mp4"
    restore_film(film, out, plain, keep_work=True)
    before = written(out)
    restore_film(film, out, looked(plain, ("shot 3-4", NEUTRAL)), update=True, only_shot=4)
    assert changed(before, out) == [3]
    alone = restore_film(film, tmp_path / "alone.mp4", looked(plain, ("shot 4", NEUTRAL)))
    assert out.read_bytes() == alone.read_bytes()


def test_a_hint_is_in_the_identity_of_the_segments_that_it_reaches(
    film: Path, settings: Settings, tmp_path: Path
) -> None:
    network = tmp_path / "hinted.safetensors"
    save_network(Compact(CompactConfig(widths=(32, 24, 16, 16), hints=True)), network, {})
    plain, out = near(replace(settings, paint=replace(settings.paint, network=str(network)))), tmp_path / "out.mp4"
    restore_film(film, out, plain, keep_work=True)
    before = written(out)
    hinted = replace(plain, hints=(Hint(Fraction(15, 4), 20, 20, (60.0, 30.0)),))
    restore_film(film, out, hinted, update=True)
    assert 7 in changed(before, out)
    assert not {0, 1, 2} & set(changed(before, out))
    assert out.read_bytes() == restore_film(film, tmp_path / "whole.mp4", hinted).read_bytes()


def test_a_run_that_finds_nothing_kept_says_so_and_renders_all(film: Path, settings: Settings, tmp_path: Path) -> None:
    notes, out = list[str](), tmp_path / "out.mp4"

    def hear(event: Event) -> None:
        notes.extend([event.text] if isinstance(event, Note) else [])

    restore_film(film, out, near(settings), update=True, reporter=Reporter(hear))
    assert "no segments were kept by an earlier run: all are rendered, and the next --update finds them" in notes
    assert "its segments stay in out.mp4.restore, for --update" in notes
    assert out.exists()


@pytest.fixture
def look_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of `looked`, which a record names."""
    monkeypatch.chdir(tmp_path)
    Path("film.look.toml").touch()


def updated(film: Path, out: Path, settings: Settings, only_shot: int | None = None) -> tuple[list[str], set[int]]:
    """Updates a result; gives the run's notes, and the numbers of the shots in which it coloured frames."""
    job, heard = prepare(film, out, settings, overwrite=True), Heard()
    restore(updating(job, False, Finder(job.film, settings), only_shot), heard.listener)
    shutil.rmtree(work_folder(out))
    return heard.notes, {int(job.film.seconds(pts) / HALF_SECOND) + 1 for pts in heard.frames}


@pytest.mark.usefixtures("look_file")
@pytest.mark.parametrize(
    ("suffix", "encode"),
    [(".mp4", EncodeSettings("h264")), (".mkv", EncodeSettings("h264")), (".mkv", EncodeSettings("h265")),
     (".mkv", EncodeSettings("ffv1")), (".mov", EncodeSettings("prores")), (".webm", EncodeSettings("av1")),
     (".mov", EncodeSettings("prores", profile="lt", layer=True))],
)  # fmt: skip
def test_segments_are_taken_from_the_result_itself(
    film: Path, settings: Settings, tmp_path: Path, suffix: str, encode: EncodeSettings
) -> None:
    plain = replace(near(settings), encode=encode, sidecar=True)
    look = looked(plain, ("shot 3", NEUTRAL), ("f62-f66", LookValues(saturation=0.5)))
    (tmp_path / "whole").mkdir()
    out, whole = tmp_path / f"out{suffix}", tmp_path / "whole" / f"out{suffix}"
    restore_film(film, out, plain)
    first = out.read_bytes()
    notes, coloured = updated(film, out, look)
    assert f"8 of 8 segments taken from {out.name} itself" in notes
    assert coloured == {3, 6}
    restore_film(film, whole, look)
    assert out.read_bytes() == whole.read_bytes() != first
    assert timeless(out) == timeless(whole)
    updated(film, out, plain)
    assert out.read_bytes() == first


@pytest.mark.usefixtures("look_file")
def test_the_result_of_an_archive_is_updated_as_one_of_a_film(film: Path, settings: Settings, tmp_path: Path) -> None:
    plain = replace(near(settings), start=Fraction(49, 48))
    restore_archive([film], tmp_path / "results", plain)
    look = looked(plain, ("shot 4", NEUTRAL))
    out = tmp_path / "results" / "film.restored.mp4"
    assert updated(film, out, look)[1] == {3, 4, 5}  # of the two segments that show shot 4, which begin within others
    assert out.read_bytes() == restore_film(film, tmp_path / "whole.mp4", look).read_bytes()


@pytest.mark.usefixtures("look_file")
def test_one_shot_of_a_result_leaves_the_others_as_they_were(film: Path, settings: Settings, tmp_path: Path) -> None:
    plain, out = replace(near(settings), sidecar=True), tmp_path / "out.mp4"
    restore_film(film, out, plain)
    look = looked(plain, ("shot 3-4", NEUTRAL))
    assert updated(film, out, look, only_shot=4)[1] == {4}
    assert updated(film, out, look)[1] == {3}
    assert out.read_bytes() == restore_film(film, tmp_path / "whole.mp4", look).read_bytes()


def test_a_result_that_cannot_be_cut_is_rendered_anew_and_the_reason_is_told(
    film: Path, settings: Settings, tmp_path: Path
) -> None:
    recorded, all_shots = replace(near(settings), sidecar=True), set(range(1, 9))
    out = restore_film(film, tmp_path / "out.mp4", near(settings))

    def why(settings: Settings, out: Path = out) -> str:
        notes, coloured = updated(film, out, settings)
        assert coloured == all_shots
        return next(note for note in notes if note.startswith("no segments were kept"))

    assert "out.json: no such file" in why(recorded)
    assert "of other settings" in why(replace(recorded, paint=replace(recorded.paint, saturation=0.5)))
    stream = replace(recorded, encode=EncodeSettings("h264"))
    streamed = restore_film(film, tmp_path / "stream.ts", stream)
    assert "stream.ts does not hold their packets" in why(stream, streamed)
    assert streamed.read_bytes() == restore_film(film, tmp_path / "whole.ts", stream).read_bytes()


def test_a_segment_whose_packets_were_changed_is_rendered_anew(film: Path, settings: Settings, tmp_path: Path) -> None:
    plain, out = replace(near(settings), encode=EncodeSettings("ffv1"), sidecar=True), tmp_path / "out.mkv"
    whole = restore_film(film, out, plain).read_bytes()
    with av.open(out) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    place = whole.index(packets[4 * 12])
    out.write_bytes(whole[: place + 40] + bytes([whole[place + 40] ^ 1]) + whole[place + 41 :])
    notes, coloured = updated(film, out, plain)
    assert "7 of 8 segments taken from out.mkv itself" in notes
    assert coloured == {5}
    assert out.read_bytes() == whole
