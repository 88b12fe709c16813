"""The record beside a result: its form, its facts, the md5 of every frame's luma, and that it appears whole."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import jsonschema
import pytest

from pipelines.errors import OutputError
from pipelines.film import Listener
from pipelines.job.beside import lumas_of, record_of
from pipelines.proof.framemd5 import load
from pipelines.proof.record import guides_of
from pipelines.settings import Hint, Settings
from restore.api import restore_archive, restore_film
from tests.made import clips
from tests.made.runs import Films, in_segments, listing, restore_heard
from tests.made.scans import drawn, scans

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "restored.schema.json").read_text())
CLOCK = ("began", "ended")
HALF_MS = Fraction(1, 2000)
"""Matroska counts in milliseconds."""


def recorded(settings: Settings) -> Settings:
    return replace(settings, sidecar=True)


def record(result: Path) -> dict[str, Any]:
    """The record of a result, which has the form of the schema."""
    found: dict[str, Any] = json.loads(record_of(result).read_text())
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(found)
    return found


def timeless(result: Path) -> dict[str, Any]:
    return {key: value for key, value in record(result).items() if key not in CLOCK}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def luma_md5(path: Path) -> list[str]:
    """md5 of each frame's luma, by the FFmpeg program."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-vf", "extractplanes=y"]
    command += ["-fps_mode", "passthrough", "-f", "framemd5", "-"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


def test_a_record_names_film_result_network_and_settings(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.with_cuts, ".mp4")
    chosen = replace(recorded(settings), start=Fraction(1, 4), paint=replace(settings.paint, saturation=1.5))
    out = restore_film(film, tmp_path / "out.mkv", chosen)
    found = record(out)
    assert found["source"] == {"name": film.name, "files": 1, "bytes": film.stat().st_size, "sha256": sha256(film)}
    assert (found["result"]["bytes"], found["result"]["sha256"]) == (out.stat().st_size, sha256(out))
    assert [network["name"] for network in found["networks"]] == ["compact"]
    assert found["settings"]["saturation"] == "1.5"
    assert found["command"].startswith("restore film.mp4 -o out.mkv --network random.safetensors ")
    assert (found["read"]["start"], found["settings"]["start"]) == ("1/4", "00:00:00.250")
    assert [(shot["start"], shot["first"], shot["frames"]) for shot in found["shots"]] == [
        ("00:00:00.250", 0, 6),
        ("00:00:00.500", 6, 12),
        ("00:00:01.000", 18, 12),
    ]


def test_luma_is_recorded_as_the_ffmpeg_program_finds_it(films: Films, lossless: Settings, tmp_path: Path) -> None:
    out = restore_film(films(clips.in_format, pix_fmt="yuv420p10le"), tmp_path / "out.mkv", recorded(lossless))
    lumas, packets = load(lumas_of(out))
    assert [row.md5 for row in lumas.rows] == luma_md5(out)
    assert all(abs(now - was) <= HALF_MS for now, was in zip(packets.times, lumas.times, strict=True))
    assert record(out)["luma"] == {"file": "out.framemd5", "sha256": sha256(lumas_of(out))}


def test_segments_that_an_earlier_run_finished_give_the_same_record(
    films: Films, lossless: Settings, tmp_path: Path
) -> None:
    film, chosen = films(clips.with_cuts, ".mkv"), in_segments(recorded(lossless))
    seen: list[int] = []

    def stop_late(pts: int) -> None:
        seen.append(pts)
        if len(seen) == 20:
            raise KeyboardInterrupt

    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    whole, stopped = tmp_path / "whole" / "out.mkv", tmp_path / "stopped" / "out.mkv"
    with pytest.raises(KeyboardInterrupt):
        restore_heard(film, stopped, chosen, listener=Listener(on_frame=stop_late))
    assert [path.name for path in stopped.parent.iterdir()] == ["out.mkv.restore"]
    for out in (stopped, whole):
        restore_film(film, out, chosen)
    assert timeless(stopped) == timeless(whole)
    assert lumas_of(stopped).read_bytes() == lumas_of(whole).read_bytes()


def test_a_run_writes_no_record_unless_it_is_asked_to(films: Films, settings: Settings, tmp_path: Path) -> None:
    out = restore_film(films(clips.plain, ".mp4"), tmp_path / "out.mp4", settings)
    assert list(tmp_path.iterdir()) == [out]


def test_an_archive_writes_records_unless_it_is_asked_not_to(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.plain, ".mp4")
    restore_archive([film], tmp_path / "with", settings)
    assert record(tmp_path / "with" / "film.restored.mp4")["source"]["sha256"] == sha256(film)
    restore_archive([film], tmp_path / "without", replace(settings, sidecar=False))
    assert not record_of(tmp_path / "without" / "film.restored.mp4").exists()


def test_pictures_have_a_record_beside_their_folder(settings: Settings, tmp_path: Path) -> None:
    reel = scans(tmp_path / "reel", drawn(3))
    chosen = replace(recorded(settings), scans=replace(settings.scans, fps=Fraction(24)))
    out = restore_film(reel, tmp_path / "coloured" / "scan_%06d.png", chosen)
    found = record(out)
    assert (found["source"]["files"], found["result"]["files"]) == (3, 3)
    _, packets = load(tmp_path / "coloured.framemd5")
    assert [row.size for row in packets.rows] == [path.stat().st_size for path in sorted(out.iterdir())]


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_checksums_are_what_the_system_checks(films: Films, settings: Settings, tmp_path: Path, kind: Any) -> None:
    out = restore_film(films(clips.plain, ".mp4"), tmp_path / "out.mp4", replace(recorded(settings), checksum=kind))
    check = [f"{kind}sum", "-c", "--strict", f"out.mp4.{kind}"]
    told = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == ["out.mp4: OK", "out.framemd5: OK", "out.json: OK"]
    out.write_bytes(b"other")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_a_file_in_a_records_place_is_not_lost(films: Films, settings: Settings, tmp_path: Path) -> None:
    film, out, other = films(clips.plain, ".mp4"), tmp_path / "out.mp4", tmp_path / "out.json"
    other.write_text("a list of somebody's")
    before = listing(tmp_path)
    with pytest.raises(OutputError, match=r"out\.json: exists already; --overwrite"):
        restore_film(film, out, recorded(settings))
    with pytest.raises(OutputError, match=r"out\.json: is no file of restore's"):
        restore_film(film, out, recorded(settings), overwrite=True)
    assert listing(tmp_path) == before


def test_a_result_that_is_replaced_keeps_no_record_of_the_one_before(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    film, out = films(clips.plain, ".mp4"), tmp_path / "out.mp4"
    restore_film(film, out, replace(recorded(settings), checksum="md5"))
    restore_film(film, out, settings, overwrite=True)
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.slow
def test_the_record_of_another_result_of_one_name_is_kept(films: Films, settings: Settings, tmp_path: Path) -> None:
    film, master, copy = films(clips.plain, ".mp4"), tmp_path / "out.mkv", tmp_path / "out.mp4"
    restore_film(film, master, recorded(settings))
    before = listing(tmp_path)
    restore_film(film, copy, settings)
    copy.unlink()
    assert listing(tmp_path) == before
    for how in ({"overwrite": True}, {"update": True}, {}):
        with pytest.raises(OutputError, match=r"out\.json: is the record of out\.mkv; move both away, or .* with -o"):
            restore_film(film, copy, recorded(settings), **how)
    assert listing(tmp_path) == before
    master.unlink()
    restore_film(film, copy, recorded(settings), overwrite=True)
    assert record(copy)["result"]["name"] == "out.mp4"


def test_a_record_does_not_change_the_result(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.plain, ".mp4")
    assert restore_film(film, tmp_path / "out.mp4", recorded(settings)).read_bytes() == (
        films.restored(film, settings).read_bytes()
    )


def test_hints_are_among_the_guides(settings: Settings) -> None:
    (guide,) = guides_of(replace(settings, hints=(Hint(Fraction(0), 1, 2, (3, 4)),)))
    assert (guide["kind"], guide["name"], len(guide["sha256"])) == ("hints", "1", 64)
