"""How long a look at a film takes, as ratios within one run: `python tests/benchmarks/preview.py [--short]`.

Prints a table and writes nothing. Commands run as a person types them, each in a process of its own, turn about; the
least of several runs counts, in seconds of wall and of CPU (its children's too).

- A preview of five seconds of 1080p beside `restore --start --end` of the same five.
- What of it is spent before the first frame: imports, and the network's weights.
- A preview near the end of a film of an hour beside one near its beginning.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
from run import SAMPLE, Cost, draw_film

RESTORE = "from restore.cli import main; main()"
IMPORTS = "import restore.progress, pipelines.process, pipelines.painting.paint, pipelines.preview.render"
WEIGHTS = (
    "from pipelines.painting.choice import choose; from pipelines.painting.painter import open_painter; "
    "from pipelines.settings import PaintSettings; open_painter(choose(PaintSettings(device='cpu')))"
)


def spent(*arguments: str | Path) -> Cost:
    """What a Python process took, with all that it started; its standard output is not shown."""
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, os.times()
    return Cost(wall, after.children_user + after.children_system - before.children_user - before.children_system)


def least(rounds: int, works: dict[str, Sequence[str | Path]]) -> dict[str, Cost]:
    """The least that each took, turn about."""
    taken: dict[str, list[Cost]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, arguments in works.items():
            taken[name].append(spent(*arguments))
    return {name: Cost(min(c.wall for c in costs), min(c.cpu for c in costs)) for name, costs in taken.items()}


def repeated(film: Path, out: Path, seconds: int) -> Path:
    """The film's pictures again and again, packet by packet, until it is so long."""
    with av.open(out, "w") as written:
        stream: Any = None
        begins = 0
        while stream is None or begins * stream.time_base < seconds:
            with av.open(film) as source:
                own = source.streams.video[0]
                stream = stream or written.add_stream_from_template(own)
                for packet in source.demux(own):
                    if packet.dts is not None:
                        packet.pts, packet.dts = packet.pts + begins, packet.dts + begins
                        packet.stream = stream
                        written.mux(packet)
                begins += own.duration
    return out


def _print(costs: dict[str, Cost]) -> None:
    for name, cost in costs.items():
        print(f"{name:<36}{cost.wall:7.2f} s wall{cost.cpu:8.2f} s CPU")


def _ratio(what: str, one: Cost, other: Cost) -> None:
    print(f"{what}: {one.wall / other.wall:.2f} of its wall time, {one.cpu / other.cpu:.2f} of its CPU time")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="one round, and a film of ten minutes")
    is_short = parser.parse_args().short
    rounds, minutes = (1, 10) if is_short else (3, 60)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mp4"
        how = ["-o", out, "--overwrite", "--quiet", "--device", "cpu"]
        film = draw_film(Path(folder) / "film.mp4", 480)
        costs = least(
            rounds,
            {
                "preview of 5 s of 1080p": [RESTORE, "preview", film, "--at", "8", "--seconds", "5", *how],
                "restore of the same": [RESTORE, film, "--start", "8", "--end", "13", *how],
                "imports of a preview": [IMPORTS],
                "its imports and weights": [f"{IMPORTS}; {WEIGHTS}"],
            },
        )
        _print(costs)
        preview, restore, *_ = costs.values()
        _ratio("preview, of restore", preview, restore)

        long = repeated(SAMPLE, Path(folder) / "long.mp4", 60 * minutes)
        sought = least(
            rounds,
            {
                f"preview of 5 s at {name}": [RESTORE, "preview", long, "--at", name, "--seconds", "5", *how]
                for name in ("00:00:10", f"00:{minutes - 1:02}:00")
            },
        )
        _print(sought)
        _ratio("late, of early", *reversed(sought.values()))


if __name__ == "__main__":
    main()
