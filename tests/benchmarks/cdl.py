"""How far ASC CDL's saturation lies from ours: `python tests/benchmarks/cdl.py [--start S] [--seconds N] FILM...`.

Prints a table and writes nothing. A stretch of each film is coloured once by the network that ships. Every half second
a frame is given each saturation in both ways: as a look does it, on CIE a* b* before Cb and Cr are made, and as a
grader's CDL does it on the result of saturation 1, on R'G'B' around its luma with the weights of Rec. 709. Chroma has
10 bits, as graders get it in ProRes. The difference is CIEDE2000 over all pixels of the frames, at the film's size;
"undone" is how far the result of saturation 1 lies from the look's: how much there was to change.
"""

import argparse
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.colour.colorspace import lab_from_srgb
from models.measures.metrics import ciede2000
from pipelines.colour.chroma import Chroma
from pipelines.colour.grade import Grade
from pipelines.colour.lightness import transfer_of
from pipelines.colour.rgb import rgb_of
from pipelines.frames import AbFrame, ColouredFrame
from pipelines.media.target import Target, choose_target
from pipelines.painting.paint import Paint
from pipelines.preview.view import PREVIEW, ReadyView, open_view, ready
from pipelines.settings import EncodeSettings, PaintSettings, Settings
from pipelines.streams import in_process

SATURATIONS = (0.0, 0.5, 0.8, 0.9, 1.1, 1.25, 1.5, 2.0)
REC709 = np.array([0.2126, 0.7152, 0.0722], np.float32)
EVERY = Fraction(1, 2)
"""Seconds between the frames that are compared."""


def painted(view: ReadyView, start: Fraction, seconds: Fraction) -> list[AbFrame]:
    """Frames with the colours of saturation 1."""
    first, end = view.film.pts(start), view.film.pts(start + seconds)
    found, due = [], first
    with closing(view.carried(first, end, in_process(Paint()))) as frames:
        for frame in frames:
            if frame.frame.pts >= due:
                found.append(replace(frame, frame=replace(frame.frame, luma=frame.frame.luma.copy())))
                due += int(EVERY / view.film.picture.time_base)
    return found


def shown(coloured: ColouredFrame, target: Target) -> NDArray[np.float32]:
    """R'G'B' (H, W, 3), 0 to 1, of a frame in the target's codes."""
    luma = target.mapped(coloured.frame.luma)
    return rgb_of(replace(coloured, frame=replace(coloured.frame, luma=luma)), target)[1]


def decision(rgb: NDArray[np.float32], saturation: float) -> NDArray[np.float32]:
    """ASC CDL 1.2: R'G'B' (H, W, 3), 0 to 1, with a saturation."""
    luma = (rgb @ REC709)[..., None]
    return (luma + np.float32(saturation) * (rgb - luma)).clip(0, 1)


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> Tensor:
    """CIEDE2000 of each pixel."""
    labs = [lab_from_srgb(torch.from_numpy(each).permute(2, 0, 1)[None].double()) for each in (one, other)]
    return ciede2000(*labs).flatten()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--start", type=Fraction, default=Fraction(0))
    parser.add_argument("--seconds", type=Fraction, default=Fraction(4))
    asked = parser.parse_args()
    print("| film | saturation | mean | 95 of 100 pixels | undone, mean |\n|---|---|---|---|---|")
    settings = Settings(paint=PaintSettings(device="cpu"), recolour=True)
    for path in asked.films:
        (view,) = ready(open_view(path, Path("not-written.mp4"), PREVIEW, settings, overwrite=True))
        target = choose_target(view.film, EncodeSettings("prores"), False)
        frames = painted(view, asked.start, asked.seconds)
        for saturation in SATURATIONS:
            grade, found, undone = Grade(saturation), [], []
            for frame in frames:
                chroma = Chroma(target, transfer_of(view.film.picture))
                both = chroma(iter([frame, replace(frame, ab=grade(frame.ab))]))
                plain, looked = (shown(each, target) for each in both)
                found.append(difference(decision(plain, saturation), looked))
                undone.append(difference(plain, looked))
            each, before = torch.cat(found).numpy(), torch.cat(undone).numpy()
            print(f"| {path.stem} | {saturation:g} | {each.mean():.2f} | {np.quantile(each, 0.95):.2f} "
                  f"| {before.mean():.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
