"""NVENC encodes where it is asked for, this machine has it, and nothing of the picture is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.job.job import prepare
from pipelines.media import nvenc
from pipelines.media.encode import encoder_options
from pipelines.settings import EncodeSettings, Settings
from restore.devices import Devices
from tests.made import clips
from tests.made.runs import Films

TEN_BITS = partial(clips.in_format, pix_fmt="yuv420p10le")


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with NVENC, as far as choosing goes."""
    monkeypatch.setattr(nvenc, "missing_nvenc", lambda codec: None)


def asked(settings: Settings, encoder: str, codec: str = "h264") -> Settings:
    return replace(settings, encode=EncodeSettings(codec=codec, encoder=encoder))  # type: ignore[arg-type]


def test_without_a_card_auto_takes_the_cpu_with_a_note_and_nvenc_says_why(
    films: Films, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(nvenc, "missing_nvenc", lambda codec: "the card here has none")
    film, out = films(clips.plain, ".mp4"), tmp_path / "out.mp4"
    job = prepare(film, out, asked(settings, "auto"))
    assert job.settings.encode.encoder == "cpu"
    assert "the CPU encodes: the card here has none" in job.target.notes
    with pytest.raises(SettingsError, match="--encoder nvenc: the card here has none; --encoder cpu does without"):
        prepare(film, out, asked(settings, "nvenc"))


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(
    ("draw", "ending", "why"),
    [
        (TEN_BITS, ".mkv", "NVENC takes 8 bits of 420, the picture has 10 of 420"),
        (clips.interlaced, ".mp4", "NVENC's interlaced pictures are not written here"),
    ],
)
def test_auto_leaves_to_the_cpu_what_nvenc_would_lose(
    films: Films, settings: Settings, tmp_path: Path, draw: Callable[..., Path], ending: str, why: str
) -> None:
    job = prepare(films(draw, ending), tmp_path / "out.mkv", asked(settings, "auto"))
    assert job.settings.encode.encoder == "cpu"
    assert f"the CPU encodes: {why}" in job.target.notes


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(("codec", "name", "qp"), [("h264", "h264_nvenc", "20"), ("h265", "hevc_nvenc", "22")])
def test_a_card_that_can_encodes_and_says_that_its_bytes_differ(
    films: Films, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, codec: str, name: str, qp: str
) -> None:
    monkeypatch.setattr("pipelines.media.containers.check_encoder", lambda *_: None)
    job = prepare(films(clips.plain, ".mp4"), tmp_path / "out.mp4", asked(settings, "auto", codec))
    assert (job.target.encoder, job.settings.encode.encoder) == (name, "nvenc")
    assert "NVENC encodes: its bytes are others than those of the CPU's encoder" in job.target.notes
    assert encoder_options(job.target, job.settings.encode)["qp"] == qp
    finer = replace(job.settings.encode, crf=12)
    assert encoder_options(job.target, finer)["qp"] == "12"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"codec": "ffv1", "encoder": "nvenc"}, "--encoder nvenc is for h264 and h265, not ffv1"),
        ({"encoder": "auto", "preset": "slow"}, "--preset is the CPU encoder's; leave it or --encoder out"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, str], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        EncodeSettings(**options)  # type: ignore[arg-type]


def test_a_cluster_encodes_on_cpus(settings: Settings) -> None:
    cluster = Devices(workers=2, address="10.0.0.1:6379")
    assert cluster.applied(asked(settings, "auto")).encode.encoder == "cpu"
    with pytest.raises(SettingsError, match="others of a cluster may have none"):
        cluster.applied(asked(settings, "nvenc"))


def test_a_machine_without_a_driver_says_so() -> None:
    for reason in nvenc.encoders().values():
        if reason is not None:
            assert "avcodec_open2" not in reason
    assert nvenc.missing_nvenc("av1") == "NVENC does not write av1; it writes h264 and h265"
