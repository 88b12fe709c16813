"""A painted frame has its colours, and its shot takes them along motion: both ways, and up to the cuts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray

from models.colour.colorspace import lab_from_srgb
from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.colour.rgb import rgb_of
from pipelines.errors import SettingsError
from pipelines.frames import AnchorBatch, Layer
from pipelines.guide import reading
from pipelines.guide.given import Given, given_for
from pipelines.guide.layers import PackedLayer, met, over
from pipelines.guide.reading import ShotReader, of_frames
from pipelines.guide.stills import StillTracker
from pipelines.job.identity import about, about_segment
from pipelines.job.job import prepare
from pipelines.media.image import png
from pipelines.media.probe import probe
from pipelines.media.still_file import StillTag, tagged
from pipelines.media.target import choose_target
from pipelines.painting.choice import choose_network
from pipelines.painting.paint import FilmPaint, Paint
from pipelines.places import film_mark
from pipelines.segment import carried
from pipelines.settings import EncodeSettings, Settings, Still
from pipelines.source import Segment
from pipelines.streams import in_process
from restore.api import restore_film
from restore.cli import main
from tests.made import pictures
from tests.made.readers import true_chromas
from tests.made.runs import Films, in_segments
from tests.made.tracks import PictureTrack, write

RATE, SHOT, WIDTH, HEIGHT = 24, 16, 160, 128
Rgb = NDArray[np.float32]


def drawn() -> Iterator[pictures.Picture]:
    """Two shots."""
    return chain.from_iterable(pictures.pan(SHOT, shot, WIDTH, HEIGHT) for shot in (3, 1))


def gray(path: Path) -> Path:
    return write(path, PictureTrack(drawn(), codec="ffv1", pix_fmt="gray"))


def painted(number: int) -> Rgb:
    """True colours of frame `number`, R'G'B' (H, W, 3): two hues that slide with the texture."""
    y, x = pictures.grid(WIDTH, HEIGHT)
    luma = list(drawn())[number][..., 0].clip(0, 1)
    across = x + np.float32(pictures.PAN * (number % SHOT))
    cb, cr = 0.1 * np.sin(across / 19) + 0 * y, 0.1 * np.cos(y / 17) + 0 * x
    red, blue = luma + 1.5748 * cr, luma + 1.8556 * cb
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    return np.dstack([red, green, blue]).clip(0, 1).astype(np.float32)


def saved(
    film: Path, out: Path, number: int, rgb: Rgb | None = None, alpha: Rgb | None = None, of: Path | None = None
) -> Still:
    """A still of a frame, with a tag, as `restore still` and an editor would leave it."""
    codes = np.rint((painted(number) if rgb is None else rgb) * 0xFFFF).astype(np.uint16)
    if alpha is None:
        file = png(codes)
    else:
        layers = np.dstack([codes[..., ::-1], np.rint(alpha * 0xFFFF).astype(np.uint16)])
        file = cv2.imencode(".png", layers)[1].tobytes()
    out.write_bytes(tagged(file, StillTag(film_mark(probe(of or film)), at(number))))
    return Still(out)


def at(number: int) -> Fraction:
    """The time of a frame in Matroska, which counts in milliseconds."""
    return Fraction(round(1000 * number / RATE), 1000)


def in_film(film: Path, settings: Settings, *stills: Still) -> Settings:
    return prepare(film, None, replace(settings, stills=stills)).settings


def shown(film: Path, settings: Settings) -> list[Rgb]:
    """R'G'B' of each frame as a run colours it."""
    opened = probe(film)
    chosen = choose_network(film, settings)
    paint = FilmPaint(in_process(Paint()), opened, chosen, given_for(opened, settings, chosen))
    target = choose_target(opened, EncodeSettings("ffv1"), deinterlace=False)
    frames = carried(Segment(opened, 0, None, None), settings, chosen.motion_rows, paint)
    return [rgb_of(each, target)[1] for each in Chroma(target, transfer_of(opened.picture))(frames)]


def apart(one: Rgb, other: Rgb) -> Rgb:
    """ΔE of 1976 at each place."""
    labs = [lab_from_srgb(torch.from_numpy(each).permute(2, 0, 1)) for each in (one, other)]
    return (labs[0] - labs[1]).square().sum(0).sqrt().numpy()


@pytest.fixture
def film(films: Films) -> Path:
    return films(gray, ".mkv")


@pytest.fixture
def lively(settings: Settings) -> Settings:
    return replace(settings, motion=replace(settings.motion, anchors=Fraction(1, 6)))


