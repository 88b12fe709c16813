"""Runs that mend a film and do not colour it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from pipelines.repair_settings import RepairSettings
from pipelines.settings import Settings
from tests.made.runs import in_segments

DUST = RepairSettings(dust=3)


def alone(settings: Settings, repair: RepairSettings = DUST, **how: Any) -> Settings:
    """The settings without colour, with these repairs."""
    return replace(settings, paint=replace(settings.paint, is_off=True), repair=repair, **how)


def in_frames(settings: Settings, frames: int) -> Settings:
    """The settings with segments of so many frames, at 24 a second."""
    return in_segments(settings, Fraction(frames, 24))
