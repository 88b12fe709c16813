"""Spectral norm of BigGAN and SCGAN while a network is taught: each call takes a step of power iteration, and keeps it.

Layers of `normed_weights` hold plain weights, with the norm divided out. Here they get it back, as PyTorch's
parametrizations, and the network's state is read and written under the names that the authors' files have.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from models.published.normed_weights import BigGanNormed, ScganConv2d
from models.published.strict import misfit

NORM_EPS = 1e-6
"""Least length of the vectors, as in the authors' code."""
SETTLING = 5
"""Steps before training, so that SCGAN's weights that were divided before stay nearly as they are."""
GAIN, NORM_DEVIATION = 0.02, 0.02
"""Of SCGAN's first weights (Glorot, Bengio, AISTATS 2010); standard deviation of batch norm's first factors."""


class PowerStep(nn.Module):
    """A weight over its largest singular value, estimated by one step from the vector of the last call."""

    u0: Tensor
    sv0: Tensor

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.register_buffer("u0", torch.randn(1, rows))
        self.register_buffer("sv0", torch.ones(1))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight, divided; the vector moves on in training alone."""
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            with torch.no_grad():
                v = F.normalize(self.u0 @ matrix, eps=NORM_EPS)
                u = F.normalize(v @ matrix.T, eps=NORM_EPS)
            value = (v @ matrix.T @ u.T).squeeze()
            if self.training:
                self.u0.copy_(u)
                self.sv0.copy_(value.detach())
            return weight / value


def with_spectral_norm(network: nn.Module) -> nn.Module:
    """The network with spectral norm in its BigGAN layers, weights orthogonal at first (Brock et al., sec. 3.1)."""
    layers = list(network.modules())
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
            nn.init.orthogonal_(layer.weight)
        if isinstance(layer, BigGanNormed):
            parametrize.register_parametrization(layer, "weight", PowerStep(len(layer.weight)))
    return network


def begin_as_scgan(network: nn.Module) -> None:
    """Draws weights as SCGAN's authors set them to be: convolutions by Xavier, batch norm's factors around 1."""
    for layer in network.modules():
        if isinstance(layer, ScganConv2d):
            nn.init.xavier_normal_(layer.weight, GAIN)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, NORM_DEVIATION)


def with_scgan_norm(network: nn.Module) -> nn.Module:
    """The network with spectral norm in its SCGAN layers, in training mode; their weights stay."""
    layers = [layer for layer in network.train().modules() if isinstance(layer, ScganConv2d)]
    for layer in layers:
        parametrize.register_parametrization(layer, "weight", PowerStep(len(layer.weight)))
        for _ in range(SETTLING):
            _ = layer.weight
    return network


@torch.no_grad()
def plain_state(network: nn.Module) -> dict[str, Tensor]:
    """State of the network as it is used: each weight with its norm divided out, and no vectors."""
    was_training, state = network.training, dict[str, Tensor]()
    network.eval()
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d) and parametrize.is_parametrized(layer):
            state[f"{name}.weight"] = layer.weight.detach().clone()
    network.train(was_training)
    return state | {key: value for key, value in network.state_dict().items() if ".parametrizations." not in key}


def published_state(network: nn.Module) -> dict[str, Tensor]:
    """State of a network with spectral norm, by the names of a published file."""
    return {_published(key): value.detach() for key, value in network.state_dict().items()}


def load_published(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Gives a network with spectral norm the tensors of a published file.

    Raises:
        ValueError: tensors are missing, too many or misshapen; it names them.
    """
    own = {_published(key): key for key in network.state_dict()}
    shapes = {published: network.state_dict()[key].shape for published, key in own.items()}
    fault = misfit(shapes, state)
    if fault:
        raise ValueError(fault)
    network.load_state_dict({key: state[published] for published, key in own.items()}, strict=True)


def _published(key: str) -> str:
    return key.replace(".parametrizations.weight.original", ".weight").replace(".parametrizations.weight.0.", ".")