@pytest.mark.slow
def test_shot_takes_the_colours_of_its_painted_frame_both_ways_and_no_other_does(
    film: Path, lively: Settings, tmp_path: Path
) -> None:
    number = 7
    ready = in_film(film, lively, saved(film, tmp_path / "a.png", number))
    with_still, without = shown(film, ready), shown(film, lively)
    assert apart(with_still[number], painted(number)).mean() < 0.7
    inner = np.s_[12:-12, 28:-28]
    far = [apart(with_still[n], painted(n))[inner].mean() for n in range(SHOT)]
    assert max(far) < 10 < min(apart(without[n], painted(n))[inner].mean() for n in range(SHOT))
    assert np.mean(far) < 4
    assert all(np.array_equal(*pair) for pair in zip(with_still[SHOT:], without[SHOT:], strict=True))


@pytest.mark.slow
def test_transparent_parts_of_a_still_change_nothing_in_its_frame(film: Path, lively: Settings, tmp_path: Path) -> None:
    number, alpha = 8, np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[:, : WIDTH // 2] = 1
    ready = in_film(film, lively, saved(film, tmp_path / "a.png", number, alpha=alpha))
    with_still, without = shown(film, ready)[number], shown(film, lively)[number]
    assert apart(with_still, painted(number))[:, : WIDTH // 2 - 2].mean() < 0.7
    assert apart(with_still, without)[:, WIDTH // 2 + 2 :].mean() < 2


@pytest.mark.slow
def test_segments_of_a_film_with_a_still_give_the_bytes_of_the_whole(
    film: Path, lossless: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_still = replace(lossless, stills=(saved(film, tmp_path / "a.png", 12),))
    whole = restore_film(film, tmp_path / "whole.mkv", with_still)
    monkeypatch.setattr(reading, "READ_AT_ONCE", Fraction(1, 4))
    parts = restore_film(film, tmp_path / "parts.mkv", in_segments(with_still))
    pairs = zip(true_chromas(whole), true_chromas(parts), strict=True)
    assert all(np.array_equal(a, b) for one, other in pairs for a, b in zip(one, other, strict=True))


def layers(film: Path, settings: Settings, *stills: Still) -> dict[int, Layer]:
    """By the number of its frame, each anchor's layer."""
    opened = probe(film)
    asked = in_film(film, settings, *stills)
    found = StillTracker(ShotReader(opened, of_frames(asked), 64), asked).stills()
    return {round(opened.seconds(pts) * RATE): packed.layer for pts, packed in found.items()}


def speckled(path: Path) -> Path:
    """Two frames full of corners."""
    return write(path, PictureTrack([speckles()] * 2, codec="ffv1", pix_fmt="gray"))


def speckles() -> pictures.Picture:
    light = np.random.default_rng(3).uniform(0.2, 0.8, (HEIGHT // 4, WIDTH // 4)).astype(np.float32)
    return np.dstack([cv2.resize(light, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), *np.zeros((2, HEIGHT, WIDTH))])


def test_a_part_of_the_frame_is_found_in_it(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(speckled, ".mkv")
    rgb = (speckles()[..., :1] * np.array([1.1, 1, 0.8], np.float32)).clip(0, 1)
    part = cv2.resize(rgb[20:110, 30:150], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    layer = layers(film, settings, saved(film, tmp_path / "a.png", 0, part))[0]
    assert layer.share[24:106, 34:146].min() == 1
    assert layer.share[:16].max() == layer.share[:, :26].max() == 0
    whole = layers(film, settings, saved(film, tmp_path / "b.png", 0, rgb))[0]
    assert np.abs(layer.ab - whole.ab)[24:106, 34:146].mean() < 1.5


@pytest.mark.parametrize("fault", ["no tag", "other film", "other frame", "no picture", "after the end"])
def test_what_is_wrong_with_a_still_is_said_in_one_line(
    film: Path, films: Films, settings: Settings, tmp_path: Path, fault: str
) -> None:
    path = tmp_path / "a.png"
    still = saved(film, path, 3)
    what = {
        "no tag": "does not say which frame it is of; --still-at TIME",
        "other film": "is of another film than film.mkv",
        "other frame": "is not like the frame at 00:00:00.125",
        "no picture": "cannot be read",
        "after the end": "is of a frame after the film's end",
    }[fault]
    if fault == "no tag":
        path.write_bytes(png(np.zeros((8, 8, 3), np.uint8)))
    elif fault == "other film":
        saved(film, path, 3, of=films(_other, ".mkv"))
    elif fault == "other frame":
        saved(film, path, 3, painted(SHOT + 9))
    elif fault == "no picture":
        path.write_bytes(path.read_bytes()[:400])
    else:
        path.write_bytes(tagged(png(np.zeros((8, 8, 3), np.uint8)), StillTag(film_mark(probe(film)), Fraction(99))))
    with pytest.raises(SettingsError, match=what):
        prepare(film, None, replace(settings, stills=(still,)))


def _other(path: Path) -> Path:
    return write(path, PictureTrack(pictures.pan(3), codec="ffv1", pix_fmt="gray"))


def test_a_picture_unlike_its_frame_is_taken_where_a_person_says_so(
    film: Path, settings: Settings, tmp_path: Path
) -> None:
    tag_less = saved(film, tmp_path / "a.png", 3, painted(SHOT + 9))
    assert 3 in layers(film, settings, replace(tag_less, time=at(3)))


def test_run_with_another_picture_is_another_run(film: Path, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    jobs = [prepare(film, None, in_segments(settings, Fraction(SHOT, RATE)))]
    for number in (0, 1):
        still = saved(film, path, 0, painted(0) * np.float32(1 - 0.1 * number))
        jobs.append(prepare(film, None, in_segments(replace(settings, stills=(still,)), Fraction(SHOT, RATE))))
    first = [about_segment(job, job.segments[0]) for job in jobs]
    assert first[0] == ""
    assert len(set(first)) == 3
    assert about(jobs[0]) == about(jobs[1]) == about(jobs[2])


def even(a: float, share: float, size: tuple[int, int] = (4, 6)) -> Layer:
    return Layer(np.full((*size, 2), a, np.float32), np.full(size, share, np.float32))


def test_stills_of_a_shot_meet_between_each_other() -> None:
    for near, wanted in ((1, 20.0), (2, 30.0), (3, 40.0)):
        assert met([(near, even(10, 1)), (4 - near, even(50, 1))]).ab.mean() == pytest.approx(wanted)
    only = met([(9, even(10, 1)), (1, even(50, 0))])
    assert (only.ab.mean(), only.share.mean()) == pytest.approx((10, 1))
    own = met([(5, even(10, 1)), (0, even(50, 0.5, (8, 12)))])
    assert own.share.shape == (8, 12)
    assert (own.ab.mean(), own.share.mean()) == pytest.approx((30, 1))


def test_layers_are_packed_to_a_sixteenth_of_a_step() -> None:
    drawn_layer = Layer(
        np.random.default_rng(0).uniform(-110, 110, (6, 8, 2)).astype(np.float32), even(0, 1, (6, 8)).share
    )
    again = PackedLayer.of(replace(drawn_layer, is_own=True)).layer
    assert np.abs(again.ab - drawn_layer.ab).max() <= 1 / 32
    assert again.share.min() == 1
    assert (again.is_own, again.is_partial) == (True, False)


def test_anchors_go_on_with_their_layers_and_the_painter_gets_none(settings: Settings) -> None:
    given = Given(stills={7: PackedLayer.of(even(31, 1))})
    anchors = given(AnchorBatch((6, 7), (0, 0), np.zeros((2, 64, 96), np.uint8)))
    assert anchors.layers[0] is None
    assert anchors.layers[1] is not None
    assert anchors.layers[1].ab.mean() == 31
    assert anchors.hints == ()


def test_network_that_takes_hints_is_told_the_colours_of_layers() -> None:
    half = even(31, 1, (48, 64))
    half.share[:, 32:] = 0
    given = Given(stills={7: PackedLayer.of(half)}, takes_hints=True)
    anchors = given(AnchorBatch((6, 7), (0, 0), np.zeros((2, 64, 96), np.uint8)))
    x, y, a, b = anchors.hints[1].T
    assert len(anchors.hints[0]) == 0
    assert (len(x), x.max() < 0.5, np.unique(a), np.unique(b)) == (12 * 8, True, [31], [31])
    assert (y.min(), y.max()) == pytest.approx((2.5 / 48, 46.5 / 48))


def test_network_is_told_nothing_of_layers_that_are_about_single_things() -> None:
    thing = replace(even(31, 1, (48, 64)), is_partial=True)
    given = Given(stills={7: PackedLayer.of(thing)}, takes_hints=True)
    anchors = given(AnchorBatch((6, 7), (0, 0), np.zeros((2, 64, 96), np.uint8)))
    assert [len(hints) for hints in anchors.hints] == [0, 0]
    whole = even(10, 1, (48, 64))
    assert not over(whole, thing).is_partial
    assert over(thing, thing).is_partial


def test_times_of_stills_are_given_for_all_of_them_or_none(film: Path, tmp_path: Path) -> None:
    saved(film, tmp_path / "a.png", 0)
    words = [str(film), "--still", str(tmp_path / "a.png"), "--still-at", "0", "--still-at", "1"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "--still-at is given 2 times for 1 --still" in result.stderr
