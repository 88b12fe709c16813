"""A look: the settings of parts of a film, as a person writes them in a file, over those of its run."""

from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path

from pipelines.ranges import Range, Ranges, When, layered
from pipelines.repair_settings import Rectangle, RepairSettings

MAX_WARMTH = 100


def _check(is_right: bool, what: str) -> None:
    if not is_right:
        raise ValueError(what)


@dataclass(frozen=True)
class LookValues:
    """The settings of a part of a film; None: as what lies under it says."""

    network: str | None = None
    """As `PaintSettings.network`."""
    sharpen: float | None = None
    """As `PaintSettings.temperature`."""
    steady: Fraction | None = None
    """As `MotionSettings.steady`."""
    saturation: float | None = None
    """Factor on ab, 0 to 4, beside that of the run."""
    warmth: float | None = None
    """-100 to 100, see `colour.grade.Grade`."""
    neutral: bool | None = None
    """Whether it stays gray."""
    keep_colour: tuple[Rectangle, ...] | None = None
    """Where saturation, warmth and neutral do not apply."""
    repair: RepairSettings | None = None

    def __post_init__(self) -> None:
        _check(0 <= (self.saturation or 0) <= 4, f"saturation must be 0 to 4, got {self.saturation}")
        is_warmth = abs(self.warmth or 0) <= MAX_WARMTH
        _check(is_warmth, f"warmth must be -{MAX_WARMTH} to {MAX_WARMTH}, got {self.warmth}")
        _check(self.sharpen is None or self.sharpen > 0, f"sharpen must be above 0, got {self.sharpen}")
        _check(0 <= (self.steady or 0) <= 10, f"steady must be 0 to 10 seconds, got {float(self.steady or 0):g}")
        areas = self.keep_colour or ()
        is_area = all(min(left, top) >= 0 and min(width, height) > 0 for left, top, width, height in areas)
        _check(is_area, "keep_colour takes left, top, width and height in pixels, none below 0")

    @property
    def said(self) -> dict[str, object]:
        """The settings that are said, by name."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in named.items() if value is not None}

    def under(self, other: "LookValues") -> "LookValues":
        """These settings, and over them what the other says."""
        return replace(self, **other.said)  # type: ignore[arg-type]  # by the names of the fields

    def of(self, *names: str) -> "LookValues":
        """These settings of them alone."""
        return LookValues(**{name: getattr(self, name) for name in names})


NOTHING_SAID = LookValues()


@dataclass(frozen=True)
class LookEntry:
    """An entry of a look: settings and the parts of the film that have them."""

    where: Ranges
    """None: all of the film."""
    values: LookValues = NOTHING_SAID
    shot: int | None = None
    """The number of its shot; None: of ranges, and of the film."""
    line: int = field(default=0, repr=False)
    """Of the file, where the entry begins."""
    given: tuple[str, ...] = ()
    """Names of the guides in the entry: hints, stills, references."""


@dataclass(frozen=True)
class Look:
    """The entries of a look file; where several lie over each other the later one holds."""

    path: Path
    entries: tuple[LookEntry, ...]
    film: str = ""
    """Fingerprint of the film whose shots are listed; empty: the file does not say."""

    @property
    def listed(self) -> dict[int, Range]:
        """Shots whose times it says, by their numbers."""
        shots = [(entry.shot, entry.where[0]) for entry in self.entries if entry.shot is not None]
        return {number: where for number, where in shots if not isinstance(where.start, When)}

    def pieces(self, *names: str) -> list[tuple[Range, LookValues]]:
        """The film from its first frame to its last, cut where these settings change; all places must be found."""
        pieces = list[tuple[Range, LookValues]]()
        for piece, layers in layered([(entry.where, entry.values) for entry in self.entries]):
            values = NOTHING_SAID
            for layer in layers:
                values = values.under(layer)
            values = values.of(*names)
            if pieces and pieces[-1][1] == values:
                pieces[-1] = (replace(pieces[-1][0], end=piece.end), values)
            else:
                pieces.append((piece, values))
        return pieces
