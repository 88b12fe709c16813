"""A device that is none: tensors lie on "simulated", are computed on the CPU, and what a GPU would do is counted.

An operation on tensors of two devices raises, as on a GPU. Under autocast products run in half precision and sums and
exponentials in float32, as CUDA's do, and each cast is a launch. It says nothing of a GPU's arithmetic or its speed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from pipelines.painting import painter

NAME = "simulated"
IN_HALF = ("conv1d", "conv2d", "conv_transpose2d.input", "linear", "matmul", "mm", "bmm", "addmm", "baddbmm")
"""Operations that autocast runs in half precision."""
IN_FLOAT = ("softmax.int", "exp", "sum", "sum.dim_IntList", "pow.Tensor_Scalar")
"""Operations that autocast runs in float32."""
NO_LAUNCH = ("empty", "empty_like", "empty_strided", "new_empty", "_unsafe_view", "_local_scalar_dense")
"""Operations that compute nothing; those that give a view of their input are known by their schema."""
WAITS = ("nonzero", "masked_select", "_local_scalar_dense")
"""Operations whose result, or its size, the CPU waits for."""


_WEIGHTS: dict[int, tuple[nn.Parameter, Tensor]] = {}
"""Weights with what autocast has made of them."""


def _autocast(operation: Any, in_half: bool, *args: Any, **kwargs: Any) -> Any:
    """An operation under autocast; weights are cast once in a context."""
    dtype = torch.get_autocast_dtype(NAME) if in_half else torch.float32

    def cast(item: Any) -> Any:
        if not isinstance(item, Tensor) or not item.is_floating_point() or item.dtype in (dtype, torch.float64):
            return item
        if not isinstance(item, nn.Parameter):
            return item.to(dtype)
        if id(item) not in _WEIGHTS:
            _WEIGHTS[id(item)] = (item, item.to(dtype))
        return _WEIGHTS[id(item)][1]

    with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)):
        return operation(*map(cast, args), **{key: cast(value) for key, value in kwargs.items()})


def _set_up() -> tuple[torch.library.Library, ...]:
    """Makes the device known to torch; its operations stay known as long as the libraries are held."""
    _setup_privateuseone_for_python_backend(NAME)
    module: Any = getattr(torch, NAME)
    type(module).get_amp_supported_dtype = staticmethod(lambda: [torch.bfloat16, torch.float16])
    others = torch.library.Library("_", "IMPL", "AutocastPrivateUse1")
    others.fallback(torch.library.fallthrough_kernel)
    library = torch.library.Library("aten", "IMPL", "AutocastPrivateUse1")
    for names, in_half in ((IN_HALF, True), (IN_FLOAT, False)):
        for name in names:
            packet, _, overload = name.partition(".")
            operation = getattr(getattr(torch.ops.aten, packet), overload or "default")
            library.impl(name, partial(_autocast, operation, in_half))
    return library, others


_LIBRARIES = _set_up()
DEVICE = torch.device(NAME)


@dataclass
class Counts:
    """The work of a device since the last `clear`."""

    launches: int = 0
    to_device: int = 0
    """Copies, each of which waits, as the memory is not pinned."""
    to_cpu: int = 0
    """Copies, each of which waits for the device to be done."""
    other_waits: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    """Launches by operation."""

    def clear(self) -> None:
        """Begins to count anew."""
        self.__init__()  # type: ignore[misc]

    @property
    def waits(self) -> int:
        """Times that the CPU waits."""
        return self.to_device + self.to_cpu + self.other_waits


class _Simulated(Tensor):
    """A tensor on the simulated device, whose values lie on the CPU."""

    values: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    @torch.inference_mode(mode=False)  # torch takes views of weights, which are no inference tensors, for the same
    def __new__(cls, values: Tensor) -> _Simulated:
        made = Tensor._make_wrapper_subclass(
            cls, values.shape, values.stride(), values.storage_offset(), dtype=values.dtype, device=DEVICE
        )
        made.values = values
        return made

    def new_tensor(self, data: Any, *, dtype: torch.dtype | None = None) -> Tensor:  # type: ignore[override]
        """A tensor beside this one; torch makes it without asking the mode."""
        return torch.tensor(data, dtype=dtype or self.dtype).to(DEVICE)

    def __getitem__(self, at: Any) -> Tensor:
        """Part of this tensor; torch copies a list to the device without asking the mode, too."""

        def there(index: Any) -> Any:
            return torch.tensor(index, dtype=torch.int64).to(DEVICE) if isinstance(index, list) else index

        return super().__getitem__(tuple(map(there, at)) if isinstance(at, tuple) else there(at))

    def tolist(self) -> Any:
        """The values, copied to the CPU first, as torch does on a GPU."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func}: outside of the simulation")


