"""ProRes and DNxHR in the profile that is asked for: file and stream say so, and its samples are the profile's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.errors import SettingsError
from pipelines.media.target import choose_target
from pipelines.profiles import PROFILES
from pipelines.settings import Codec, EncodeSettings, Settings
from tests.made import clips
from tests.made.encoding import encoded, made, smooth
from tests.made.handmade import FILM, PICTURE
from tests.made.readers import true_chromas, true_lumas
from tests.made.runs import Films, Refuse

NAMED = [
    ("prores", "proxy", "Proxy", "apco", "yuv422p10le"),
    ("prores", "lt", "LT", "apcs", "yuv422p10le"),
    ("prores", "422", "Standard", "apcn", "yuv422p10le"),
    ("prores", "hq", "HQ", "apch", "yuv422p10le"),
    ("prores", "4444", "4444", "ap4h", "yuv444p12le"),
    ("dnxhr", "lb", "DNXHR LB", "AVdh", "yuv422p"),
    ("dnxhr", "sq", "DNXHR SQ", "AVdh", "yuv422p"),
    ("dnxhr", "hq", "DNXHR HQ", "AVdh", "yuv422p"),
    ("dnxhr", "hqx", "DNXHR HQX", "AVdh", "yuv422p10le"),
    ("dnxhr", "444", "DNXHR 444", "AVdh", "yuv444p10le"),
]
"""Codec and profile; the stream's own word for it, the file's four letters, and the samples as decoded."""


def facts(path: Path) -> tuple[str, str, str]:
    """Profile, four letters and pixel format, as a reader finds them."""
    with av.open(path) as film:
        stream: Any = film.streams.video[0]
        frame = next(film.decode(stream))
        return stream.codec_context.profile, stream.codec_context.codec_tag, frame.format.name


def test_all_profiles_are_tried() -> None:
    assert [(codec, name) for codec, names in PROFILES.items() for name in names] == [row[:2] for row in NAMED]


@pytest.mark.parametrize(("codec", "profile", "word", "letters", "pixels"), NAMED)
def test_the_picture_of_a_segment_has_its_profile(
    tmp_path: Path, codec: Codec, profile: str, word: str, letters: str, pixels: str
) -> None:
    encode, path = EncodeSettings(codec, profile=profile), tmp_path / "segment"
    own = choose_target(FILM, encode, deinterlace=False)
    form = made(codec, chroma_format=own.chroma_format, bits=own.bits)
    encoded(form, smooth(form, 2), path, profile=profile)
    assert facts(path) == (word, letters, pixels)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("codec", "profile", "found", "ending"),
    [(*row[:2], row[2:], end) for row in NAMED for end in (".mov", ".mkv") if (row[0], end) != ("dnxhr", ".mkv")],
)
def test_a_result_has_its_profile(
    films: Films, settings: Settings, codec: Codec, profile: str, found: tuple[str, str, str], ending: str
) -> None:
    chosen = replace(settings, encode=EncodeSettings(codec, profile=profile))
    assert facts(films.restored(films(clips.wide, ".mkv"), chosen, ending)) == found


@pytest.mark.slow
def test_a_result_of_4444_that_nobody_named_says_so(films: Films, settings: Settings) -> None:
    film = films(clips.wide, ".mkv", pix_fmt="yuv444p")
    out = films.restored(film, replace(settings, encode=EncodeSettings("prores")), ".mov")
    assert facts(out) == ("4444", "ap4h", "yuv444p12le")


@pytest.mark.parametrize(
    ("codec", "pixel_format", "bits", "word"),
    [("prores", "yuv420p", 8, "HQ"), ("prores", "yuv444p", 8, "4444"), ("dnxhr", "gray", 8, "DNXHR HQ"),
     ("dnxhr", "yuv422p12le", 12, "DNXHR HQX"), ("dnxhr", "yuv444p", 8, "DNXHR 444")],
)  # fmt: skip
def test_the_film_chooses_the_best_profile_where_nobody_does(
    tmp_path: Path, codec: Codec, pixel_format: str, bits: int, word: str
) -> None:
    film = replace(FILM, picture=replace(PICTURE, pixel_format=pixel_format, bits=bits))
    own = choose_target(film, EncodeSettings(codec), deinterlace=False)
    form = made(codec, chroma_format=own.chroma_format, bits=own.bits)
    encoded(form, smooth(form, 2), tmp_path / "segment")
    assert facts(tmp_path / "segment")[0] == word


@pytest.mark.parametrize("profile", ["lt", "4444"])
def test_luma_is_the_films_within_the_codec(films: Films, settings: Settings, profile: str) -> None:
    film = films(clips.wide, ".mkv", pix_fmt="yuv422p10le")
    out = films.restored(film, replace(settings, encode=EncodeSettings("prores", profile=profile)), ".mov")
    deeper = 4 if profile == "4444" else 1
    for (_, was), (_, now) in zip(true_lumas(film), true_lumas(out), strict=True):
        assert abs(now / deeper - was).mean() < 3
    assert max(plane.std() for plane in true_chromas(out)[0]) > 4 * deeper


@pytest.mark.parametrize(
    ("profile", "note"),
    [
        ("hqx", []),
        ("sq", ["luma of 10 bits becomes 8 (dnxhr sq holds no more; --profile hqx does)"]),
    ],
)
def test_a_profile_of_fewer_bits_is_noted_with_the_one_that_holds_them(profile: str, note: list[str]) -> None:
    film = replace(FILM, picture=replace(PICTURE, bits=10))
    assert list(choose_target(film, EncodeSettings("dnxhr", profile=profile), deinterlace=False).notes) == note


@pytest.mark.parametrize(
    ("codec", "profile", "words"),
    [
        ("h264", "hq", "--profile hq is not one of h264; add --codec prores"),
        ("keep", "hqx", "--profile hqx is not one of keep; add --codec dnxhr"),
        ("prores", "sq", "--profile of prores must be proxy, lt, 422, hq, 4444; got 'sq'"),
        ("dnxhr", "4444", "--profile of dnxhr must be lb, sq, hq, hqx, 444; got '4444'"),
        ("ffv1", "best", "--profile best is not one of ffv1; only prores and dnxhr have profiles"),
    ],
)
def test_a_profile_that_does_not_fit_the_codec_is_refused(codec: Codec, profile: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # all of it is compared
        EncodeSettings(codec, profile=profile)
    assert str(caught.value) == words


def test_a_profile_whose_chroma_cannot_be_of_this_size_is_refused(
    refusal: Refuse, settings: Settings, tmp_path: Path
) -> None:
    film = clips.odd_size(tmp_path / "film.mkv")
    chosen = replace(settings, encode=EncodeSettings("prores", profile="hq"))
    assert "101x77" in refusal(SettingsError, film, None, chosen)
