"""All that a person gave for a film, by the anchor that it is for."""

from dataclasses import dataclass, field, replace

import numpy as np

from pipelines.frames import AnchorBatch, HintTable
from pipelines.guide.hints import HintTracker, Tracks
from pipelines.settings import Settings
from pipelines.source import Film

NO_HINTS: HintTable = np.empty((0, 4), np.float32)


@dataclass(frozen=True)
class Given:
    """The stage: anchors in, anchors with what a person gave for them out. So far that is hints."""

    hints: Tracks = field(default_factory=dict)

    def __call__(self, anchors: AnchorBatch) -> AnchorBatch:
        """The anchors with their hints; as they are where the film has none."""
        if not self.hints:
            return anchors
        return replace(anchors, hints=tuple(self.hints.get(pts, NO_HINTS) for pts in anchors.pts))


def given_for(film: Film, settings: Settings, rows: int) -> Given:
    """All that the settings hold of a person's, by the film's anchors; the film is read only where there is any.

    Args:
        film: from `probe`.
        settings: of the run.
        rows: short side of the pictures that the flow sees, see `Chosen.motion_rows`.

    Raises:
        InputError: a hint lies outside the film or its picture, or the film cannot be read.
    """
    return Given(HintTracker(film, settings, rows)()) if settings.hints else Given()
