"""A layer is the colour alone: laid over its film it gives the result, and it says nothing of the film's luma."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from pipelines.errors import SettingsError
from pipelines.frames import Luma
from pipelines.job.identity import about
from pipelines.job.job import prepare
from pipelines.media.encode import Encode
from pipelines.media.layer import layered
from pipelines.media.target import choose_target
from pipelines.proof.record import is_lossless
from pipelines.proof.verify import compared
from pipelines.settings import OF_ARCHIVES, Codec, EncodeSettings, PaintSettings, Settings
from restore.api import restore_film
from restore.cli import main
from restore.options.manifest import settings_of_row
from tests.made import clips
from tests.made.encoding import made, noise, planes, smooth
from tests.made.handmade import FILM, PICTURE
from tests.made.readers import closed_captions, times, true_chromas, true_lumas
from tests.made.runs import Films, Refuse, in_segments

BT709 = (0.2126, 0.0722)
LIMITED_GRAY, FULL_GRAY = 502, 512
"""Half-way between black and white, in 10 bits."""


def layer_of(settings: Settings, codec: Codec, profile: str | None = None) -> Settings:
    return replace(settings, encode=EncodeSettings(codec, profile=profile, layer=True))


def rgb(luma: Luma, cb: Luma, cr: Luma, bits: int = 10) -> NDArray[Any]:
    """R'G'B' (H, W, 3) of planes of one size, limited range, BT.709."""
    deep, (of_red, of_blue) = 1 << (bits - 8), BT709
    y, b, r = (
        (plane.astype(float) - offset * deep) / (span * deep)
        for plane, offset, span in ((luma, 16, 219), (cb, 128, 112), (cr, 128, 112))
    )
    blue, red = b * (1 - of_blue), r * (1 - of_red)
    return np.stack([y + red, y - (of_red * red + of_blue * blue) / (1 - of_red - of_blue), y + blue], -1)


@pytest.mark.parametrize(
    "codec", ["ffv1", pytest.param("prores", marks=pytest.mark.slow), pytest.param("dnxhr", marks=pytest.mark.slow)]
)
def test_luma_of_the_film_with_chroma_of_the_layer_is_the_result(
    films: Films, settings: Settings, codec: Codec
) -> None:
    """To the bit, or within one code of 8 bits, which are 4 of these, where the codec moves samples itself."""
    film, ending = films(clips.wide, ".mkv", pix_fmt="yuv422p10le"), ".mov" if codec == "dnxhr" else ".mkv"
    result = films.restored(film, replace(settings, encode=EncodeSettings(codec)), ending)
    layer = films.restored(film, layer_of(settings, codec), ending)
    for (_, luma), chroma, (_, shown), coloured in zip(
        true_lumas(film), true_chromas(layer), true_lumas(result), true_chromas(result), strict=True
    ):
        for ours, wanted in zip((luma, *chroma), (shown, *coloured), strict=True):
            differs = np.abs(ours.astype(int) - wanted)
            assert (differs.max() == 0) if codec == "ffv1" else (np.quantile(differs, 0.999) <= 4)
            assert differs.mean() < 1
    assert {int(code) for _, luma in true_lumas(layer) for code in np.unique(luma)} == {LIMITED_GRAY}


@pytest.mark.slow
def test_a_layer_over_full_range_is_gray_there_too(films: Films, lossless: Settings) -> None:
    layer = films.restored(films(clips.in_format, pix_fmt="gray"), layer_of(lossless, "ffv1"))
    assert {int(code) for _, luma in true_lumas(layer) for code in np.unique(luma)} == {FULL_GRAY}


def test_a_layer_with_alpha_laid_over_the_film_is_the_result() -> None:
    form = made("prores", chroma_format="444", bits=10, layer="alpha")
    for own in smooth(form, 2):
        luma, cb, cr, alpha = layered(form, own.frame.luma, own.cb, own.cr)
        share = alpha[..., None] / 1023
        gray = rgb(luma, *(np.full_like(luma, 512),) * 2)
        laid = share * rgb(luma, cb, cr) + (1 - share) * gray
        assert np.array_equal(luma, own.frame.luma)
        assert np.abs(laid - rgb(luma, own.cb, own.cr)).max() < 1 / 1023
        assert 0 < share.mean() < 1


@pytest.mark.parametrize("bits", [10, 12])
def test_the_film_and_the_layer_less_mid_gray_add_up_to_the_result(bits: int) -> None:
    form = made("ffv1", chroma_format="444", bits=bits, layer="even")
    for own in smooth(form, 2):
        gray = rgb(own.frame.luma, *(np.full_like(own.frame.luma, 1 << (bits - 1)),) * 2, bits)
        laid = gray + rgb(*layered(form, own.frame.luma, own.cb, own.cr), bits=bits) - 0.5
        assert np.allclose(laid, rgb(own.frame.luma, own.cb, own.cr, bits), atol=1e-9)


