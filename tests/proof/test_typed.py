"""The command line in a record gives the settings of the run."""

from __future__ import annotations

import shlex
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.job.identity import flattened
from pipelines.look import Look
from pipelines.proof.typed import command_of, typed
from pipelines.repair_settings import RepairSettings
from pipelines.settings import EncodeSettings, MotionSettings, PaintSettings, ScanSettings, Settings
from restore.commands.film import film_command
from restore.options.shared import settings_from

HALF = Fraction(1, 2)
RUNS = {
    "defaults": Settings(),
    "colour": Settings(paint=PaintSettings("compact+eccv16", rows=256, saturation=1.25, temperature=0.5, instances=2)),
    "motion": Settings(motion=MotionSettings(anchors=HALF, closest=HALF, steady=Fraction(3, 4))),
    "every": Settings(motion=MotionSettings(anchors=Fraction(0), closest=Fraction(0))),
    "codec": Settings(encode=EncodeSettings("h265", crf=12, preset="slow")),
    "profile": Settings(encode=EncodeSettings("prores", profile="lt")),
    "layer": Settings(encode=EncodeSettings("prores", profile="4444", layer=True)),
    "scans": Settings(scans=ScanSettings(Fraction(24000, 1001))),
    "span": Settings(start=Fraction(3661, 4), end=Fraction(7200), keep_start=True, timecode_start=True),
    "timecode": Settings(first_timecode="01:00:00;00"),
    "flags": Settings(skip_damaged=True, recolour=True, deinterlace=True),
    "repair": Settings(paint=PaintSettings(is_off=True), repair=RepairSettings(dust=2, flicker_local=4)),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_command_gives_the_settings_again(name: str) -> None:
    program, *words = shlex.split(command_of("film.mov", "out.mkv", RUNS[name]))
    options = film_command.make_context(program, words).params
    assert (program, options["film"].name, options["out"].name) == ("restore", "film.mov", "out.mkv")
    assert flattened(settings_from(options)) == flattened(RUNS[name])


def test_what_lies_on_this_machine_is_not_in_it(tmp_path: Path) -> None:
    paint = PaintSettings(str(tmp_path / "own.safetensors"), weights_dir=tmp_path, device="cpu", memory=4)
    settings = replace(Settings(paint=paint), sidecar=True, checksum="md5", verify=True)
    assert typed(settings) == {"network": "own.safetensors"}
    assert typed(Settings(look=Look(tmp_path / "film.look.toml", ()))) == {"look": "film.look.toml"}
