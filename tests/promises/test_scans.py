"""Runs on scans keep what runs on films keep: every picture, its luma, the sound, a stop in the middle."""

from __future__ import annotations

import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.settings import ScanSettings, Settings
from restore.api import restore_film
from restore.cli import main
from tests.made.readers import times, true_lumas
from tests.made.runs import in_segments
from tests.made.scans import drawn, scans, write_dpx_header

AT_18 = ScanSettings(Fraction(18))
PICTURES = drawn(27)


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """27 gray scans of 16 bits, from number 86399 on."""
    return scans(tmp_path_factory.mktemp("reel") / "reel", PICTURES, first=86_399)


def tone(path: Path, seconds: float) -> Path:
    """A WAV of 16 bits, mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((9000 * np.sin(np.arange(int(48_000 * seconds)) / 20)).astype("<i2").tobytes())
    return path


def samples(path: Path) -> bytes:
    with av.open(path) as container:
        return b"".join(bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size)


def test_ffv1_keeps_every_luma_code_in_several_segments(reel: Path, lossless: Settings) -> None:
    out = restore_film(reel, None, in_segments(replace(lossless, scans=AT_18)))
    assert out == reel.with_name("reel.restored.mkv")
    kept = true_lumas(out)
    assert len(kept) == len(PICTURES)
    assert all(np.array_equal(luma, picture) for (_, luma), picture in zip(kept, PICTURES, strict=True))
    assert all(abs(at - Fraction(i, 18)) <= Fraction(1, 2000) for i, at in enumerate(times(out)))


def test_sound_beside_goes_into_the_film_packet_for_packet(reel: Path, lossless: Settings, tmp_path: Path) -> None:
    sound = tone(tmp_path / "reel.wav", 1.5)
    out = restore_film(reel, tmp_path / "out.mkv", replace(lossless, scans=replace(AT_18, sound=sound)))
    assert samples(out) == samples(sound)
    with av.open(out) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_a_span_has_its_own_frames_sound_and_timecode(lossless: Settings, tmp_path: Path) -> None:
    folder = scans(tmp_path / "reel", PICTURES, ".dpx", first=5)
    for path in folder.iterdir():
        write_dpx_header(path, rate=24, timecode=0x01000000)
    scanned = ScanSettings(sound=tone(tmp_path / "a.wav", 2))
    cut = replace(lossless, start=Fraction(1, 2), end=Fraction(1), scans=scanned)
    out = restore_film(folder, tmp_path / "out.mkv", cut)
    with av.open(out) as container:
        tags = container.metadata | container.streams.video[0].metadata
    assert {key.lower(): value for key, value in tags.items()}["timecode"] == "01:00:00:12"
    assert len(samples(out)) == pytest.approx(48_000, rel=0.1)
    assert [luma.tolist() for _, luma in true_lumas(out)] == [picture.tolist() for picture in PICTURES[12:24]]


def test_the_command_takes_folders_of_pictures(reel: Path, small: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    run = CliRunner().invoke(main, [str(reel), "--fps", "18", "-o", str(out), "--end", "0.5", *small])
    assert run.exit_code == 0, run.output
    assert len(times(out)) == 9
    refused = CliRunner().invoke(main, [str(reel), "-o", str(tmp_path / "other.mp4"), *small])
    assert "do not say how many are shown in a second; say it, as --fps 18" in refused.output
    assert refused.exit_code == 2
