"""Results compared with their films and records."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.proof.verify import Verified, compared
from restore.reporting import Reporter
from restore.show.events import Finished, Opened, Phase, Stopped

COMPARING = "comparing"
"""The phase in which frames are compared, as machines know it."""


def verify(
    film: Path | str,
    result: Path | str,
    *,
    record: Path | str | None = None,
    sound: Path | str | None = None,
    mask: Path | str | None = None,
    reporter: Reporter | None = None,
) -> Verified:
    """Compares a result with its film, and with the record that its run wrote with `--sidecar`.

    Luma of every film frame is compared with the record, to the bit; the result's with the film's where its codec keeps
    it, and else each packet of its picture with the record; all times, tags, chapters, dispositions, attachments and
    packets of other streams with what the film holds.

    Args:
        film: the one that was restored.
        result: the file, or the folder of pictures.
        record: of the result; None: FILM.restored.json beside it.
        sound: of scans, the file with their sound.
        mask: of a mended film, the one that `--mask-out` wrote; None: it is looked for beside the result.
        reporter: takes the run's events.

    Returns:
        What was compared, with the PSNR of each frame.

    Raises:
        DifferenceError: the first difference.
        FilmError: a file cannot be read, or there is no record.
    """
    film, result, reporter = Path(film), Path(result), reporter or Reporter()
    tick = reporter.ticker()
    begun = False

    def on_frame(done: Fraction, total: Fraction) -> None:
        nonlocal begun
        if not begun:
            reporter(Phase(COMPARING, total))
            begun = True
        tick(float(done))

    try:
        reporter(Opened(film))
        found = compared(film, result, _path(record), _path(sound), _path(mask), on_frame)
    except KeyboardInterrupt:
        reporter.report(Stopped("nothing is kept; the same command begins again"))
        raise
    reporter(Finished((), f"{result} is as its run wrote it: {found.summary}", (), _facts(film, result, found)))
    return found


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _facts(film: Path, result: Path, found: Verified) -> dict[str, Any]:
    psnr = [None if np.isinf(each) else round(each, 3) for each in found.psnr]
    counts = {"frames": found.frames, "mended": found.mended, "packets": found.packets, "exact": found.is_exact}
    return {"film": str(film), "result": str(result), **counts, "psnr": psnr}
