"""The device that colours: whether CUDA or MPS can be used here, and what their errors mean."""

import os
import shutil
import warnings
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F

NVIDIA = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"))
"""Files that NVIDIA's driver makes on Linux."""
CUDA_WHEELS = "https://download.pytorch.org/whl/cu130"
"""PyTorch's own index of wheels for NVIDIA cards."""
DRIVERS = {12: 525, 13: 580}
"""The first of NVIDIA's drivers that runs each major release of CUDA."""
SHORT_OF_MEMORY = ("out of memory", "ALLOC_FAILED", "unable to find an engine")
"""In errors that CUDA, cuBLAS and cuDNN raise where memory is short; the last, where no way to compute has room."""
BROKEN = ("CUDA error", "CUDNN_STATUS", "CUBLAS_STATUS", "CUDA driver error")
"""In errors after which a process can do no more on its GPU."""


class NoDeviceError(ValueError):
    """The device that was asked for cannot be used on this machine."""


def has_nvidia_card() -> bool:
    """Whether NVIDIA's driver is here, and nobody hides its cards from this process."""
    is_hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not is_hidden and (any(path.exists() for path in NVIDIA) or shutil.which("nvidia-smi") is not None)


def missing_cuda() -> str | None:
    """The reason why torch sees no CUDA device, and what to do; None: it sees one. Computes nothing."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")  # of a driver that is too old, which is said here
        if torch.cuda.is_available():
            return None
    if not has_nvidia_card():
        return "no CUDA device here"
    if torch.version.cuda is None:
        release = torch.__version__.partition("+")[0]
        mend = f"pip install --force-reinstall torch=={release} --index-url {CUDA_WHEELS}"
        return f"there is an NVIDIA card, but torch {torch.__version__} is for CPUs only; {mend}"
    said = " ".join(str(warning.message) for warning in warned)
    if said and "too old" not in said:
        return f"there is an NVIDIA card, but CUDA does not start ({first_line(said)})"
    needed = DRIVERS.get(int(torch.version.cuda.partition(".")[0]), "a newer one")
    driver = f"its driver is too old for CUDA {torch.version.cuda}, which needs {needed} or newer"
    return f"there is an NVIDIA card, but {driver}; nvidia-smi shows which it is"


@cache
def unusable_cuda(number: int = 0) -> str | None:
    """The reason why a CUDA device cannot be used, and what to do; None: it can. It is tried, once in a process.

    Args:
        number: of the device, as torch counts those that this process may see.
    """
    missing = missing_cuda()
    if missing is not None:
        return missing
    try:
        convolve(torch.device("cuda", number))
    except RuntimeError as error:
        return f"cuda:{number} {_fault(number, error)}"
    return None


def convolve(device: torch.device) -> None:
    """Runs the least that a network needs, one convolution in half precision, and waits for its result.

    Raises:
        RuntimeError: the device does not do it.
    """
    dtype = half_precision(device)
    ones = torch.ones((1, 8, 8, 8), dtype=dtype, device=device)
    F.conv2d(ones, torch.ones((8, 8, 3, 3), dtype=dtype, device=device)).cpu()


def _fault(number: int, error: RuntimeError) -> str:
    """A device's fault, in words that follow its name."""
    if is_out_of_memory(error) and not _is_too_old(number):
        return "has no memory free; end what else uses it"
    try:
        name = torch.cuda.get_device_name(number)
    except RuntimeError:  # it is gone
        return f"cannot compute ({first_line(error)})"
    if _is_too_old(number):
        return f"({name}) is too old for torch {torch.__version__}, which is made for {_architectures()[0]} and newer"
    return f"({name}) cannot compute ({first_line(error)})"


def _architectures() -> list[str]:
    """The generations of cards that torch is made for, oldest first: sm_75, sm_80, ..."""
    return sorted((name for name in torch.cuda.get_arch_list() if name[3:].isdigit()), key=lambda name: int(name[3:]))


def _is_too_old(number: int) -> bool:
    try:
        major, minor = torch.cuda.get_device_capability(number)
    except RuntimeError:
        return False
    made_for = _architectures()
    return bool(made_for) and 10 * major + minor < int(made_for[0][3:])


def first_line(said: object) -> str:
    """The first line of what an error says."""
    return next((line.strip().rstrip(".") for line in str(said).splitlines() if line.strip()), "it says nothing")


def find_device(name: str) -> torch.device:
    """The device to colour on: auto | cpu | cuda | mps; auto never takes mps, which nobody here has tested.

    Raises:
        NoDeviceError: cuda or mps is asked for and cannot be used.
    """
    if name == "mps" and not torch.backends.mps.is_available():
        raise NoDeviceError("this machine, or this build of torch, has no MPS; --device cpu runs without one")
    if name in ("cpu", "mps"):
        return torch.device(name)
    unusable = unusable_cuda()
    if unusable is None:
        _settle()
        return torch.device("cuda")
    if name == "auto":
        return torch.device("cpu")
    raise NoDeviceError(f"{unusable}; --device cpu runs without one")


def _settle() -> None:
    """Has cuDNN compute the same at each run, and in whole float32 where that is asked for, as judges do."""
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]


def passed_over(name: str) -> tuple[str, ...]:
    """Notes on a device that is not tested, or on the card that `auto` passes over; none of others."""
    if name == "mps":
        return ("--device mps was never run by us: compare a still of it with one of --device cpu",)
    unusable = unusable_cuda() if name == "auto" and has_nvidia_card() else None
    return (f"the CPU colours: {unusable}",) if unusable else ()


def kind_of(device: torch.device) -> str:
    """The kind of device, as far as the last bit of a colour depends on it; empty for the CPU."""
    if device.type != "cuda":
        return "" if device.type == "cpu" else f"{device.type}, torch {torch.__version__}"
    kind = f"{torch.cuda.get_device_name(device)}, cuDNN {torch.backends.cudnn.version()}"  # type: ignore[no-untyped-call]
    return kind if half_precision(device) == torch.bfloat16 else f"{kind}, float16"


def half_precision(device: torch.device) -> torch.dtype:
    """The type in which networks run: bfloat16, or float16 on MPS and on cards that only emulate it (before Ampere)."""
    is_old = device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0)
    is_old = is_old or device.type == "mps"
    return torch.float16 if is_old else torch.bfloat16


def wait_for(device: torch.device) -> None:
    """Sleeps until a GPU is done with what it was given; the wait in `.cpu()` would keep a core busy."""
    if device.type == "cuda":
        done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        done.record()
        done.synchronize()


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that the device's memory is short; less may then fit."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in SHORT_OF_MEMORY)


def is_broken(error: RuntimeError) -> bool:
    """Whether an error is the GPU's own, after which each call of this process fails on it."""
    if is_out_of_memory(error):
        return False
    return isinstance(error, torch.AcceleratorError) or any(words in str(error) for words in BROKEN)
