"""The manual page and the completions are made from the commands."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from restore.cli import main
from restore.manual import COMPLETIONS, commands, completion, help_of, man_page, write
from restore.options.layout import Command


def test_every_command_and_option_is_in_the_manual() -> None:
    page = man_page(main).replace("\\-", "-")
    for name, ctx in commands(main):
        assert f"\n.B {name}\n" in page or isinstance(ctx.command, click.Group)
    options = [param for _, ctx in commands(main) for param in ctx.command.params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.hidden and option.opts[-1] not in page] == []


def test_the_manual_is_roff() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("there is no groff here")
    text = man_page(main)
    command = [groff, "-k", "-man", "-Tutf8", "-ww"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (run.returncode, run.stderr) == (0, "")
    plain = re.sub(r"\x1b\[[\d;]+m|.\x08", "", run.stdout)  # without what makes it bold
    assert "steady colour for black-and-white film" in plain
    assert re.search(r"\W\Wskip\Wdamaged", plain)


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_a_shell_asks_the_command_that_is_installed(shell: str) -> None:
    script = completion(main, shell)
    assert f"_RESTORE_COMPLETE={shell}_complete" in script
    assert "restore" in script


def test_an_unknown_shell_is_refused() -> None:
    with pytest.raises(ValueError, match="click completes no tcsh"):
        completion(main, "tcsh")


def test_all_is_written_where_systems_look(tmp_path: Path) -> None:
    places = {str(path.relative_to(tmp_path)) for path in write(main, tmp_path)}
    assert places == {"share/man/man1/restore.1", *COMPLETIONS.values()}


def test_the_manual_lists_both_names_of_help_and_leaves_them_to_the_command() -> None:
    command = Command("film", params=[])
    assert "\\-h, \\-\\-help" in man_page(command)
    assert CliRunner().invoke(command, ["-h"]).exit_code == 0


def test_help_of_a_command_names_it_whole() -> None:
    found = dict(commands(main))
    assert help_of(found["restore evaluate steadiness"]).startswith("Usage: restore evaluate steadiness ")
