"""The documents: each command in them is one that the program takes, each message one that it gives."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
import yaml

from restore.cli import main

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "samples" / "cluster" / "README.md"]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    \S.*\n(?:^     *\S.*\n)*)", re.MULTILINE)
INLINE = re.compile(r"`((?:restore|pip|python|pipx|uv) [^`\n]+)`")
BEGINS = re.compile(r"(?:\S*/)?(restore|pip|python3?) ")
LEFT_OPEN = re.compile(r"\.\.\.|^\w+ \w+:|\|")
"""Commands of which a part is left out, and pipes: no shell word of them is checked."""


def commands_in(lines: list[str]) -> Iterator[str]:
    """Commands in lines, without the words beside them."""
    for line in lines:
        for part in re.split(r" && ", re.split(r" {2,}(?=[^-])|\t| +#", line.strip())[0]):
            if BEGINS.match(part) and not LEFT_OPEN.search(part):
                yield part


def typed(text: str) -> Iterator[str]:
    """Commands that stand on lines of their own, as one types them."""
    fenced = [block for language, block in FENCE.findall(text) if language in ("", "sh")]
    indented = [found.replace("\n    ", "\n") for found in INDENTED.findall(FENCE.sub("", text))]
    for block in [*fenced, *indented]:
        yield from commands_in(block.replace("\\\n", " ").splitlines())


def mentioned(text: str) -> Iterator[str]:
    """Commands inside of sentences, where arguments may be left out."""
    yield from commands_in(INLINE.findall(FENCE.sub("", text).replace("\n", " ")))


TEXTS = {document: document.read_text("utf-8") for document in DOCUMENTS}
TYPED = [(document, command) for document, text in TEXTS.items() for command in dict.fromkeys(typed(text))]
MENTIONED = [(document, command) for document, text in TEXTS.items() for command in dict.fromkeys(mentioned(text))]


def check(words: list[str]) -> None:
    """Raises what the program would: the command is unknown, or one of its options."""
    command: click.Command = main
    ctx = click.Context(main, info_name="restore")
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
        ctx = click.Context(command, parent=ctx, info_name=command.name)
    if isinstance(command, click.Group):
        if not words or words[0] in ("--version", "--help"):
            return
        assert command is main, f"{command.name} has no command {words[0]}"
        command = main.commands["film"]
        film = next((word for word in words if not word.startswith("-")), "FILM")
        assert re.search(r"[./]", film) or film.isupper(), f"{film} is neither a command nor a film"
    with suppress(click.exceptions.Exit):  # of --help
        assert command.make_context(command.name, words, parent=ctx.parent).args == []


def check_any(command: str) -> None:
    """Raises where a command of `restore`, pip or Python names what is not there."""
    words = shlex.split(command)
    program = Path(words[0]).name
    if program == "restore":
        try:
            check(words[1:])
        except click.BadParameter as error:
            if "does not exist" not in error.message:  # the files are the reader's
                raise
    elif program == "pip":
        for extras in re.findall(r"(?:restore-film|\.)\[([\w,]+)\]", command):
            assert set(extras.split(",")) <= EXTRAS.keys()
    elif words[1] == "-m":
        assert importlib.util.find_spec(words[2].partition("{")[0])
    else:
        assert (ROOT / words[1]).exists()


def named(each: object) -> str:
    return each.name if isinstance(each, Path) else str(each)


@pytest.mark.parametrize(("document", "command"), TYPED, ids=named)
def test_commands_in_documents_are_taken(document: Path, command: str) -> None:
    check_any(command)


@pytest.mark.parametrize(("document", "command"), MENTIONED, ids=named)
def test_commands_in_sentences_are_there(document: Path, command: str) -> None:
    with suppress(click.MissingParameter):
        check_any(command)


def test_documents_have_commands() -> None:
    assert {document.name for document, _ in TYPED} >= {"README.md", "index.md", "film.md", "scans.md", "training.md"}
    assert sum(command.startswith("restore ") for _, command in TYPED) > 50


def test_each_message_explained_is_one_that_the_program_gives() -> None:
    sources = [path for room in ("restore", "pipelines", "models") for path in (ROOT / room).rglob("*.py")]
    program = "".join(path.read_text("utf-8") for path in sources) + "libGL.so.1"  # the system's words
    messages = re.findall(r"^\*\*(.+?)\*\* - ", (ROOT / "docs" / "troubleshooting.md").read_text("utf-8"), re.MULTILINE)
    assert len(messages) > 15
    assert [message for message in messages if message not in program] == []


def test_each_page_is_in_the_navigation() -> None:
    class Loader(yaml.SafeLoader):
        """Reads MkDocs's own tags as plain values."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    config = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Loader)
    named = set(re.findall(r"[\w-]+\.md", str(config["nav"])))
    assert {page.name for page in PAGES} - named == set()
    assert config["theme"]["font"] is False
