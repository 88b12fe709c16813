"""The work of `restore evaluate inversion`: features F of a gray picture against noise z."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.judges.classifier import load_classifier
from models.published.bigcolor import BigColor
from models.weights.files import load_network
from pipelines.evaluate.inversion import Sheets, evaluate_inversion
from pipelines.evaluate.paint import PictureSet
from pipelines.media.image import png, stacked
from pipelines.media.labels import classes_by_folder, read_classes
from pipelines.training.biggan_start import read_start
from restore.exits import Refused, raised_as
from restore.measuring import OnPictures, check_results, keys_in, stepping
from restore.show.counting import counting


def measure_inversion(
    asked: OnPictures,
    networks: Sequence[Path],
    z_steps: int,
    given: Mapping[str, Path | None],
    sheets_out: Mapping[str, Path | None],
) -> None:
    """Measures reconstructions of pictures by BigColor's features, and by BigGAN's noise.

    Args:
        asked: pictures and results.
        networks: weights of `bigcolor`, of one side and of the same classes.
        z_steps: steps in which noise is looked for.
        given: the files of `generator` (BigGAN's, for noise), `classes`, `keys` and `classifier`.
        sheets_out: files to write, by option: `--sheet` and `--class-sheet`.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    check_results((*asked.pictures, *networks, *given.values()), {"--json": asked.json_out, **sheets_out})
    with raised_as(Refused, FileNotFoundError, ValueError):
        columns, names = _opened(networks)
        table = read_classes(given["classes"]) if given["classes"] else classes_by_folder(asked.pictures)
        labels = {key: names.index(name) for key, name in table.items() if name in names}
        if given["keys"]:
            wanted = keys_in(given["keys"])
            labels = {key: number for key, number in labels.items() if key in wanted}
        chosen = PictureSet(asked.pictures, asked.limit, labels)
        begun = read_start(given["generator"], None) if given["generator"] else None
        if begun and (begun.sizes.side, begun.names) != (next(iter(columns.values())).config.side, names):
            raise ValueError(f"{given['generator']}: of another side or of other classes than {networks[0]}")
        classifier = load_classifier(given["classifier"]) if given["classifier"] else None
    generator = (begun.generator.eval().requires_grad_(False), z_steps) if begun else None
    sheets = Sheets()
    with counting("pictures", len(chosen)) as step:
        counted = (stepping(lambda named: named, step)(named) for named in chosen)
        report = evaluate_inversion(counted, labels, columns, generator, classifier, sheets)
    asked.show(report)
    for option, lines in (("--sheet", sheets.results), ("--class-sheet", sheets.by_class)):
        if path := sheets_out[option]:
            path.write_bytes(png(stacked(lines, 1)))


def _opened(paths: Sequence[Path]) -> tuple[dict[str, BigColor], list[str]]:
    """The networks by their columns, and the names of their classes.

    Raises:
        ValueError: weights of another network, or networks of several sides or classes.
    """
    found: dict[str, BigColor] = {}
    kinds: set[tuple[int, str]] = set()
    for path in paths:
        network, about = load_network(path)
        if not isinstance(network, BigColor):
            raise ValueError(f"{path}: weights of {about['network']}, not of bigcolor")
        column = f"F {network.config.feature_side}"
        found[path.stem if column in found else column] = network
        kinds.add((network.config.side, about.get("classes", "")))
    if len(kinds) > 1:
        raise ValueError("the networks are of several sides, or of other classes; measure them one by one")
    (_, names), first = kinds.pop(), next(iter(found.values()))
    return found, json.loads(names) if names else [str(number) for number in range(first.config.classes)]
