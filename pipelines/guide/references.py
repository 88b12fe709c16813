"""Colours of other pictures, which the anchors of a film take by likeness: of a photograph, or of another shot's still.

An anchor's colours depend on its own picture alone, so that nothing need be read before the run; anchors then agree on
them as they do on those of the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.colour.colorspace import LUMA_WEIGHTS, ab_beside, lightness_table
from pipelines.colour.lightness import Lightness
from pipelines.frames import Layer
from pipelines.guide.layers import fitted, layer_of, met, with_share
from pipelines.guide.likeness import ELSEWHERE, Likeness
from pipelines.guide.painted import read_picture
from pipelines.media.decode import Decode
from pipelines.painting.size import network_size
from pipelines.places import sha256_of
from pipelines.settings import Reference, Settings
from pipelines.source import Film, Segment

SAMPLES = 5
"""Frames, spread over the film, in which likenesses are counted for a note."""
MIN_FOUND = 0.05
"""Share of these below which a reference has found nothing."""


@dataclass(frozen=True)
class ReferencePicture:
    """A picture whose colours parts of a film take."""

    film: Film
    asked: Reference
    likeness: Likeness = field(repr=False)
    sha256: str

    def is_for(self, seconds: Fraction) -> bool:
        """Whether a frame at this time takes its colours."""
        return not self.asked.where or any(each.has(seconds) for each in self.asked.where)

    def layer(self, lightness: NDArray[np.uint8]) -> Layer:
        """The colours of an anchor (h, w), and how far they are to be trusted."""
        alike, trust = self.likeness.brought(lightness)
        return layer_of(fitted(alike * trust[..., None], lightness))


@dataclass(frozen=True)
class References:
    """The pictures whose colours a film takes."""

    film: Film
    pictures: Sequence[ReferencePicture]
    notes: tuple[str, ...] = ()
    """How much was found, as sentences for the user."""

    def layer(self, pts: int, lightness: NDArray[np.uint8]) -> Layer | None:
        """The colours of one anchor; None: no picture is for it."""
        seconds = self.film.seconds(pts)
        found = [(1, picture.layer(lightness)) for picture in self.pictures if picture.is_for(seconds)]
        return met(found) if found else None

    def said(self, first: int | None, last: int | None) -> list[str]:
        """Words on all that anchors from one pts to another may take colours from."""
        ends = [None if pts is None else self.film.seconds(pts) for pts in (first, last)]
        return [f"{one.sha256} {one.asked.where}" for one in self.pictures if _meets(one.asked, *ends)]


def _meets(asked: Reference, first: Fraction | None, last: Fraction | None) -> bool:
    """Whether a reference may be for a frame between two times; where it is for all but some, it may."""
    return not asked.where or any(
        each.is_outside
        or (
            (last is None or each.start is None or each.start <= last)  # type: ignore[operator]  # they were found
            and (first is None or each.end is None or each.end > first)  # type: ignore[operator]
        )
        for each in asked.where
    )


def references_of(film: Film, settings: Settings, rows: int) -> References | None:
    """The pictures that the settings name; None where there are none.

    Raises:
        SettingsError: a picture cannot be read.
        InputError: the film cannot be read.
    """
    if not settings.references:
        return None
    pictures = [_picture(film, asked, rows) for asked in settings.references]
    notes = tuple(_note(picture, settings, rows) for picture in pictures)
    return References(film, pictures, notes)


def _picture(film: Film, asked: Reference, rows: int) -> ReferencePicture:
    path = Path(str(asked.source))
    painted = read_picture(path)
    height, width = painted.alpha.shape
    size = network_size(height, width, rows)
    red, blue = LUMA_WEIGHTS["bt709"]
    luma = painted.rgb @ np.array([red, 1 - red - blue, blue], np.float32)
    lightness = lightness_table(8, True)[np.rint(luma * 255).astype(np.uint8)]
    rgb = torch.from_numpy(painted.rgb).permute(2, 0, 1)
    ab = ab_beside(rgb, torch.from_numpy(lightness), (red, blue)).permute(1, 2, 0).numpy()
    pictures = with_share(ab, painted.alpha), lightness
    shared, small = (cv2.resize(each, size[::-1], interpolation=cv2.INTER_AREA) for each in pictures)
    likeness = Likeness(np.rint(small * 2.55).astype(np.uint8), shared, ELSEWHERE)
    return ReferencePicture(film, asked, likeness, sha256_of(path))


def _note(picture: ReferencePicture, settings: Settings, rows: int) -> str:
    """How much of some frames found a likeness."""
    found = [float(picture.layer(each).share.mean()) for each in _samples(picture, settings, rows)]
    share, name = sum(found) / max(1, len(found)), Path(str(picture.asked.source)).name
    if share < MIN_FOUND:
        return f"{name} has nothing like the film's pictures: it changes no colour"
    return f"{name} gives colours to {share:.0%} of {len(found)} frames that were looked at"


def _samples(picture: ReferencePicture, settings: Settings, rows: int) -> list[NDArray[np.uint8]]:
    """Lightness of some frames that take its colours."""
    film = picture.film
    times = [film.duration * number / (4 * SAMPLES) for number in range(4 * SAMPLES)]
    wanted = [time for time in times if picture.is_for(time)]
    wanted = wanted[:: -(-len(wanted) // SAMPLES)] if wanted else [_start(picture)]
    stage, found = Lightness(film.picture, rows), list[NDArray[np.uint8]]()
    for time in wanted:
        decode = Decode(Fraction(0), settings.skip_damaged, settings.deinterlace)
        frames = (frame for frame in decode(Segment(film, 0, film.pts(time), None)) if frame.is_owned)
        found += [light.lightness for light in stage([*[frame for _, frame in zip(range(1), frames, strict=False)]])]
    return found


def _start(picture: ReferencePicture) -> Fraction:
    """Where its first range begins, which is too short for the times that are looked at."""
    start = picture.asked.where[0].start
    return start if isinstance(start, Fraction) else Fraction(0)
