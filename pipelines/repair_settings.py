"""Settings of repair: which damage is mended, how strongly, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

Polarity = Literal["both", "dark", "bright"]
Rectangle = tuple[int, int, int, int]
"""Left, top, width and height, in pixels of the upright picture."""
REPAIRS = ("dust", "scratches", "flicker", "flicker-local", "weave", "weave-fine")
"""By the names that a person types."""
AUTO = "auto"
MASKS = ("mask_in", "mask_threshold", "mask_growth", "mask_out", "is_shown")
"""Fields that hold for a whole run."""
MAX_STRENGTH, STRENGTH = 5, 3
"""Of a repair; and where only its name is given."""


def _check(is_right: bool, what: str) -> None:
    if not is_right:
        raise ValueError(what)


@dataclass(frozen=True)
class RepairSettings:
    """Repairs of luma. By default there are none, and luma stays the film's own."""

    dust: int = 0
    """Strength, 1 to 5; 0: off. The other repairs too."""
    scratches: int = 0
    """Upright lines that stay where they are while the scene moves."""
    flicker: int = 0
    """Of the light of whole frames."""
    flicker_local: int = 0
    """Of the light of parts of frames."""
    weave: int = 0
    """By whole pixels, whose values stay."""
    weave_fine: int = 0
    """By parts of pixels."""
    is_auto: bool = False
    """Let the film be measured, and dust and flicker be mended as much as it needs."""
    polarity: Polarity = "both"
    """Of dust and scratches: darker than what they hide, brighter, or both."""
    min_size: float | None = None
    """Pixels of a speck, at the film's size; None: as the detector has it."""
    max_size: float | None = None
    """Pixels of a speck, at the film's size; None: as the detector has it."""
    protect: tuple[Rectangle, ...] = ()
    """Where dust and scratches are left alone."""
    mask_in: Path | None = None
    """A film of defects as large as this one, by its times; dust and scratches are then not looked for."""
    mask_threshold: int = 128
    """Level of the mask, 1 to 255 of 8 bits, from which on it means a defect; -64: below 64 it does."""
    mask_growth: int = 0
    """Pixels, 0 to 16, by which the mask's defects are grown."""
    mask_out: Path | None = None
    """Where the defects that were mended are written as a film."""
    is_shown: bool = False
    """Whether frames carry their mask, and their luma as it was, for a look at them."""

    def __post_init__(self) -> None:
        for name, strength in self.strengths.items():
            _check(0 <= strength <= MAX_STRENGTH, f"strength of {name} must be 1 to {MAX_STRENGTH}, got {strength}")
        _check(not (self.weave and self.weave_fine), "weave and weave-fine are two ways to do one thing; name one")
        _check(self.polarity in get_args(Polarity), f"polarity must be both, dark or bright, got {self.polarity!r}")
        least, most = self.min_size or 0, self.max_size
        _check(least >= 0 and (most is None or most > least), "max-size must be above min-size, both in pixels")
        _check(all(min(each) >= 0 for each in self.protect), "protect takes pixels of the picture, none below 0")
        _check(
            1 <= abs(self.mask_threshold) <= 255, f"the mask's threshold must be 1 to 255, got {self.mask_threshold}"
        )
        _check(0 <= self.mask_growth <= 16, f"the mask's growth must be 0 to 16 pixels, got {self.mask_growth}")

    @property
    def strengths(self) -> dict[str, int]:
        """Strength of each repair by its name in REPAIRS."""
        return {name: getattr(self, _field(name)) for name in REPAIRS}

    def __str__(self) -> str:
        """The repairs that are on, in words."""
        parts = [f"{name} {strength}" for name, strength in self.strengths.items() if strength]
        return ", ".join([*parts, *(["a mask"] if self.mask_in else [])])

    @property
    def finds(self) -> bool:
        """Whether defects are mended that have a mask."""
        return bool(self.dust or self.scratches or self.mask_in)

    @property
    def is_on(self) -> bool:
        """Whether anything is mended."""
        return self.finds or any(self.strengths.values())

    def with_strengths(self, words: str) -> "RepairSettings":
        """The settings with the repairs of `--repair`: dust:2,flicker or auto.

        Raises:
            ValueError: there is no such repair or strength.
        """
        return replace(self, **_strengths(words))

    @classmethod
    def from_table(cls, table: Mapping[str, Any] | str) -> "RepairSettings":
        """The settings of a shot from a TOML file: "dust:2,flicker", or a table of them by their names.

        Keys of a table: the names of REPAIRS, each with its strength, true or false;
        polarity; min-size and max-size in pixels; protect, a list of [left, top, width, height] in pixels.

        Raises:
            ValueError: a key or a value is wrong; the message names it.
        """
        if isinstance(table, str):
            return cls().with_strengths(table)
        return cls(**dict(_of_key(str(key), value) for key, value in table.items()))


@dataclass(frozen=True)
class RepairSpan:
    """A stretch of a film, such as a shot, with repairs of its own."""

    start: Fraction
    """Seconds from the film's start."""
    end: Fraction
    repair: RepairSettings


def _field(name: str) -> str:
    return name.replace("-", "_")


def _strengths(words: str) -> dict[str, Any]:
    """Fields of RepairSettings from the words of --repair."""
    found: dict[str, Any] = {}
    for word in filter(None, (part.strip() for part in words.split(","))):
        name, colon, strength = word.partition(":")
        if name == AUTO and not colon:
            found["is_auto"] = True
            continue
        _check(name in REPAIRS, f"{name!r} is no repair; known: {', '.join(REPAIRS)}, {AUTO}")
        is_number = not colon or strength in map(str, range(1, MAX_STRENGTH + 1))
        _check(is_number, f"strength of {name} must be 1 to {MAX_STRENGTH}, got {strength!r}")
        found[_field(name)] = int(strength) if colon else STRENGTH
    _check(bool(found), f"names no repair; known: {', '.join(REPAIRS)}, {AUTO}")
    return found


def _of_key(key: str, value: Any) -> tuple[str, Any]:
    """A field of RepairSettings and its value from a key of a table."""
    if key in REPAIRS:
        _check(isinstance(value, int), f"{key} must be a strength from 1 to {MAX_STRENGTH}, true or false")
        return _field(key), STRENGTH if value is True else int(value)
    if key == "protect":
        _check(isinstance(value, list), "protect must be a list of [left, top, width, height]")
        return key, tuple(map(_rectangle, value))
    others = ("polarity", "min-size", "max-size")
    _check(key in others, f"no key {key!r}; known: {', '.join((*REPAIRS, *others, 'protect'))}")
    is_right = isinstance(value, str) if key == "polarity" else type(value) in (int, float)
    _check(is_right, f"{key} cannot be {value!r}")
    return _field(key), value


def _rectangle(value: Any) -> Rectangle:
    is_right = isinstance(value, list) and len(value) == 4 and all(type(each) is int for each in value)
    _check(is_right, f"protect takes lists of left, top, width and height in pixels; got {value}")
    left, top, width, height = value
    return left, top, width, height
