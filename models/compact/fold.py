"""Networks made ready to colour: on a CPU or a GPU, nothing is computed at each call that can be computed once.

On a CPU: bf16 weights laid out once, each convolution in one call with its norm and activation.
oneDNN needs one pass over the picture where eager PyTorch needs three: it casts and lays out the weights at every call,
convolves, and goes over the result again for batch norm and ReLU. Measured at 256 x 256 on one thread: see
tests/benchmarks/network.py.
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.compact.encoder import Encoder, SamePad
from models.compact.lite import NormedConv
from models.compact.mobilenet import InvertedResidual, PaddedConv
from models.compact.network import Decoder

ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.Identity: ("none", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
}
"""oneDNN's names of activations that may follow a convolution, and their parameters."""

SIZES = 4
"""Sizes of inputs for which a convolution keeps its weights laid out: full frames and instances, of two films."""


class FoldedConv(nn.Module):
    """A convolution, its batch norm and its activation in one call: (N, C, h, w) of any precision to bf16."""

    def __init__(self, conv: nn.Conv2d, activation: type[nn.Module]) -> None:
        super().__init__()
        self.where = [list(size) for size in (conv.padding, conv.stride, conv.dilation)]
        self.groups = conv.groups
        self.activation, self.parameters_ = ACTIVATIONS[activation]
        self.weight = conv.weight.detach().bfloat16()
        self.laid_out: dict[torch.Size, Tensor] = {}
        self.bias = None if conv.bias is None else conv.bias.detach().bfloat16()

    def forward(self, x: Tensor) -> Tensor:
        """The convolution's result."""
        x = x.bfloat16().contiguous(memory_format=torch.channels_last)
        y: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight_for(x.shape), self.bias, *self.where, self.groups, self.activation, self.parameters_, ""
        )
        return y

    def _weight_for(self, shape: torch.Size) -> Tensor:
        """The weight in oneDNN's layout for inputs of this size, whatever their number.

        In another layout the call can take 200 times as long.
        """
        size = shape[1:]
        if size not in self.laid_out:
            while len(self.laid_out) >= SIZES:
                self.laid_out.pop(next(iter(self.laid_out)), None)
            one = [1, *size]
            layout = torch.ops.mkldnn._reorder_convolution_weight(self.weight, *self.where, self.groups, one)
            self.laid_out[size] = layout
        return self.laid_out[size]


class MirroredEncoder(nn.Module):
    """The compact network's encoder, seen in a mirror: the same features without padded copies.

    SAME padding of even sides lies below and to the right; seen upside down and from behind it lies above and to the
    left, where a convolution of stride 2 pads by itself (and never reads its padding on the other sides).
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        for module in encoder.modules():
            if isinstance(module, nn.Conv2d):
                module.weight = nn.Parameter(module.weight.flip(2, 3))
                module.padding = (module.kernel_size[0] // 2,) * 2
            for name, child in module.named_children():
                if isinstance(child, SamePad):
                    setattr(module, name, nn.Identity())
        _fold_children(encoder)
        self.encoder = encoder

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at 1/4, 1/8, 1/16 and 1/32, as the encoder gives them."""
        return [tap.flip(2, 3) for tap in self.encoder(x.flip(2, 3))]


