"""Results as pictures: a numbered file for each frame, R'G'B' of 16 bits, in .exr linear light of half floats.

A segment is a folder of pictures; the result is one folder, which appears whole.
"""

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain, count
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import light_of_signal
from models.colour.log import LogCurve
from pipelines.frames import ColouredFrame, EncodedSegment, Luma
from pipelines.media.dpx import DpxHeader, read_header, with_transfer
from pipelines.media.join import SegmentFile
from pipelines.media.luma import md5_of
from pipelines.media.target import Target, choose_target
from pipelines.settings import EncodeSettings
from pipelines.source import Film, Numbered

MOST = 0xFFFF
"""The largest code."""
MIDDLE = 1 << 15
"""The code of no colour."""
STRIP = 64
"""Lines made R'G'B' at a time: they stay in the processor's cache."""
THREADS = 4
"""Pictures encoded and written at a time."""
ENCODERS: dict[str, tuple[str, str, dict[str, str]]] = {
    ".tif": ("tiff", "rgb48le", {"compression_algo": "raw"}),
    ".tiff": ("tiff", "rgb48le", {"compression_algo": "raw"}),
    ".dpx": ("dpx", "rgb48be", {}),
    ".png": ("png", "rgb48be", {}),
    ".exr": ("exr", "gbrpf32le", {"format": "half", "compression": "zip16"}),
}
"""FFmpeg's encoder of each kind of picture, the pixel format that it is given, and its options."""


def picture_target(film: Film, suffix: str, deinterlace: bool) -> Target:
    """The pictures to be written for a film: luma of 16 bits, full range, and chroma for every pixel."""
    base = choose_target(film, EncodeSettings("ffv1"), deinterlace)
    notes = [*base.notes]
    if film.others:
        notes.append(f"{', '.join(map(str, film.others))} left out: pictures hold none")
    if film.picture.base_rate != film.picture.frame_rate:
        notes.append("frames are unevenly spaced, and pictures hold no times")
    if not film.picture.is_full_range:
        notes.append("limited-range luma becomes full range")
    if film.scans is not None and not film.container == suffix.lstrip(".") == "dpx":
        notes.append("timecode, colour profiles and other words of the scans' headers are left out")
    return replace(
        base, encoder=ENCODERS[suffix][0], chroma_format="444", bits=16, is_full_range=True, pictures=suffix,
        notes=tuple(notes),
    )  # fmt: skip


def rgb_codes(luma: Luma, cb: Luma, cr: Luma, weights: tuple[float, float]) -> NDArray[np.uint16]:
    """R'G'B' (H, W, 3), 16 bits, whose Y' is the luma: colours that do not fit beside it lose saturation.

    Args:
        luma: (H, W), 16 bits, full range.
        cb: (H, W), as luma; MIDDLE is no colour.
        cr: as cb.
        weights: Kr and Kb of the matrix.
    """
    rgb = np.empty((*luma.shape, 3), np.uint16)
    for first in range(0, len(luma), STRIP):
        lines = slice(first, first + STRIP)
        rgb[lines] = _strip(luma[lines], cb[lines], cr[lines], *weights)
    return rgb


def _strip(luma: Luma, cb: Luma, cr: Luma, of_red: float, of_blue: float) -> NDArray[np.uint16]:
    y = luma.astype(np.float32)
    red = (cr.astype(np.float32) - MIDDLE) * np.float32(2 * (1 - of_red))
    blue = (cb.astype(np.float32) - MIDDLE) * np.float32(2 * (1 - of_blue))
    green = (red * np.float32(of_red) + blue * np.float32(of_blue)) * np.float32(-1 / (1 - of_red - of_blue))
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    over = np.maximum(most / np.maximum(MOST - y, 0.5), -least / np.maximum(y, 0.5))
    share = 1 / np.maximum(over, 1)
    share[(y == 0) | (y == MOST)] = 0
    colours = np.stack([y + share * part for part in (red, green, blue)], axis=2)
    return np.rint(colours).clip(0, MOST).astype(np.uint16)


