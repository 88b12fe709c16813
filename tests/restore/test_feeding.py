"""How many cores feed a GPU is told by doctor, a dry run and a run; what cannot be timed is left out."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from models.networks import NETWORKS
from pipelines.job.job import prepare
from pipelines.painting.choice import Chosen, choose
from pipelines.settings import MotionSettings, PaintSettings, Settings
from restore import doctor, feeding
from restore.cli import main
from restore.devices import Devices
from restore.feeding import Feeding, anchors_a_second, anchors_a_second_apart, trial_anchors
from tests.made import clips
from tests.made.published import save_about
from tests.made.runs import Films, in_segments, save_random_network

FAST = Feeding(anchors=480, frame=0.04, frames_an_anchor=8)
"""A light network: 153.6 cores feed the GPU."""
NOTE = "one GPU colours about 480 anchors a second: about 154 cores feed it with film of 1080p, this machine has 16"


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[Chosen]:
    """The networks that are timed, each with FAST's figures, on 16 cores."""
    networks: list[Chosen] = []

    def time(chosen: Chosen) -> float:
        networks.append(chosen)
        return FAST.anchors

    monkeypatch.setattr(feeding, "anchors_a_second_apart", time)
    monkeypatch.setattr(feeding, "seconds_a_frame", lambda: FAST.frame)
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return networks


@pytest.mark.parametrize(
    ("anchors", "cores", "gpus"), [(480, 154, 1), (100, 32, 1), (40, 12.8, 2), (1, 0.32, 50), (0.01, 0.0032, 5000)]
)
def test_gpus_that_cores_can_use(anchors: float, cores: float, gpus: int) -> None:
    found = replace(FAST, anchors=anchors)
    assert found.cores == pytest.approx(cores, abs=0.5)
    assert found.gpus(16) == gpus


@pytest.mark.parametrize(("seconds", "frames"), [(Fraction(1, 3), 8), (Fraction(1), 24), (Fraction(0), 1)])
def test_denser_anchors_need_fewer_cores(settings: Settings, seconds: Fraction, frames: int) -> None:
    found = feeding.feeding(choose(settings.paint), MotionSettings(anchors=seconds), lambda _: 480.0)
    assert found.frames_an_anchor == frames
    assert found.frame > 0


def test_a_run_says_how_many_cores_feed_its_gpus(
    films: Films, settings: Settings, tmp_path: Path, timed: list[Chosen]
) -> None:
    job = prepare(films(clips.plain, ".mp4"), tmp_path / "out.mp4", in_segments(settings))
    assert list(Devices(gpus=4).notes_on(job)) == [f"{NOTE}: --gpus 1 is enough"]
    assert timed == [job.chosen]
    for devices in (Devices(), Devices(gpus=1), Devices(workers=2), Devices(gpus=4, address="10.0.0.1:6379")):
        assert list(devices.notes_on(job)) == []
    assert len(timed) == 1


def test_a_film_too_short_to_share_times_nothing(
    films: Films, settings: Settings, tmp_path: Path, timed: list[Chosen]
) -> None:
    job = prepare(films(clips.plain, ".mp4"), tmp_path / "out.mp4", settings)
    assert "too short to share" in "".join(Devices(gpus=4).notes_on(job))
    assert timed == []


def test_a_dry_run_says_it_too(films: Films, settings: Settings, tmp_path: Path, timed: list[Chosen]) -> None:
    words = ["archive", str(films(clips.plain, ".mp4")), "--out", str(tmp_path / "out"), "--dry-run"]
    words += ["--network", settings.paint.network]
    assert CliRunner().invoke(main, [*words, "--gpus", "4"]).output.endswith(f"\nnote: {NOTE}: --gpus 1 is enough\n")
    assert f'"notes": ["{NOTE}"]' in CliRunner().invoke(main, [*words, "--gpus", "1", "--json"]).output


def test_what_cannot_be_timed_is_left_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "CHILD", "raise SystemExit(3)")
    chosen = choose(settings.paint)
    with pytest.raises(RuntimeError, match=r"could not be timed .*exit status 3"):
        anchors_a_second_apart(chosen)
    assert list(Devices(gpus=2).notes_on_feeding(chosen, MotionSettings())) == []


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """An NVIDIA card that can be used."""
    monkeypatch.setattr(doctor, "packages", lambda: ["pillow"])
    for name in ("missing_cuda", "unusable_cuda"):
        monkeypatch.setattr(doctor, name, lambda *_: None)
    monkeypatch.setattr(doctor, "choose", lambda _: None)
    monkeypatch.setattr(torch.cuda, "device", nullcontext)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    facts = SimpleNamespace(name="Card X", total_memory=24 << 30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: facts)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (None, "ok   cuda:0 with network compact colours about 480 anchors a second: about 154 cores feed it with"),
        (torch.OutOfMemoryError("CUDA out of memory"), "ok   cuda:0: its speed is not known, other work fills its"),
        (RuntimeError("CUDA error: no kernel\nmore"), "BAD  cuda:0 does not run network compact: CUDA error: no ker"),
    ],
)
@pytest.mark.usefixtures("card")
def test_doctor_times_the_network_that_ships(
    monkeypatch: pytest.MonkeyPatch, error: RuntimeError | None, line: str
) -> None:
    def time(*_: object) -> Feeding:
        if error:
            raise error
        return FAST

    monkeypatch.setattr(doctor, "feeding", time)
    said = CliRunner().invoke(main, ["doctor"]).output
    assert f"\nok   cuda:0: Card X, 24 GiB\n{line}" in said


def test_anchors_are_drawn_as_each_network_gets_them(tmp_path: Path) -> None:
    for name in ("gcp", "ddcolor", "efficientnet-lite0"):
        save_about(name, tmp_path)
    compact, gcp, ddcolor = (
        trial_anchors(choose(PaintSettings(name, tmp_path, device="cpu")), 2) for name in ("compact", "gcp", "ddcolor")
    )
    assert (compact.seen.shape, compact.lightness.shape) == ((2, 192, 352), (2, 192, 352))
    assert gcp.classes == (0, 0)
    assert (ddcolor.seen.shape, ddcolor.lightness.shape) == ((2, 512, 896), (2, 192, 352))
    assert NETWORKS["ddcolor"].sees.rows == 512
    assert np.std(compact.lightness) > 30
    assert not np.array_equal(*compact.lightness)


@pytest.mark.slow
def test_a_network_is_timed_here_and_apart(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(feeding, "SECONDS", 0.1)
    monkeypatch.setattr(feeding, "CHILD_SECONDS", 600)
    chosen = choose(settings.paint)
    assert anchors_a_second(chosen) > 0
    assert anchors_a_second_apart(chosen) > 0
    other = save_random_network(tmp_path / "other.safetensors", seed=1)
    blend = choose(replace(settings.paint, network=f"{settings.paint.network}+{other}"))
    assert anchors_a_second(blend) > 0
