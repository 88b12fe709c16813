"""Compares a restored sample film with the film it was made of: `check_sample.py FILM RESTORED`.

It shares no code with the product, so that a fault there cannot hide itself here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SHOTS = (0, 48, 124, 190, 256, 326, 384, 444)
"""First frame of each shot, as samples/README.md lists them."""
CHAPTERS = 2
LUMA_ERROR = 2.5
"""Mean difference of Y', of 255, that H.264 at its default quality may leave in a frame; measured: up to 1.74."""
VARIES = 1.0
"""Codes of 255 by which Cb or Cr must deviate within the pictures of each shot; in gray or evenly tinted ones, by 0."""
KINDS = ("audio", "subtitle")
"""Streams that are copied packet for packet."""


@dataclass(frozen=True)
class Frame:
    """One decoded picture."""

    at: Fraction
    """Seconds from zero, exact."""
    planes: tuple[NDArray[np.uint8], ...]
    """Y' (H, W), Cb and Cr, 8 bits."""


def frames(path: Path) -> Iterator[Frame]:
    """Every frame in presentation order; a packet that cannot be decoded raises."""
    with av.open(path) as film:
        for frame in film.decode(video=0):
            if frame.pts is None or frame.time_base is None:
                raise ValueError(f"{path}: a frame has no time")
            yield Frame(frame.pts * frame.time_base, tuple(map(samples, frame.planes)))


def samples(plane: av.video.plane.VideoPlane) -> NDArray[np.uint8]:
    """A plane without its padding."""
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)
    return rows[:, : plane.width].copy()


def packets(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    """Time in seconds and bytes of each packet of the first stream of a kind.

    Without those of no duration: the empty caption that ends a track of subtitles lies just at its end, and is read or
    not by how a container rounds the track's length.
    """
    with av.open(path) as film:
        found: Iterator[Any] = film.demux(next(stream for stream in film.streams if stream.type == kind))
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in found if packet.size and packet.duration]


def chapters(path: Path) -> list[tuple[Fraction, str]]:
    """Begin in seconds and title of each chapter."""
    with av.open(path) as film:
        found: list[Any] = film.chapters()
        return [(chapter["start"] * chapter["time_base"], chapter["metadata"]["title"]) for chapter in found]


def picture_faults(before: list[Frame], after: list[Frame]) -> Iterator[str]:
    """What is wrong with the picture."""
    if len(before) != len(after):
        yield f"{len(after)} frames, the film has {len(before)}"
        return
    late = [n for n, (was, now) in enumerate(zip(before, after, strict=True)) if was.at != now.at]
    if late:
        yield f"{len(late)} frames have another time, the first is frame {late[0]}"
    errors = [_difference(was.planes[0], now.planes[0]) for was, now in zip(before, after, strict=True)]
    if max(errors) > LUMA_ERROR:
        yield f"luma of frame {int(np.argmax(errors))} differs by {max(errors):.2f} of 255, over {LUMA_ERROR}"
    for number, (first, end) in enumerate(pairwise((*SHOTS, len(after))), start=1):
        varies = max(_deviation(after[first:end], channel) for channel in (1, 2))
        if varies < VARIES:
            yield f"shot {number} is not coloured: its chroma deviates by {varies:.2f} of 255, under {VARIES}"


def _difference(was: NDArray[np.uint8], now: NDArray[np.uint8]) -> float:
    return float(np.abs(was.astype(np.int16) - now).mean())


def _deviation(shot: list[Frame], channel: int) -> float:
    """Of a channel within a picture, in the shot's median."""
    return float(np.median([frame.planes[channel].std() for frame in shot]))


def other_faults(film: Path, out: Path) -> Iterator[str]:
    """What is wrong with all that is not picture."""
    for kind in KINDS:
        if packets(film, kind) != packets(out, kind):
            yield f"the {kind} packets differ"
    if chapters(out) != chapters(film) or len(chapters(out)) != CHAPTERS:
        yield f"the chapters are {chapters(out)}, of the film {chapters(film)}"
    left = [path.name for ending in ("*.part", "*.restore") for path in out.parent.glob(ending)]
    if left:
        yield f"left behind: {', '.join(left)}"


def main(film: Path, out: Path) -> None:
    """Ends with exit code 1 and one line for each fault, or says what agreed."""
    if not out.is_file():
        sys.exit(f"{out}: no such file")
    before, after = list(frames(film)), list(frames(out))
    faults = [*picture_faults(before, after), *other_faults(film, out)]
    if faults:
        sys.exit("\n".join(f"{out}: {fault}" for fault in faults))
    sys.stdout.write(f"{out}: {len(after)} frames, times, {' and '.join(KINDS)} packets and chapters as in {film}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
