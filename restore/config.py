"""What a person typed, as settings."""

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import click

AUTO_ANCHORS, AUTO_CLOSEST = Fraction(1, 3), Fraction(1, 6)
CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)")


class Time(click.ParamType[Fraction]):
    """[[HH:]MM:]SS[.mmm] as seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Seconds as an exact Fraction."""
        if isinstance(value, Fraction):
            return value
        match = CLOCK.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is no time; write seconds or HH:MM:SS.mmm", param, ctx)
        hours, minutes, seconds = match.groups()
        if (hours and int(minutes) >= 60) or (minutes and Fraction(seconds) >= 60):
            self.fail(f"{value!r} is no time; behind a colon minutes and seconds are below 60", param, ctx)
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


class Length(Time):
    """The same, above 0."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Seconds as an exact Fraction."""
        seconds = super().convert(value, param, ctx)
        if not seconds:
            self.fail("must be above 0 seconds", param, ctx)
        return seconds


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
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is neither seconds, nor every, nor auto", param, ctx)


def _closest(options: dict[str, Any]) -> dict[str, Fraction]:
    """Anchors are made between the ticks only where these are not given in seconds."""
    anchors = options.get("anchors")
    return {} if anchors is None else {"closest": AUTO_CLOSEST if anchors == AUTO_ANCHORS else anchors}


def settings_from(options: dict[str, Any], base: Any = None) -> Any:
    """`pipelines.settings.Settings` from the options of `restore FILM`, by their names there.

    Args:
        options: None where one was not given.
        base: settings that hold where an option was not given; None takes the defaults.

    Raises:
        click.UsageError: a value is out of its range.
    """
    from pipelines.settings import Settings
    from restore.hints import read_hints

    def given(*names: str) -> dict[str, Any]:
        return {name: options[name] for name in names if options.get(name) is not None}

    base = base or Settings()
    try:
        return replace(
            base,
            hints=read_hints(options["hints"]) if options.get("hints") else base.hints,
            paint=replace(
                base.paint,
                **given("network", "weights_dir", "device", "saturation", "temperature", "instances", "detector"),
            ),
            motion=replace(base.motion, **given("anchors", "steady"), **_closest(options)),
            encode=replace(base.encode, **given("codec", "crf", "preset")),
            **given("start", "end", "skip_damaged", "recolour", "deinterlace"),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
