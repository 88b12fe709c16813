"""How long an editor waits for the studio: `python tests/benchmarks/studio.py [--short] [--network NAME]`.

Prints a table and writes nothing; `--json FILE` writes the figures, too. The command runs as a person types it, on a
film of 1080p that lasts an hour (a minute with --short), made by repeating a clip's packets; its shots are still being
found. Seconds of wall count, and those of CPU of the worker beside them: on a machine that works
on other things, too, these say what a free core would take.

- From the command to the first frame before and after.
- A frame in the middle of the film, without colour and with it.
- On both: a changed setting, and with a network that takes hints a point, the same in another colour, and one more;
  said of the shot, as the page says them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import requests
from preview import repeated
from run import draw_film

from pipelines.preview.look_list import look_time

RESTORE = "from restore.cli import main; main()"
CLIP_FRAMES = 240
LONGEST = 600
"""Seconds that an answer may take."""
TICKS = 100
"""A second, of /proc."""


def _cpu_of_children(process: int) -> float:
    """CPU seconds of all processes that a process has started; 0 where the system does not tell."""
    found = 0.0
    for about in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = about.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found += (int(fields[11]) + int(fields[12])) / TICKS
    return found


@contextmanager
def _studio(film: Path, words: list[str]) -> Iterator[tuple[subprocess.Popen[str], str, dict[str, str]]]:
    """The command on a film: its process, the server's address, and the page's cookie."""
    command = [sys.executable, "-c", RESTORE, "studio", str(film), "--no-open", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        root = address.partition("/?")[0]
        yield process, root, requests.get(address, timeout=60).cookies.get_dict()
    finally:
        process.terminate()
        process.wait()


def _points(frame: int) -> dict[str, list[dict[str, Any]]]:
    """Points of a frame as one person gives them after another."""
    first, other = ({"time": f"f{frame}", "x": x, "y": 500, "colour": "#a03020"} for x in (900, 400))
    return {
        "first point": [first],
        "its colour changed": [first | {"colour": "#2040a0"}],
        "another point": [first | {"colour": "#2040a0"}, other],
    }


def measure(film: Path, words: list[str]) -> dict[str, tuple[float, float]]:
    """Seconds of wall, and of CPU of the worker, by what was waited for."""
    found: dict[str, tuple[float, float]] = {}
    began = time.perf_counter()
    with _studio(film, words) as (process, root, cookies):
        films = f"{root}/api/films/0"

        def picture(kind: str, frame: int, **said: Any) -> None:
            shot = {"number": 1, "start": "00:00:00", "end": look_time(duration), **said}
            asked = {"kind": kind, "at": str(frame / rate), "look": {"shot": [shot] if said else []}}
            answer = requests.post(f"{films}/picture", json=asked, cookies=cookies, timeout=LONGEST)
            answer.raise_for_status()

        def timed(what: str, wait: Callable[[], Any], since: float | None = None) -> None:
            cpu, start = _cpu_of_children(process.pid), time.perf_counter()
            wait()
            found[what] = time.perf_counter() - (since or start), _cpu_of_children(process.pid) - (0 if since else cpu)

        about = requests.get(films, cookies=cookies, timeout=LONGEST).json()
        rate, duration = Fraction(*about["rate"]), Fraction(about["duration"])
        shots = requests.get(
            f"{films}/events", cookies=cookies, timeout=LONGEST, stream=True
        )  # they are looked for meanwhile
        timed("first frame, since the command", lambda: picture("still", 0), began)
        middle = int(duration / 2 * rate)
        for frame in (0, middle):
            if frame:
                timed("frame in the middle, no colour", lambda: picture("before", middle))
                timed("frame in the middle", lambda: picture("still", middle))
            where = "on it" if frame == 0 else "there"
            timed(f"saturation {where}", lambda frame=frame: picture("still", frame, saturation=0.8))
            for what, hints in _points(frame).items() if about["takes_points"] else ():
                timed(f"{what} {where}", lambda frame=frame, hints=hints: picture("still", frame, hints=hints))
        shots.close()
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="a film of a minute")
    parser.add_argument("--network", help="the network that colours")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    given = parser.parse_args()
    words = ["--network", given.network] if given.network else []
    with tempfile.TemporaryDirectory() as folder:
        clip = draw_film(Path(folder) / "clip.mp4", CLIP_FRAMES)
        film = repeated(clip, Path(folder) / "film.mp4", 60 if given.short else 3600)
        found = measure(film, words)
    print(f"load of the machine: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    for what, (wall, cpu) in found.items():
        print(f"{what:<36}{wall:7.2f} s wall{cpu:8.2f} s CPU")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
