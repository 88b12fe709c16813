"""A card that cannot be used is named with its reason; `auto` passes over it with a note, `cuda` refuses it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock, call

import pytest
import torch
from click.testing import CliRunner

from pipelines.painting import device
from pipelines.painting.device import (
    NoDeviceError,
    convolve,
    find_device,
    half_precision,
    is_broken,
    is_out_of_memory,
    kind_of,
    missing_cuda,
    passed_over,
    unusable_cuda,
    wait_for,
)
from pipelines.settings import Settings
from restore.cli import main
from tests.made import clips

NO_IMAGE = torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device\nCompile with")
LOST = torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might be")
FULL = torch.AcceleratorError("CUDA error: out of memory")


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """No test knows what an earlier one has found."""
    unusable_cuda.cache_clear()
    yield
    unusable_cuda.cache_clear()


class Machine:
    """A machine with an NVIDIA card, on which `fault` is raised when it computes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.tried: list[torch.device] = []
        self.fault: RuntimeError | None = None
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(device, "NVIDIA", (Path(__file__),))

    def sees(self, capability: tuple[int, int] = (8, 9), cuda: str | None = "13.0", fault: object = None) -> None:
        """Torch sees the card."""
        self.fault = fault if isinstance(fault, RuntimeError) else None
        self.patch.setattr(torch.version, "cuda", cuda)
        self.patch.setattr(torch.cuda, "is_available", lambda: True)
        self.patch.setattr(torch.cuda, "device_count", lambda: 1)
        self.patch.setattr(torch.cuda, "get_device_name", lambda _: "Card X")
        self.patch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
        self.patch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_120", "sm_75", "sm_90a", "sm_80"])
        self.patch.setattr(device, "convolve", self.compute)

    def compute(self, where: torch.device) -> None:
        self.tried.append(where)
        if self.fault:
            raise self.fault

    def without_cuda(self, cuda: str | None, warning: str = "") -> None:
        """Torch sees no card."""

        def is_available() -> bool:
            if warning:
                warnings.warn(warning, stacklevel=1)
            return False

        self.patch.setattr(torch.version, "cuda", cuda)
        self.patch.setattr(torch.cuda, "is_available", is_available)
        self.patch.setattr(torch.cuda, "device_count", lambda: 0)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_the_trial_is_one_that_any_device_can_do() -> None:
    convolve(torch.device("cpu"))


def test_a_card_that_computes_is_taken_and_tried_once(machine: Machine) -> None:
    machine.sees()
    assert find_device("auto") == find_device("cuda") == torch.device("cuda")
    assert passed_over("auto") == ()
    assert machine.tried == [torch.device("cuda", 0)]


@pytest.mark.parametrize(
    ("fault", "capability", "reason"),
    [
        (NO_IMAGE, (6, 1), "cuda:0 (Card X) is too old for torch TORCH, which is made for sm_75 and newer"),
        (
            RuntimeError("GET was unable to find an engine to execute this computation"),
            (7, 0),
            "cuda:0 (Card X) is too",
        ),
        (FULL, (8, 0), "cuda:0 has no memory free; end what else uses it"),
        (LOST, (8, 0), "cuda:0 (Card X) cannot compute (CUDA error: unspecified launch failure)"),
    ],
)
def test_a_card_that_does_not_compute_is_named_with_its_reason(
    machine: Machine, fault: RuntimeError, capability: tuple[int, int], reason: str
) -> None:
    machine.sees(capability, fault=fault)
    reason = reason.replace("TORCH", torch.__version__)
    assert find_device("auto") == torch.device("cpu")
    (note,) = passed_over("auto")
    assert note.startswith(f"the CPU colours: {reason}")
    with pytest.raises(NoDeviceError) as caught:
        find_device("cuda")
    assert str(caught.value).startswith(reason)
    assert str(caught.value).endswith("; --device cpu runs without one")


