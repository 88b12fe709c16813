"""Damaged films through probe, plan, trial and decode, or through whole runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from random import Random

from pipelines.colour.anchors import lookback
from pipelines.errors import FilmError
from pipelines.job.job import prepare
from pipelines.media.decode import Decode
from pipelines.segment import margin
from pipelines.settings import EncodeSettings, Settings
from restore.cli import main
from tests.fuzz import oracle
from tests.fuzz.films import ENDINGS
from tests.fuzz.mutate import damaged

WRONG_WORDS = ("cannot be written", "check its folder", "Traceback", "Errno", "returned ")
"""In a message about a damaged film: nothing is wrong with the disk, and FFmpeg's functions are no user's business."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of an input."""

    about: str
    """The input, in words."""
    end: str
    """`result`, or the one line."""
    faults: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """For the file of results."""
        return {"about": self.about, "end": self.end, "faults": list(self.faults)}


def draw_input(seed: int, seeds: dict[str, bytes], folder: Path) -> tuple[Path, str, Random]:
    """The damaged film of a seed, written to the folder; how it was made; what else is to be drawn."""
    random = Random(seed)
    kind = random.choice(list(seeds))
    ending = ENDINGS[kind]
    data, how = damaged(seeds[kind], ending, random)
    path = folder / f"film{ending}"
    path.write_bytes(data)
    return path, f"{kind} {how}", random


def line_faults(line: str, path: Path) -> list[str]:
    """Faults of the one line about a film that cannot be restored."""
    faults = [f"says {word!r}" for word in WRONG_WORDS if word in line]
    if len(line.splitlines()) != 1:
        faults.append("is not one line")
    if path.stem not in line:
        faults.append("does not name the film")
    return faults


def containers(seed: int, seeds: dict[str, bytes], settings: Settings, folder: Path) -> Verdict:
    """Probe, plan, trial and decode."""
    path, how, random = draw_input(seed, seeds, folder)
    skips, length = random.random() < 0.35, random.choice([Fraction(1, 4), Fraction(30)])
    codec = random.choice(["h264", "ffv1"])
    out = random.choice([None, None, None, folder / "out.mkv", folder / "out.mp4", folder / "out.ts"])
    start = random.choice([None, None, None, Fraction(1, 4)])
    chosen = replace(settings, skip_damaged=skips, segment=length, encode=EncodeSettings(codec), start=start)
    about = f"{how} {'skip ' if skips else ''}{codec} {out and out.suffix} {start or ''} {float(length)}"
    try:
        job = prepare(path, out, chosen)
        decode = Decode(margin(job.film, chosen), skips, False, lookback(chosen.motion))
        base, frames = job.film.picture.time_base, list[oracle.Shown]()
        for segment in job.segments:
            owned = (frame for frame in decode(segment) if frame.is_owned)
            frames += [oracle.Shown(frame.pts * base, frame.luma, frame.is_held) for frame in owned]
    except FilmError as error:
        return Verdict(about, str(error), tuple(line_faults(str(error), path)))
    return Verdict(about, "result", tuple(_faults(path, frames, skips, start is not None)))


def _faults(path: Path, frames: list[oracle.Shown], skips: bool, is_span: bool, is_exact: bool = True) -> list[str]:
    """Faults of a result's frames."""
    if skips or is_span:
        return list(oracle.held_faults([] if is_span else oracle.look(path).frames, frames))
    return list(oracle.film_faults(path, frames, is_exact))


def runs(seed: int, seeds: dict[str, bytes], network: Path, folder: Path) -> Verdict:
    """A whole run of the command."""
    path, how, random = draw_input(seed, seeds, folder)
    before = hashlib.sha256(path.read_bytes()).digest()
    skips, is_exact = random.random() < 0.5, random.random() < 0.5
    out = folder / f"out{random.choice(['.mkv', '.mp4'] if is_exact else ['.mkv', '.mp4', '.mov', '.ts'])}"
    args = [path.name, "-o", out.name, "--network", str(network), "--device", "cpu", "--anchors", "1"]
    args += ["--skip-damaged"] * skips + ["--codec", "ffv1"] * is_exact
    code = exit_code([str(arg) for arg in args])
    words = (folder / "words.txt").read_text(errors="replace")
    about, faults = f"{how} {' '.join(args[1:3])} {' '.join(args[9:])}", list[str]()
    if hashlib.sha256(path.read_bytes()).digest() != before:
        faults.append("the film was written to")
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "")
    if code:
        faults += [] if code in (1, 2) else [f"exit code {code}"]
        faults += [*line_faults(last, path)] if "out." not in last else line_faults(last, out)
        faults += ["a result in spite of the failure"] * out.exists()
        return Verdict(about, last, tuple(faults))
    film, result = oracle.look(path), oracle.look(out)
    faults += [*_faults(path, result.frames, skips, False, is_exact), *oracle.sound_faults(film, result, words)]
    is_moved = oracle.rises(film.frames) and abs(oracle.shift_of(film.frames, result.frames)) > oracle.TICK
    if is_moved and not skips and "note: " not in words:
        faults.append("the film is moved without a note")
    faults += [f"left behind: {each.name}" for each in folder.iterdir() if each.suffix in (".part", ".restore")]
    return Verdict(about, "result", tuple(faults))


def exit_code(args: list[str]) -> int:
    """Runs the command, as the console script does, and gives its exit code."""
    try:
        main.main(args, prog_name="restore")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
