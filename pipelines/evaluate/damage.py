"""Damage drawn on clean film, the same for the same seed: what repair is measured on.

Lengths are given for 480 rows and are scaled to the picture's short side, areas by its square.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.repair.levels import BRIGHT, DARK, Levels, Mask, scale

BLOBS = (8, 24)
"""In a frame."""
AREA = (8, 600)
"""Pixels, log-uniform."""
HAIRS = 1 / 3
"""Share of the blobs that are hairs."""
HAIR_WIDTH = (1.5, 6)
"""Pixels that a hair is wide at least, and the root of its area over its width: long ones are wider."""
BEND = 0.35
"""Of a hair's length, by which it may bend to either side."""
CONTRAST = (12, 120)
"""Levels, log-uniform."""
DARK_SHARE = 0.6
SOFTNESS = (0.5, 1.5)
"""Pixels: sigma of the blur of edges."""
OPACITY = (0.5, 1)
SURROUNDINGS = 8
"""Pixels: sigma of the blur that gives the level from which a blob differs."""
VISIBLE = 3
"""Levels by which a sample differs that is damaged: dirt on white that is white is none."""
GAIN, OFFSET = 0.08, 5
"""Standard deviations of drawn flicker: of a frame's gain, and of its offset in levels."""
FIELD, FIELD_TIME = 0.08, 0.7
"""Of drawn local flicker: standard deviation of the gain, and sigma in frames of its change."""
FIELD_SIZE = 1 / 6
"""Of the width: sigma of the blur that gives local flicker its size."""

JUMP = 4
"""Pixels by which drawn weave moves a frame at most, each way."""
PRINT_BLUR, GRAIN, QUALITY = (0.4, 1.2), (2, 8), (60, 95)
"""Of a worn print: sigma of its blur in pixels, standard deviation of its grain in levels, quality as JPEG."""


@dataclass(frozen=True)
class Damaged:
    """A frame with drawn damage."""

    luma: Levels
    """(H, W)."""
    mask: Mask
    """(H, W), where it is: samples that are at least half covered and differ visibly."""


def dusty(luma: Levels, noise: np.random.Generator) -> Damaged:
    """A frame (H, W) with dust, dirt and hairs."""
    size = scale(luma)
    surroundings = cv2.GaussianBlur(luma, (0, 0), SURROUNDINGS * size).astype(np.float32)
    picture, mask = luma.astype(np.float32), np.zeros(luma.shape, np.uint8)
    for _ in range(noise.integers(BLOBS[0], BLOBS[1] + 1)):
        cover = _blob(noise, size)
        value = DARK if noise.random() < DARK_SHARE else BRIGHT
        contrast = _log_uniform(noise, CONTRAST) * (1 if value == BRIGHT else -1)
        opacity = np.float32(noise.uniform(*OPACITY))
        rows, columns, part = _placed(cover, luma.shape, noise)
        level = np.clip(surroundings[rows, columns] + np.float32(contrast), 0, 255)
        picture[rows, columns] += opacity * part * (level - picture[rows, columns])
        mask[rows, columns][part >= 0.5] = value
    damaged = np.rint(picture).astype(np.uint8)
    mask[cv2.absdiff(damaged, luma) < VISIBLE] = 0
    return Damaged(damaged, mask)


def _log_uniform(noise: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(noise.uniform(*np.log(limits))))


def _blob(noise: np.random.Generator, size: float) -> NDArray[Any]:
    """(h, w), float32, 0..1: how much a blob covers of each pixel."""
    area = _log_uniform(noise, AREA) * size**2
    shape = _hair(noise, area, size) if noise.random() < HAIRS else _speck(noise, area)
    return cv2.GaussianBlur(shape, (0, 0), noise.uniform(*SOFTNESS) * size)


def _speck(noise: np.random.Generator, area: float) -> NDArray[Any]:
    """(h, w), 0 or 1: an outline of thresholded noise, of about that area."""
    side = 2 * int(np.ceil(1.2 * np.sqrt(area))) + 9
    place = np.linspace(-1, 1, side, dtype=np.float32)
    far = np.hypot(place[:, None] * np.float32(noise.uniform(0.7, 1.4)), place)
    rough = cv2.GaussianBlur(noise.normal(0, 1, (side, side)).astype(np.float32), (0, 0), max(0.6, np.sqrt(area) / 5))
    height = 0.35 * rough / max(float(rough.std()), 1e-6) - 2.5 * far
    height[[0, 1, 2, 3, -4, -3, -2, -1]] = height[:, [0, 1, 2, 3, -4, -3, -2, -1]] = -np.inf
    least = np.partition(height.ravel(), -max(1, round(area)))[-max(1, round(area))]
    return (height >= least).astype(np.float32)


