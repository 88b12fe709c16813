"""Colour stays where it belongs: no shot has another's, however one leads to the next, and damage changes none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.frames import AbBatch, AnchorBatch
from pipelines.media.probe import probe
from pipelines.segment import carried
from pipelines.settings import Settings
from pipelines.source import Segment
from pipelines.streams import in_process
from tests.made import pictures
from tests.made.handmade import Ab
from tests.made.tracks import PictureTrack, write

SHOT = 30
"""Frames of a shot; not a multiple of an anchor's interval."""
WIDTH, HEIGHT = 96, 64
COLOURS = np.array([(50, 0), (0, -50)], np.float32)
"""ab of the first shot, and of the second."""
DISC = np.array((0, 50), np.float32)
WRONG = np.array((-20, 60), np.float32)
"""What the network says of a flash."""
SETTINGS = Settings()


@dataclass
class Shown:
    """A frame of a film, and the colours that it should have."""

    picture: pictures.Picture
    ab: Ab
    """(h, w, 2)"""
    said: Ab | None = None
    """What the network says instead, if it does."""


def shown(moment: float, shot: int) -> Shown:
    """A pan over a texture of one colour, as contrasty as film is, with a disc of another."""
    drawn = pictures.picture(moment, shot, WIDTH, HEIGHT)
    is_disc = (drawn[..., 0] == np.float32(0.95))[..., None]
    middle = pictures.BRIGHTNESS[shot]
    drawn[..., 0] = np.where(is_disc[..., 0], 0.95, np.clip(middle + 2 * (drawn[..., 0] - middle), 0.02, 0.98))
    return Shown(drawn, np.where(is_disc, DISC, COLOURS[shot]).astype(np.float32))


def two_shots() -> list[Shown]:
    return [shown(number % SHOT, number // SHOT) for number in range(2 * SHOT)]


def one_shot() -> list[Shown]:
    return [shown(number, 0) for number in range(2 * SHOT)]


def carried_colours(frames: list[Shown], path: Path) -> list[Ab]:
    """The ab that each frame gets, as a film in one segment."""
    film = probe(write(path / "film.mkv", PictureTrack((one.picture for one in frames), codec="ffv1")))

    def paint(batch: AnchorBatch) -> AbBatch:
        numbers = [round(film.seconds(pts) * 24) for pts in batch.pts]
        said = [frames[n].ab if frames[n].said is None else frames[n].said for n in numbers]
        return AbBatch(batch, np.stack(said).astype(np.float32))

    return [frame.ab for frame in carried(Segment(film, 0, None, None), SETTINGS, HEIGHT, in_process(paint))]


def distances(one: Ab, other: Ab) -> Ab:
    """In ab, but for the rim, into which things come from outside."""
    return np.hypot(*np.moveaxis((one - other)[6:-6, 6:-6], -1, 0))


def far_off(frames: list[Shown], colours: list[Ab], limit: float) -> list[tuple[int, float]]:
    """The frames whose colours are further off than a limit on average, and how far."""
    found = (float(distances(ab, one.ab).mean()) for ab, one in zip(colours, frames, strict=True))
    return [(number, round(off, 1)) for number, off in enumerate(found) if off > limit]


def share_of(shot: int, ab: Ab) -> float:
    """How much of a shot's colour is in most of a picture, 0 to 1."""
    return float(np.median(ab @ COLOURS[shot]) / (COLOURS[shot] @ COLOURS[shot]))


def lit(one: Shown, share: float) -> Shown:
    """The frame darker; to the network one that is nearly black is gray."""
    dark = one.picture.copy()
    dark[..., 0] *= share
    return Shown(dark, one.ab, np.zeros_like(one.ab) if share < 0.1 else None)


def test_no_colour_crosses_a_hard_cut(tmp_path: Path) -> None:
    colours = carried_colours(two_shots(), tmp_path)
    for number, ab in enumerate(colours):
        own, other = number // SHOT, 1 - number // SHOT
        assert share_of(own, ab) > 0.97
        assert abs(share_of(other, ab)) < 0.01


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("at", [13, 16])
def test_a_flash_has_the_colours_of_its_shot(tmp_path: Path, length: int, at: int) -> None:
    frames = one_shot()
    for one in frames[at : at + length]:  # frame 16 is an anchor
        one.picture = np.ones_like(one.picture)
        one.picture[..., 1:] = 0
        one.said = np.broadcast_to(WRONG, one.ab.shape)
    for ab, one in zip(carried_colours(frames, tmp_path), frames, strict=True):
        assert np.median(distances(ab, one.ab)) < (8 if one.said is not None else 4)


def test_no_colour_comes_through_black(tmp_path: Path) -> None:
    fade, black = 12, 8
    out = [lit(shown(n, 0), min(1, (SHOT - n) / fade)) for n in range(SHOT)]
    back = [lit(shown(n, 1), min(1, (n + 1) / fade)) for n in range(SHOT)]
    frames = [*out, *[lit(out[-1], 0)] * black, *back]
    for number, ab in enumerate(carried_colours(frames, tmp_path)):
        if frames[number].picture[..., 0].max() > 0.2:
            assert abs(share_of(1 if number < SHOT else 0, ab)) < 0.05


def test_a_dissolve_goes_from_one_shots_colours_to_the_others(tmp_path: Path) -> None:
    first, last = 24, 40
    frames = []
    for number in range(64):
        share = float(np.clip((number - first) / (last - first), 0, 1))
        one, other = shown(number, 0), shown(number, 1)
        mix = [(1 - share) * a + share * b for a, b in ((one.picture, other.picture), (one.ab, other.ab))]
        frames.append(Shown(*mix))
    shares = np.array([[share_of(shot, ab) for shot in (0, 1)] for ab in carried_colours(frames, tmp_path)])
    assert shares[: first - 8, 1].max() < 0.25
    assert shares[last + 8 :, 0].max() < 0.25
    assert np.diff(shares[:, 0]).max() < 0.05  # the one goes, the other comes, and neither leaps
    assert np.diff(shares[:, 1]).min() > -0.05
    assert np.abs(np.diff(shares, axis=0)).max() < 0.25


@pytest.mark.parametrize("pixels", [1, 2])
def test_colour_stays_on_its_things_where_the_gate_weaves(tmp_path: Path, pixels: int) -> None:
    random = np.random.default_rng(0)
    frames = one_shot()
    for one in frames:
        slide = np.float32([[1, 0, random.integers(-pixels, pixels + 1)], [0, 1, random.integers(-pixels, pixels + 1)]])
        one.picture, one.ab = (
            cv2.warpAffine(part, slide, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            for part in (one.picture, one.ab)
        )
    assert far_off(frames, carried_colours(frames, tmp_path), 6) == []


def without_frames(frames: list[Shown]) -> list[Shown]:
    """Six are lost: things jump."""
    return frames[:27] + frames[33:]


def scratched(frames: list[Shown]) -> list[Shown]:
    """Three in a row are torn: half of each is white."""
    for one in frames[26:29]:
        one.picture = one.picture.copy()
        one.picture[HEIGHT // 2 :, :, 0] = 1
    return frames


@pytest.mark.parametrize("spliced", [without_frames, scratched])
def test_a_splice_inside_a_shot_changes_no_colours(
    tmp_path: Path, spliced: Callable[[list[Shown]], list[Shown]]
) -> None:
    frames = spliced(one_shot())
    assert far_off(frames, carried_colours(frames, tmp_path), 8) == []