def test_gray_is_left_as_it_is_by_alpha_0() -> None:
    form = made("prores", chroma_format="444", bits=10, layer="alpha")
    own = noise(form, 1)[0]
    middle = np.full_like(own.cb, 512)
    _, cb, cr, alpha = layered(form, own.frame.luma, middle, middle)
    assert (alpha.max(), cb.min(), cb.max(), cr.min(), cr.max()) == (0, 512, 512, 512, 512)


@pytest.mark.slow
def test_a_layer_in_4444_has_straight_alpha_and_gives_the_result(films: Films, settings: Settings) -> None:
    """Within one code of 8 bits of the run that loses nothing."""
    film = films(clips.wide, ".mkv", pix_fmt="yuv444p10le")
    result = films.restored(film, replace(settings, encode=EncodeSettings("ffv1")), ".mkv")
    layer = films.restored(film, layer_of(settings, "prores", "4444"), ".mov")
    with av.open(layer) as opened:
        stream: Any = opened.streams.video[0]
        assert (stream.codec_context.codec_tag, stream.codec_context.pix_fmt) == ("ap4h", "yuva444p12le")
        alphas = [np.frombuffer(memoryview(one.planes[3]), "<u2").reshape(one.height, -1) for one in opened.decode(0)]
    for alpha, (_, luma), shown, wanted in zip(alphas, true_lumas(film), planes(layer), planes(result), strict=True):
        share = alpha[:, : luma.shape[1], None] / 4095
        gray = rgb(luma, *(np.full_like(luma, 512),) * 2)
        laid = share * rgb(*shown, bits=12) + (1 - share) * gray
        assert np.abs(laid - rgb(*wanted)).mean() < 1 / 255 / 4
        assert np.quantile(np.abs(laid - rgb(*wanted)), 0.999) < 1 / 255


def test_a_layer_has_the_times_and_the_timecode_of_its_film_and_nothing_else(films: Films, lossless: Settings) -> None:
    film = films(clips.with_timecode, ".mov")
    out = films.restored(film, layer_of(lossless, "h264"))
    with av.open(out) as opened:
        kinds = [stream.type for stream in opened.streams if stream.type != "data"]
        assert (kinds, opened.metadata.get("timecode") or opened.streams.video[0].metadata["timecode"]) == (
            ["video"],
            "01:02:03:04",
        )
    assert (out.name, times(out)) == ("film.layer.restored.mov", times(film))


def test_sound_is_left_out_and_named(films: Films, tmp_path: Path, lossless: Settings) -> None:
    job = prepare(films(clips.with_audio, ".mkv"), tmp_path / "out.mov", layer_of(lossless, "prores"))
    assert (job.film.others, job.written) == ((), "layer, prores 10 bits in mov")
    assert job.target.notes == ("left out of the layer: audio stream 1 (aac)",)


def test_captions_stay_with_the_film(tmp_path: Path) -> None:
    form = made("h264", chroma_format="422", bits=10, layer="even")
    spoken = [replace(one, frame=replace(one.frame, captions=b"\xfc\x94\x2c")) for one in smooth(form, 3)]
    segment = Encode(form, EncodeSettings("h264", threads=2))(iter(spoken), tmp_path / "segment")
    assert (closed_captions(tmp_path / "segment"), segment.lost_captions) == ([b""] * 3, False)


@pytest.mark.slow
def test_segments_of_a_layer_give_what_one_gives(films: Films, lossless: Settings) -> None:
    film = films(clips.plain, ".mkv")
    layers = [films.restored(film, layer_of(each, "ffv1"), ".mkv") for each in (lossless, in_segments(lossless))]
    assert layers[0].read_bytes() == layers[1].read_bytes()


def test_a_layer_is_another_run_than_its_result(films: Films, tmp_path: Path, lossless: Settings) -> None:
    film, out = films(clips.plain, ".mkv"), tmp_path / "out.mkv"
    whole, layer = (about(prepare(film, out, each)) for each in (lossless, layer_of(lossless, "ffv1")))
    assert {**layer, "encode.layer": "True"} == layer != whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("codec", "profile", "words"),
    [("ffv1", None, "luma is a layer's even gray to the bit"), ("prores", "4444", "dB of the film's")],
)
def test_a_layer_is_verified_and_claims_no_luma_of_the_film(
    films: Films, tmp_path: Path, settings: Settings, codec: Codec, profile: str | None, words: str
) -> None:
    film, chosen = films(clips.wide, ".mkv"), replace(layer_of(settings, codec, profile), sidecar=True)
    assert not is_lossless(prepare(film, tmp_path / "none.mkv", chosen))
    found = compared(film, restore_film(film, tmp_path / "out.mkv", chosen))
    assert (words in found.summary, found.is_exact) == (True, False)


