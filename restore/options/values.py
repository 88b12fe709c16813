"""Kinds of values: times, anchors, names with other spellings."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import click

from pipelines.profiles import PROFILES
from pipelines.ranges import When, place_of, seconds_of

AUTO_ANCHORS, AUTO_CLOSEST = Fraction(1, 3), Fraction(1, 6)
NUMBER = re.compile(r"[+-]?\d{0,9}(?:\.\d{0,50})?(?:/\d{1,9})?")
"""As people write them: a few characters such as 1e999999999 would take all memory."""

BROADCAST = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 60))
"""Rates that are written as decimals and meant as these fractions."""


def _exact(value: Any) -> Fraction:
    """A decimal number or a fraction.

    Raises:
        ValueError, ZeroDivisionError: it is neither.
    """
    if NUMBER.fullmatch(str(value)) is None:
        raise ValueError(f"{value} is not a number")
    return Fraction(str(value))


class Time(click.ParamType[Fraction]):
    """[[HH:]MM:]SS[.mmm] as seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Seconds as an exact Fraction."""
        if isinstance(value, Fraction):
            return value
        try:
            return seconds_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Place(click.ParamType[Fraction | When]):
    """A time, or a timecode, frame or shot of the film, which is found in it once it is open."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction | When:
        """Seconds as an exact Fraction, or the place."""
        if isinstance(value, Fraction | When):
            return value
        try:
            return place_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Length(Time):
    """[[HH:]MM:]SS[.mmm] as seconds above 0."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Seconds as an exact Fraction."""
        seconds = super().convert(value, param, ctx)
        if not seconds:
            self.fail("must be above 0 seconds", param, ctx)
        return seconds


class Rate(click.ParamType[Fraction]):
    """Pictures a second: 18, 16.667, 24000/1001; 23.976, 29.97 and 59.94 are meant as those."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """The rate as an exact Fraction."""
        try:
            rate = _exact(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is not a number of pictures a second, such as 18 or 24000/1001", param, ctx)
        meant = {f"{float(exact):.{digits}f}": exact for exact in BROADCAST for digits in (2, 3)}
        return meant.get(str(value), rate.limit_denominator(1001))


class Anchors(click.ParamType[Fraction]):
    """SECONDS | every | auto as seconds between anchors, 0 for every frame."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Seconds as an exact Fraction."""
        named = {"auto": AUTO_ANCHORS, "every": Fraction(0)}
        if isinstance(value, Fraction):
            return value
        if value in named:
            return named[value]
        try:
            return _exact(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is neither seconds, nor every, nor auto", param, ctx)


class Names(click.Choice[str]):
    """One of some names, which people also spell otherwise.

    Args:
        names: as the program spells them; help shows these.
        aliases: other spellings, in lower case, each with the name that it means.
    """

    def __init__(self, names: list[str], aliases: Mapping[str, str]) -> None:
        super().__init__(names)
        self.aliases = aliases

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as the program spells it."""
        lowered = str(value).lower()
        return super().convert(self.aliases.get(lowered, value), param, ctx)


CODECS = Names(
    ["h264", "h265", "av1", "prores", "dnxhr", "ffv1", "keep"],
    {"hevc": "h265", "h.265": "h265", "x265": "h265", "avc": "h264", "h.264": "h264", "x264": "h264", "dnxhd": "dnxhr"},
)
"""Codecs of results, in their usual spellings."""

PROFILE_NAMES = Names(
    list(dict.fromkeys(name for names in PROFILES.values() for name in names)),
    {"standard": "422", "422hq": "hq", "422lt": "lt"},
)
"""Profiles of ProRes and DNxHR, in their usual spellings."""
