"""The work of `restore evaluate colour --table`: the tables of papers, for several networks."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from models.judges.lpips import BACKBONE, backbone_folder, open_lpips
from pipelines.evaluate.content import ContentJudge, read_labels
from pipelines.evaluate.paint import Coloured, Named, PicturePainter, PictureSet, by_class
from pipelines.evaluate.tables import FRECHET, TABLES, TAKEN, TOP, TOP_AS_TRUE, evaluate_table
from pipelines.evaluate.turing import answers_of
from pipelines.media.labels import read_classes
from pipelines.painting.choice import choose
from pipelines.painting.detect import without_instances
from pipelines.settings import PaintSettings
from restore.exits import Refused, raised_as
from restore.measuring import OnPictures, check_results, column_names, stepping, weights_files
from restore.show.counting import counting

JUDGED = "give --classifier"
NEEDED = {
    TOP: "give --classifier and --labels",
    TOP_AS_TRUE: JUDGED,
    FRECHET: JUDGED,
    TAKEN: "give --answers, results of restore evaluate turing",
    "LPIPS": f"pip install lpips, and put {BACKBONE}, AlexNet's weights, into {backbone_folder()}",
}
"""Columns that are not there by themselves, and what they need."""
UNCHECKED = "no figures of the paper's own: they could not be checked"


def measure_table(
    table: str,
    asked: OnPictures,
    networks: Sequence[str],
    settings: dict[str, Any],
    given: Mapping[str, Path | None],
    answers: Sequence[Path],
) -> list[str]:
    """Measures a paper's columns for several networks.

    Args:
        table: its name.
        asked: pictures and results.
        networks: names or files of weights, a row each.
        settings: of `PaintSettings`, by name, but for the network.
        given: the files of `classes`, `classifier` and `labels`.
        answers: results of `restore evaluate turing`.

    Returns:
        Lines on what the table lacks: columns that were not measured, with what each needs; the paper's own figures.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    read = (*asked.pictures, *weights_files(settings["weights_dir"], *networks), *given.values(), *answers)
    check_results(read, {"--json": asked.json_out})
    classes = read_classes(given["classes"]) if given["classes"] else None
    with raised_as(Refused, FileNotFoundError, ValueError):
        rows = {
            row: by_class(PaintSettings(**settings, network=name), classes)
            for row, name in column_names(networks).items()
        }
        for each in rows.values():
            choose(each)
    labels = read_labels(given["labels"]) if given["labels"] else None
    weights, chosen = given["classifier"], PictureSet(asked.pictures, asked.limit, classes)
    taken = {each.network: each.taken for each in answers_of(answers)} if answers else {}
    with counting("pictures", len(chosen) * len(rows)) as step:
        report = evaluate_table(
            table,
            chosen,
            {row: partial(_opened, each, classes, step) for row, each in rows.items()},
            judge=lambda: ContentJudge(weights, labels) if weights else None,
            lpips=open_lpips() if "LPIPS" in TABLES[table].columns else None,
            taken=taken,
        )
    asked.show(report)
    shown = {column for row in report.sections[0].figures.values() for column in row}
    missing = [f"not measured: {column}; {NEEDED[column]}" for column in TABLES[table].columns if column not in shown]
    return missing + ([] if TABLES[table].theirs else [UNCHECKED])


def _opened(
    settings: PaintSettings, classes: Mapping[str, str] | None, step: Callable[[], None]
) -> Callable[[Named], Coloured]:
    """The network of these settings, which looks for things only where it colours them on their own."""
    find = None if choose(settings).instances else without_instances
    painter: Callable[[Named], Coloured] = stepping(PicturePainter(settings, find, takes=0, classes=classes), step)
    return painter
