"""`restore studio`: a page on this machine where an editor looks, points and decides."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pipelines.errors import MissingError
from restore.exits import Refused, shown_by
from restore.options.encode import ENCODE_OPTIONS
from restore.options.guides import GUIDES
from restore.options.layout import MACHINES, TASK, Command, option
from restore.options.shared import READ_OPTIONS, colour_options, settings_from
from restore.show import Quiet


@click.command(cls=Command, examples=[
    ("restore studio film.mp4", "opens the page in the browser; Ctrl-C ends it"),
    ("restore studio reels/*.mov --codec prores", "several films; runs write ProRes"),
])  # fmt: skip
@click.argument("films", nargs=-1, required=True, type=click.Path(path_type=Path))
@option(TASK, "--open/--no-open", "is_opened", default=True, help="Open the page in the browser. [yes]")
@option(
    MACHINES,
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="N",
    help="Serve the page there. [a free one]",
)
@colour_options()
@GUIDES
@ENCODE_OPTIONS
@READ_OPTIONS
def studio(films: tuple[Path, ...], is_opened: bool, port: int, **options: Any) -> None:
    """Open FILMS in a page on this machine: look, point, direct the colours of each shot, start the run."""
    settings, words = settings_from(options), list(_words(options))
    from restore.studio.serve import serve

    with shown_by(Quiet()):
        for film in films:
            if not film.exists():
                raise MissingError(film, "no such file", "check its name and folder")
        try:
            serve(films, settings, words, port, is_opened, click.echo)
        except OSError as error:
            raise Refused(f"--port {port}: {error.strerror}; choose another") from error


def _words(options: dict[str, Any]) -> Iterator[str]:
    """The options that were given, as they are typed."""
    ctx = click.get_current_context()
    for param in ctx.command.params:
        name = str(param.name)
        if name not in options or ctx.get_parameter_source(name) is ParameterSource.DEFAULT:
            continue
        for value in options[name] if isinstance(options[name], tuple | list) else [options[name]]:
            if isinstance(value, bool):
                yield (param.opts if value else param.secondary_opts)[-1]
            else:
                yield from (param.opts[-1], _typed(value))


def _typed(value: Any) -> str:
    """A value as one types it; of fractions the decimal number, where it is as exact."""
    decimal = f"{float(value):.9g}" if isinstance(value, Fraction) else ""
    return decimal if decimal and Fraction(decimal) == value else str(value)
