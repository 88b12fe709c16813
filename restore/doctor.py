"""Facts of this machine: packages, devices, encoders, weights, disks, each with whether it is as it should be."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import av
import torch

from models.weights.catalogue import DEFAULT_NETWORK, find_weights, weights_digest
from models.weights.files import load_network
from pipelines import DISTRIBUTION
from pipelines.media.codecs import ENCODERS

NAME = re.compile(r"[\w.-]+")
"""Of a package, at the beginning of what is required of it."""


NVIDIA = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"))
"""Files that NVIDIA's driver makes on Linux."""
CUDA_WHEELS = "https://download.pytorch.org/whl/cu130"
"""PyTorch's own index of wheels for NVIDIA cards."""


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
    for i in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(i)
        yield True, f"cuda:{i}: {facts.name}, {facts.total_memory / 2**30:.0f} GiB"
    if not torch.cuda.is_available():
        yield _without_cuda()


def _has_nvidia_card() -> bool:
    """Whether NVIDIA's driver is here."""
    return any(path.exists() for path in NVIDIA) or shutil.which("nvidia-smi") is not None


def _without_cuda() -> tuple[bool, str]:
    """Why no CUDA device can be used; where the wheel of torch is at fault, the command that mends it."""
    if not _has_nvidia_card():
        return True, "cuda: none here, films are coloured on the CPU"
    if torch.version.cuda is None:
        release = torch.__version__.partition("+")[0]
        mend = f"pip install --force-reinstall torch=={release} --index-url {CUDA_WHEELS}"
        return False, f"there is an NVIDIA card, but torch {torch.__version__} is for CPUs only; {mend}"
    return False, f"there is an NVIDIA card, but CUDA {torch.version.cuda} cannot use it; update its driver: nvidia-smi"


def _encoders() -> Iterator[tuple[bool, str]]:
    for codec, encoder in ENCODERS.items():
        has = encoder.name in av.codecs_available
        yield has, f"codec {codec}: encoder {encoder.name}" if has else f"codec {codec}: FFmpeg lacks {encoder.name}"


def _weights() -> Iterator[tuple[bool, str]]:
    try:
        path = find_weights(DEFAULT_NETWORK)
        load_network(path)
        yield True, f"network {DEFAULT_NETWORK}: {path.stat().st_size / 1e6:.1f} MB, sha256 {weights_digest(path)[:16]}"
    except (FileNotFoundError, ValueError) as error:
        yield False, f"network {DEFAULT_NETWORK}: {error}"


def _disk() -> Iterator[tuple[bool, str]]:
    for name, folder in (("this folder", Path.cwd()), ("temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free / 2**30
        yield free > 1, f"disk, {name}: {free:.1f} GiB free in {folder}"


def examine() -> Iterator[tuple[bool, str]]:
    """Facts of this machine, each with whether it is as it should be."""
    for part in (_packages, _devices, _encoders, _weights, _disk):
        yield from part()
