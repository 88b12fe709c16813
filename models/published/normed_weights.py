"""Weights that were divided by a norm while their networks were taught, made plain once, as a file is taken over.

Weight norm (Salimans, Kingma, NeurIPS 2016, arXiv 1602.07868): a weight's direction and its length are learnt apart.
Spectral norm (Miyato et al., ICLR 2018, arXiv 1802.05957): a layer's weight is divided by its largest singular value,
estimated from vectors u and v that power iteration brings closer step by step. Files keep the weight as it was, and the
vectors; authors differ in the names, and in how many steps they take when the network is used.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models.published.strict import misfit


class Normed(nn.Module, ABC):
    """A layer whose published file keeps other tensors in place of `weight`; the layer itself is a plain one."""

    weight: Tensor

    @abstractmethod
    def kept(self) -> dict[str, torch.Size]:
        """Names and shapes of the tensors in place of `weight`."""

    @abstractmethod
    def plain(self, kept: Mapping[str, Tensor]) -> Tensor:
        """The weight that the layer works with."""

    def _rows(self) -> tuple[int, int]:
        """Size of the weight as a matrix."""
        return len(self.weight), self.weight[0].numel()


class SpectralNormed(Normed):
    """Spectral norm of PyTorch: u and v are used as they are."""

    def kept(self) -> dict[str, torch.Size]:
        out, rest = self._rows()
        return {
            "weight_orig": self.weight.shape,
            "weight_u": torch.Size([out]),
            "weight_v": torch.Size([rest]),
        }

    def plain(self, kept: Mapping[str, Tensor]) -> Tensor:
        weight = kept["weight_orig"]
        return weight / (kept["weight_u"] @ weight.flatten(1) @ kept["weight_v"])


class SpectralConv2d(SpectralNormed, nn.Conv2d):
    """A convolution with spectral norm of PyTorch."""


class SpectralConv1d(SpectralNormed, nn.Conv1d):
    """A convolution along one dimension with spectral norm of PyTorch."""


class WeightNormedConv2d(Normed, nn.Conv2d):
    """A convolution with weight norm of PyTorch: each output's direction, and its length."""

    def kept(self) -> dict[str, torch.Size]:
        return {"weight_g": torch.Size([len(self.weight), 1, 1, 1]), "weight_v": self.weight.shape}

    def plain(self, kept: Mapping[str, Tensor]) -> Tensor:
        direction = kept["weight_v"]
        return kept["weight_g"] * direction / direction.flatten(1).norm(dim=1)[:, None, None, None]


class BigGanNormed(Normed):
    """Spectral norm of BigGAN: each call takes a step from the stored u; the singular values are a log."""

    def kept(self) -> dict[str, torch.Size]:
        return {"weight": self.weight.shape, "u0": torch.Size([1, len(self.weight)]), "sv0": torch.Size([1])}

    def plain(self, kept: Mapping[str, Tensor]) -> Tensor:
        weight = kept["weight"]
        return weight / _singular_value(weight, kept["u0"][0])


class BigGanConv2d(BigGanNormed, nn.Conv2d):
    """A convolution with spectral norm of BigGAN."""


class BigGanLinear(BigGanNormed, nn.Linear):
    """A linear layer with spectral norm of BigGAN."""


class BigGanEmbedding(BigGanNormed, nn.Embedding):
    """An embedding with spectral norm of BigGAN."""


class ScganConv2d(Normed, nn.Conv2d):
    """A convolution with spectral norm of SCGAN: each call takes a step from the stored u, and keeps it."""

    def kept(self) -> dict[str, torch.Size]:
        out, rest = self._rows()
        return {
            "module.weight_bar": self.weight.shape,
            "module.weight_u": torch.Size([out]),
            "module.weight_v": torch.Size([rest]),
        }

    def plain(self, kept: Mapping[str, Tensor]) -> Tensor:
        weight = kept["module.weight_bar"]
        return weight / _singular_value(weight, kept["module.weight_u"])


def _singular_value(weight: Tensor, u: Tensor) -> Tensor:
    """The largest singular value of a weight, after a step of power iteration from u."""
    matrix = weight.flatten(1)
    v = u @ matrix
    return (matrix @ (v / v.norm())).norm()


def published_shapes(network: nn.Module) -> dict[str, torch.Size]:
    """Keys and shapes of the network's published file."""
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    for name, layer in _normed(network).items():
        del shapes[name + "weight"]
        shapes |= {name + key: shape for key, shape in layer.kept().items()}
    return shapes


def taken_over(network: nn.Module, published: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's own state, from a published file's.

    Args:
        network: as it is used.
        published: the network with all that its file has, which may be more; both may lie on the meta device.
        state: of the file.

    Raises:
        ValueError: tensors of the file are missing, too many or misshapen; it names them.
    """
    fault = misfit(published_shapes(published), state)
    if fault:
        raise ValueError(fault)
    plain, own = dict(state), network.state_dict()
    for name, layer in _normed(published).items():
        kept = {key: plain.pop(name + key) for key in layer.kept()}
        if name + "weight" in own:
            plain[name + "weight"] = layer.plain(kept)
    return {key: plain[key] for key in own}


def _normed(network: nn.Module) -> dict[str, Normed]:
    return {f"{name}.": layer for name, layer in network.named_modules() if isinstance(layer, Normed)}