def _hair(noise: np.random.Generator, area: float, size: float) -> NDArray[Any]:
    """(h, w), 0..1: a bent line of about that area."""
    width = max(HAIR_WIDTH[0] * size, np.sqrt(area) / HAIR_WIDTH[1]) * noise.uniform(0.8, 1.25)
    length, angle, bend = area / width, noise.uniform(0, np.pi), noise.uniform(-BEND, BEND)
    along = np.linspace(-0.5, 0.5, 24)
    curve = np.stack([along, bend * (1 - 4 * along**2)]) * length
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (turn @ curve).T  # (24, 2)
    points -= points.min(axis=0) - (6 + width)
    across, down = np.ceil(points.max(axis=0) + 6 + width).astype(int)
    fine = 4
    drawn = np.zeros((down * fine, across * fine), np.uint8)
    cv2.polylines(drawn, [np.rint(points * fine).astype(np.int32)], False, 255, max(1, round(width * fine)))
    return cv2.resize(drawn, (across, down), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _placed(
    cover: NDArray[Any], shape: tuple[int, ...], noise: np.random.Generator
) -> tuple[slice, slice, NDArray[Any]]:
    """Rows and columns of a frame where a blob lies, and what of it is in the frame."""
    top, left = (
        int(noise.integers(-side // 2, length - side // 2)) for side, length in zip(cover.shape, shape, strict=True)
    )
    rows, columns = (
        slice(max(0, at), min(length, at + side))
        for at, side, length in zip((top, left), cover.shape, shape, strict=True)
    )
    return rows, columns, cover[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def flickering(frames: list[Levels], noise: np.random.Generator) -> list[Levels]:
    """Frames whose exposure varies as a whole: each has a gain and an offset of its own."""
    gains, offsets = 1 + noise.normal(0, GAIN, len(frames)), noise.normal(0, OFFSET, len(frames))
    return [_rounded(frame * np.float32(a) + np.float32(b)) for frame, a, b in zip(frames, gains, offsets, strict=True)]


def flickering_locally(frames: list[Levels], noise: np.random.Generator) -> list[Levels]:
    """Frames whose exposure varies from place to place and from frame to frame."""
    height, width = frames[0].shape
    coarse = (-(-height // 8), -(-width // 8))
    fields = noise.normal(0, 1, (len(frames), *coarse)).astype(np.float32)
    fields = np.stack([cv2.GaussianBlur(field, (0, 0), FIELD_SIZE * coarse[1]) for field in fields])
    flat: NDArray[Any] = fields.reshape(len(frames), -1)
    flat = cv2.GaussianBlur(flat, (1, 0), sigmaX=1e-3, sigmaY=FIELD_TIME) if len(frames) > 1 else flat
    gains = np.exp(FIELD * flat.reshape(fields.shape) / flat.std())
    return [_rounded(frame * cv2.resize(gain, (width, height))) for frame, gain in zip(frames, gains, strict=True)]


def _rounded(levels: NDArray[Any]) -> Levels:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def aged(frames: list[Levels], noise: np.random.Generator) -> list[Levels]:
    """Frames as a worn print shows them: soft, with grain, coded again.

    The unstructured faults of RTN (Wan et al., CVPR 2022, section 3.4); its scanned dust is drawn by `dusty` instead.
    """
    sigma, grain, quality = noise.uniform(*PRINT_BLUR), noise.uniform(*GRAIN), int(noise.integers(*QUALITY))
    worn = []
    for frame in frames:
        soft = cv2.GaussianBlur(frame, (0, 0), sigma * scale(frame)).astype(np.float32)
        grained = _rounded(soft + cv2.GaussianBlur(noise.normal(0, 2 * grain, frame.shape), (0, 0), 0.6))
        _, coded = cv2.imencode(".jpg", grained, [cv2.IMWRITE_JPEG_QUALITY, quality])
        worn.append(np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8))
    return worn


def woven(frames: list[Levels], noise: np.random.Generator) -> tuple[NDArray[np.float64], list[Levels]]:
    """Columns and rows (N, 2) by which each frame jumps, and the frames so."""
    shifts = noise.uniform(-JUMP, JUMP, (len(frames), 2))
    turns = [np.array([[1, 0, x], [0, 1, y]]) for x, y in shifts]
    size = frames[0].shape[::-1]
    return shifts, [
        np.asarray(
            cv2.warpAffine(frame, turn, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
        for frame, turn in zip(frames, turns, strict=True)
    ]