@pytest.mark.parametrize(
    ("pixel_format", "bits", "encode", "form"),
    [
        ("yuv420p", 8, EncodeSettings("prores", layer=True), ("422", 10, "even")),
        ("yuv444p", 8, EncodeSettings("h265", layer=True), ("444", 10, "even")),
        ("gray12le", 12, EncodeSettings("ffv1", layer=True), ("422", 12, "even")),
        ("yuv420p", 8, EncodeSettings("dnxhr", layer=True), ("422", 10, "even")),
        ("yuv420p", 8, EncodeSettings("prores", profile="4444", layer=True), ("444", 10, "alpha")),
    ],
)
def test_a_layer_is_422_of_10_bits_or_finer_and_changes_nothing_worth_a_note(
    pixel_format: str, bits: int, encode: EncodeSettings, form: tuple[str, int, str]
) -> None:
    picture = replace(PICTURE, pixel_format=pixel_format, bits=bits, has_captions=True, is_full_range=True)
    target = choose_target(replace(FILM, picture=picture), encode, deinterlace=False)
    assert ((target.chroma_format, target.bits, target.layer), target.notes) == (form, ())


@pytest.mark.parametrize(
    ("encode", "out", "words"),
    [
        (EncodeSettings("av1", layer=True), "out.mkv", "which av1 does not hold here; --codec prores does"),
        (EncodeSettings("dnxhr", profile="sq", layer=True), "out.mov", "which dnxhr sq does not hold here"),
        (EncodeSettings("ffv1", layer=True), "frames/out_%04d.tif", "pictures hold no layer; name a film"),
    ],
)
def test_what_holds_no_layer_is_refused(
    refusal: Refuse, settings: Settings, tmp_path: Path, encode: EncodeSettings, out: str, words: str
) -> None:
    film = clips.wide(tmp_path / "film.mkv")
    assert words in refusal(SettingsError, film, tmp_path / out, replace(settings, encode=encode))


def test_a_layer_without_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="--layer is the colour alone, and --no-colour makes none"):
        Settings(paint=PaintSettings(is_off=True), encode=EncodeSettings(layer=True))


def test_what_is_mended_is_said_to_stay_out(films: Films, tmp_path: Path, lossless: Settings) -> None:
    chosen = replace(layer_of(lossless, "prores"), repair=replace(lossless.repair, dust=1))
    notes = prepare(films(clips.plain, ".mkv"), tmp_path / "out.mov", chosen).target.notes
    assert [note for note in notes if note.startswith("a layer mends nothing")] != []


@pytest.mark.slow
def test_the_command_writes_prores_in_mov_beside_the_film(films: Films, tmp_path: Path, small: list[str]) -> None:
    film = films(clips.plain, ".mkv", frames=4)
    own = tmp_path / "film.mkv"
    own.write_bytes(film.read_bytes())
    assert CliRunner().invoke(main, [str(own), "--layer", *small]).exit_code == 0
    with av.open(tmp_path / "film.layer.restored.mov") as opened:
        context: Any = opened.streams.video[0].codec_context
        assert (context.name, context.profile, opened.streams.video[0].frames) == ("prores", "HQ", 4)


def test_an_archive_names_layers_so_too(films: Films, tmp_path: Path, small: list[str]) -> None:
    film = films(clips.plain, ".mkv")
    words = ["archive", str(film), "--out", str(tmp_path), "--layer", "--dry-run", *small]
    said = CliRunner().invoke(main, words).output
    assert f"-> {film.stem}.layer.restored.mov: layer, prores 10 bits in mov" in said


@pytest.mark.parametrize(
    ("cells", "encode"),
    [
        ({"layer": "true"}, EncodeSettings("prores", layer=True)),
        ({"layer": "true", "profile": "4444"}, EncodeSettings("prores", profile="4444", layer=True)),
        ({"layer": "true", "codec": "dnxhr"}, EncodeSettings("dnxhr", layer=True)),
        ({"layer": "false"}, EncodeSettings("keep")),
    ],
)
def test_a_manifest_has_a_column_for_it(cells: dict[str, str], encode: EncodeSettings) -> None:
    assert settings_of_row(cells, OF_ARCHIVES).encode == encode
