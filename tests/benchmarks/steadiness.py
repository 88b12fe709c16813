"""What steady colour saves: `OMP_WAIT_POLICY=passive python tests/benchmarks/steadiness.py [--short] [FILM...]`.

Prints a table and writes nothing. `restore` of a film as it is by default, beside the same with the network on every
frame and nothing smoothed (`--anchors every --steady 0`), with the network that ships and with siggraph17, whose
weights are random here: what a network costs decides what there is to save. Frames a second are of the wall.
`--short` only shows that it runs: anchors beyond its two seconds are coloured too, which a longer film shares among
more frames, so that it tells of less than is saved (1.2 times as fast where the whole sample told 1.75).

Without FILM the sample is taken; a folder or zip file of pictures is a film for each folder in it. All are made gray
first, in H.264, as black-and-white film comes. Networks are loaded, and the first second of each film is run once,
before anything is measured. PyTorch's threads sleep while they wait, as the command has it.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path

import av
import numpy as np
from run import SAMPLE, cost
from safetensors.torch import save_file

from models.published.siggraph17 import Siggraph17
from models.weights.catalogue import DEFAULT_NETWORK
from pipelines.evaluate.sequences import as_films
from pipelines.film import restore
from pipelines.frames import Painted
from pipelines.job.job import prepare
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.process import keep_freed_memory
from pipelines.settings import PaintSettings, Settings, every_frame


def random_siggraph17(folder: Path) -> Path:
    """A file of its weights, drawn at random."""
    path = folder / "siggraph17.safetensors"
    save_file(Siggraph17().state_dict(), path, {"format": "pt", "network": "siggraph17", "config": "{}"})
    return path


def made_gray(film: Path, out_path: Path) -> Path:
    """The film's luma alone."""
    with av.open(film) as source, av.open(out_path, "w") as out:
        pictures = source.streams.video[0]
        rate = pictures.average_rate or Fraction(25)
        written = out.add_stream("libx264", rate, options={"crf": "12"})
        written.pix_fmt = "yuv420p"
        written.width, written.height = pictures.width // 2 * 2, pictures.height // 2 * 2
        neutral = np.full((written.height // 2, written.width), 128, np.uint8)
        for number, frame in enumerate(source.decode(pictures)):
            luma = frame.to_ndarray(format="yuv444p")[0, : written.height, : written.width]
            gray = av.VideoFrame.from_ndarray(np.vstack([luma, neutral]), format="yuv420p")
            gray.pts, gray.time_base = number, 1 / rate
            out.mux(written.encode(gray))
        out.mux(written.encode(None))
        return out_path


@dataclass
class Painting:
    """Colours anchors, and counts them."""

    paint: Paint
    anchors: int = 0

    def __call__(self, orders: Iterator[PaintOrder]) -> Iterator[Painted]:
        for order in orders:
            self.anchors += len(order.anchors.pts)
            yield self.paint(order)


@dataclass(frozen=True)
class Speed:
    """Of one way to restore, over one or more films."""

    frames: int
    anchors: int
    wall: float
    cpu: float

    def __add__(self, other: "Speed") -> "Speed":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Speed(*(one + another for one, another in pairs))

    @property
    def rate(self) -> float:
        """Frames a second of the wall."""
        return self.frames / self.wall


def measure(film: Path, settings: Settings, paint: Paint, folder: Path) -> tuple[Speed, Speed]:
    """How fast the film comes out, as by default and with the network on every frame."""
    speeds = []
    for number, way in enumerate((settings, every_frame(settings))):
        first = prepare(film, None, replace(way, end=Fraction(1)), stem=folder / f"first-{number}")
        restore(first, paint=Painting(paint))  # loads, plans
        job, results = prepare(film, None, way, stem=folder / str(number)), []
        painting = Painting(paint)
        taken = cost(lambda job=job, results=results, painting=painting: results.append(restore(job, paint=painting)))  # type: ignore[misc]
        speeds.append(Speed(results[0].frames, painting.anchors, taken.wall, taken.cpu))
    return speeds[0], speeds[1]


def tell(name: str, ours: Speed, every: Speed) -> None:
    """Prints a row."""
    ms = " and ".join(f"{1000 * each.cpu / each.frames:.0f}" for each in (ours, every))
    print(
        f"  {name:<28}{ours.rate:7.1f} and {every.rate:5.1f} frames/s{ours.rate / every.rate:7.2f} times as fast"
        f"{ms:>12} ms of CPU{ours.frames / ours.anchors:6.1f} frames an anchor"
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", nargs="*", type=Path, default=[SAMPLE])
    parser.add_argument(
        "--short", action="store_true", help="two seconds, too little to measure; the network that ships only"
    )
    parser.add_argument("--own", action="store_true", help="the network that ships only")
    parser.add_argument("--instances", type=int, help="most instances of an anchor coloured on their own")
    asked = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        coloured = [film for given in asked.films for film in as_films(given, folder)]
        films = [made_gray(film, folder / f"{number}.{film.stem}.mp4") for number, film in enumerate(coloured)]
        networks = [DEFAULT_NETWORK] if asked.short or asked.own else [DEFAULT_NETWORK, str(random_siggraph17(folder))]
        for network in networks:
            print(f"{Path(network).stem}: restore, and the network on every frame")
            instances = asked.instances if network == DEFAULT_NETWORK else None
            painted = PaintSettings(network=network, instances=instances)
            settings = Settings(paint=painted, end=Fraction(2) if asked.short else None)
            paint, speeds = Paint(), []
            for number, film in enumerate(films):
                work = folder / f"{Path(network).stem}-{number}"
                work.mkdir()
                speeds.append(measure(film, settings, paint, work))
                tell(film.stem, *speeds[-1])
            if films[1:]:
                tell("all", *(reduce(add, way) for way in zip(*speeds, strict=True)))


if __name__ == "__main__":
    main()
