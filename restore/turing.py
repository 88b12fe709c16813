"""The work of `restore evaluate turing`: a page for people, and what they said."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.evaluate.paint import PicturePainter, PictureSet
from pipelines.evaluate.turing import Answers, answers_of, write_turing
from pipelines.settings import PaintSettings
from restore.exits import Refused, raised_as
from restore.measuring import column_names, stepping
from restore.show.counting import counting


def make_page(
    pictures: Sequence[Path], networks: Sequence[str], weights_dir: Path | None, limit: int | None, out: Path
) -> int:
    """Writes a folder with a page that shows true and coloured pictures in pairs; gives the number of pairs.

    Args:
        pictures: zip files or folders of true ones.
        networks: names, or files of weights.
        weights_dir: the folder of fetched weights; None takes the default one.
        limit: pictures taken at most, evenly spread.
        out: the folder.

    Raises:
        ValueError, OSError: an input cannot be read, or the page not be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out}: exists already; name a folder that is new, or empty")
    with raised_as(Refused, FileNotFoundError, ValueError):
        painters = {
            title: PicturePainter(PaintSettings(network=name, weights_dir=weights_dir), takes=0)
            for title, name in column_names(networks).items()
        }
    chosen = PictureSet(pictures, limit)
    with counting("pictures", len(chosen) * len(painters)) as step:
        return write_turing(chosen, {title: stepping(each, step) for title, each in painters.items()}, out)


def worded(answers: Answers) -> str:
    """Answers in one line."""
    low, high = answers.interval
    share = f"{100 * answers.taken:.1f} \u00b1 {100 * answers.error:.1f} %"
    interval = f"95 %: {100 * low:.1f} to {100 * high:.1f}"
    return f"{answers.network}: {share} taken for real, of {answers.pairs} pairs ({interval})"


__all__ = ["answers_of", "make_page", "worded"]
