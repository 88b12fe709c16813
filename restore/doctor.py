"""Facts of this machine: packages, devices, encoders, weights, disks, each with whether it is as it should be."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import av
import torch

from models.networks import NETWORKS
from models.weights.catalogue import DEFAULT_NETWORK, find_weights, weights_digest
from models.weights.files import load_network
from pipelines import DISTRIBUTION
from pipelines.media.codecs import ENCODERS
from pipelines.media.nvenc import encoders
from pipelines.painting.choice import choose
from pipelines.painting.device import first_line, has_nvidia_card, is_out_of_memory, missing_cuda, unusable_cuda
from pipelines.settings import MotionSettings, PaintSettings
from restore.feeding import anchors_a_second, feeding

NAME = re.compile(r"[\w.-]+")
"""Of a package, at the beginning of what is required of it."""


def packages() -> list[str]:
    """All packages that a plain install brings, by name."""
    required = [line for line in requires(DISTRIBUTION) or [] if "extra ==" not in line]
    return [match[0] for line in required if (match := NAME.match(line))]


def _packages() -> Iterator[tuple[bool, str]]:
    for name in packages():
        try:
            yield True, f"{name} {version(name)}"
        except PackageNotFoundError:
            yield False, f"{name} is not installed; pip install {name}"


def _devices() -> Iterator[tuple[bool, str]]:
    yield True, f"cpu: {os.cpu_count()} cores, {torch.get_num_threads()} threads for the network"
    missing = missing_cuda()
    if missing is not None:
        has_card = has_nvidia_card()
        yield not has_card, missing if has_card else "cuda: none here, films are coloured on the CPU"
        return
    for i in range(torch.cuda.device_count()):
        unusable = unusable_cuda(i)
        facts = torch.cuda.get_device_properties(i)
        yield unusable is None, unusable or f"cuda:{i}: {facts.name}, {facts.total_memory / 2**30:.0f} GiB"
        if unusable is None:
            yield _feeding(i)


def _feeding(number: int) -> tuple[bool, str]:
    """The speed of a GPU with the network that ships, and the cores that feed it."""
    try:
        with torch.cuda.device(number):
            chosen, motion = choose(PaintSettings(device="cuda")), MotionSettings()
            found = feeding(chosen, motion, anchors_a_second)
            return True, f"cuda:{number} with network {DEFAULT_NETWORK} {found}; this machine has {os.cpu_count()}"
    except (RuntimeError, ValueError, FileNotFoundError) as error:
        if isinstance(error, RuntimeError) and is_out_of_memory(error):
            return True, f"cuda:{number}: its speed is not known, other work fills its memory"
        return False, f"cuda:{number} does not run network {DEFAULT_NETWORK}: {first_line(error)}"


def _encoders() -> Iterator[tuple[bool, str]]:
    for codec, encoder in ENCODERS.items():
        has = encoder.name in av.codecs_available
        yield has, f"codec {codec}: encoder {encoder.name}" if has else f"codec {codec}: FFmpeg lacks {encoder.name}"


def _card_encoders() -> Iterator[tuple[bool, str]]:
    for name, missing in encoders().items():
        yield True, f"encoder {name}: {missing or 'can be used'}"  # optional: films are encoded without it


def _weights() -> Iterator[tuple[bool, str]]:
    try:
        path = find_weights(DEFAULT_NETWORK)
        load_network(path)
        yield True, f"network {DEFAULT_NETWORK}: {path.stat().st_size / 1e6:.1f} MB, sha256 {weights_digest(path)[:16]}"
    except (FileNotFoundError, ValueError) as error:
        yield False, f"network {DEFAULT_NETWORK}: {error}"


def _networks() -> Iterator[tuple[bool, str]]:
    """The other networks whose weights are here, with the memory that they take."""
    for name in sorted(NETWORKS.keys() - {DEFAULT_NETWORK}):
        with suppress(FileNotFoundError, ValueError):
            chosen = choose(PaintSettings(name, device="cpu"))
            takes = f", about {chosen.memory / 1000:.1f} GB of memory at {chosen.rows} rows" if chosen.memory else ""
            yield True, f"network {name}: weights are here{takes}"


def _disk() -> Iterator[tuple[bool, str]]:
    for name, folder in (("this folder", Path.cwd()), ("temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free / 2**30
        yield free > 1, f"disk, {name}: {free:.1f} GiB free in {folder}"


def examine() -> Iterator[tuple[bool, str]]:
    """Facts of this machine, each with whether it is as it should be."""
    for part in (_packages, _devices, _encoders, _card_encoders, _weights, _networks, _disk):
        yield from part()
