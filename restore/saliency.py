"""The work of `restore evaluate saliency`: colours where people look, and how well a network finds these places."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.evaluate.content import ContentJudge
from pipelines.evaluate.paint import PicturePainter, PictureSet
from pipelines.evaluate.saliency import evaluate_saliency, finder
from pipelines.media.maps import SaliencyMaps
from pipelines.settings import PaintSettings
from restore.exits import Refused, raised_as
from restore.measuring import OnPictures, check_results, keys_in, stepping, weights_files
from restore.show.counting import counting


def measure_saliency(asked: OnPictures, settings: dict[str, Any], given: Mapping[str, Path | None]) -> None:
    """Measures colours inside and outside salient places, and the maps of a network that finds these.

    Args:
        asked: pictures and results.
        settings: of `PaintSettings`, by name.
        given: `saliency` and `masks`, of which one at least is given; `keys`, names of the pictures that are taken;
            `classifier`.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    weights = weights_files(settings["weights_dir"], settings["network"])
    check_results((*asked.pictures, *weights, *given.values()), {"--json": asked.json_out})
    maps = SaliencyMaps(given["saliency"], given["masks"])
    wanted = maps.keys & keys_in(given["keys"]) if given["keys"] else maps.keys
    with raised_as(Refused, FileNotFoundError, ValueError):
        paint = PicturePainter(PaintSettings(**settings))
        find = finder(weights[0], paint.rows) if weights else None  # a blend of networks has no file
    judge = ContentJudge(given["classifier"]) if given["classifier"] else None
    chosen = PictureSet(asked.pictures, asked.limit, wanted)
    with counting("pictures", len(chosen)) as step:
        report = evaluate_saliency(chosen, stepping(paint, step), maps, find, judge)
    asked.show(report)
