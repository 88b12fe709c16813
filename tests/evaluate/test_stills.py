"""How far a still reaches is measured beside a reference, nothing, and plain flow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from restore.cli import main
from tests.made import pictures
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write


def in_colour(path: Path) -> Path:
    return write(path, PictureTrack(pictures.colours(7), codec="ffv1", pix_fmt="yuv444p"))


@pytest.mark.slow
def test_true_first_frame_is_followed_and_measured(films: Films, network: Path, tmp_path: Path) -> None:
    film, out = films(in_colour, ".mkv"), tmp_path / "figures.json"
    words = ["evaluate", "stills", str(film), "--network", str(network), "--rows", "64", "--device", "cpu"]
    result = CliRunner().invoke(main, [*words, "--json", str(out)])
    assert result.exit_code == 0, result.output
    (section,) = json.loads(out.read_text())["sections"]
    figures = section["figures"]
    assert section["pictures"] == 7
    later, own = figures["PSNR of the later frames"], figures["CIEDE2000 of the still's frame"]
    assert later["still"] > later["reference"] > later["without"]
    assert later["still"] > later["without"] + 3
    assert own["still"] < 1 < own["without"]
    assert own["plain flow"] < 1
    assert figures["warping error, ab"].keys() == {"still", "reference", "without", "plain flow", "true"}
    assert figures["PSNR from frame 30 on"] == dict.fromkeys(later, None)
