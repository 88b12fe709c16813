"""Options that give a network colours, beside the film: points and painted frames."""

from pathlib import Path
from typing import Any

import click

from pipelines.ranges import PLACES, When
from pipelines.settings import Reference, Still
from restore.options.layout import COLOUR, join, option
from restore.options.values import Place

SHOT = PLACES["shot"]


class Likeness(click.Path):
    """A picture, or a shot such as `shot 12`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The picture's path, which must be there; a shot's words as a path."""
        return Path(value) if SHOT.fullmatch(str(value)) else super().convert(value, param, ctx)


PICTURE = click.Path(exists=True, dir_okay=False, path_type=Path)
HINTS = option(
    COLOUR,
    "--hints",
    type=PICTURE,
    help="A JSON file of colours for regions of the film, and for points, which compact and siggraph17 take.",
)
GUIDES = join(
    HINTS,
    option(
        COLOUR,
        "--still",
        "stills",
        type=PICTURE,
        multiple=True,
        help="A frame from restore still --layout colour, painted over: its shot takes these colours. Repeatable.",
    ),
    option(
        COLOUR,
        "--still-at",
        type=Place(),
        multiple=True,
        help="The time of a --still, in their order; its picture is then taken as it is. [as its tags say]",
    ),
    option(
        COLOUR,
        "--reference",
        "references",
        type=Likeness(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        help="A colour picture, or a shot with a --still (shot 12): things that look like its own take its colours.",
    ),
)


def references_of(options: dict[str, Any]) -> tuple[Reference, ...]:
    """The pictures that the options name for likenesses: files, or shots with a still."""
    named = [str(each) for each in options.get("references") or ()]
    return tuple(Reference(When(each) if SHOT.fullmatch(each) else Path(each)) for each in named)


def stills_of(options: dict[str, Any]) -> tuple[Still, ...]:
    """The painted frames that the options name.

    Raises:
        click.UsageError: there are more or fewer times than pictures.
    """
    paths, times = options.get("stills") or (), options.get("still_at") or ()
    if times and len(times) != len(paths):
        raise click.UsageError(f"--still-at is given {len(times)} times for {len(paths)} --still; give each its time")
    return tuple(Still(path, time) for path, time in zip(paths, times or [None] * len(paths), strict=True))
