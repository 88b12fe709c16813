"""Frames that a person has painted: read, laid onto their frame, and their colours told beside the film's own luma."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.colour.colorspace import ab_beside, lightness_table, luma_span
from pipelines.colour.lightness import transfer_of
from pipelines.errors import SettingsError, timecode
from pipelines.frames import Frame, Layer
from pipelines.media.decode import Decode
from pipelines.media.still_file import PaintedPicture, read_painted, tag_of
from pipelines.media.target import choose_target
from pipelines.places import film_mark
from pipelines.settings import EncodeSettings, Settings, Still
from pipelines.source import Film, Segment

SMALL = 240
"""Short side, in pixels, at which a picture is compared with its frame."""
BLOCK = 24
"""Pixels: side of the blocks that are compared; a block that is painted over has still its neighbours."""
SPREAD = 4.0
"""Of 255: blocks that are more even than this say nothing."""
ALIKE = 0.7
"""Median correlation of blocks from which a picture is that of the frame."""
SAME_SHAPE = 0.02
"""Difference of the sides' ratios, relative, up to which a picture is all of its frame."""
FEATURES, MIN_MATCHES = 4000, 16
NEAREST, SLACK = 0.75, 3.0
"""A match must be so much nearer than the next one (Lowe, IJCV 2004, sec. 7.1); pixels that it may lie off."""
TAG_HINT = "--still-at TIME says where it belongs"


def tagged_time(film: Film, still: Still) -> Fraction:
    """Seconds from the film's start of the frame that a picture is of, as its tags say.

    Raises:
        SettingsError: there is no such picture, it does not say, or it is of another film.
    """
    try:
        tag = tag_of(still.path)
    except OSError as error:
        raise _unreadable(still.path, error) from error
    if tag is None:
        raise SettingsError(still.path, "does not say which frame it is of", TAG_HINT)
    if tag.film != film_mark(film):
        raise SettingsError(still.path, f"is of another film than {film.name}", TAG_HINT)
    if tag.time >= film.duration:
        raise SettingsError(still.path, f"is of a frame after the film's end ({timecode(film.duration)})", TAG_HINT)
    return tag.time


def _unreadable(path: Path, error: Exception) -> SettingsError:
    reason = (error.strerror or error) if isinstance(error, OSError) else error
    return SettingsError(path, f"cannot be read ({reason})", "give a PNG, TIFF or JPEG")


