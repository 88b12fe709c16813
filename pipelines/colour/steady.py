"""Makes anchors agree: each takes the robust mean of itself and its neighbours in the window, brought along motion."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from pipelines.colour.overlay import laid_over
from pipelines.frames import AbBatch, Anchor, FollowedFrame, Layer
from pipelines.motion.flow import FloatPicture, Flow, Motion, at_full_size, brought, in_squares, joined
from pipelines.motion.trust import MIN_TRUST, appearance, clearness, dimness, returns, trust
from pipelines.settings import MotionSettings

OUTLIER = 55.0
"""Distance in ab from the others' colour at which an anchor's weight falls to half."""
CHANCE, KNOWN = 0.25, 0.4
"""Mean trust in the flow to a neighbour: up to CHANCE it shows other things, alike by chance in places, from KNOWN on
the same. Frames of different shots of a film have 0.33 in the median."""
ROUNDS = 2
"""Times that the mean is taken again without the outliers."""
LENIENCE = 1.5
"""Factor on `MotionSettings.residual` between anchors: errors that one carried colour would show vanish in a mean."""
GIVEN = np.float32(4)
"""Factor on an anchor's own weight where its colours were given for another frame and followed to it."""
LOST = 0.5
"""Trust below which a square of an anchor is not found again in another by following it there."""
MAX_LOST = 0.2
"""Share of lost squares above which the flow between the two is searched directly: what was hidden may be back."""
SOUGHT = 0.75
"""Factor on the trust in a flow that was searched so, beside one that was followed."""
FULL_LIGHT = 0.2
"""Quantile, over the window's anchors, of the factors by which light has fallen from each: colour falls by it. Networks
give a scene one colour in whatever light it lies, and in a fade colour falls with the light. The smallest factor never
counts: it may be that from a flash."""
MAX_COLOUR_GAIN = 1.5
"""Largest factor by which contrast and tint are restored: a mean of pictures that do not lie exactly on each other is
paler than they are."""


def single_anchors(batches: Iterable[AbBatch]) -> Iterator[Anchor]:
    """The anchors of the batches, one by one."""
    for batch in batches:
        anchors = batch.anchors
        layers, references = (each or (None,) * len(anchors.pts) for each in (anchors.layers, anchors.references))
        colours = [
            ab if reference is None else laid_over(ab, reference, ab.shape[:2])[..., :2]
            for ab, reference in zip(batch.ab, references, strict=True)
        ]
        bare = map(Anchor, anchors.pts, anchors.shots, anchors.lightness, colours)
        yield from (_with_layer(anchor, layer) for anchor, layer in zip(bare, layers, strict=True))


def _with_layer(anchor: Anchor, layer: Layer | None) -> Anchor:
    if layer is None or layer.is_own:
        return replace(anchor, own=layer)
    size = anchor.ab.shape[0], anchor.ab.shape[1]
    colours = laid_over(anchor.ab, layer, size)
    return replace(anchor, ab=np.ascontiguousarray(colours[..., :2]), share=colours[..., 2])


def _shown(anchor: Anchor) -> FloatPicture:
    """Its colours, (h, w, 2), with those of its own frame."""
    size = anchor.ab.shape[0], anchor.ab.shape[1]
    return anchor.ab if anchor.own is None else laid_over(anchor.ab, anchor.own, size)[..., :2]


@dataclass(frozen=True)
class _Linked:
    """An anchor with the flows to its neighbours."""

    anchor: Anchor
    appearance: FloatPicture
    ab: FloatPicture
    """(h / COARSE, w / COARSE, 2), its colours in squares."""
    before: Flow | None
    """To the anchor before it; None: of another shot, or none."""
    after: Flow | None
    met: dict[int, tuple[Flow, Flow]] = field(default_factory=dict)
    """By the pts of an earlier anchor: the flow to it, found in one search, and that back."""

    def link(self, step: int) -> Flow | None:
        return self.after if step > 0 else self.before


@dataclass(frozen=True)
class _Brought:
    """An anchor's colours, brought along motion to another anchor."""

    ab: FloatPicture
    """(h / COARSE, w / COARSE, 2)"""
    weight: FloatPicture
    """(h / COARSE, w / COARSE), in the mean there."""
    clear: float
    """How clearly the other shows what there is to see in this one, see `clearness`."""
    dim: float = 1.0
    """Factor on its colours for the light that is less in the other, see `dimness`."""


