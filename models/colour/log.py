"""Logarithmic scans of film: density as code values (Kodak, Cineon; SMPTE ST 268)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a film is costs no numpy
    import numpy as np
    from numpy.typing import NDArray

CODE_DENSITY, CODES = 0.002, 1023
"""Density of one step of a code of 10 bits, and the largest such code."""
NEGATIVE_GAMMA = 0.6
"""Density of a negative for each decade of light."""


@dataclass(frozen=True)
class LogCurve:
    """How a logarithmic scan shows light: the codes of its black and its white, as shares of the largest code."""

    black: float
    white: float

    def light(self, signal: NDArray[Any]) -> NDArray[np.float64]:
        """Light 0..1 of a signal 0..1, any shape; below black it is 0, above white 1."""
        decade = NEGATIVE_GAMMA / CODE_DENSITY / CODES
        black = 10 ** ((self.black - self.white) / decade)
        light: NDArray[np.float64] = (10 ** ((signal - self.white) / decade) - black) / (1 - black)
        return light.clip(0, 1)


CINEON = LogCurve(95 / CODES, 685 / CODES)
"""Where a scan does not say."""
