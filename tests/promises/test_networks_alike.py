"""Films by the published networks have the same bytes in one process, on workers, and killed and gone on with."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.judges.class_network import ClassNetwork
from models.weights.catalogue import CLASS_NETWORK
from pipelines.job.job import prepare
from pipelines.settings import PaintSettings, Settings
from restore.api import restore_film
from tests.made import clips
from tests.made.on_cluster import Nodes
from tests.made.published import save_by_rule
from tests.made.resumed import Heard, assert_whole, near, run_and_kill
from tests.made.runs import Films, restore_heard

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own

LONG = pytest.mark.skipif("RESTORE_ALL_NETWORKS" not in os.environ, reason="takes minutes; RESTORE_ALL_NETWORKS=1")
PATIENCE = 1800
"""Seconds after which a run has failed: the largest takes ten for an anchor."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["scgan", "chromagan", *(pytest.param(name, marks=LONG) for name in ("bigcolor", "gcp"))]
)
def test_bytes_are_the_same_in_process_on_workers_and_gone_on_with(
    nodes: Nodes, films: Films, settings: Settings, tmp_path: Path, name: str
) -> None:
    from pipelines.on_ray.films import open_pool, restore_on_ray

    folder = tmp_path / "weights"
    folder.mkdir()
    save_by_rule(name, folder)
    torch.manual_seed(1)
    save_file(ClassNetwork().state_dict(), folder / f"{CLASS_NETWORK}.safetensors")
    paint = PaintSettings(name, folder, device="cpu", saturation=4.0)
    chosen = near(replace(settings, paint=paint, end=Fraction(3, 2)))
    film = films(clips.with_cuts, ".mp4")
    alone = films.restored(film, chosen, ".mp4")
    (tmp_path / "ray").mkdir()
    job = prepare(film, tmp_path / "ray" / "out.mp4", chosen)
    restore_on_ray(job, None, open_pool(workers=2))
    assert_whole(job.out, alone)
    (tmp_path / "killed").mkdir()
    out, heard = tmp_path / "killed" / "out.mp4", Heard()
    run_and_kill(film, out, chosen, 1, patience=PATIENCE)
    restore_heard(film, out, chosen, listener=heard.listener)
    assert heard.resumed
    assert_whole(out, alone)
    plain = restore_film(film, tmp_path / "plain.mp4", replace(chosen, paint=replace(paint, saturation=0.0)))
    assert plain.read_bytes() != alone.read_bytes()
