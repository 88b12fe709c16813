"""Where a training run writes: in a place of its own, and over nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import OutputError
from pipelines.places import only_run
from pipelines.training.examples import Sources
from tests.made.runs import listing, save_random_network
from tests.made.training import CONFIG, run

pytestmark = pytest.mark.usefixtures("narrow")


def test_run_begins_in_a_place_of_its_own_alone(sources: Sources, tmp_path: Path) -> None:
    out, config = save_random_network(tmp_path / "out.safetensors"), replace(CONFIG, steps=1)
    before = listing(tmp_path)
    with pytest.raises(OutputError, match=r"out\.safetensors: exists already; --overwrite replaces it"):
        run(sources, out, config)
    with pytest.raises(OutputError, match=r"out\.safetensors: is what the run reads, which is never written to"):
        run(sources, out, config, start=out, overwrite=True)
    with only_run(tmp_path / ".out.safetensors.lock", out), pytest.raises(OutputError, match="another run is at work"):
        run(sources, out, config, overwrite=True)
    assert listing(tmp_path) == before
    run(sources, out, config, overwrite=True)
    run(sources, out, config)  # its own, with its checkpoint
