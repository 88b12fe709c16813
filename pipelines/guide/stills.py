"""Frames that a person painted, and regions of frames, followed through their shots: the colours that anchors take.

It is done once, before the run: what comes out is a layer of colours by anchor, so that segments stay independent of
each other, and a shot may be longer than any of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np

from pipelines.errors import SettingsError, timecode
from pipelines.frames import Layer
from pipelines.guide.layers import Layers, PackedLayer, fitted, layer_of, met, over, with_share
from pipelines.guide.likeness import Likeness
from pipelines.guide.painted import PaintedFrame
from pipelines.guide.reading import ShotReader, SmallFrame
from pipelines.guide.regions import region_layer
from pipelines.motion.flow import FloatPicture
from pipelines.motion.origins import Origins
from pipelines.ranges import in_seconds
from pipelines.settings import Hint, Settings, Still
from pipelines.source import Film

KEPT = 0.8
"""Share that what the last anchor had keeps where motion to the painted frame fails."""

REGAINED = np.float32(0.2)
"""By how much trust in motion to the painted frame rises from anchor to anchor: what was lost comes back slowly."""
PARTIAL = 0.9
"""Mean share of a still below which it is about things in the frame: others that look like them keep their colours."""
NEAR = 24
"""Of the picture's rows: how far a thing is looked for around where motion has brought it."""


@dataclass(frozen=True)
class StillTracker:
    """Follows the painted frames of one film through their shots."""

    reader: ShotReader
    settings: Settings
    """Of the run."""

    @property
    def film(self) -> Film:
        """The film."""
        return self.reader.film

    def stills(self) -> Layers:
        """The colours that anchors take from painted frames.

        Raises:
            FilmError: a picture cannot be read or is not of its frame, or the film cannot be read.
        """
        stills: dict[int, list[tuple[int, PackedLayer]]] = {}
        for still in self.settings.stills:
            for pts, distance, layer in self._layers(still, still.seconds):
                stills.setdefault(pts, []).append((distance, PackedLayer.of(layer)))
        return {pts: _met(of_anchor) for pts, of_anchor in stills.items()}

    def regions(self) -> Layers:
        """The colours that anchors take from regions; of two over each other the later one's.

        Raises:
            FilmError: a mask cannot be read, a region lies outside its picture, or the film cannot be read.
        """
        found: Layers = {}
        for hint in (hint for hint in self.settings.hints if hint.is_region):
            for pts, _, layer in self._layers(hint, in_seconds(hint.time)):
                found[pts] = PackedLayer.of(over(found[pts].layer, layer) if pts in found else layer)
        return found

    def _layers(self, given: Still | Hint, time: Fraction) -> Iterator[tuple[int, int, Layer]]:
        """pts of each anchor of a still's or region's shot, how many ticks away it is, and its colours."""
        own = self.reader.frame_at(time)
        if own is None:
            name = given.path if isinstance(given, Still) else self.film.path
            kind = "is of a frame" if isinstance(given, Still) else "a region's time lies"
            what = f"{kind} after the film's end ({timecode(self.film.duration)})"
            raise SettingsError(name, what, "give it an earlier time")
        if isinstance(given, Still):
            layer = PaintedFrame(self.film, self.settings, given, own.pts).layer()
        else:
            layer = region_layer(self.film, given)
        layer = replace(layer, is_own=True, is_partial=bool(layer.share.mean() < PARTIAL))
        yield own.pts, 0, layer
        source = _Source(own, layer)
        for step in (1, -1):
            frames = self.reader.frames_from(time, step)
            next(frames)
            for pts, followed in source.followed(frames):
                yield pts, abs(pts - own.pts), followed


def _met(found: list[tuple[int, PackedLayer]]) -> PackedLayer:
    if len(found) == 1:
        return found[0][1]
    return PackedLayer.of(met([(distance, packed.layer) for distance, packed in found]))


class _Source:
    """A painted frame, whose colours others take."""

    def __init__(self, own: SmallFrame, layer: Layer) -> None:
        size = own.lightness.shape[::-1]
        shared = with_share(layer.ab, layer.share)
        self.own, self.shared = own, cv2.resize(shared, size, interpolation=cv2.INTER_AREA)
        self.likeness = Likeness(own.lightness, self.shared)
        self.is_partial = layer.is_partial

    def followed(self, frames: Iterator[SmallFrame]) -> Iterator[tuple[int, Layer]]:
        """pts and colours of the anchors among these frames, at half the size of their lightness.

        Args:
            frames: those after the painted one, or those before it, from it on.
        """
        origins, last = Origins(self.own.lightness), self.shared
        trust = np.ones(last.shape[:2], np.float32)
        for frame in frames:
            origins.step(frame.lightness)
            if frame.is_anchor:
                last, trust = self._brought(frame, origins, last, trust)
                origins.mark()
                yield frame.pts, replace(layer_of(_halved(last)), is_partial=self.is_partial)

    def _brought(
        self, frame: SmallFrame, origins: Origins, last: FloatPicture, last_trust: FloatPicture
    ) -> tuple[FloatPicture, FloatPicture]:
        """Colours and their share along motion, and the trust in it; where it fails, the last anchor's and by likeness.

        Likeness alone would be found anew at each anchor, and flicker; so would trust that comes and goes.
        """
        alike, trust_alike = self.likeness.brought(frame.lightness)
        shared, trust = origins.brought(self.shared)
        near, trust_near = origins.brought_near(np.dstack([last, last_trust]))
        trust = np.minimum(trust, near[..., 3] * trust_near + REGAINED)
        near, kept = near[..., :3], (KEPT * trust_near)[..., None]
        if self.is_partial:
            trust_alike = trust_alike * _around(near[..., 2])
        found = near * kept + alike * trust_alike[..., None] * (1 - kept)
        return fitted(found + (shared - found) * trust[..., None], frame.lightness), trust


def _around(share: FloatPicture) -> FloatPicture:
    """Where a thing may be that has this share of the last anchor: it, and a little around it."""
    side = 2 * (share.shape[0] // NEAR) + 1
    return cv2.dilate(share, np.ones((side, side), np.uint8)).clip(0, 1)


def _halved(picture: FloatPicture) -> FloatPicture:
    """Chroma is no finer in most films."""
    return np.ascontiguousarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
