"""`restore verify`: a result compared with its film and its record."""

from pathlib import Path

import click

from restore.exits import shown_by
from restore.options.layout import TASK, Command, option
from restore.options.shared import SHOW_OPTIONS
from restore.reporting import Reporter
from restore.show import choose_show

EXAMPLES = [
    ("restore film.mkv --codec ffv1 --sidecar", "a result with its record"),
    ("restore verify film.mkv film.restored.mkv", "whether it is still that, and all that the film was"),
]


@click.command("verify", cls=Command, examples=EXAMPLES)
@click.argument("film", type=click.Path(path_type=Path))
@click.argument("result", type=click.Path(path_type=Path))
@option(TASK, "--record", type=click.Path(path_type=Path), help="The result's record. [FILM.restored.json beside it]")
@option(TASK, "--sound", type=click.Path(path_type=Path), help="Of scans: the file with their sound.")
@option(TASK, "--mask", type=click.Path(path_type=Path), help="Of a mended film: what --mask-out wrote. [beside it]")
@SHOW_OPTIONS
def verify(film: Path, result: Path, as_json: bool, quiet: bool, **files: Path | None) -> None:
    """Compare a result with its film, frame by frame and packet by packet, by the record that `--sidecar` writes.

    The exit code is 0 where both agree, and 1 where they do not: one line names the first difference.
    """
    from restore.verification import verify as run

    show = choose_show(as_json, quiet)
    with shown_by(show):
        run(film, result, **files, reporter=Reporter(show))
