"""What steady colour saves: `python tests/benchmarks/steadiness.py [--short] [FILM...]`.

Prints a table and writes nothing. `restore` of a film as it is by default, beside the same with the network on every
frame and nothing smoothed (`--anchors every --steady 0`), with the network that ships and with siggraph17, whose
weights are random here: what a network costs decides what there is to save. Frames a second are of the wall.

Without FILM the sample is taken. The first second of each is run once before, so that loading does not count.
"""

import argparse
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from run import SAMPLE, cost
from safetensors.torch import save_file

from models.siggraph17 import Siggraph17
from models.weights import DEFAULT_NETWORK
from pipelines.evaluate.steadiness import every_frame
from pipelines.film import restore
from pipelines.job import prepare
from pipelines.memory import keep_freed_memory
from pipelines.settings import PaintSettings, Settings


def random_siggraph17(folder: Path) -> Path:
    """A file of its weights, drawn at random."""
    path = folder / "siggraph17.safetensors"
    save_file(Siggraph17().state_dict(), path, {"format": "pt", "network": "siggraph17", "config": "{}"})
    return path


def measure(film: Path, settings: Settings, folder: Path) -> None:
    """Prints how fast the film comes out in both ways."""
    seconds = {}
    for name, way in (("restore", settings), ("every frame", every_frame(settings))):
        restore(prepare(film, None, replace(way, end=Fraction(1)), stem=folder / f"first-{name}"))  # loads, plans
        job, results = prepare(film, None, way, stem=folder / name), []
        took = cost(lambda job=job, results=results: results.append(restore(job)))  # type: ignore[misc]
        frames, seconds[name] = results[0].frames, took.wall
        print(f"  {name}: {frames / took.wall:.2f} frames/s, {1000 * took.cpu / frames:.0f} ms of CPU a frame")
    print(f"  restore is {seconds['every frame'] / seconds['restore']:.2f} times as fast")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", nargs="*", type=Path, default=[SAMPLE])
    parser.add_argument("--short", action="store_true", help="two seconds, the network that ships only")
    asked = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        networks = [DEFAULT_NETWORK] if asked.short else [DEFAULT_NETWORK, str(random_siggraph17(folder))]
        for network in networks:
            end = Fraction(2) if asked.short else None
            settings = Settings(paint=PaintSettings(network=network), end=end, recolour=True)
            for number, film in enumerate(asked.films):
                print(f"{film.name}, {Path(network).stem}")
                work = folder / f"{Path(network).stem}-{number}"
                work.mkdir()
                measure(film, settings, work)


if __name__ == "__main__":
    main()
