"""The networks by name."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from models.compact.network import Compact, CompactConfig, encoder_of
from models.kind import Kind, Sees
from models.paint import compact_logits, eccv16_logits, with_class, with_class_and_noise, with_hints, with_instances
from models.published.bigcolor import BigColor
from models.published.biggan_sizes import BigColorConfig
from models.published.chromagan import Chromagan
from models.published.ddcolor import SIDE as DDCOLOR_SIDE
from models.published.ddcolor import TINY, DDColor, DDColorConfig
from models.published.deoldify import DEEP, FACTOR, DeOldify, DeOldifyConfig
from models.published.eccv16 import Eccv16
from models.published.gcp import Gcp
from models.published.instcolor import InstColor, InstColorConfig
from models.published.normed_weights import taken_over
from models.published.scgan import SIDE as SCGAN_SIDE
from models.published.scgan import Scgan, depth_of
from models.published.siggraph17 import Siggraph17
from models.published.strict import misfit
from models.published.trunk import SIDE


def _tuples(config: dict[str, Any]) -> dict[str, Any]:
    """A config of a file, whose tuples JSON made lists."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}


def _ddcolor(size: DDColorConfig, weights_mb: int, picture_mb: int) -> Kind:
    return Kind(
        lambda config: DDColor(replace(size, **_tuples(config))),
        Sees(DDCOLOR_SIDE, values="gray", channels=3),
        weights_mb=weights_mb,
        picture_mb=picture_mb,
        batch=1,
        is_folded=False,
    )


def _deoldify(
    layout: DeOldifyConfig, render_factor: int, weights_mb: int, picture_mb: int, in_bf16: bool = True
) -> Kind:
    return Kind(
        lambda config: DeOldify(replace(layout, **_tuples(config))),
        Sees(FACTOR * render_factor, multiple=FACTOR, factor=FACTOR, values="gray", channels=3),
        gives="chroma",
        weights_mb=weights_mb,
        picture_mb=picture_mb,
        batch=1,
        in_bf16=in_bf16,
        is_folded=False,
    )


def _scgan_sees(config: dict[str, Any]) -> Sees:
    side = config.get("side", SCGAN_SIDE)
    return Sees(side, multiple=2 ** (depth_of(side) - 1), values="gray")


def _bigcolor_sees(config: dict[str, Any]) -> Sees:
    return Sees(BigColorConfig(**config).side, is_square=False, values="gray")


NETWORKS = {
    "compact": Kind(
        lambda config: Compact(CompactConfig(**_tuples(config))),
        Sees(192, is_square=False),
        "distribution",
        compact_logits,
        takes=("instances",),
        temperature=0.38,
        config_of=lambda state: {"encoder": encoder_of(state)},
        may_take=("hints",),
    ),
    "eccv16": Kind(
        lambda config: Eccv16(**config), Sees(SIDE), "distribution", eccv16_logits, temperature=1.0, motion_rows=256
    ),
    "siggraph17": Kind(
        lambda config: Siggraph17(**config), Sees(SIDE), run=with_hints, takes=("hints",), motion_rows=256
    ),
    "instcolor": Kind(
        lambda config: InstColor(InstColorConfig(**config)),
        Sees(SIDE),
        run=with_instances,
        takes=("instances",),
        instances=8,
        motion_rows=256,
    ),
    "bigcolor": Kind(
        lambda config: BigColor(BigColorConfig(**config)),
        _bigcolor_sees({}),
        "rgb",
        with_class_and_noise,
        takes=("class", "noise"),
        batch=1,  # products of several differ in the last bit by place
        weights_mb=305,
        picture_mb=169,
        published=lambda: BigColor(is_whole=True),
        sees_of=_bigcolor_sees,
        in_bf16=False,
    ),
    "scgan": Kind(
        lambda config: Scgan(**config),
        _scgan_sees({}),
        "rgb",
        weights_mb=455,
        picture_mb=198,
        sees_of=_scgan_sees,
    ),
    "chromagan": Kind(
        lambda config: Chromagan(**config),
        Sees(224, has_one_size=True, channels=3),
        weights_mb=249,
        picture_mb=61,
        published=lambda: Chromagan(is_whole=True),
        in_bf16=False,
    ),
    "gcp": Kind(
        lambda config: Gcp(**config),
        Sees(256, has_one_size=True),
        run=with_class,
        takes=("class",),
        batch=1,  # products of several differ in the last bit by place
        weights_mb=1096,
        picture_mb=574,
        published=lambda: Gcp(is_whole=True),
        in_bf16=False,
    ),
    "ddcolor": _ddcolor(DDColorConfig(), 1000, 900),
    "ddcolor-artistic": _ddcolor(DDColorConfig(), 1000, 900),
    "ddcolor-paper": _ddcolor(DDColorConfig(), 1000, 900),
    "ddcolor-tiny": _ddcolor(TINY, 320, 460),
    "deoldify-video": _deoldify(DeOldifyConfig(), 21, 1540, 690),
    "deoldify-stable": _deoldify(DeOldifyConfig(), 35, 1540, 2060),
    "deoldify-artistic": _deoldify(DEEP, 35, 420, 2750, in_bf16=False),
}
"""By name, each with all that the program knows of it: a network is a file of layers and an entry here."""


def made_of(name: str, config: dict[str, object], state: dict[str, Tensor]) -> nn.Module:
    """The network of this name with these tensors.

    Raises:
        TypeError: the config is not one of this network.
        ValueError: tensors are missing, too many or misshapen; it names them.
    """
    kind = NETWORKS[name]
    with torch.device("meta"):  # no time is spent on numbers that are overwritten
        network = kind.make(kind.config_of(state) | config)
    load_strictly(network, state)
    return network


def state_of_published(
    name: str, state: dict[str, Tensor], config: dict[str, object] | None = None
) -> dict[str, Tensor]:
    """The tensors of the network of this name, of those of a published file: norms divided out, without unused ones.

    Raises:
        ValueError: tensors are missing, too many or misshapen; it names them.
    """
    kind = NETWORKS[name]
    with torch.device("meta"):
        network = kind.make(config or {})
        published = kind.published() if kind.published else network
    return taken_over(network, published, state)


def load_strictly(network: nn.Module, state: dict[str, Tensor]) -> None:
    """Gives the network the tensors, in the types that it has them in.

    Raises:
        ValueError: tensors are missing, too many or misshapen; it names them.
    """
    own = network.state_dict()
    fault = misfit({key: value.shape for key, value in own.items()}, state)
    if fault:
        raise ValueError(fault)
    network.load_state_dict({key: value.to(own[key].dtype) for key, value in state.items()}, strict=True, assign=True)
