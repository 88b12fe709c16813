"""Around a measurement: the files that it reads and writes, and how far it is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.weights.catalogue import find_weights
from pipelines.evaluate.report import Report
from pipelines.media.pictures import pictures_in
from pipelines.places import check_place

ShowReport = Callable[[Report], None]
"""Takes the figures."""


@dataclass(frozen=True)
class OnPictures:
    """A measurement on pictures, as it is asked for."""

    pictures: Sequence[Path]
    """Zip files or folders."""
    limit: int | None
    """Pictures taken at most, evenly spread; None: all."""
    json_out: Path | None
    """A file for all figures, which `show` writes."""
    show: ShowReport


def stepping(work: Any, step: Callable[[], None]) -> Any:
    """A function that does `work`, and counts each time."""

    def run(item: Any) -> Any:
        done = work(item)
        step()
        return done

    return run


def weights_files(folder: Path | None, *names: str) -> list[Path]:
    """The files of weights of these names; one that is not here is an error where it is opened."""
    found = []
    for name in names:
        with suppress(FileNotFoundError):
            found.append(find_weights(name, folder))
    return found


def keys_in(path: Path) -> set[str]:
    """Keys of pictures from a file with one a line."""
    return set(path.read_text("utf-8").split())


def column_names(networks: Sequence[str]) -> dict[str, str]:
    """Networks by the names they are shown under: files without folder and suffix, unless two are called alike."""
    short = [Path(name).stem if Path(name).is_file() else name for name in networks]
    return dict(zip(short if len(set(short)) == len(set(networks)) else networks, networks, strict=True))


def check_results(read: Iterable[Path | None], results: Mapping[str, Path | None]) -> None:
    """Raises ValueError, before anything is measured, where a result has no place or would replace what is read.

    Figures of an earlier run are replaced.
    """
    asked = {option: result for option, result in results.items() if result}
    given = [file for path in read if path for file in (pictures_in(path) if path.is_dir() else [path])]
    places: set[Path] = set()
    for option, result in asked.items():
        if result.exists() and any(result.samefile(path) for path in given):
            raise ValueError(f"{result}: is read to measure, and is never written to; name another file")
        check_place(result, next(iter(given), result.parent), overwrite=True, option=option)
        if result.resolve() in places:
            raise ValueError(f"{result}: is named for two results; name another file for one")
        places.add(result.resolve())
