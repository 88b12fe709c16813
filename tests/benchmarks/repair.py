"""What repairs cost, in seconds of CPU a frame: `python tests/benchmarks/repair.py [--rows N] [--repairs NAME]`.

Prints a table and writes nothing. A drawn film of 480 rows, and one of 1080, is coloured with and without repair in
this process, with one thread of OpenCV: the difference is the repair's. Then it is mended alone, by --no-colour.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.repair_settings import RepairSettings
from pipelines.settings import EncodeSettings, Settings
from tests.made.pictures import Picture
from tests.made.tracks import PictureTrack, write

REPAIRS = ("", "dust", "flicker", "flicker-local", "weave", "weave-fine")
FRAMES = {480: 40, 1080: 16}
"""Of the film of each height."""


def scene(rows: int, frames: int) -> Iterator[Picture]:
    """Soft shapes with grain that pan, with a few specks in each frame."""
    columns, rng = rows * 4 // 3 // 4 * 4, np.random.default_rng(0)
    wide = cv2.GaussianBlur(rng.normal(0, 1, (rows, columns + 4 * frames)).astype(np.float32), (0, 0), rows / 40)
    wide = 0.45 + 0.1 * wide / wide.std()
    for frame in range(frames):
        drawn = np.zeros((rows, columns, 3), np.float32)
        drawn[..., 0] = wide[:, 3 * frame : 3 * frame + columns] + rng.normal(0, 0.012, (rows, columns))
        for _ in range(12):
            row, column = rng.integers(20, rows - 20), rng.integers(20, columns - 20)
            drawn[row : row + rows // 80, column : column + rows // 100, 0] = rng.integers(0, 2)
        yield drawn.clip(0, 1)


def cost(film: Path, out: Path, settings: Settings) -> float:
    """Seconds of CPU of one run."""
    job, before = prepare(film, out, settings, overwrite=True), os.times()
    restore(job)
    after = os.times()
    return after.user + after.system - before.user - before.system


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=list(FRAMES))
    parser.add_argument("--repairs", nargs="*", default=list(REPAIRS[1:]))
    cv2.setNumThreads(1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for rows in chosen.rows:
            measured(Path(folder), rows, chosen.repairs)


def measured(folder: Path, rows: int, repairs: list[str]) -> None:
    """Measures and prints one height."""
    frames = FRAMES.get(rows, FRAMES[1080])
    film = write(folder / f"{rows}.mkv", PictureTrack(scene(rows, frames), options={"preset": "ultrafast"}))
    plain = Settings(encode=EncodeSettings(preset="ultrafast"))
    alone = replace(plain, paint=replace(plain.paint, is_off=True))
    cost(film, folder / "out.mkv", plain)  # the network is loaded, and all that is imported late
    coloured = cost(film, folder / "out.mkv", plain) / frames
    print(f"{rows} rows, {frames} frames; a run that colours takes {coloured:.3f} s of CPU a frame")
    print("| repair | s of CPU a frame it adds | mended alone, all of it | share of a run that colours |")
    print("|---|---|---|---|")
    for name in repairs:
        own = RepairSettings().with_strengths(name)
        all_of = cost(film, folder / "out.mkv", replace(alone, repair=own)) / frames
        with_colour = cost(film, folder / "out.mkv", replace(plain, repair=own)) / frames
        added = with_colour - coloured
        print(f"| {name} | {added:.3f} | {all_of:.3f} | {added / with_colour:.0%} |")


if __name__ == "__main__":
    main()