@dataclass(frozen=True)
class WritePictures:
    """The stage: a segment's coloured frames in, a folder of pictures written."""

    film: Film
    target: Target
    transfer: str | LogCurve
    """As in `models.colour.colorspace.lightness_table`."""

    def __call__(self, frames: Iterable[ColouredFrame], folder: Path) -> EncodedSegment:
        """Writes the frames into `folder`, numbered from 0; a segment without frames leaves none.

        Raises:
            OSError: the disk is full or the folder gone.
        """
        pts: list[int] = []
        cuts: list[int] = []
        held: list[int] = []
        lumas: list[str] = []
        last, shot = 0, 0
        for coloured, luma in self._written(frames, folder):
            frame = coloured.frame
            pts.append(frame.pts)
            lumas.append(luma)
            held += [frame.pts] * frame.is_held
            cuts += [frame.pts] * (coloured.shot != shot)
            last, shot = frame.duration, coloured.shot
        return EncodedSegment(tuple(pts), last, 0, tuple(held), tuple(cuts), lumas=tuple(lumas))

    def _written(self, frames: Iterable[ColouredFrame], folder: Path) -> Iterator[tuple[ColouredFrame, str]]:
        """The frames with the md5 of their luma, once each is written; the next ones are written meanwhile."""
        waiting: deque[tuple[ColouredFrame, Future[str]]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                for number, coloured in enumerate(frames):
                    folder.mkdir(exist_ok=True)
                    path = folder / f"{number:08d}{self.target.pictures}"
                    waiting.append((coloured, pool.submit(self._write, coloured, path)))
                    while len(waiting) > THREADS:
                        written, future = waiting.popleft()
                        yield written, future.result()
                for written, future in waiting:
                    yield written, future.result()
            finally:
                for _, future in waiting:
                    future.cancel()

    def _write(self, coloured: ColouredFrame, path: Path) -> str:
        luma = self.target.mapped(coloured.frame.luma)
        rgb = rgb_codes(luma, coloured.cb, coloured.cr, self.target.luma_weights)
        upright = np.ascontiguousarray(self.target.display_matrix.shown(rgb))
        header = self._header(coloured.frame.pts)
        path.write_bytes(self._finished(self._encoded(upright, header), header))
        return md5_of(luma, self.target.bits)

    def _encoded(self, rgb: NDArray[np.uint16], header: DpxHeader | None) -> bytes:
        encoder, form, options = ENCODERS[self.target.pictures]
        if header is not None and not header.is_big_endian:
            form = "rgb48le"
        is_light = self.target.pictures == ".exr"
        frame: Any = self._light(rgb, form) if is_light else av.VideoFrame.from_ndarray(rgb, format=form)
        context: Any = av.CodecContext.create(encoder, "w")
        context.width, context.height, context.pix_fmt, context.time_base = frame.width, frame.height, form, Fraction(1)
        context.sample_aspect_ratio, context.options, context.thread_count = self._shape(), options, 1
        context.color_primaries, context.color_trc = self.target.primaries, self.target.transfer
        return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))

    def _shape(self) -> Fraction:
        """Of the pixels, turned as the picture is."""
        shape = self.target.sample_aspect_ratio
        return 1 / shape if self.target.display_matrix.turns % 2 else shape

    def _light(self, rgb: NDArray[np.uint16], form: str) -> av.VideoFrame:
        """A frame of linear light, planes of green, blue and red."""
        frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], form)
        for plane, channel in zip(frame.planes, (1, 2, 0), strict=True):
            lines = np.frombuffer(memoryview(plane), np.float32).reshape(plane.height, -1)
            lines[:, : plane.width] = self._light_of_codes[rgb[..., channel]]
        return frame

    @cached_property
    def _light_of_codes(self) -> NDArray[np.float32]:
        return light_of_signal(np.arange(MOST + 1) / MOST, self.transfer).astype(np.float32)

    def _header(self, pts: int) -> DpxHeader | None:
        """The header of a frame's scan, where both it and its result are DPX; of one that is held, a neighbour's."""
        scans = self.film.scans
        if scans is None or self.target.pictures != ".dpx" or self.film.container != "dpx":
            return None
        near = chain(range(pts, -1, -1), range(pts, scans.frames))
        headers = (read_header(path) for path in map(scans.path, near) if path.exists())
        return next((header for header in headers if header is not None), None)

    def _finished(self, picture: bytes, header: DpxHeader | None) -> bytes:
        """A picture with the words that FFmpeg's encoder leaves out."""
        if self.target.pictures != ".dpx":
            return picture
        return with_transfer(picture, self.transfer == "linear") if header is None else header.carried_to(picture)


def first_number(film: Film, pts: int) -> int:
    """The number of the first picture of a result that begins at `pts`: the scan's own, or the frame's from 0."""
    return film.scans.first + pts if film.scans is not None else round(film.seconds(pts) * film.picture.rate)


def join_pictures(segments: Sequence[SegmentFile], names: Numbered, first: int, out: Path) -> None:
    """Puts the pictures of all segments into one folder, numbered on from `first`; segments keep theirs.

    Args:
        segments: all of them, in order.
        names: of the result.
        first: the number of the first picture.
        out: the folder, which is made.

    Raises:
        OSError: it cannot be written.
        ValueError: pictures are missing.
    """
    out.mkdir()
    numbers = count(first)
    for segment in (each for each in segments if each.encoded.pts):
        pictures = sorted(segment.path.iterdir())
        if len(pictures) != len(segment.encoded.pts):
            raise ValueError(f"{segment.path}: holds {len(pictures)} pictures of {len(segment.encoded.pts)} frames")
        for picture in pictures:
            _link(picture, out / names.path(next(numbers)).name)


def _link(picture: Path, name: Path) -> None:
    """Gives a file a second name, or a copy where the file system has one name for each."""
    try:
        os.link(picture, name)
    except OSError:
        shutil.copyfile(picture, name)
