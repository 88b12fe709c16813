"""Options from a TOML file are those that a person would type, and what is wrong there is told in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.settings import Settings
from restore.cli import main
from tests.made.archives import small
from tests.made.runs import Films, save_random_network

LOST = "lost.mp4"
"""A film that is not there: how its run would be is known all the same."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RESTORE_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that runs of one film came to."""
    settings: list[Settings] = []

    def prepare(film: Path, out: Path | None, chosen: Settings, *how: Any, **more: Any) -> None:
        settings.append(chosen)
        raise KeyboardInterrupt

    monkeypatch.setattr("restore.api.prepare", prepare)
    return settings


def restore(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def write(text: str, name: str = "restore.toml") -> Path:
    Path(name).write_text(text, "utf-8")
    return Path(name)


def refused(text: str) -> str:
    """The one line by which a file is refused."""
    write(text)
    result = restore(LOST, "--quiet")
    assert result.exit_code == 2, result.output
    (line,) = result.output.splitlines()
    return line.removeprefix("restore: ")


def test_options_of_a_file_give_the_settings_that_typed_ones_give(seen: list[Settings]) -> None:
    restore(LOST, "--anchors", "0.1", "--steady", "1.2", "--saturation", "1.1", "--instances", "8", "--codec", "h265",
            "--sharpen", "0.5", "--warmth", "-9",
            "--start", "00:00:01.500", "--end", "5", "--skip-damaged", "--weights-dir", "w")  # fmt: skip
    write('anchors = 0.1\nsteady = 1.2\nsaturation = 1.1\ninstances = 8\ncodec = "h265"\n'
          'sharpen = 0.5\nwarmth = -9\nstart = 00:00:01.500\nend = 5\nskip-damaged = true\n'
          'weights-dir = "w"\n')  # fmt: skip
    restore(LOST)
    typed, from_file = seen
    assert typed == from_file != Settings()


def test_what_is_typed_wins_over_the_commands_own_table_and_that_over_all_commands(seen: list[Settings]) -> None:
    write("saturation = 0.5\ntemperature = 0.5\ninstances = 5\n[film]\nsaturation = 0.6\ntemperature = 0.6\n"
          "[archive]\ninstances = 7\n")  # fmt: skip
    restore(LOST, "--saturation", "0.7")
    (settings,) = seen
    paint = settings.paint
    assert (paint.saturation, paint.temperature, paint.instances) == (0.7, 0.6, 5)


def test_what_a_file_switches_on_is_switched_off_by_typing(seen: list[Settings]) -> None:
    write("skip-damaged = true\nrecolour = true\ndeinterlace = true\n")
    restore(LOST, "--no-skip-damaged", "--no-recolour")
    (settings,) = seen
    assert (settings.skip_damaged, settings.recolour, settings.deinterlace) == (False, False, True)


def test_the_environment_wins_over_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write('weights-dir = "of-the-file"')
    assert restore("weights", "where").stdout == "of-the-file\n"
    monkeypatch.setenv("RESTORE_WEIGHTS", "of-the-environment")
    assert restore("weights", "where").stdout == "of-the-environment\n"


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_file_that_is_named_is_taken_in_place_of_the_folders_own(
    by: str, seen: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("instances = 1")
    other = write("saturation = 2", "other.toml")
    monkeypatch.setenv("RESTORE_CONFIG", str(other) if by == "environment" else "")
    said = restore(LOST, *(("--config", other) if by == "option" else ())).stdout
    assert said.startswith("note: other.toml sets saturation\n")
    assert (seen[0].paint.saturation, seen[0].paint.instances) == (2, None)


def test_an_empty_file_takes_the_place_of_the_folders_own(seen: list[Settings]) -> None:
    write("saturation = 2")
    assert "sets" not in restore(LOST, "--config", os.devnull).output
    assert seen == [Settings()]


def test_tables_of_other_commands_say_nothing(seen: list[Settings]) -> None:
    write("[archive]\nsaturation = 2\n[train]\nsteps = 5\n[evaluate.colour]\nlimit = 3\n")
    assert "sets" not in restore(LOST).output
    assert seen == [Settings()]


def test_a_table_inside_another_is_for_one_command_of_a_group(pictures: Path, network: Path) -> None:
    write(f'[evaluate]\nnetwork = "{network}"\nlimit = 9\n[evaluate.detector]\nlimit = 8\n[evaluate.colour]\nlimit = 2')
    result = restore("evaluate", "colour", pictures)
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("note: restore.toml sets network, limit\n")
    assert "2 pictures" in result.stdout


def test_a_preview_takes_one_value_or_several() -> None:
    write("saturation = 1.1\n[preview]\nvariants = true\nsteady = [0, 1]\n")
    result = restore("preview", LOST)
    assert result.stdout == "note: restore.toml sets variants, steady, saturation\n"
    assert result.stderr.startswith(f"restore: {LOST}: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("saturatoin = 1", "restore.toml: saturatoin: no such option; did you mean saturation?"),
        ("weights_dir = 'w'", "restore.toml: weights_dir: no such option; did you mean weights-dir?"),
        ("xyzzy = 1", "restore.toml: xyzzy: no such option; keys are long names of options, tables those of commands"),
        ("[flim]", "restore.toml: flim: no such command; did you mean film?"),
        ("[train]\nstep = 3", "restore.toml: train.step: no such option; did you mean steps?"),
        ("saturation = true", "restore.toml: saturation: must be a number, or words in quotes"),
        ("saturation = [1, 2]", "restore.toml: saturation: must be a number, or words in quotes"),
        ("saturation = 'much'", "restore.toml: saturation: 'much' is not a valid float."),
        ("instances = 8.5", "restore.toml: instances: '8.5' is not a valid integer."),
        ("recolour = 'yes'", "restore.toml: recolour: must be true or false"),
        ("steady = 'long'", "restore.toml: steady: 'long' is not a time; write HH:MM:SS.mmm, MM:SS or seconds"),
        ("workers = 0", "restore.toml: workers: 0 is not in the range x>=1."),
        ("saturation = 5", "restore.toml: saturation: saturation must be 0 to 4, got 5.0"),
        ("crf = 60", "restore.toml: crf: crf of h264 must be 0 to 51, got 60"),
        ("overwrite = true", "restore.toml: overwrite: never comes from a file; give it on the command line"),
        ("out = 'x.mp4'", "restore.toml: out: never comes from a file; give it on the command line"),
        ("film = 'x.mp4'", "restore.toml: film: never comes from a file; give it on the command line"),
        ("films = ['x.mp4']", "restore.toml: films: never comes from a file; give it on the command line"),
        ("config = 'x.toml'", "restore.toml: config: never comes from a file; give it on the command line"),
        ("address = 'far:1'", "restore.toml: address: never comes from a file; give it on the command line"),
        ("[evaluate.colour]\njson = 'x'",
         "restore.toml: evaluate.colour.json: never comes from a file; give it on the command line"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_reported_by_file_and_key(text: str, line: str) -> None:
    assert refused(text) == line


def test_what_is_no_toml_is_reported() -> None:
    assert refused("saturation: 1").startswith("restore.toml: cannot be read as TOML: Expected '='")
    Path("restore.toml").write_bytes(b"\xff")
    assert "restore.toml: cannot be read as TOML" in restore(LOST).stderr


def test_a_file_that_is_named_and_missing_is_wrong_usage() -> None:
    result = restore(LOST, "--config", "gone.toml")
    assert result.exit_code == 2
    assert "File 'gone.toml' does not exist" in result.stderr


def test_a_file_is_not_blamed_for_what_is_typed() -> None:
    write("instances = 3")
    assert "restore.toml" not in restore(LOST, "--saturation", "5", "--quiet").stderr


def test_help_answers_whatever_the_file_says() -> None:
    write("no toml")
    for args in ((), ("archive",), ("weights", "pull"), ("evaluate", "colour")):
        result = restore(*args, "--help")
        assert (result.exit_code, "--config FILE" in result.stdout) == (0, True)


def test_machines_get_an_event_and_a_quiet_run_says_nothing() -> None:
    write("saturation = 1.1\ninstances = 2\n")
    first, *_ = restore(LOST, "--json").stdout.splitlines()
    assert json.loads(first) == {"event": "config", "file": "restore.toml", "options": ["saturation", "instances"]}
    assert restore(LOST, "--quiet").stdout == ""


def test_the_plan_of_an_archive_tells_the_file(films: Films, network: Path, folder: Path) -> None:
    write(f'[archive]\nnetwork = "{network}"\ndevice = "cpu"\n')
    result = restore("archive", films(small, ".mp4"), "--out", "out", "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:2] == ["note: restore.toml sets device, network", "1 to restore"]


def test_a_run_goes_on_where_a_file_says_what_was_typed(
    films: Films, network: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, typed = films(small, ".mp4"), ("--device", "cpu", "--steady", "0.3", "--saturation", "1.1")
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.film.mux", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        assert restore(film, "-o", "out.mp4", "--network", network, *typed).exit_code == 130
    write(f'network = "{network}"\ndevice = "cpu"\nsteady = 0.3\nsaturation = 1.2\n')
    other = restore(film, "-o", "out.mp4")
    assert (other.exit_code, ": saturation was 1.1, is 1.2" in other.stderr) == (1, True)
    write(f'network = "{network}"\ndevice = "cpu"\nsteady = 0.3\nsaturation = 1.1\n')
    result = restore(film, "-o", "out.mp4")
    assert result.exit_code == 0, result.output
    assert "note: 12 frames of an earlier run taken up" in result.stdout


def test_the_installed_command_takes_the_file_of_its_folder(films: Films, folder: Path) -> None:
    save_random_network(folder / "own.safetensors")
    write('network = "own.safetensors"\ndevice = "cpu"\n[film]\ncodec = "h265"\n')
    command = [Path(sys.executable).with_name("restore"), films(small, ".mp4"), "-o", "out.mp4"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    note, line, *_ = run.stdout.splitlines()
    assert note == "note: restore.toml sets device, network, codec"
    assert "own.safetensors on cpu, h265" in line