@pytest.mark.parametrize(
    ("cuda", "warning", "reason"),
    [
        (None, "", "there is an NVIDIA card, but torch TORCH is for CPUs only; pip install --force-reinstall torch=="),
        (
            "13.0",
            "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040).",
            "there is an NVIDIA card, but its driver is too old for CUDA 13.0, which needs 580 or newer; nvidia-smi",
        ),
        ("13.0", "", "there is an NVIDIA card, but its driver is too old for CUDA 13.0, which needs 580 or newer"),
        (
            "13.0",
            "CUDA initialization: CUDA unknown error - this may be due to",
            "there is an NVIDIA card, but CUDA does not start (CUDA initialization: CUDA unknown error",
        ),
    ],
)
def test_a_card_that_torch_does_not_see_is_named_with_its_reason(
    machine: Machine, cuda: str | None, warning: str, reason: str
) -> None:
    machine.without_cuda(cuda, warning)
    assert str(missing_cuda()).startswith(reason.replace("TORCH", torch.__version__))
    assert find_device("auto") == torch.device("cpu")
    assert len(passed_over("auto")) == 1
    assert passed_over("cpu") == ()


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_card_that_a_person_hides_is_not_missed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    machine.without_cuda("13.0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert missing_cuda() == "no CUDA device here"
    assert passed_over("auto") == ()


def test_no_card_is_no_fault(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.without_cuda(None)
    monkeypatch.setattr(device, "has_nvidia_card", lambda: False)
    assert find_device("auto") == find_device("cpu") == torch.device("cpu")
    assert passed_over("auto") == ()
    with pytest.raises(NoDeviceError, match="no CUDA device here; --device cpu runs without one"):
        find_device("cuda")


@pytest.mark.parametrize(
    ("error", "is_full", "is_gone"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True, False),
        (FULL, True, False),
        (RuntimeError("GET was unable to find an engine to execute this computation"), True, False),
        (RuntimeError("FIND was unable to find an engine to execute this computation"), True, False),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True, False),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True, False),
        (LOST, False, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"), False, True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), False, True),
        (RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"), False, False),
    ],
)
def test_errors_of_a_full_and_of_a_failed_card_are_told_apart(
    error: RuntimeError, is_full: bool, is_gone: bool
) -> None:
    assert (is_out_of_memory(error), is_broken(error)) == (is_full, is_gone)


def test_the_commands_say_it(machine: Machine, settings: Settings, tmp_path: Path) -> None:
    machine.sees((6, 1), fault=NO_IMAGE)
    film, network = clips.plain(tmp_path / "film.mp4"), settings.paint.network
    said = CliRunner().invoke(main, [str(film), "--network", network, "--end", "0.1"])
    assert said.exit_code == 0, said.output
    assert f"note: the CPU colours: cuda:0 (Card X) is too old for torch {torch.__version__}" in said.output
    still = CliRunner().invoke(main, ["still", str(film), "--at", "0", "--network", network])
    assert "note: the CPU colours: cuda:0 (Card X) is too old" in still.output
    refused = CliRunner().invoke(main, [str(film), "--network", network, "--device", "cuda", "--overwrite"])
    assert refused.exit_code == 2
    assert "(Card X) is too old for torch" in refused.output


def test_doctor_says_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    from restore import doctor

    monkeypatch.setattr(doctor, "packages", lambda: ["pillow"])
    machine.sees((6, 1), fault=NO_IMAGE)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: None)
    said = CliRunner().invoke(main, ["doctor"])
    assert said.exit_code == 1
    assert f"BAD  cuda:0 (Card X) is too old for torch {torch.__version__}" in said.output


def test_gpus_of_a_machine_that_cannot_use_them_are_refused_with_the_reason(
    machine: Machine, settings: Settings, tmp_path: Path
) -> None:
    machine.without_cuda(None)
    film = clips.plain(tmp_path / "film.mp4")
    said = CliRunner().invoke(main, [str(film), "--network", settings.paint.network, "--gpus", "2"])
    assert said.exit_code == 2
    assert f"restore: --gpus: there is an NVIDIA card, but torch {torch.__version__} is for CPUs only;" in said.output


@pytest.mark.parametrize(
    ("capability", "dtype", "said"), [((7, 5), torch.float16, ", float16"), ((8, 0), torch.bfloat16, "")]
)
def test_a_card_that_emulates_bfloat16_computes_in_float16_and_its_kind_says_so(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], dtype: torch.dtype, said: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Card X")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 92000)
    assert half_precision(torch.device("cuda")) == dtype
    assert kind_of(torch.device("cuda")) == f"Card X, cuDNN 92000{said}"
    assert half_precision(torch.device("cpu")) == torch.bfloat16


def test_a_gpu_computes_the_same_at_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    cudnn, precision = torch.backends.cudnn, torch.backends.cudnn.conv.fp32_precision  # type: ignore[attr-defined]
    monkeypatch.setattr(device, "unusable_cuda", lambda: None)
    monkeypatch.setattr(cudnn, "deterministic", False)
    try:
        assert find_device("auto") == torch.device("cuda")
        assert cudnn.deterministic
        assert cudnn.conv.fp32_precision == "ieee"  # type: ignore[attr-defined]
    finally:
        cudnn.conv.fp32_precision = precision  # type: ignore[attr-defined]


def test_the_wait_for_a_gpu_keeps_no_core_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Mock()
    monkeypatch.setattr(torch.cuda, "Event", done)
    wait_for(torch.device("cpu"))
    assert not done.mock_calls
    wait_for(torch.device("cuda"))
    assert done.mock_calls == [call(blocking=True), call().record(), call().synchronize()]


def test_mps_is_taken_where_torch_has_it_and_said_to_be_untested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert find_device("mps") == torch.device("mps")
    assert half_precision(torch.device("mps")) == torch.float16
    assert kind_of(torch.device("mps")).startswith("mps, torch ")
    (note,) = passed_over("mps")
    assert "never run by us" in note


def test_mps_is_refused_where_torch_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(NoDeviceError, match="no MPS; --device cpu runs without one"):
        find_device("mps")


def test_auto_never_takes_mps(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.without_cuda(None)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert find_device("auto") == torch.device("cpu")
