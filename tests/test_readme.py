"""What a person reads holds: the README's commands and links, the help, the exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from restore.cli import main
from restore.commands.film import film_command
from restore.options.values import Time

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^<!-- command: (\w+) -->\n+```sh\n(.+?)\n```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)|(?:src|href)=\"([^\"]+)\"")
OPTIONS = [param for param in film_command.params if isinstance(param, click.Option)]

DOCUMENTS = sorted(
    str(path.relative_to(ROOT)) for level in ("", "[a-z]*/", "[a-z]*/[a-z]*/") for path in ROOT.glob(f"{level}*.md")
)
"""All pages of the project."""

HELP_IMPORTS = """
import sys
from restore.cli import main
try:
    main(["--help"])
finally:
    print(*sorted({"torch", "av", "cv2", "numpy"} & set(sys.modules)), file=sys.stderr)
"""


def restore(*args: str | Path) -> Result:
    """The command line, in this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args])


def links(document: str) -> set[str]:
    """What a document links to inside the project, without the place in the file."""
    found = {(inline or tag).partition("#")[0] for inline, tag in LINK.findall((ROOT / document).read_text("utf-8"))}
    return {link for link in found if link and "://" not in link and not link.startswith("mailto:")}


def test_readme_marks_the_command_that_runs_and_the_one_that_tests() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = BLOCK.findall(text)
    assert [name for name, _ in blocks] == ["run", "test"]
    assert text.count("<!-- command:") == len(blocks)
    run, test = (command for _, command in blocks)
    assert "restore samples/newsreel.mp4" in run
    assert "pytest" in test


@pytest.mark.parametrize("document", DOCUMENTS)
def test_linked_files_exist(document: str) -> None:
    folder = (ROOT / document).parent
    assert [link for link in sorted(links(document)) if not (folder / link).exists()] == []


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.opts[-1])
def test_every_option_has_a_sentence_of_help(option: click.Option) -> None:
    assert re.fullmatch(r"[A-Z].{5,}\.( \[.+\])?", option.help or ""), option.help


def test_help_shows_every_option_of_the_default_command() -> None:
    shown = restore("--help").stdout
    assert [option.name for option in OPTIONS if option.opts[-1] not in shown] == []


def test_help_answers_without_loading_what_a_run_needs() -> None:
    run = subprocess.run([sys.executable, "-c", HELP_IMPORTS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr.strip()) == (0, "")
    assert run.stdout.startswith("Usage:")


def test_the_installed_command_is_the_one_tested_here() -> None:
    (command,) = entry_points(group="console_scripts", name="restore")
    assert command.load() is main


def test_an_unknown_option_is_wrong_usage() -> None:
    result = restore("film.mp4", "--colour-it-well")
    assert result.exit_code == 2
    assert "--colour-it-well" in result.stderr


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--start", "5", "--end", "3"), "--end 00:00:03.000 must lie after --start 00:00:05.000"),
        (("--codec", "ffv1", "--crf", "18"), "ffv1 has no crf"),
        (("--preset", "warp"), "--preset of h264 must be ultrafast, superfast, veryfast, "),
        (("--codec", "h265", "--preset", "8"), "slower, veryslow, placebo; got '8'"),
        (("--codec", "av1", "--preset", "99"), "--preset of av1 must be 0 to 13; got '99'"),
        (("--codec", "prores", "--preset", "fast"), "prores has no crf and no preset; leave out --crf and --preset"),
        (("--crf", "52"), "crf of h264 must be 0 to 51, got 52"),
        (("--saturation", "5"), "saturation must be 0 to 4"),
        (("--start", "noon"), "'noon' is not a time"),
        (("--start", "00:99:00"), "'00:99:00' is not a time; write HH:MM:SS, minutes and seconds below 60"),
        (("--end", "1:60"), "'1:60' is not a time"),
    ],
)
def test_settings_out_of_range_are_wrong_usage(options: tuple[str, ...], what: str) -> None:
    result = restore("film.mp4", *options)
    assert result.exit_code == 2
    assert what in result.stderr


@pytest.mark.parametrize(
    ("typed", "seconds"), [("99:00", 5940), ("00:59:59", 3599), ("100:00:01", 360001), ("75", 75), ("1:02.5", 62.5)]
)
def test_a_time_is_seconds_or_parts_between_colons(typed: str, seconds: float) -> None:
    assert Time().convert(typed, None, None) == seconds


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("prevue", "FILM"), "No such command 'prevue'. Did you mean 'preview'?"),
        (("stil", "FILM", "--at", "3"), "No such command 'stil'. Did you mean 'still'?"),
        (("colourise", "FILM"), "colourise is neither a film here nor a command; restore --help lists these"),
        (("lost.mp4", "b.mp4"), "b.mp4 is one film too many; restore archive FILM... --out FOLDER takes several"),
        (("FILM", "b.mp4"), "b.mp4 is one film too many; restore archive FILM... --out FOLDER takes several"),
    ],
)
def test_a_word_too_many_is_reported_with_what_was_meant(words: tuple[str, ...], what: str, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.touch()
    result = restore(*(str(film) if word == "FILM" else word for word in words))
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {what}"


def test_a_film_named_nearly_as_a_command_is_a_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shot").touch()
    assert restore("shot").stderr.startswith("restore: shot: the file is empty")
    assert restore("preview.mp4").stderr.startswith("restore: preview.mp4: no such file")


@pytest.mark.parametrize(
    "words", [("--",), ("--quiet", "--"), ("--crf", "20", "--"), ("film", "--"), ("film", "--quiet", "--")]
)
@pytest.mark.parametrize("name", ["-dash.mp4", "--help", "archive"])
def test_what_follows_two_dashes_is_a_film_whatever_its_name(words: tuple[str, ...], name: str) -> None:
    result = restore(*words, name)
    assert (result.exit_code, result.stderr) == (2, f"restore: {name}: no such file; check its name and folder\n")


def test_a_missing_film_fails_and_is_named(tmp_path: Path) -> None:
    film = tmp_path / "lost.mp4"
    result = restore(film)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"restore: {film}: ")
    assert list(tmp_path.iterdir()) == []


def test_json_tells_of_a_missing_film_in_one_event(tmp_path: Path) -> None:
    film = tmp_path / "lost.mp4"
    result = restore(film, "--json")
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    event = json.loads(line)
    assert (event["event"], event["film"]) == ("error", str(film))
    assert event["what"]
