"""Views of a frame: as it was, as it will be, the mask of its repair, and the difference."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import luma_span
from pipelines.colour.rgb import rgb_of
from pipelines.frames import ColouredFrame, Luma
from pipelines.media.target import Target

Shown = Literal["before", "after", "mask", "difference"]
BEFORE_AND_AFTER: tuple[Shown, ...] = ("before", "after")
GAIN = 4
"""Times that a difference is shown, about the middle of the range."""


def shown_from(words: str) -> tuple[Shown, ...]:
    """The pictures that --show names: before,mask,after.

    Raises:
        ValueError: there is no such picture.
    """
    found = tuple(word.strip() for word in words.split(","))
    unknown = [word for word in found if word not in get_args(Shown)]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not shown; known: {', '.join(get_args(Shown))}, with commas between")
    return found  # type: ignore[return-value]  # just checked


def pictures_of(show: Sequence[Shown], coloured: ColouredFrame, target: Target) -> list[NDArray[np.float32]]:
    """R'G'B' (H, W, 3), 0 to 1, of each picture that is shown of a frame whose luma is in the target's codes."""
    return [rgb_of(coloured, target)[1] if what == "after" else _gray(what, coloured, target) for what in show]


def _gray(what: Shown, coloured: ColouredFrame, target: Target) -> NDArray[np.float32]:
    black, white = luma_span(target.bits, target.is_full_range)
    share = (luma_of(what, coloured, target).astype(np.float32) - np.float32(black)) / np.float32(white - black)
    return np.repeat(share.clip(0, 1)[..., None], 3, axis=2)


def before_of(coloured: ColouredFrame) -> Luma:
    """A frame's luma as it was decoded."""
    repair = coloured.frame.repair
    return coloured.frame.luma if repair is None or repair.before is None else repair.before


def luma_of(what: Shown, coloured: ColouredFrame, target: Target) -> Luma:
    """Luma (H, W), in the target's codes, of a picture without colour.

    Args:
        what: any but `after`, which has colour.
        coloured: the frame.
        target: whose codes its luma is in.
    """
    before, after = before_of(coloured), coloured.frame.luma
    black, white = luma_span(target.bits, target.is_full_range)
    if what == "before":
        return before
    if what == "mask":
        repair = coloured.frame.repair
        mask = np.zeros(after.shape, np.uint8) if repair is None or repair.mask is None else repair.mask
        share: NDArray[np.floating[Any]] = mask / np.float32(255)
    else:
        share = 0.5 + (after.astype(np.float32) - before) * np.float32(GAIN / (white - black))
    return np.rint(black + share.clip(0, 1) * (white - black)).astype(after.dtype)
