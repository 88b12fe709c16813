"""`restore evaluate turing`: people say which of two pictures is real."""

from pathlib import Path

import click

from pipelines.process import start_work
from restore.commands.evaluate import in_one_line
from restore.options.layout import COLOUR, OUTPUT, TASK, Command, option
from restore.options.measured import FILE
from restore.options.shared import WEIGHTS_DIR


@click.command(
    cls=Command,
    examples=[
        ("restore evaluate turing photos.zip --limit 40 -o turing", "turing/index.html, to be opened in a browser"),
        ("restore evaluate turing --results anna.csv --results ben.csv", "what both said"),
    ],
)
@click.argument("pictures", nargs=-1, type=click.Path(exists=True, path_type=Path))
@option(COLOUR, "--network", "networks", multiple=True, default=("compact",), show_default=True,
        help="Its name, or a .safetensors file; more than one are mixed.")  # fmt: skip
@WEIGHTS_DIR
@option(TASK, "--limit", type=click.IntRange(min=1), metavar="N", help="Take N pictures only, evenly spread.")
@option(OUTPUT, "-o", "--out", type=click.Path(file_okay=False, path_type=Path), help="The folder of the page.")
@option(TASK, "--results", multiple=True, type=FILE, help="A CSV file that the page gave; show what was said.")
def turing(pictures: tuple[Path, ...], networks: tuple[str, ...], weights_dir: Path | None, limit: int | None,
           out: Path | None, results: tuple[Path, ...]) -> None:  # fmt: skip
    """Let people say which is real: PICTURES in their own colours beside coloured ones, each pair for a second.

    The page needs no network. It gives each person's answers as a CSV file.
    """
    if bool(results) == bool(pictures) or (pictures and out is None):
        raise click.UsageError("give PICTURES and --out FOLDER for a page, or --results FILE for what was said")
    with in_one_line():
        from restore.turing import answers_of, make_page, worded

        if results:
            for answers in answers_of(results):
                click.echo(worded(answers))
        elif out is not None:
            start_work()
            pairs = make_page(pictures, networks, weights_dir, limit, out)
            click.echo(f"{out / 'index.html'}, {pairs} pairs")
