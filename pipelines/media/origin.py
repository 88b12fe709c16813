"""Tags that tell where a result's colours come from, in the way that each container keeps."""

from collections.abc import Mapping
from typing import Any

PREFIX = "RESTORE_"
"""Of the names of tags in Matroska and WebM."""
COMMENTED = ("mp4", "mov")
"""Containers that drop names of our own: a line more in the film's own comment tells it."""


def add_origin(tags: Any, container: str, origin: Mapping[str, str]) -> None:
    """Adds the origin to a file's tags; containers that keep neither names of our own nor a comment get nothing.

    Args:
        tags: of the file, those of the film among them.
        container: the muxer.
        origin: texts by name: tool, network, ...; empty: nothing is added.
    """
    if container in ("matroska", "webm"):
        tags.update({PREFIX + name.upper().replace(" ", "_"): text for name, text in origin.items()})
    elif container in COMMENTED and origin:
        tool, *others = origin.items()
        line = "; ".join([tool[1], *(text if name == "colours" else f"{name} {text}" for name, text in others)])
        tags["comment"] = f"{tags['comment']}\n{line}" if tags.get("comment") else line
