"""The class of each shot of a film, one of ImageNet's 1,000, for networks that colour by class.

A shot has one class, or its colours would change within it: the one that is likeliest in all its pictures together, of
some a second. It is found before the run and travels with the anchors, so that segments stay independent of each other.
"""

import sys
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from models.colour.colorspace import srgb_of_lightness
from models.judges.class_network import CLASSES, ClassNetwork, load_class_network
from pipelines.colour.lightness import NOTHING
from pipelines.painting.choice import Chosen
from pipelines.segment import margin, marked
from pipelines.settings import Settings
from pipelines.source import Film, Segment, Span

READ_AT_ONCE = Fraction(10)
"""Seconds of film."""
KEPT_PARTS = 2
NEVER = sys.maxsize
"""The pts at which the last shot ends."""

load = lru_cache(1)(load_class_network)


@dataclass(frozen=True)
class _SeenFrame:
    """A frame, as far as its shot's class depends on it."""

    pts: int
    begins_shot: bool
    shares: NDArray[np.float32] | None
    """(1000,), of the classes; None: this picture was not looked at."""


@dataclass(frozen=True)
class FilmClass:
    """One class for all shots, as a person says."""

    number: int

    def __call__(self, _pts: int) -> int:
        """The class."""
        return self.number

    def look_over(self, _span: Span) -> "FilmClass":
        """Looks at nothing."""
        return self


@dataclass
class ShotClasses:
    """The classes of a film's shots, found when they are asked for."""

    film: Film
    settings: Settings
    chosen: Chosen
    known: dict[tuple[int, int], int] = field(default_factory=dict)
    """By the pts at which a shot begins, and that at which the next one does."""
    _parts: dict[int, list[_SeenFrame]] = field(default_factory=dict, repr=False)

    def __call__(self, pts: int) -> int:
        """The class of the shot that the frame of this pts belongs to."""
        return self.known[self._found(pts)]

    def look_over(self, span: Span) -> "ShotClasses":
        """Finds the classes of all shots on which the pictures of a span depend."""
        around, end = margin(self.film, self.settings), self.film.duration
        pts = self.film.pts(max(Fraction(0), (span.start or Fraction(0)) - around))
        last = self.film.pts(end if span.end is None else min(end, span.end + around))
        while pts <= last:
            _, pts = self._found(pts)
        self._parts.clear()
        return self

    def _found(self, pts: int) -> tuple[int, int]:
        """The shot that is on at this pts, as in `known`, where it then is."""
        shot = next(((first, until) for first, until in self.known if first <= pts < until), None)
        if shot is None:
            frames, until = self._shot(pts)
            shares = [frame.shares for frame in frames if frame.shares is not None]
            shot = (min(frames[0].pts, pts) if frames else pts, until)
            self.known[shot] = int(np.sum(shares, axis=0, dtype=np.float64).argmax()) if shares else 0
        return shot

    def _shot(self, pts: int) -> tuple[list[_SeenFrame], int]:
        """The frames of the shot that is on at this pts, none where no frame is, and the pts at which it ends."""
        number = max(0, int(self.film.seconds(pts) // READ_AT_ONCE))
        last, frames = number, list(self._part(number))
        while number and not any(frame.begins_shot and frame.pts <= pts for frame in frames):
            number -= 1
            frames = [*self._part(number), *frames]
        begin = max((i for i, frame in enumerate(frames) if frame.begins_shot and frame.pts <= pts), default=0)
        return self._until_cut(frames[begin:], last)

    def _until_cut(self, frames: list[_SeenFrame], number: int) -> tuple[list[_SeenFrame], int]:
        """The frames up to the next cut, and its pts; read on behind part `number` where there is none among these."""
        while True:
            end = next((i for i, frame in enumerate(frames) if i and frame.begins_shot), None)
            if end is not None:
                return frames[:end], frames[end].pts
            number += 1
            if number * READ_AT_ONCE >= self.film.duration:
                return frames, NEVER
            frames = frames + self._part(number)

    def _part(self, number: int) -> list[_SeenFrame]:
        """The frames of a part of the film, which is READ_AT_ONCE long."""
        if number not in self._parts:
            while len(self._parts) >= KEPT_PARTS:
                self._parts.pop(next(iter(self._parts)))
            self._parts[number] = self._read(number)
        return self._parts[number]

    def _read(self, number: int) -> list[_SeenFrame]:
        film, begin, end = self.film, number * READ_AT_ONCE, (number + 1) * READ_AT_ONCE
        segment = Segment(film, number, film.pts(begin) if number else None, film.pts(end))
        rows, large_rows = self.chosen.motion_rows, self.chosen.rows
        frames, shot = list[_SeenFrame](), 0
        for frame in marked(segment, self.settings, rows, lambda _: NOTHING, large_rows):
            if frame.light.frame.is_owned:
                seen = frame.light.lightness if frame.light.large is None else frame.light.large
                shares = shares_in(load(self.chosen.file("class")), seen) if frame.is_anchor else None
                frames.append(_SeenFrame(frame.pts, frame.shot != shot, shares))
            shot = frame.shot
        return frames


@torch.inference_mode()
def shares_in(network: ClassNetwork, lightness: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Shares of the classes (1000,) in a picture (h, w), CIE L* 0..100 as 0..255."""
    gray = srgb_of_lightness(torch.from_numpy(lightness)[None, None].float() * (100 / 255))
    return network(gray)[0].numpy().reshape(CLASSES)
