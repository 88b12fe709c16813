"""How far a long count is, on stderr: a bar on a terminal, a line every ten seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

LINE_SECONDS = 10


@contextmanager
def counting(noun: str, total: int) -> Iterator[Callable[[], None]]:
    """Gives a function to call each time that one more is done.

    Args:
        noun: the things counted, in the plural.
        total: how many there are.
    """
    if not sys.stderr.isatty():
        yield _lines(noun, total)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(noun, total=total)
        yield lambda: bar.advance(task)


def _lines(noun: str, total: int) -> Callable[[], None]:
    done, last = 0, time.monotonic()

    def step() -> None:
        nonlocal done, last
        done += 1
        if time.monotonic() - last > LINE_SECONDS:
            last = time.monotonic()
            click.echo(f"{done} of {total} {noun}", err=True)

    return step
