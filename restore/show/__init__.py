"""How a run shows itself: bars on a terminal, plain lines elsewhere, JSON for machines, errors alone where quiet."""

from __future__ import annotations

import sys

from restore.show.json import Json
from restore.show.lines import Lines, Quiet

__all__ = ["Json", "Lines", "Quiet", "choose_show"]


def choose_show(as_json: bool, quiet: bool) -> Quiet:
    """The way that suits the options and the terminal; with both, JSON's last event alone."""
    if as_json:
        return Json(is_last_alone=quiet)
    if quiet:
        return Quiet()
    if not sys.stdout.isatty():
        return Lines()
    from restore.show.bar import Bar  # rich takes its time

    return Bar()
