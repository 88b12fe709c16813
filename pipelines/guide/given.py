"""All that the network is given beside a film's anchors: a person's colours, and what its shots show."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from hashlib import sha256

import numpy as np

from models.judges.class_network import load_class_network
from pipelines.errors import SettingsError
from pipelines.frames import AnchorBatch, HintTable, Layer
from pipelines.guide.classes import FilmClass, ShotClasses
from pipelines.guide.hints import HintTracker, Tracks
from pipelines.guide.layers import Layers, over, points_of
from pipelines.guide.reading import Near, ShotReader, of_frames
from pipelines.guide.references import References, references_of
from pipelines.guide.stills import StillTracker
from pipelines.painting.choice import Chosen
from pipelines.settings import PaintSettings, Settings
from pipelines.source import Film, Span

NO_HINTS: HintTable = np.empty((0, 4), np.float32)


@dataclass(frozen=True)
class Given:
    """The stage: anchors in, anchors with a person's hints and their shots' classes out."""

    hints: Tracks = field(default_factory=dict)
    stills: Layers = field(default_factory=dict)
    regions: Layers = field(default_factory=dict)
    classes: ShotClasses | FilmClass | None = None
    """None: the network takes none."""
    references: References | None = None
    takes_hints: bool = False
    """Whether the network is given the colours of stills and references, too: then it goes on from them where they end.

    Regions are not given to it: their colours would spread over what lies around them.
    """

    def __call__(self, anchors: AnchorBatch) -> AnchorBatch:
        """The anchors with their hints, layers and classes; as they are where the film has none."""
        if self.stills or self.regions:
            anchors = replace(anchors, layers=tuple(map(self._layer, anchors.pts)))
        if self.references:
            found = tuple(map(self.references.layer, anchors.pts, anchors.lightness))
            anchors = replace(anchors, references=found)
        if self.hints:
            anchors = replace(anchors, points=tuple(self.hints.get(pts, NO_HINTS) for pts in anchors.pts))
        if self.takes_hints and (self.stills or self.references):
            anchors = replace(anchors, hints=self._hints(anchors))
        if self.classes:
            anchors = replace(anchors, classes=tuple(self.classes(pts) for pts in anchors.pts))
        return anchors

    def _layer(self, pts: int) -> Layer | None:
        """The colours of an anchor's stills, and over them those of its regions."""
        found = [layers[pts].layer for layers in (self.stills, self.regions) if pts in layers]
        return reduce(over, found) if found else None

    def _hints(self, anchors: AnchorBatch) -> tuple[HintTable, ...]:
        """Of each anchor, as a map: the colours of references, and over them those of stills."""
        stills = [self.stills[pts].layer if pts in self.stills else None for pts in anchors.pts]
        pairs = zip(anchors.references or (None,) * len(stills), stills, strict=True)
        maps = ([points_of(layer) for layer in pair if layer is not None and not layer.is_partial] for pair in pairs)
        return tuple(np.concatenate([NO_HINTS, *of_anchor]) for of_anchor in maps)

    def digest(self, first: int | None, last: int | None) -> str:
        """sha256 of all that a person gave for the anchors from one pts to another; empty: nothing."""
        given: list[tuple[int, object]] = [(pts, table.tobytes()) for pts, table in sorted(self.hints.items())]
        found = [
            (pts, each)
            for pts, each in (*given, *sorted(self.stills.items()), *sorted(self.regions.items()))
            if (first is None or pts >= first) and (last is None or pts <= last)
        ]
        said = self.references.said(first, last) if self.references else []
        return sha256(repr(found + said if said else found).encode()).hexdigest() if found or said else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was found that the user should see before a run."""
        return self.references.notes if self.references else ()

    def over(self, span: Span) -> "Given":
        """Finds at once, before a run, all that its anchors are given."""
        if self.classes:
            self.classes.look_over(span)
        return self


FollowGiven = Callable[[Film, Settings, int], Given]
"""`followed`, for all frames or for one."""


def followed(film: Film, settings: Settings, rows: int, near: Near | None = None) -> Given:
    """All that a person gave for a film, followed through it; it is read only where there is any.

    Args:
        film: from `probe`.
        settings: of the run; those of the network do not count.
        rows: short side of the pictures in which it is followed, see `Chosen.motion_rows`.
        near: the frames around the only one that is wanted; None: all are.

    Raises:
        FilmError: a hint or a picture does not fit the film, or the film cannot be read.
    """
    reader = ShotReader(film, of_frames(settings), rows, near)
    hints = HintTracker(reader, settings)() if settings.hints else {}
    stills = StillTracker(reader, settings).stills()
    regions = StillTracker(reader, settings).regions()
    return Given(hints, stills, regions, references=references_of(film, settings, rows))


def given_for(film: Film, settings: Settings, chosen: Chosen, follow: FollowGiven = followed) -> Given:
    """All that the network is given beside a film's anchors; the film is read only where there is any.

    Args:
        film: from `probe`.
        settings: of the run.
        chosen: the network.
        follow: `followed`, or a cache of it.

    Raises:
        InputError: a hint lies outside the film or its picture, or the film cannot be read.
        SettingsError: the network that tells classes cannot be loaded.
    """
    given = follow(film, replace(settings, paint=PaintSettings()), chosen.motion_rows)
    given = replace(given, takes_hints=chosen.takes("hints"))
    if not chosen.takes("class"):
        return given
    if chosen.film_class is not None:
        return replace(given, classes=FilmClass(chosen.film_class))
    try:
        load_class_network(chosen.file("class"))
    except ValueError as error:
        raise SettingsError(film.path, str(error), "name another --class-network") from error
    return replace(given, classes=ShotClasses(film, settings, chosen))
