"""The manners of the command line: help, exit codes, words with other spellings, what is named instead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from restore.cli import main
from restore.commands.film import film_command
from restore.exits import Terminated
from restore.options.layout import GROUPS
from restore.options.values import CODECS
from tests.made import clips
from tests.made.archives import reels
from tests.made.runs import Films

ROOT = Path(__file__).parents[2]


def restore(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = command.commands if isinstance(command, click.Group) else {}
    return [path, *(each for name, one in inner.items() for each in _commands(one, (*path, name)))]


COMMANDS = _commands(main)


def test_help_has_headings_in_order_and_three_examples() -> None:
    shown = restore("--help").stdout
    headings = [line.removesuffix(":") for line in shown.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings == ["Examples", "Commands", *GROUPS]
    examples = shown.partition("Examples:")[2].partition("Commands:")[0]
    assert sum(line.startswith("  restore ") for line in examples.splitlines()) == 3


def test_help_cuts_no_summary() -> None:
    words = " ".join(restore("--help").stdout.split())
    for name, command in main.commands.items():
        assert command.help is not None
        summary = " ".join(command.help.partition("\n\n")[0].split())
        assert f"{name} {summary}" in words


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_h_is_help_in_every_command_and_is_listed(command: tuple[str, ...]) -> None:
    short, long = restore(*command, "-h"), restore(*command, "--help")
    assert (short.exit_code, short.stdout) == (0, long.stdout), short.stderr
    assert "-h, --help" in short.stdout or "--help" in short.stdout


def test_the_version_is_listed_and_shown() -> None:
    shown = restore("--help").stdout
    assert "-h, --help" in shown
    assert "--version" in shown
    assert restore("--version").stdout.startswith("restore, version ")


@pytest.mark.parametrize(("short", "long"), [("-q", "--quiet"), ("-y", "--overwrite"), ("-o", "--out")])
def test_options_have_short_forms(short: str, long: str) -> None:
    assert any({short, long} <= set(param.opts) for param in film_command.params)


@pytest.mark.parametrize(("typed", "codec"), [("hevc", "h265"), ("HEVC", "h265"), ("avc", "h264"), ("ffv1", "ffv1")])
def test_codecs_have_their_other_names(typed: str, codec: str) -> None:
    assert CODECS.convert(typed, None, None) == codec


def test_american_spelling_names_the_option() -> None:
    result = restore("film.mp4", "--color")
    assert result.exit_code == 2
    assert "No such option '--color'. (Did you mean one of: '--colour', '--no-colour', '--recolour'?)" in result.stderr


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("reels", "a folder"),
        ("reels/*.mp4", "a glob"),
        ("reels.txt", "a list"),
        ("reels.csv", "a list"),
        ("s3://bucket/reels", "a URL"),
    ],
)
def test_several_films_name_the_command_for_them(
    word: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reels").mkdir()
    result = restore(word)
    assert result.exit_code == 2
    name = str(Path(word))
    assert f"{name} is {kind}; restore archive {name} --out FOLDER colours " in result.stderr


def test_a_picture_as_a_result_names_still() -> None:
    result = restore("photo.jpg", "-o", "photo.png")
    assert result.exit_code == 2
    assert "photo.png is a picture; restore still photo.jpg --at TIME -o photo.png writes one frame" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("lost.mp4",),
        ("archive", "lost.mp4", "--out", "out"),
        ("preview", "lost.mp4", "--at", "1"),
        ("still", "lost.mp4", "--at", "1"),
        ("sheet", "lost.mp4"),
        ("shots", "lost.mp4"),
        ("evaluate", "colour", "lost.zip"),
        ("evaluate", "steadiness", "lost.mp4"),
        ("train", "compact", "--images", "lost.zip", "-o", "out.safetensors"),
        ("weights", "import", "lost.pth"),
    ],
    ids=" ".join,
)
def test_a_missing_input_is_wrong_usage_everywhere(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = restore(*words)
    assert (result.exit_code, "lost" in result.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
@pytest.mark.parametrize("function", ["restore_film", "restore_archive", "still", "estimate_archive"])
def test_who_stopped_a_run_is_known_by_its_exit_code(
    stop: type[BaseException], code: int, function: str, films: Films, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr(f"restore.api.{function}", stopped)
    film, out = films(clips.plain, ".mp4"), tmp_path / "out"
    words: dict[str, list[str | Path]] = {
        "restore_film": [film],
        "restore_archive": ["archive", film, "--out", out],
        "estimate_archive": ["archive", film, "--out", out, "--dry-run"],
        "still": ["still", film, "--at", "0"],
    }
    assert restore(*words[function]).exit_code == code


START = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have it ignored in what they run in the background
from restore.cli import main
sys.argv[0] = "restore"
main()"""


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_gets_a_signal_says_what_it_will_go_on_from(
    sent: signal.Signals, code: int, network: Path, tmp_path: Path
) -> None:
    film = clips.many_frames(tmp_path / "film.mp4")
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", START, film, "--network", network, "--device", "cpu", "--json"]
    with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert json.loads(run.stdout.readline())["event"] == "start"
        run.send_signal(sent)
        _, said = run.communicate()
    assert run.returncode == code, said
    assert said.splitlines() == ["restore: stopped; no segment was finished; the same command begins again"]