@dataclass(frozen=True)
class Steady:
    """The stage: coloured anchors in, anchors that agree out, in order.

    A neighbour has weight as far as its lightness agrees after motion and motion leads back from it, less towards the
    window's end, less where its colour lies far from the others', and none across a cut. Where light has fallen from
    what it is in the window, the anchor has less colour.
    """

    settings: MotionSettings
    time_base: Fraction
    motion: Motion = field(default_factory=Motion)

    def __call__(self, batches: Iterable[AbBatch], frames: Iterable[FollowedFrame]) -> Iterator[Anchor]:
        """Yields each anchor once all anchors of its window have come.

        Args:
            batches: the anchors.
            frames: all frames; those that are anchors are the ones in the batches.
        """
        reach = int(self.settings.steady / self.time_base)
        window: deque[_Linked] = deque()
        waiting = 0  # anchors at the window's end that have not been given yet
        for linked in _linked(batches, frames):
            if reach == 0:
                yield linked.anchor
                continue
            window.append(linked)
            waiting += 1
            while window[-waiting].anchor.pts + reach < linked.anchor.pts:
                yield self._agreed(window, len(window) - waiting, reach)
                waiting -= 1
                while window[0].anchor.pts < window[-waiting].anchor.pts - reach:
                    window.popleft()
        while waiting:
            yield self._agreed(window, len(window) - waiting, reach)
            waiting -= 1

    def _agreed(self, window: Sequence[_Linked], number: int, reach: int) -> Anchor:
        here = window[number]
        others = [near for step in (-1, 1) for near in self._neighbours(window, number, step, reach)]
        if not others:
            return here.anchor
        # a flash is like none of them, and has less weight in its own colour than they have
        most = max(float(other.weight.mean()) for other in others)
        clear = min(other.clear for other in others)
        own_weight = np.full_like(others[0].weight, max(most * clear, MIN_TRUST))
        if here.anchor.share is not None:
            own_weight *= 1 + (GIVEN - 1) * in_squares(here.anchor.share)
        own = _Brought(here.ab, own_weight, clear)
        dim = np.quantile([one.dim for one in (own, *others)], FULL_LIGHT, method="higher")
        free = np.float32(1) if here.anchor.share is None else 1 - here.anchor.share[..., None]
        return replace(here.anchor, ab=_agreed_ab(here.anchor.ab, own, others, free) * np.float32(dim))

    def _neighbours(self, window: Sequence[_Linked], own: int, step: int, reach: int) -> Iterator[_Brought]:
        """The anchors before (step -1) or after (1) one, as far as the window reaches, brought to it."""
        here, forth, back = window[own], None, None
        for number in range(own, len(window) - 1) if step > 0 else range(own, 0, -1):
            link, other = window[number].link(step), window[number + step]
            distance = abs(other.anchor.pts - here.anchor.pts)
            if link is None or distance > reach:
                return
            way_back = other.link(-step)
            assert way_back is not None
            forth = link if forth is None else joined(forth, link)
            back = way_back if back is None else joined(way_back, back)
            seen = trust(here.appearance, other.appearance, forth, self.settings.residual)
            known = _is_known(seen)
            nearness = (1 - distance / (reach + 1)) * known
            found, agreeing = forth, self._agreeing(here, other, forth, back)
            if number != own and np.mean(agreeing < LOST) > MAX_LOST:
                found, agreeing = self._sought(here, other, forth, agreeing)
            dim = dimness(here.appearance, other.appearance, found) ** known
            clear = clearness(here.appearance, other.appearance)
            yield _Brought(brought(other.ab, found), agreeing * np.float32(nearness), clear, dim)

    def _sought(self, here: _Linked, other: _Linked, followed: Flow, sure: FloatPicture) -> tuple[Flow, FloatPicture]:
        """The flow to another anchor and how far it may be trusted, with what following lost found by a search."""
        forth, back = self._met(here, other)
        again = self._agreeing(here, other, forth, back) * np.float32(SOUGHT)
        is_found = (sure < LOST * SOUGHT) & (again > sure)
        return np.where(is_found[..., None], forth, followed), np.where(is_found, again, sure)

    def _agreeing(self, here: _Linked, other: _Linked, forth: Flow, back: Flow) -> FloatPicture:
        """How far an anchor shows what another does where these flows lead."""
        return trust(here.appearance, other.appearance, forth, LENIENCE * self.settings.residual) * returns(forth, back)

    def _met(self, here: _Linked, other: _Linked) -> tuple[Flow, Flow]:
        """Flow between two anchors, there and back, found in one search; the same pair is not searched again."""
        if other.anchor.pts > here.anchor.pts:
            back, forth = self._met(other, here)
            return forth, back
        if other.anchor.pts not in here.met:
            here.met[other.anchor.pts] = self.motion.between(here.anchor.lightness, other.anchor.lightness)
        return here.met[other.anchor.pts]


