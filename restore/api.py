"""The product as functions."""

from pathlib import Path

from pipelines.film import Listener, Result, restore
from pipelines.job import prepare
from pipelines.settings import Settings


def restore_film(
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> Path:
    """Colours a black-and-white film, file to file.

    Args:
        film: the black-and-white film; it is never written to.
        out: the result; None puts FILM.restored.SUFFIX beside the film.
        settings: None takes the defaults.
        overwrite: whether a result that exists may be replaced.
        listener: told how the run goes.

    Returns:
        The path of the result.

    Raises:
        FilmError: the film cannot be restored; the message says where, what, and what to do.
    """
    job = prepare(Path(film), Path(out) if out is not None else None, settings or Settings(), overwrite)
    restore(job, listener)
    return job.out


__all__ = ["Listener", "Result", "Settings", "restore_film"]
