"""The tables of four papers: their columns for any networks, measured on the pictures at hand.

Figures of a paper are here only where they could be checked; they are of its own data and judges.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from models.judges.lpips import PerceptualDistance
from pipelines.evaluate.colour import COMPARED, WHOLE, Part, measure, summary
from pipelines.evaluate.content import ContentJudge
from pipelines.evaluate.paint import Coloured, Named, PictureSet
from pipelines.evaluate.report import Figures, Report, Section

OPTIMUM = 16, 20
"""CCI that is best, as the evaluation code of SCGAN's authors has it (indexes_CCI.py)."""
NO_BOXES = np.empty((0, 6), np.float32)
CCI = "CCI"
"""Colourfulness of Hasler and Suesstrunk (SPIE 2003), signed, under the name that SCGAN's authors give it."""
SIGNED, ABSOLUTE = "colourfulness, signed", "colourfulness, absolute"
SHARE = f"CCI in {OPTIMUM[0]} to {OPTIMUM[1]}, %"
TAKEN, SECONDS, FRECHET = "taken for real, %", "seconds", "Fréchet distance, MobileNetV2"
TOP, TOP_AS_TRUE = "top-1", "top-1 as on the true picture"


@dataclass(frozen=True)
class Table:
    """A paper's table."""

    columns: tuple[str, ...]
    """Figures by their names, see `_Network.rows`."""
    theirs: Sequence[Section] = ()
    """Figures of papers, as they have them on their own data."""


BY_DDCOLOR: Figures = {
    "eccv16": {"FID": 19.17, ABSOLUTE: 43.92, "dCF, absolute": 4.83},
    "instcolor": {"FID": 7.36, ABSOLUTE: 27.05, "dCF, absolute": 12.04},
    "deoldify": {"FID": 3.87, ABSOLUTE: 22.83, "dCF, absolute": 16.26},
    "gcp": {"FID": 3.62, ABSOLUTE: 35.13, "dCF, absolute": 3.96},
    "bigcolor": {"FID": 1.24, ABSOLUTE: 40.01, "dCF, absolute": 0.92},
}
TABLES: dict[str, Table] = {
    "eccv16": Table(
        ("AuC", "AuC, rebalanced", TOP, TOP_AS_TRUE, TAKEN),
        [Section("the paper's own, ImageNet, top-1 of VGG-16", 10_000, {
            "eccv16": {TOP: 56.0, TAKEN: 32}, "Larsson et al.": {TOP: 59.4}, "gray": {TOP: 52.7}, "true": {TOP: 68.3},
        })],
    ),
    "instcolor": Table(("LPIPS", "PSNR", "SSIM")),
    "scgan": Table(("PSNR", "SSIM", CCI, SHARE)),
    "bigcolor": Table(
        (FRECHET, ABSOLUTE, "dCF, absolute", SECONDS),
        [Section("as DDColor's paper (ICCV 2023) gives them, ImageNet", 50_000, BY_DDCOLOR)],
    ),
}  # fmt: skip
"""By the network that the paper is about."""


@dataclass
class _Network:
    """Measurements of one network."""

    judge: ContentJudge | None
    lpips: PerceptualDistance | None
    parts: list[Part] = field(default_factory=list)
    far: list[dict[str, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, coloured: Coloured) -> None:
        self.parts.append(measure(coloured, NO_BOXES)[WHOLE])
        self.seconds.append(coloured.seconds)
        rgb = coloured.rgb
        if self.lpips:
            self.far.append({kind: float(self.lpips(rgb[kind], rgb["true"])) for kind in COMPARED})
        if self.judge:
            whole = torch.ones(rgb["true"].shape[-2:], dtype=torch.bool)
            self.judge.add(coloured, [(WHOLE, whole)])

    def figures(self) -> Figures:
        """By name, of ours, gray and true pictures."""
        found = summary(WHOLE, self.parts).figures | {SECONDS: {"ours": float(np.mean(self.seconds))}}
        signed = [part.figures[SIGNED] for part in self.parts]
        low, high = OPTIMUM
        found[CCI] = found[SIGNED]
        found[SHARE] = {kind: 100 * float(np.mean([low <= row[kind] <= high for row in signed])) for kind in signed[0]}
        if self.far:
            found["LPIPS"] = {kind: float(np.mean([row[kind] for row in self.far])) for kind in COMPARED}
        for section in self.judge.sections() if self.judge else ():
            found |= section.figures
        return found


def evaluate_table(  # one table's all
    name: str,
    chosen: PictureSet,
    painters: Mapping[str, Callable[[], Callable[[Named], Coloured]]],
    *,
    judge: Callable[[], ContentJudge | None] = lambda: None,
    lpips: PerceptualDistance | None = None,
    taken: Mapping[str, float] | None = None,
) -> Report:
    """A paper's table: a row for each network, for gray and for the true pictures; then the paper's own rows.

    Args:
        name: of the table, in `TABLES`.
        chosen: the pictures.
        painters: makers of the networks, by the names of their rows; one network is open at a time.
        judge: makes what a classifier sees, for the columns that need it.
        lpips: for its column.
        taken: share of the pictures that people took for real, 0 to 1, by network, for its column.
    """
    table, rows = TABLES[name], dict[str, dict[str, float]]()
    for network, opened in painters.items():
        measured, paint = _Network(judge(), lpips), opened()
        for picture in chosen:
            measured.add(paint(picture))
        found = measured.figures()
        if taken and network in taken:
            found[TAKEN] = {"ours": 100 * taken[network]}
        for row, kind in ((network, "ours"), ("gray", "gray"), ("true", "true")):
            own = {column: found[column].get(kind, math.nan) for column in table.columns if column in found}
            rows[row] = {column: value for column, value in own.items() if not math.isnan(value)}
    last = {kind: rows.pop(kind) for kind in ("gray", "true")}
    return Report([Section(f"table of {name}", len(chosen), rows | last), *table.theirs], [])
