"""An archive of many short films, ten of them bad: `python tests/benchmarks/archive.py [--films 200] [-- OPTIONS]`.

Prints what became of them, how long a second run takes that finds all done, and the memory of the run as it goes: of
its process and of those that it started. OPTIONS go to `restore archive`, such as `--workers 2`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.made.archives import BAD, small

COMMAND = [sys.executable, "-c", "from restore.cli import main; main()", "archive", "--json"]
PAGES = 4096


def draw_archive(folder: Path, films: int) -> Path:
    """So many films of a second, in folders of twenty; the bad ones among them."""
    for number in range(films - len(BAD)):
        path = folder / f"box-{number // 20:02d}" / f"reel-{number:03d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number < 10:
            small(path, frames=20 + number)
        else:
            shutil.copy(folder / "box-00" / f"reel-{number % 10:03d}.mp4", path)
    for place, draw in BAD.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(path)
    return folder


def family(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread has ended meanwhile
            for child in task.read_text().split():
                yield from family(int(child))


def resident(pid: int) -> float:
    """MiB of memory that a process and those it started hold, what they share counted once for each."""
    pages = 0
    for each in family(pid):
        try:
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
    return pages * PAGES / 2**20


def run(source: Path, out: Path, options: list[str]) -> tuple[list[dict[str, Any]], list[float], int, float]:
    """Events, memory after each film in MiB, exit code and seconds."""
    began, events, memory = time.monotonic(), [], []
    with subprocess.Popen([*COMMAND, str(source), "--out", str(out), *options], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "ended":
                memory.append(resident(process.pid))
    return events, memory, process.returncode, time.monotonic() - began


def written(folder: Path) -> dict[Path, int]:
    """When each file was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("options", nargs="*", help="of `restore archive`, after --")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        source, out = draw_archive(Path(name) / "reels", asked.films), Path(name) / "out"
        events, memory, code, seconds = run(source, out, asked.options)
        print(
            f"first run: {events[-1]['restored']} restored, {events[-1]['failed']} failed, exit {code}, {seconds:.1f} s"
        )
        for event in events:
            if event.get("status") == "failed":
                print(f"  {event['place']}: {event['what']}")
        quarters = [memory[len(memory) * i // 4 - 1] for i in (1, 2, 3, 4)]
        print(f"memory after each quarter, MiB: {', '.join(f'{mib:.0f}' for mib in quarters)}")
        print(f"last quarter over first: {quarters[3] / quarters[0]:.3f}")
        before = written(out)
        events, _, code, seconds = run(source, out, asked.options)
        changed = sum(written(out).get(path) != when for path, when in before.items())
        print(f"second run: {seconds:.1f} s, exit {code}, {changed} of {len(before)} files changed")


if __name__ == "__main__":
    main()