def _values(item: Any) -> Any:
    return item.values if isinstance(item, _Simulated) else item


def _simulated(item: Any) -> Any:
    return _Simulated(item) if isinstance(item, Tensor) else item


class _Mode(TorchDispatchMode):
    """Runs each operation where its tensors lie, and counts those of the device."""

    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self.counts = counts

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = dict(kwargs or {}), func.overloadpacket.__name__
        if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"):
            with self:  # by what torch runs in C++; `decompose` would take what it compiles from
                return func._op_dk(torch._C.DispatchKey.CompositeImplicitAutograd, *args, **kwargs)
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        here = [tensor for tensor in tensors if isinstance(tensor, _Simulated)]
        asked = kwargs.pop("device", None)
        is_here = bool(here) if asked is None else torch.device(asked).type == NAME
        if name in ("_to_copy", "copy_"):
            return self._copied(func, args, kwargs, is_here)
        if not here and not is_here:
            return func(*args, **kwargs, **({} if asked is None else {"device": asked}))
        self._check(name, tensors)
        result = func(*tree_map(_values, args), **tree_map(_values, kwargs))
        self._count(func, name)
        if name.endswith("_") and not name.startswith("_"):
            return args[0]
        return tree_map(_simulated, result)

    def _copied(self, func: Any, args: Any, kwargs: Any, is_here: bool) -> Any:
        target = args[0] if func.overloadpacket.__name__ == "copy_" else None
        source = args[0] if target is None else args[1]
        is_here = is_here if target is None else isinstance(target, _Simulated)
        if target is None and isinstance(source, _Simulated) == is_here and not is_here:
            return func(*args, **kwargs)
        result = func(*tree_map(_values, args), **{key: value for key, value in kwargs.items() if key != "pin_memory"})
        if is_here and isinstance(source, _Simulated):
            self._count(func, "cast or copy")
        elif is_here:
            self.counts.to_device += 1
        else:
            self.counts.to_cpu += isinstance(source, _Simulated)
        if target is not None:
            return target
        return _simulated(result) if is_here else result

    def _check(self, name: str, tensors: list[Tensor]) -> None:
        """Raises where a tensor lies elsewhere; numbers (0 dimensions) and indices may lie on the CPU, as on a GPU."""
        for tensor in tensors:
            if isinstance(tensor, _Simulated) or not tensor.dim():
                continue
            if not name.startswith(("index", "_index")):
                raise RuntimeError(f"{name}: tensors on {NAME} and {tensor.device}, {tuple(tensor.shape)}")
            self.counts.to_device += 1

    def _count(self, func: Any, name: str) -> None:
        is_view = any(returned.alias_info and not returned.alias_info.is_write for returned in func._schema.returns)
        if not is_view and name not in NO_LAUNCH:
            self.counts.launches += 1
            self.counts.operations[name] += 1
        self.counts.other_waits += name in WAITS


@contextmanager
def simulated_device() -> Iterator[Counts]:
    """Within it painters that are opened lie on the simulated device; the work there is counted."""
    counts, future = Counts(), torch.__future__
    with (
        patch.object(painter, "find_device", lambda _name: DEVICE),
        patch.object(torch, "clear_autocast_cache", _WEIGHTS.clear),
        # a module that changes its type gets new weights: setting their `data` would leave the values as they were
        patch.object(future, "get_overwrite_module_params_on_conversion", lambda: True),
        _Mode(counts),
    ):
        yield counts
