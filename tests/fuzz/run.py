"""Many inputs, each in a fork: `python -m tests.fuzz.run --part containers --count 800 --out FOLDER`.

Goes on after the last input that the folder's results name. Inputs at fault stay in the folder, under their numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import torch

from tests.fuzz import fork
from tests.fuzz.films import ENDINGS, draw
from tests.fuzz.films_part import Verdict, containers, runs
from tests.fuzz.scans_part import KINDS as SCANS
from tests.fuzz.scans_part import draw_scans, scans
from tests.fuzz.words_part import words
from tests.made.published import save_by_rule
from tests.made.runs import save_random_network, small_settings

PARTS = ("containers", "runs", "scans", "words")
Part = Callable[[int, Path], Verdict]


def parts(folder: Path) -> dict[str, Part]:
    """The parts by name, each a function of a seed and a folder, in this process made warm."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    av.logging.set_level(None)
    made = folder / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    save_by_rule("siggraph17", made)
    network = save_random_network(made / "random.safetensors")
    seeds = {kind: draw(kind, made).read_bytes() for kind in ENDINGS}
    pictures = {kind: draw_scans(kind, made) for kind in SCANS}
    settings = small_settings(network)
    return {
        "containers": lambda seed, where: containers(seed, seeds, settings, where),
        "runs": lambda seed, where: runs(seed, seeds, network, where),
        "scans": lambda seed, where: scans(seed, pictures, network, where),
        "words": lambda seed, where: words(seed, seeds["mp4"], network, where),
    }


def one(part: Part, seed: int, folder: Path) -> dict[str, Any]:
    """The record of one input; its folder is gone afterwards unless there is a fault."""
    where = folder / f"{seed:06d}"
    shutil.rmtree(where, ignore_errors=True)
    ended = fork.in_fork(lambda inner: part(seed, inner).to_json(), where)
    verdict: Any = ended.outcome or {"about": "", "end": "", "faults": []}
    faults = [*verdict["faults"], *([ended.fault] if ended.fault else [])]
    if "Traceback" in ended.words:
        faults.append(ended.words)
    if not faults:
        shutil.rmtree(where)
    about = {"seconds": round(ended.seconds, 3), "megabytes": round(ended.megabytes)}
    return {"seed": seed, **verdict, "faults": faults, **about}


def run(name: str, count: int, folder: Path, first: int = 0) -> list[dict[str, Any]]:
    """The records of `count` inputs, those of earlier runs among them."""
    folder.mkdir(parents=True, exist_ok=True)
    part, results = parts(folder)[name], folder / f"{name}.jsonl"
    records = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    done = {record["seed"] for record in records}
    with results.open("a") as file:
        for seed in range(first, first + count):
            if seed not in done:
                records.append(one(part, seed, folder / name))
                file.write(json.dumps(records[-1]) + "\n")
                file.flush()
    return [record for record in records if first <= record["seed"] < first + count]


def summary(records: list[dict[str, Any]]) -> str:
    """How many ended how, the largest, and every fault."""
    ends = Counter("result" if record["end"] == "result" else "line" for record in records if not record["faults"])
    faulty = [record for record in records if record["faults"]]
    most = [max((record[key] for record in records), default=0) for key in ("seconds", "megabytes")]
    counts = f"{ends['result']} results, {ends['line']} lines, {len(faulty)} faults"
    lines = [f"{len(records)} inputs: {counts}; at most {most[0]} s and {most[1]} MB"]
    for record in faulty:
        lines.append(f"{record['seed']} {record['about']}: {record['end']}")
        lines += [f"    {line}" for fault in record["faults"] for line in fault.splitlines()[-3:]]
    return "\n".join(lines)


def main() -> None:
    """Ends with exit code 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    began = time.monotonic()
    records = run(chosen.part, chosen.count, chosen.out.resolve(), chosen.first)
    sys.stdout.write(f"{summary(records)}\n{chosen.part}: {time.monotonic() - began:.0f} s, process {os.getpid()}\n")
    sys.exit(any(record["faults"] for record in records))


if __name__ == "__main__":
    main()
