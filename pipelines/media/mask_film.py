"""Masks as films: defects found here as a gray film of FFV1, and defects found elsewhere read from one.

A mask's own times count from the film's start. It shows the picture as it is stored.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import luma_span
from pipelines.errors import SettingsError
from pipelines.frames import Frame
from pipelines.media.decode import Decode
from pipelines.media.join import SegmentFile, container_options
from pipelines.media.probe import probe
from pipelines.repair_settings import RepairSettings
from pipelines.source import Film, Segment

DEFECT = 2
"""Value of a defect whose polarity nobody says: the one of bright ones."""
MASK_LEVELS = np.array([0, 160, 255], np.uint8)
"""Level in a mask of what is no defect, of a dark one and of a bright one: codecs may move them a little."""
Mask = NDArray[np.uint8]


def open_mask(film: Film, path: Path) -> Film:
    """A film of defects.

    Raises:
        SettingsError: it is not as large as the film.
        InputError: it cannot be read.
    """
    mask = probe(path)
    size, own = ((each.picture.width, each.picture.height) for each in (mask, film))
    if size != own:
        what = "the mask {} is {}x{}, the film {}x{}".format(path.name, *size, *own)
        raise SettingsError(film.path, what, "make a mask of the film's size, as it is stored")
    return mask


def defects(film: Film, how: RepairSettings, frames: Iterable[Frame]) -> Iterator[Mask | None]:
    """For each frame where the mask of the settings shows defects, (H, W); None where no picture says so.

    Args:
        film: that the frames are of.
        how: the mask's path, threshold and growth.
        frames: in order.
    """
    if how.mask_in is None:
        for _ in frames:
            yield None
        return
    mask, near = open_mask(film, how.mask_in), 1 / film.picture.rate / 2
    coming: Iterator[Frame] | None = None
    shown: Frame | None = None
    for frame in frames:
        seconds = film.seconds(frame.pts)
        if coming is None:
            coming = _from(mask, seconds - near)
            shown = next(coming, None)
        while shown is not None and shown.pts * mask.picture.time_base < seconds - near:
            shown = next(coming, None)
        is_there = shown is not None and shown.pts * mask.picture.time_base < seconds + near
        yield _defects(shown, mask, how) if shown is not None and is_there else None


def _from(mask: Film, seconds: Fraction) -> Iterator[Frame]:
    """The mask's frames from a time on."""
    start = None if seconds <= 0 else math.ceil(seconds / mask.picture.time_base)
    return Decode(Fraction(0), skip_damaged=True)(Segment(mask, 0, start, None))


def _defects(shown: Frame, mask: Film, how: RepairSettings) -> Mask:
    black, white = luma_span(mask.picture.bits, mask.picture.is_full_range)
    levels = (shown.luma.astype(np.float32) - black) * np.float32(255 / (white - black))
    limit = how.mask_threshold
    found = levels < -limit - 0.5 if limit < 0 else levels > limit - 0.5
    side = 2 * how.mask_growth + 1
    grown = cv2.dilate(found.astype(np.uint8), np.ones((side, side), np.uint8)) if side > 1 else found.astype(np.uint8)
    return np.asarray(grown, np.uint8) * np.uint8(DEFECT)


def write_mask_film(film: Film, segments: Sequence[SegmentFile], out: Path) -> None:
    """Joins the masks of segments to a film in Matroska, whose times count from the film's start."""
    there, time_base = [segment for segment in segments if segment.encoded.pts], film.picture.time_base
    with (
        av.open(there[0].path) as template,
        av.open(out, "w", format="matroska", options=container_options("matroska", time_base)) as written,
    ):
        stream: Any = written.add_stream_from_template(template.streams.video[1], opaque=True)
        stream.time_base = time_base
        for segment in there:
            start = segment.encoded.pts[0]
            with av.open(segment.path) as container:
                packets: Any = container.demux(container.streams.video[1])
                for packet in packets:
                    if packet.size:  # demux ends with an empty flushing packet
                        packet.pts = packet.dts = _shown(film, start + round(packet.pts * packet.time_base / time_base))
                        packet.time_base, packet.stream = time_base, stream
                        written.mux(packet)


def _shown(film: Film, pts: int) -> int:
    """Ticks from the film's start."""
    return max(0, round(film.seconds(pts) / film.picture.time_base))