def read_picture(path: Path) -> PaintedPicture:
    """A picture that a person gives.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return read_painted(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


@dataclass(frozen=True)
class PaintedFrame:
    """A frame of a film, and its picture as painted."""

    film: Film
    settings: Settings
    still: Still
    pts: int
    """Of the frame."""

    def layer(self) -> Layer:
        """The colours that the frame is to have, at the film's size, upright.

        Raises:
            SettingsError: the picture cannot be read, or is not that of the frame.
        """
        film = self.film
        target = choose_target(film, EncodeSettings("ffv1"), self.settings.deinterlace)
        bits, is_full = film.picture.bits, film.picture.is_full_range
        luma = target.display_matrix.shown(self._frame().luma)
        black, white = luma_span(bits, is_full)
        signal = ((luma.astype(np.float32) - black) / (white - black)).clip(0, 1)
        painted = self._laid(read_picture(self.still.path), signal)
        lightness = lightness_table(bits, is_full, transfer_of(film.picture))[luma]
        rgb = torch.from_numpy(painted.rgb).permute(2, 0, 1)
        ab = ab_beside(rgb, torch.from_numpy(lightness), target.luma_weights)
        return Layer(ab.permute(1, 2, 0).numpy(), painted.alpha)

    def _frame(self) -> Frame:
        decode = Decode(Fraction(0), self.settings.skip_damaged, self.settings.deinterlace)
        return next(frame for frame in decode(Segment(self.film, 0, self.pts, self.pts + 1)) if frame.is_owned)

    def _laid(self, painted: PaintedPicture, luma: NDArray[np.float32]) -> PaintedPicture:
        """The picture laid onto the frame, at the size of its luma (H, W), 0..1.

        Raises:
            SettingsError: it is not that of the frame, and nobody said that it is.
        """
        rows, columns = luma.shape
        shape = rows, columns * float(self.film.picture.sample_aspect_ratio)
        whole = _resized(painted, luma.shape)
        is_whole = any(_is_of_shape(painted.alpha.shape, each) for each in (luma.shape, shape))
        if is_whole and likeness_of(whole, luma) >= ALIKE:
            return whole
        part = _registered(painted, luma)
        if part is not None and likeness_of(part, luma) >= ALIKE:
            return part
        if self.still.time is not None:
            return whole
        what = f"is not like the frame at {timecode(self.still.seconds)}"
        raise SettingsError(self.still.path, what, f"{TAG_HINT}, and takes it as it is")


def _is_of_shape(size: tuple[int, ...], shape: tuple[float, ...]) -> bool:
    return abs(size[0] * shape[1] / (size[1] * shape[0]) - 1) < SAME_SHAPE


def _resized(painted: PaintedPicture, size: tuple[int, ...]) -> PaintedPicture:
    if painted.alpha.shape == size:
        return painted
    how = cv2.INTER_AREA if painted.alpha.shape[0] > size[0] else cv2.INTER_CUBIC
    rgb, alpha = (cv2.resize(each, size[::-1], interpolation=how) for each in (painted.rgb, painted.alpha))
    return PaintedPicture(rgb.clip(0, 1), alpha.clip(0, 1))


def _gray(painted: PaintedPicture) -> NDArray[Any]:
    return cv2.cvtColor(painted.rgb, cv2.COLOR_RGB2GRAY)


def likeness_of(painted: PaintedPicture, luma: NDArray[np.float32]) -> float:
    """Median correlation of a picture's blocks with those of a frame of its size; 0 where nothing is to be compared."""
    scale = min(1.0, SMALL / min(luma.shape))
    small = [
        cv2.GaussianBlur(cv2.resize(each, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), (0, 0), 1)
        for each in (_gray(painted), luma, painted.alpha)
    ]
    found = []
    for top in range(0, small[0].shape[0] - BLOCK + 1, BLOCK):
        for left in range(0, small[0].shape[1] - BLOCK + 1, BLOCK):
            one, other, alpha = (each[top : top + BLOCK, left : left + BLOCK] for each in small)
            if alpha.min() > 0 and other.std() * 255 > SPREAD:
                found.append(np.corrcoef(one.ravel(), other.ravel())[0, 1] if one.std() * 255 > SPREAD / 8 else 0.0)
    return float(np.median(found)) if found else 0.0


def _registered(painted: PaintedPicture, luma: NDArray[np.float32]) -> PaintedPicture | None:
    """A picture that is a part of its frame, or more than it, where it lies there; None: it was not found."""
    sift: Any = cv2.SIFT.create(FEATURES)
    pictures = [(each * 255).astype(np.uint8) for each in (_gray(painted), luma)]
    (points, one), (there, other) = (sift.detectAndCompute(each, None) for each in pictures)
    if one is None or other is None or min(len(one), len(other)) < MIN_MATCHES:
        return None
    pairs = cv2.BFMatcher().knnMatch(one, other, k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < NEAREST * pair[1].distance]
    if len(good) < MIN_MATCHES:
        return None
    from_, to = (
        np.array([points[m.queryIdx].pt for m in good], np.float32),
        np.array([there[m.trainIdx].pt for m in good], np.float32),
    )
    matrix, is_in = cv2.estimateAffine2D(from_, to, ransacReprojThreshold=SLACK)
    if matrix is None or int(is_in.sum()) < MIN_MATCHES:
        return None
    rows, columns = luma.shape
    rgb = cv2.warpAffine(painted.rgb, matrix, (columns, rows), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(painted.alpha, matrix, (columns, rows), flags=cv2.INTER_LINEAR)
    return PaintedPicture(rgb.clip(0, 1), alpha.clip(0, 1))
