"""Steady colour for black-and-white film."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.errors import FilmError
    from restore.api import render_preview, restore_archive, restore_film

__all__ = ["FilmError", "render_preview", "restore_archive", "restore_film"]


def __getattr__(name: str) -> Any:
    """Loads what is asked for: importing the package must not cost a second of imports."""
    if name == "FilmError":
        from pipelines.errors import FilmError

        return FilmError
    if name in ("render_preview", "restore_archive", "restore_film"):
        from restore import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