def _is_known(seen: FloatPicture) -> float:
    """How surely a neighbour shows what the anchor shows, above 0 and up to 1, from the trust in the flow to it."""
    return min(1.0, max(float(MIN_TRUST), (float(seen.mean()) - CHANCE) / (KNOWN - CHANCE)))


def _linked(batches: Iterable[AbBatch], frames: Iterable[FollowedFrame]) -> Iterator[_Linked]:
    followed = (frame for frame in frames if frame.shown.is_anchor)
    for anchor, frame in zip(single_anchors(batches), followed, strict=True):
        yield _Linked(anchor, appearance(anchor.lightness), in_squares(_shown(anchor)), frame.before, frame.after)


def _agreed_ab(ab: FloatPicture, own: _Brought, others: Sequence[_Brought], free: Any) -> FloatPicture:
    """An anchor's ab (h, w, 2) as all agree on it; where all have one colour it is that, to the last bit.

    Contrast and tint are restored as far as colours are `free`, 0..1: those that a person gave are as strong as given.
    """
    colours = np.stack([one.ab for one in (own, *others)])  # (K, h / COARSE, w / COARSE, 2)
    shares = _shares(colours, np.stack([one.weight for one in (own, *others)]))
    change = ((colours - own.ab) * shares[..., None]).sum(axis=0)
    mean, contrast, tint = _paled(colours, shares)
    agreed: FloatPicture = ab + at_full_size(change, cv2.INTER_CUBIC)
    return agreed + (agreed - mean) * (np.float32(contrast - 1) * free) + mean * (np.float32(tint - 1) * free)


def _shares(colours: FloatPicture, weights: FloatPicture) -> FloatPicture:
    """Each colour's share in the mean, (K, h / COARSE, w / COARSE): an outlier is outvoted, not averaged in."""
    kept = weights / weights.sum(axis=0)
    for _ in range(ROUNDS):
        mean = (colours * kept[..., None]).sum(axis=0)
        kept = weights / (1 + np.square(colours - mean).sum(axis=-1) / np.float32(OUTLIER**2))
        kept /= kept.sum(axis=0)
    return kept


def _paled(colours: FloatPicture, shares: FloatPicture) -> tuple[FloatPicture, float, float]:
    """The mean colour (2,) of the mean picture, the gain for its contrast about that colour, and that for the colour.

    With them both are as strong as in the pictures that the mean is of. They are exactly 1 where these do not differ.
    """
    picture = (colours * shares[..., None]).sum(axis=0)
    mean: FloatPicture = picture.mean(axis=(0, 1))
    own_shares = shares.mean(axis=(1, 2))
    own_means = (colours * shares[..., None]).mean(axis=(1, 2)) / own_shares[:, None]
    contrast = (np.square(colours - own_means[:, None, None]).sum(axis=-1) * shares).sum()
    tint = (np.linalg.norm(own_means, axis=-1) * own_shares).sum()
    return mean, _gain(np.sqrt(contrast), np.sqrt(np.square(picture - mean).sum())), _gain(tint, np.linalg.norm(mean))


def _gain(wanted: np.floating[Any], got: np.floating[Any]) -> float:
    """The factor from one strength to another, at most MAX_COLOUR_GAIN; rounded, so that last bits do not count."""
    return min(MAX_COLOUR_GAIN, round(float(wanted) / max(float(got), 1e-3), 3))
