"""Exit codes, and how a command ends: one line that says where, what, and what to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from pipelines.errors import FilmError, MissingError, SettingsError
from restore.show import Quiet
from restore.show.events import Failed

DONE, FAILED, WRONG_USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
"""All is done; a film failed; wrong usage, a missing input among it; stopped by Ctrl-C; stopped by SIGTERM."""


class Terminated(KeyboardInterrupt):
    """The system asked the process to end (SIGTERM)."""


def terminate(*_: Any) -> None:
    """Handles SIGTERM: the run stops as after Ctrl-C, with an exit code of its own."""
    raise Terminated


class Failure(click.ClickException):
    """A failure in one line, shown as a film's failure is."""

    exit_code = FAILED

    def __init__(self, what: object) -> None:
        super().__init__(" ".join(str(what).split()))

    def show(self, file: IO[str] | None = None) -> None:
        """Writes the line."""
        click.echo(f"restore: {self.message}", file, err=True)


class Refused(Failure):
    """A fault in what was asked for, in one line."""

    exit_code = WRONG_USAGE


@contextmanager
def raised_as(failure: Callable[[Exception], Failure], *kinds: type[Exception]) -> Iterator[None]:
    """Re-raises exceptions of these types as `failure`."""
    try:
        yield
    except kinds as error:
        raise failure(error) from error


def code_of(error: FilmError) -> int:
    """The exit code of a film's failure."""
    return WRONG_USAGE if isinstance(error, SettingsError | MissingError) else FAILED


@contextmanager
def shown_by(show: Quiet) -> Iterator[None]:
    """Ends a command with the right code, and one line, where a film fails or somebody stops it.

    Raises:
        click.exceptions.Exit: a film failed, or the run was stopped.
    """
    try:
        yield
    except FilmError as error:
        show.close()
        show(Failed(error))
        raise click.exceptions.Exit(code_of(error)) from error
    except KeyboardInterrupt as stop:
        raise click.exceptions.Exit(stopped_code(stop)) from stop
    finally:
        show.close()


def stopped_code(stop: KeyboardInterrupt) -> int:
    """The exit code of a run that somebody stopped."""
    return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED
