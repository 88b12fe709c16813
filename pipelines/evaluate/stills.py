"""How far one painted frame reaches: a film's true first frame is given for it, and its other frames are measured.

Beside it stand the same frame given as a reference, the film without either, and plain flow: the first frame's colours
brought along dense inverse search (its preset MEDIUM, at film size) from frame to frame, and nothing else. All have the
film's own luma.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.colour.colorspace import lab_from_srgb
from models.measures.metrics import psnr
from models.measures.steadiness import TINY, delta_e_2000, mean_where, visible, warping_error
from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.colour.rgb import rgb_of
from pipelines.evaluate.judges import MotionJudge
from pipelines.evaluate.report import Figures, Report, Section, with_mean
from pipelines.frames import AbFrame
from pipelines.guide.given import given_for
from pipelines.guide.painted import PaintedFrame
from pipelines.media.image import png
from pipelines.media.target import Target, choose_target
from pipelines.motion.flow import brought
from pipelines.painting.choice import Chosen
from pipelines.painting.paint import FilmPaint, Painting
from pipelines.segment import carried
from pipelines.settings import EncodeSettings, Reference, Settings, Still
from pipelines.source import Film, Segment

STILL, REFERENCE, WITHOUT, PLAIN, TRUE = "still", "reference", "without", "plain flow", "true"
FAR = 30
"""Frames after the first from which on the first is a reference rather than a neighbour."""
Rgb = NDArray[Any]
"""float32."""


@dataclass(frozen=True)
class _Shown:
    """A film in colour."""

    frames: list[AbFrame]
    rgb: list[Rgb]
    """(H, W, 3), 0..1, of each frame."""


def evaluate_stills(
    films: Sequence[Film], settings: Settings, chosen: Chosen, painting: Painting, seconds: Fraction, judge: MotionJudge
) -> Report:
    """Figures of each film, and their means.

    Args:
        films: in colour, of one shot each, upright.
        settings: of the run.
        chosen: the network.
        painting: colours anchors.
        seconds: how much of each film is looked at, from its start.
        judge: finds the motion along which flicker is measured.

    Raises:
        FilmError: a film cannot be read.
        ValueError: a film has fewer than two frames.
    """
    sections = [_Measured(film, settings, chosen, painting, seconds, judge).section() for film in films]
    return Report(with_mean(sections), [], judge.name)


@dataclass(frozen=True)
class _Measured:
    film: Film
    settings: Settings
    chosen: Chosen
    painting: Painting
    seconds: Fraction
    judge: MotionJudge

    def section(self) -> Section:
        true = self._true()
        if len(true) < 2:
            raise ValueError(f"{self.film.path}: fewer than two frames in its first {float(self.seconds):g} s")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "first.png"
            path.write_bytes(png(true[0]))
            still = Still(path, Fraction(0))
            with_still = replace(self.settings, stills=(still,))
            with_reference = replace(self.settings, references=(Reference(path),))
            ways = {STILL: with_still, REFERENCE: with_reference, WITHOUT: self.settings}
            shown = {name: self._shown(way) for name, way in ways.items()}
            first = PaintedFrame(self.film, with_still, still, shown[STILL].frames[0].frame.pts).layer().ab
        shown[PLAIN] = self._plain([each.frame.luma for each in shown[WITHOUT].frames], first, shown[WITHOUT].frames)
        return Section(self.film.name, len(true), self._table(true, shown))

    def _table(self, true: list[Rgb], shown: dict[str, _Shown]) -> Figures:
        pictures = [_picture(each.astype(np.float32) / 255) for each in true]
        flows = self._flows(shown[WITHOUT].frames)
        figures: Figures = {}
        for name, each in shown.items():
            got = [_picture(rgb) for rgb in each.rgb]
            later = list(zip(got, pictures, strict=True))[1:]
            far = later[FAR - 1 :]
            own = {
                "PSNR of the later frames": float(np.mean([float(psnr(*pair)) for pair in later])),
                f"PSNR from frame {FAR} on": float(np.mean([float(psnr(*pair)) for pair in far])) if far else np.nan,
                "CIEDE2000 of the later frames": float(np.mean([_apart(*pair) for pair in later])),
                "CIEDE2000 of the still's frame": _apart(got[0], pictures[0]),
                **self._flicker([frame.ab for frame in each.frames], flows),
            }
            for row, value in own.items():
                figures.setdefault(row, {})[name] = value
        for row, value in self._flicker([_ab(each) for each in pictures], flows).items():
            figures[row][TRUE] = value
        return figures

    def _true(self) -> list[Rgb]:
        end = self.film.pts(self.seconds)
        with av.open(self.film.path) as container:
            frames = container.decode(container.streams[self.film.picture.index])
            return [
                frame.to_ndarray(format="rgb24")
                for frame in frames
                if isinstance(frame, av.VideoFrame) and frame.pts is not None and frame.pts < end
            ]

    def _shown(self, settings: Settings) -> _Shown:
        film, chosen = self.film, self.chosen
        paint = FilmPaint(self.painting, film, chosen, given_for(film, settings, chosen))
        segment = Segment(film, 0, None, film.pts(self.seconds))
        with closing(carried(segment, settings, chosen.motion_rows, paint, large_rows=chosen.rows)) as frames:
            kept = list(frames)
        return _Shown(kept, list(self._rgb(kept)))

    def _plain(self, lumas: Sequence[Rgb], ab: Rgb, frames: list[AbFrame]) -> _Shown:
        search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        colours = [ab]
        for one, other in pairwise(lumas):
            colours.append(brought(colours[-1], search.calc(other, one, None)))
        kept = [
            replace(frame, ab=own, share=np.ones(own.shape[:2], np.float32))
            for frame, own in zip(frames, colours, strict=True)
        ]
        return _Shown(kept, list(self._rgb(kept)))

    @property
    def _target(self) -> Target:
        return replace(choose_target(self.film, EncodeSettings("ffv1"), deinterlace=False), chroma_format="444")

    def _rgb(self, frames: Iterable[AbFrame]) -> Iterator[Rgb]:
        for coloured in Chroma(self._target, transfer_of(self.film.picture))(frames):
            yield rgb_of(coloured, self._target)[1]

    def _flows(self, frames: list[AbFrame]) -> list[tuple[Tensor, Tensor]]:
        light = [self._small(frame.frame.luma) for frame in frames]
        found = ((self.judge.flow(one, other), self.judge.flow(other, one)) for one, other in pairwise(light))
        return [(forth, visible(forth, back)) for forth, back in found]

    def _flicker(self, colours: list[Rgb], flows: list[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The warping error, and its root as a share of how strong the colours are: paler ones flicker less."""
        ab = [torch.from_numpy(self._small(each)).permute(2, 0, 1)[None] for each in colours]
        pairs = list(zip(pairwise(ab), flows, strict=True))
        error = float(np.mean([float(warping_error(one, other, *flow)) for (one, other), flow in pairs]))
        size = float(np.mean([float(mean_where(one.square().mean(dim=1), seen)) for (one, _), (_, seen) in pairs]))
        return {"warping error, ab": error, "warping error, ab, relative": (error / max(size, TINY)) ** 0.5}

    def _small(self, picture: Rgb) -> Rgb:
        rows = self.chosen.motion_rows
        columns = round(self.film.picture.width * rows / self.film.picture.height)
        return cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)


def _picture(rgb: Rgb) -> Tensor:
    return torch.from_numpy(rgb).permute(2, 0, 1)[None]


def _ab(picture: Tensor) -> Rgb:
    return lab_from_srgb(picture)[0, 1:].permute(1, 2, 0).numpy()


def _apart(one: Tensor, other: Tensor) -> float:
    return float(delta_e_2000(lab_from_srgb(one), lab_from_srgb(other)).mean())
