"""`restore verify` finds and names each change of a result, and nothing in one that is as it was written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.stream import Disposition
from click.testing import CliRunner

from pipelines.archive.records import Done, Failed
from pipelines.errors import DifferenceError, InputError, MissingError
from pipelines.job.beside import files_beside, lumas_of, record_of
from pipelines.media.probe import probe
from pipelines.proof.digest import digest_of
from pipelines.proof.verify import Verified
from pipelines.settings import Codec, EncodeSettings, Settings
from restore.api import restore_archive, restore_film
from restore.cli import main
from restore.verification import verify
from tests.made import clips, damaged
from tests.made.mended import DUST, alone
from tests.made.runs import Films
from tests.made.scans import drawn, scans
from tests.made.tampered import Copy, flipped, later, pictures, replaced, said, with_one_sample_more, without

pytestmark = pytest.mark.slow
LATE_AUDIO = 20
"""Number of a packet of sound."""


@pytest.fixture(scope="module")
def made(films: Films, lossless: Settings, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Codec], Path]:
    """Restores a film with everything in it, once for each kind of file."""
    results: dict[tuple[str, Codec], Path] = {}

    def make(ending: str, codec: Codec) -> Path:
        if (ending, codec) not in results:
            folder = tmp_path_factory.mktemp("made")
            settings = replace(lossless, encode=EncodeSettings(codec), sidecar=True)
            results[ending, codec] = restore_film(films(clips.everything, ending), folder / f"out{ending}", settings)
        return results[ending, codec]

    return make


Make = Callable[[str, Codec], Path]


def tampered(result: Path, folder: Path, copy: Copy) -> Path:
    """A copy of a result and its record, changed."""
    for path in files_beside(result):
        shutil.copy(path, folder)
    return copy(result, folder / result.name)


def difference(films: Films, result: Path) -> str:
    """The one line that names the difference of a result."""
    with pytest.raises(DifferenceError) as caught:
        verify(films(clips.everything, result.suffix), result)
    return str(caught.value)


@pytest.mark.parametrize(
    ("ending", "codec"), [(".mkv", "ffv1"), (".mkv", "h264"), (".mp4", "h264"), (".mov", "prores"), (".mkv", "h265")]
)
def test_a_result_as_it_was_written_has_no_difference(films: Films, made: Make, ending: str, codec: Codec) -> None:
    found = verify(films(clips.everything, ending), made(ending, codec))
    assert (found.frames, found.is_exact, found.mended) == (24, codec == "ffv1", 0)
    assert found.packets > 3 * LATE_AUDIO
    assert min(found.psnr) > 30


CHANGES: dict[str, tuple[Codec, Callable[[Path], Copy], str]] = {
    "luma": ("ffv1", lambda result: Copy(replaced({5: with_one_sample_more(result, 5)})),
             "luma of frame 5 at 00:00:00.208 is not the film's: 1 sample, at x 7, y 5 it is"),
    "bit": ("h264", lambda _: Copy(flipped(9)), "the packet of frame "),
    "pts": ("ffv1", lambda _: Copy(later(7)), "frame 7 is shown at 00:00:00.293, and belongs to 00:00:00.292"),
    "dropped": ("ffv1", lambda _: Copy(without(11)), "frame 11 at 00:00:00.458 is missing"),
    "swapped": ("ffv1", lambda result: Copy(replaced({3: pictures(result)[8], 8: pictures(result)[3]})),
                "luma of frame 3 at 00:00:00.125 is that of frame 8"),
    "swapped in h264": ("h264", lambda result: Copy(replaced({6: pictures(result)[7], 7: pictures(result)[6]})),
                        " is that of frame "),
    "sound": ("h264", lambda _: Copy(audio=without(LATE_AUDIO)), "packet 20 of audio stream 1 (aac) at 00:00:00."),
    "subtitle": ("h264", lambda _: Copy(subtitle=said(b"Guten Abend")),
                 "packet 0 of subtitle stream 4 (srt) at 00:00:00.100 is not the film's: its bytes differ"),
    "tag": ("h264", lambda _: Copy(tags={"title": "Avenue"}), "tag title is 'Avenue', and should be 'Street'"),
    "origin": ("h264", lambda _: Copy(tags={"RESTORE_COLOURS": "true"}), "tag RESTORE_COLOURS is 'true', and should"),
    "chapter": ("h264", lambda _: Copy(chapter="Uno"),
                "chapter 1 is 'Uno' from 00:00:00.000 to 00:00:00.400, and should be 'One' from"),
    "disposition": ("h264", lambda _: Copy(disposition=Disposition.comment), "the disposition of audio stream 1 (aac)"),
    "attachment": ("h264", lambda _: Copy(font=b"\0\1\0\0other"), "the attachment attachment stream 6 ("),
    "range": ("ffv1", lambda _: Copy(color_range=2), "colour range (full) of the picture is True, and should be False"),
    "nothing": ("ffv1", lambda _: Copy(), "its bytes are not those of the record, though all that it holds"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_named(films: Films, made: Make, tmp_path: Path, name: str) -> None:
    codec, change, message = CHANGES[name]
    result = made(".mkv", codec)
    assert message in difference(films, tampered(result, tmp_path, change(result)))


@pytest.mark.parametrize(
    ("draw", "copy", "message"),
    [
        (clips.with_chapters, Copy(tags={"title": "Avenue"}), "tag title is 'Avenue', and should be 'Street'"),
        (clips.with_audio, Copy(audio=without(LATE_AUDIO)), "packet 20 of audio stream 1 (aac) at 00:00:00."),
        (clips.with_audio, Copy(video=without(23)), " is missing"),
    ],
    ids=["tag", "sound", "dropped"],
)
def test_a_change_of_an_mp4_is_named(
    films: Films, settings: Settings, tmp_path: Path, draw: Callable[..., Path], copy: Copy, message: str
) -> None:
    (tmp_path / "changed").mkdir()
    film = films(draw, ".mp4")
    result = restore_film(film, tmp_path / "out.mp4", replace(settings, sidecar=True))
    with pytest.raises(DifferenceError, match=message.replace("(aac)", ".aac.")):
        verify(film, tampered(result, tmp_path / "changed", copy))


def test_another_film_is_named(films: Films, made: Make) -> None:
    with pytest.raises(DifferenceError, match=r"is not the film that out\.json names"):
        verify(films(clips.plain, ".mkv"), made(".mkv", "ffv1"))


def test_without_its_whole_record_a_result_is_refused(films: Films, made: Make, tmp_path: Path) -> None:
    film, result = films(clips.everything, ".mkv"), Path(shutil.copy(made(".mkv", "ffv1"), tmp_path))
    with pytest.raises(MissingError, match=r"gone\.mkv: no such file; check its name"):
        verify(film, tmp_path / "gone.mkv")
    with pytest.raises(MissingError, match=r"out\.json: no such file.*--sidecar"):
        verify(film, result)
    assert verify(film, result, record=record_of(made(".mkv", "ffv1"))).is_exact
    record_of(result).write_text("{}")
    with pytest.raises(InputError, match="is no record of a result"):
        verify(film, result)
    shutil.copy(record_of(made(".mkv", "ffv1")), tmp_path)
    lumas_of(result).write_text("#format: frame checksums\n")
    with pytest.raises(InputError, match="its sha256 differs"):
        verify(film, result)


@pytest.mark.parametrize(
    ("draw", "ending", "changes"),
    [
        (clips.variable_rate, ".mkv", {}),
        (clips.late_start, ".mp4", {}),
        (clips.with_data, ".ts", {}),
        (clips.with_timecode, ".mov", {}),
        (clips.rotated, ".mp4", {}),
        (clips.wide_pixels, ".mkv", {}),
        (clips.interlaced, ".mkv", {"deinterlace": True}),
        (clips.with_chapters, ".mp4", {"start": Fraction(1, 4), "end": Fraction(3, 4)}),
        (clips.b_frames, ".mkv", {"start": Fraction(1, 3)}),
        (clips.with_audio, ".avi", {}),
    ],
)
def test_films_of_all_kinds_have_no_difference(
    films: Films, settings: Settings, tmp_path: Path, draw: Callable[..., Path], ending: str, changes: dict[str, object]
) -> None:
    film = films(draw, ending)
    chosen = replace(settings, sidecar=True, **changes)  # type: ignore[arg-type]
    own = Path(shutil.copy(film, tmp_path))
    assert isinstance(verify(film, restore_film(own, None, chosen)), Verified)


@pytest.mark.parametrize("codec", ["prores", "ffv1"])
def test_luma_that_is_mapped_is_compared_as_it_was_encoded(
    films: Films, settings: Settings, tmp_path: Path, codec: Codec
) -> None:
    film = films(clips.in_format, pix_fmt="gray")
    chosen = replace(settings, sidecar=True, encode=EncodeSettings(codec))
    assert verify(film, restore_film(film, tmp_path / "out.mkv", chosen)).is_exact == (codec == "ffv1")


def test_a_profile_of_fewer_bits_is_compared_as_it_was_encoded(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    film = films(clips.wide, ".mkv", pix_fmt="yuv422p10le")
    chosen = replace(settings, sidecar=True, encode=EncodeSettings("dnxhr", profile="sq"))
    assert 30 < min(verify(film, restore_film(film, tmp_path / "out.mov", chosen)).psnr) < 80


@pytest.mark.parametrize("suffix", [".png", ".dpx"])
def test_pictures_are_compared_file_by_file(settings: Settings, tmp_path: Path, suffix: str) -> None:
    reel = scans(tmp_path / "reel", drawn(3))
    chosen = replace(settings, sidecar=True, scans=replace(settings.scans, fps=Fraction(24)))
    out = restore_film(reel, tmp_path / "coloured" / f"scan_%06d{suffix}", chosen)
    assert min(verify(reel, out).psnr) > 80
    second = sorted(out.iterdir())[1]
    second.write_bytes(second.read_bytes()[:-1] + b"\x01")
    with pytest.raises(DifferenceError, match="the packet of frame 1"):
        verify(reel, out)


def test_the_command_says_what_was_compared_and_ends_with_1_at_a_difference(
    films: Films, made: Make, tmp_path: Path
) -> None:
    film, result = films(clips.everything, ".mkv"), made(".mkv", "ffv1")
    told = CliRunner().invoke(main, ["verify", str(film), str(result)])
    assert (told.exit_code, told.output.count("\n")) == (0, 1)
    assert "out.mkv is as its run wrote it: 24 frames, luma is the film's to the bit" in told.output
    changed = tampered(result, tmp_path, Copy(tags={"title": "Avenue"}))
    told = CliRunner().invoke(main, ["verify", str(film), str(changed), "--quiet"])
    assert (told.exit_code, told.output) == (1, f"restore: {changed}: tag title is 'Avenue', and should be 'Street'\n")


def test_a_run_that_verifies_its_result_fails_where_it_differs(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, chosen = films(clips.everything, ".mkv"), replace(settings, verify=True)
    (whole,) = restore_archive([film], tmp_path / "whole", chosen)
    assert isinstance(whole, Done)
    assert any(note.startswith("verified: 24 frames, luma within ") for note in whole.warnings)

    def put_changed(whole: Path, out: Path) -> None:
        Copy(audio=without(LATE_AUDIO))(whole.rename(whole.with_suffix(".mkv")), out)

    monkeypatch.setattr("pipelines.film.put", put_changed)
    with pytest.raises(DifferenceError, match="packet 20 of audio stream 1"):
        restore_film(film, tmp_path / "changed.mkv", chosen)
    (record,) = restore_archive([film], tmp_path / "archive", chosen)
    assert isinstance(record, Failed)
    assert "packet 20 of audio stream 1" in record.reason


def test_verifying_needs_the_record(settings: Settings) -> None:
    with pytest.raises(ValueError, match="leave out --no-sidecar"):
        replace(settings, verify=True, sidecar=False)


def test_a_mended_film_is_compared_outside_its_masks(
    lossless: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, mask = damaged.dusty(tmp_path / "film.mkv"), tmp_path / "mask.mkv"
    chosen = replace(alone(lossless, replace(DUST, mask_out=mask)), sidecar=True)
    result = restore_film(film, tmp_path / "out.mkv", chosen)
    found = verify(film, result)
    assert (found.is_masked, found.mended > 0, found.is_exact) == (True, True, False)
    mended = [number for number, each in enumerate(found.psnr) if not np.isinf(each)]
    changed = Copy(replaced({mended[0]: with_one_sample_more(film, mended[0])}))(film, tmp_path / "changed.mkv")
    monkeypatch.setattr("pipelines.proof.verify.digest_of", lambda _: digest_of(probe(film)))
    with pytest.raises(DifferenceError, match=f"frame {mended[0]} at .*: luma outside its mask is not that which went"):
        verify(changed, result)
    mask.write_bytes(b"other")
    with pytest.raises(InputError, match="is not the film of masks that the record names"):
        verify(film, result)
    mask.unlink()
    assert not verify(film, result).is_masked