def test_a_dry_run_is_json_for_machines(films: Films, network: Path, tmp_path: Path) -> None:
    source = reels(films, tmp_path / "reels", bad=True)
    words = ("archive", source, "--out", tmp_path / "out", "--dry-run", "--json", "--network", network)
    (line,) = restore(*words, "--device", "cpu").stdout.splitlines()
    plan = json.loads(line)
    assert plan["event"] == "plan"
    problems = {film["place"]: film["problem"] for film in plan["todo"]}
    assert problems["a.mp4"] is None
    assert "the file is empty" in problems["b/empty.mp4"]
    assert plan["seconds"] > 0


@pytest.mark.parametrize("name", ["film", "archive"])
def test_json_of_a_quiet_run_is_its_last_event(name: str, films: Films, network: Path, tmp_path: Path) -> None:
    film, out = films(clips.plain, ".mp4"), tmp_path / "out.mp4"
    words = (film, "-o", out) if name == "film" else ("archive", film, "--out", out)
    result = restore(*words, "--network", network, "--device", "cpu", "--json", "--quiet")
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["event"] == "done"


IMPORTED = """
import sys
from restore.cli import main
try:
    main(["weights", sys.argv[1]])
finally:
    print(*sorted({"torch", "av", "cv2", "numpy", "ray"} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["where", "list"])
def test_weights_are_listed_without_loading_torch(command: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORTED, command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stderr.strip() == ""


HIDDEN = "import sys; sys.path.insert(0, sys.argv[1]); sys.argv[0] = {argv0!r}; import restore"


@pytest.mark.parametrize("room", ["models", "pipelines"])
@pytest.mark.parametrize("has_init", [True, False])
def test_a_folder_that_hides_ours_is_named(room: str, has_init: bool, tmp_path: Path) -> None:
    hiding = tmp_path / room
    hiding.mkdir()
    if has_init:
        (hiding / "__init__.py").touch()
    code = HIDDEN.format(argv0="notebook")
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)
    if has_init:  # a folder without it hides nothing: ours comes first
        assert run.returncode == 1
        what = f"ImportError: the folder {hiding} hides the package {room!r} of restore; start Python in another folder"
        assert run.stderr.splitlines()[-1].startswith(what)
    else:
        assert (run.returncode, run.stderr) == (0, "")


def test_the_command_names_a_folder_that_hides_ours_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").touch()
    surroundings = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", HIDDEN.format(argv0="/usr/bin/restore"), str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert line.startswith(f"restore: the folder {tmp_path / 'models'} hides the package 'models' of restore; ")