def can_fold() -> bool:
    """Whether this CPU's oneDNN computes in bf16."""
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(has_onednn and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def ready_for_gpu(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of a network in evaluation mode for autocast on a GPU: weights in half precision, norms in convolutions.

    Autocast would cast each weight once a batch: a third of all that a GPU is given to do.

    Args:
        network: in float32; the copy shares its tensors as far as they stay.
        dtype: of autocast.
    """
    network = _copied(network)
    for parent in list(network.modules()):
        _simplify(parent)
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            for name, weight in list(layer.named_parameters(recurse=False)):
                setattr(layer, name, nn.Parameter(weight.detach().to(dtype)))
    return network


def _simplify(layer: nn.Module) -> None:
    """Has a layer launch less, without its result being another."""
    for name, child in layer.named_children():
        if type(child) is nn.Sequential:
            setattr(layer, name, nn.Sequential(*_without_norms(list(_spliced(child)))))
    if isinstance(layer, Encoder):
        _join_products(layer)
    if isinstance(layer, Decoder):
        _join_context(layer)
    if isinstance(layer, PaddedConv):
        _without_pad(layer, layer[0])  # type: ignore[arg-type]  # it is a convolution
    if isinstance(layer, NormedConv):
        layer.conv, layer.bn = fuse_conv_bn_eval(layer.conv, layer.bn), nn.Identity()  # type: ignore[arg-type]
        _without_pad(layer, layer.conv)


def _join_products(encoder: Encoder) -> None:
    """Makes one convolution of a block's last and the first of the next, where nothing else reads what is between."""
    for number, (block, after) in enumerate(pairwise(encoder.features)):
        if not isinstance(block, InvertedResidual) or block.is_residual or number in encoder.taps:
            continue
        if isinstance(after, InvertedResidual) and after.is_residual:
            continue
        first = after.conv[0] if isinstance(after, InvertedResidual) else after
        first[0] = _product(block.conv[-1], first[0])  # type: ignore[index, arg-type, operator]
        block.conv[-1] = nn.Identity()


def _product(inner: nn.Conv2d, outer: nn.Conv2d) -> nn.Conv2d:
    """The convolution of 1 x 1 that does what two of these do one after the other."""
    assert inner.bias is not None
    assert outer.bias is not None
    weight, matrix = inner.weight.detach()[:, :, 0, 0], outer.weight.detach()[:, :, 0, 0]
    return _conv_of(matrix @ weight, matrix @ inner.bias.detach() + outer.bias.detach())


def _join_context(decoder: Decoder) -> None:
    """Makes one convolution of the decoder's first and of its view of the whole picture, the mean taken after it."""
    top, context = decoder.top, decoder.context
    assert context is not None
    assert top.bias is not None
    weight = torch.cat([top.weight.detach()[:, :, 0, 0], context.weight.detach()])
    decoder.top = _conv_of(weight, torch.cat([top.bias.detach(), context.bias.detach()]))
    decoder.context = None


def _conv_of(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    """The convolution of 1 x 1 with this matrix (outputs, inputs) and this bias."""
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], 1, device="meta")
    conv.weight, conv.bias = nn.Parameter(weight[:, :, None, None]), nn.Parameter(bias)
    return conv


def _without_pad(layer: PaddedConv | NormedConv, conv: nn.Conv2d) -> None:
    """Has the convolution pad by itself: on both sides, with a row and a column of zeros before its weights."""
    if isinstance(layer.pad, SamePad):
        conv.weight, conv.padding = nn.Parameter(F.pad(conv.weight, (1, 0, 1, 0))), (layer.pad.before + 1,) * 2
        layer.pad = nn.Identity()


def _without_norms(row: list[nn.Module]) -> Iterator[nn.Module]:
    """The row with each batch norm that follows a convolution in it."""
    while row:
        first, *row = row
        if isinstance(first, nn.Conv2d) and row and isinstance(row[0], nn.BatchNorm2d):
            norm, *row = row
            first = fuse_conv_bn_eval(first, norm)  # type: ignore[arg-type]  # it is one
        yield first


def folded(network: nn.Module) -> nn.Module:
    """A copy of a network in evaluation mode that gives the same, faster, on a CPU whose oneDNN computes in bf16.

    Call it under autocast: other layers stay as they were, and share their tensors with the network.
    """
    network = _copied(network)
    _fold_children(network)
    return network


def _copied(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode, which shares its tensors."""
    shared = {id(tensor): tensor for tensor in [*network.parameters(), *network.buffers()]}
    return deepcopy(network, shared).eval()


def _fold_children(parent: nn.Module) -> None:
    for name, child in parent.named_children():
        setattr(parent, name, _fold(child))


def _fold(module: nn.Module) -> nn.Module:
    if isinstance(module, Encoder):
        return MirroredEncoder(module)
    if isinstance(module, PaddedConv):
        return nn.Sequential(module.pad, FoldedConv(module[0], nn.ReLU6))  # type: ignore[arg-type]
    if isinstance(module, nn.Sequential):
        return nn.Sequential(*_fold_row(list(_spliced(module))))
    if isinstance(module, nn.Conv2d):
        return FoldedConv(module, nn.Identity)
    _fold_children(module)
    return module


def _spliced(row: nn.Sequential) -> Iterator[nn.Module]:
    """The modules of a row, with nested plain rows flattened."""
    for child in row.children():
        if type(child) is nn.Sequential:
            yield from _spliced(child)
        else:
            yield child


def _fold_row(row: list[nn.Module]) -> Iterator[nn.Module]:
    """The row with each convolution merged with the batch norm and the activation that follow it."""
    while row:
        first, *row = row
        if not isinstance(first, nn.Conv2d):
            yield _fold(first)
            continue
        if row and isinstance(row[0], nn.BatchNorm2d):
            norm, *row = row
            first = fuse_conv_bn_eval(first, norm)  # type: ignore[arg-type]  # it is one
        activation: type[nn.Module] = nn.Identity
        if row and type(row[0]) in ACTIVATIONS:
            activation = type(row[0])
            row = row[1:]
        yield FoldedConv(first, activation)
