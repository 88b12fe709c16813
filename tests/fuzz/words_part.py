"""Command lines and side files made of nonsense: hints, manifests, restore.toml."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import click

from restore.cli import main
from tests.fuzz.films_part import Verdict, exit_code

WORDS = [
    "", "0", "1", "-1", "2", "0.5", "1e9", "1e400", "nan", "inf", "-inf", "1/3", "1/0", "0x10", "9" * 20, "9" * 500,
    "1e999999999", "f" + "9" * 500, "true", "None", "auto", "every", "cpu", "cuda", "h264", "ffv1", "hevc", "prores",
    "0:00:00.1", "00:99:00", "25:00:00:00", "00:00:00:05", "00:00:00;05", "f3", "f-1", "f99999999999999", "shot 1",
    "shot 0", "shot 99999", "\u0663", "\u00e9", "\U0001f3ac", "\udcff", "a b", "-", "--", "=", "*.mp4", "[",
    "film.mp4", "film.mp4/", "other.mp4", "gone.mp4", "empty.mp4", "text.mp4", "folder", "folder/out.mkv",
    "gone/out.mkv", "out.mkv", "out.mp4", "out.", ".mkv", "out.xyz", "out.png", "hints.json", "list.csv", "s3://",
    "file:///", "http:/x", "compact", "siggraph17", "no-such-network", "film.mp4\n", "x" * 300, "#b04030",
]  # fmt: skip
SIGNS = [
    '"', "{", "}", "]", ",", "\n", "=", "null", "[[1]]", "[" * 5000, "[[" * 50_000, "9" * 5000, "\x00", "\ufeff",
    '{"a": 1}', "1e999",
]  # fmt: skip
OTHERS: list[Any] = [None, True, 0, 0.25, 63, 1e308, 10**400, "0.1", "f2", "#fff", []]
"""Of JSON."""
VALUES = ["1", "-1", "nan", "[1]", "[]", "{}", "1979-05-27", "true"]
"""Of TOML."""
UNSAFE = {"address", "journal"}
"""Options that would reach for other machines."""
STARTS_RAY = {"gpus", "workers"}
"""Options given values only that are refused."""
COMMANDS = [
    [], [], [], ["archive"], ["archive"], ["preview"], ["still"], ["sheet"], ["shots"], ["evaluate", "colour"],
    ["evaluate", "steadiness"], ["evaluate", "detector"], ["train"], ["weights", "list"], ["weights", "where"],
    ["weights", "verify"], ["weights", "import"], ["no-such-command"], ["weights"],
]  # fmt: skip
HINTS: list[Any] = [
    {"time": "0:00:00.1", "x": 10, "y": 12, "colour": "#b04030"},
    {"time": 0, "x": 1, "y": 2, "colour": "#000000"},
]
ROWS = [
    ["film", "out", "codec", "start", "saturation"],
    ["film.mp4", "a.mkv", "ffv1", "0", "1"],
    ["other.mp4", "", "", "", "2"],
]
TOML = 'codec = "ffv1"\nanchors = 1\nskip-damaged = true\n[archive]\ncrf = 20\n[preview]\nseconds = "0.2"\n'
TOML_COMMANDS = [
    ["film.mp4", "-o", "out.mkv"],
    ["archive", "film.mp4", "--out", "coloured", "--dry-run"],
    ["shots", "film.mp4"],
    ["weights", "list"],
]


def options_of(command: list[str]) -> list[click.Option]:
    """The options of a command, but for those that reach for other machines."""
    found: Any = main
    for name in command or ["film"]:
        found = found.commands.get(name, found) if isinstance(found, click.Group) else found
    return [each for each in found.params if isinstance(each, click.Option) and each.name not in UNSAFE]


def command_line(random: Random, network: Path) -> list[str]:
    """A command with a few options, some of them with values that make sense."""
    command = random.choice(COMMANDS)
    args = [
        *command,
        *([random.choice(["film.mp4", "film.mp4", "film.mp4", random.choice(WORDS)])] * (random.random() < 0.9)),
    ]
    for option in random.sample(options_of(command), k=min(len(options_of(command)), random.randint(0, 4))):
        args.append(random.choice(option.opts + option.secondary_opts))
        if not option.is_flag or random.random() < 0.05:
            args.append(random.choice(["-1", "x", ""]) if option.name in STARTS_RAY else _value(option, random))
    if random.random() < 0.15:
        args.insert(random.randint(0, len(args)), random.choice(WORDS))
    names = {name for option in options_of(command) for name in option.opts}
    if "--network" in names and "--network" not in args and random.random() < 0.7:
        args += ["--network", str(network), "--device", "cpu"] if "--device" in names else ["--network", str(network)]
    return args


def _value(option: click.Option, random: Random) -> str:
    """A value of an option: one of its own, or nonsense."""
    if isinstance(option.type, click.Choice) and random.random() < 0.5:
        return str(random.choice(list(option.type.choices)))
    if option.name == "weights_dir":
        return random.choice(["folder", "gone", "film.mp4", ""])
    return random.choice(WORDS)


def spoilt(text: str, random: Random) -> bytes:
    """A text with a few characters, words or lines changed."""
    data = text
    for _ in range(random.randint(1, 3)):
        begin = random.randint(0, len(data))
        end = min(len(data), begin + random.choice([0, 1, 1, 3, 20]))
        new = random.choice([*WORDS, *SIGNS])
        data = data[:begin] + new + data[end:]
    made = data.encode(errors="surrogateescape")
    return made if random.random() < 0.9 else made.replace(b"e", b"\xff")


def hints(random: Random, network: Path) -> list[str]:
    """A film with a file of hints."""
    text, given = json.dumps(HINTS), [dict(hint) for hint in HINTS]
    for _ in range(random.randint(0, 2)):
        key = random.choice([*HINTS[0], "time", "x", "y"])
        random.choice(given)[key] = random.choice(
            [None, True, 0, 0.25, 63, 1e308, 10**400, "0.1", "f2", "#fff", [], *WORDS]
        )
    Path("hints.json").write_bytes(json.dumps(given).encode() if random.random() < 0.7 else spoilt(text, random))
    command = random.choice([["-o", "out.mkv"], ["still", "--at", "0", "-o", "a.png"], ["sheet", "-o", "a.png"]])
    takes_hints = [
        "--network",
        "siggraph17",
        "--weights-dir",
        str(network.parent),
        "--device",
        "cpu",
        "--anchors",
        "10",
    ]
    return [*command, "film.mp4", *takes_hints, "--hints", "hints.json"]


def manifest(random: Random, network: Path) -> list[str]:
    """An archive of a manifest."""
    rows = [[cell if random.random() < 0.85 else random.choice(WORDS) for cell in row] for row in ROWS]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    data = text.getvalue()
    made = spoilt(data, random) if random.random() < 0.5 else data.encode(errors="surrogateescape")
    Path("films.csv").write_bytes(made)
    dry = ["--dry-run"] if random.random() < 0.5 else []
    return ["archive", "films.csv", "--out", "coloured", "--network", str(network), "--device", "cpu", *dry]


def toml(random: Random, network: Path) -> list[str]:
    """A command that reads restore.toml."""
    lines = TOML.splitlines(keepends=True)
    for _ in range(random.randint(0, 2)):
        option: Any = random.choice(options_of(random.choice(COMMANDS[:-2])))
        value = random.choice([json.dumps(random.choice(WORDS)), *VALUES])
        line = f"{option.opts[-1].removeprefix('--')} = {value}\n" if option.name not in STARTS_RAY else "gpus = -1\n"
        lines.insert(random.randint(0, len(lines)), line)
    text = "".join(lines)
    Path("restore.toml").write_bytes(spoilt(text, random) if random.random() < 0.6 else text.encode(errors="replace"))
    command = random.choice(TOML_COMMANDS)
    takes_network = command[0] in ("film.mp4", "archive")
    return [*command, *(["--network", str(network), "--device", "cpu"] if takes_network else [])]


MAKERS: list[Callable[[Random, Path], list[str]]] = [command_line, command_line, hints, manifest, toml]
"""Ways to make nonsense, each as often as it is drawn."""


def words(seed: int, film: bytes, network: Path, folder: Path) -> Verdict:
    """A command with nonsense, in a folder with two films and what is none."""
    random = Random(seed)
    for name, data in {"film.mp4": film, "other.mp4": film, "empty.mp4": b"", "text.mp4": b"no film\n" * 9}.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    args = random.choice(MAKERS)(random, network)
    code = exit_code(args)
    said = [line for line in (folder / "words.txt").read_text(errors="replace").splitlines() if line.strip()]
    faults = [] if code in (0, 1, 2) else [f"exit code {code}"]
    if code and not said:
        faults.append("says nothing")
    if any(line.startswith("Traceback") for line in said):
        faults.append("traceback")
    about = " ".join(map(repr, args)).replace(str(network), "NETWORK").replace(str(network.parent), "WEIGHTS")
    return Verdict(about, f"{code}: {said[-1] if said else ''}" if code else "result", tuple(faults))
