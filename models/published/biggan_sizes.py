"""Sizes of BigGAN's networks: the published ones, and smaller ones of the same layout."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

FIRST_SIDE = 4
"""Side of the features that enter the generator's first block, and leave the discriminator's last ones."""
GENERATED = {256: (16, 16, 8, 8, 4, 2, 1), 128: (16, 16, 8, 4, 2, 1), 64: (16, 16, 8, 4, 2)}
"""Channels that enter each block of the generator and leave the last, in units of the width, by the pictures' side."""
JUDGED = {256: (1, 2, 4, 8, 8, 16, 16), 128: (1, 2, 4, 8, 16, 16), 64: (1, 2, 4, 8, 16)}
"""Channels that leave each block of the discriminator, in units of the width, by the pictures' side."""


def is_doubling(number: int) -> bool:
    """Whether a number is 1, 2, 4, 8 and so on."""
    return number > 0 and number & (number - 1) == 0


@dataclass(frozen=True)
class BigGanConfig:
    """Sizes of a generator and its discriminator; the defaults are those published for 256 x 256.

    Raises:
        ValueError: there is no such layout.
    """

    width: int = 96
    side: int = 256
    """Of the pictures, in pixels."""
    noise: int = 120
    """Numbers of z; each block takes as many as fit evenly, and the linear layer before them."""
    shared: int = 128
    """Numbers that a class is embedded in."""
    classes: int = 1000
    attention: int = 64
    """Side of the features that attention follows; 0, or one that a network does not have: none."""

    def __post_init__(self) -> None:
        if self.side not in GENERATED:
            raise ValueError(f"side must be {' or '.join(map(str, GENERATED))}, got {self.side}")
        for name in ("width", "shared", "classes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")
        if not self.chunk:
            raise ValueError(f"noise must be {len(self.generated)} or more, got {self.noise}")
        if self.attention and not is_doubling(self.attention):
            raise ValueError(f"attention must be 0 or a side such as 32 or 64, got {self.attention}")
        if self.attention and self.width < 8:
            raise ValueError(f"width must be 8 or more with attention, got {self.width}; or take attention=0")

    @property
    def generated(self) -> list[int]:
        """Channels that enter each block of the generator, and leave the last."""
        return [self.width * times for times in GENERATED[self.side]]

    @property
    def judged(self) -> list[int]:
        """Channels that enter each block of the discriminator, and leave the last."""
        return [3, *(self.width * times for times in JUDGED[self.side])]

    @property
    def chunk(self) -> int:
        """Numbers of z that each block takes; the first chunk of them feeds what comes before the blocks."""
        return self.noise // len(self.generated)

    @property
    def used_noise(self) -> int:
        """Numbers of z that are used."""
        return self.chunk * len(self.generated)

    @property
    def condition(self) -> int:
        """Numbers that the generator's norms are conditioned on."""
        return self.shared + self.chunk

    def is_attended(self, block: int) -> bool:
        """Whether attention follows this block of the generator."""
        return FIRST_SIDE << (block + 1) == self.attention

    def is_looked_at(self, block: int) -> bool:
        """Whether attention follows this block of the discriminator; not the last, which does not halve."""
        return self.side >> (block + 1) == self.attention and block < len(self.judged) - 2


def sizes_of(state: Mapping[str, Tensor]) -> BigGanConfig:
    """Sizes of a generator, read off the tensors of its published file.

    Raises:
        ValueError: they are not those of a generator of BigGAN.
    """
    blocks = {int(key.split(".")[1]) for key in state if key.startswith("blocks.")}
    attended = [number for number in blocks if f"blocks.{number}.1.gamma" in state]
    try:
        side = FIRST_SIDE << len(blocks)
        classes, shared = state["shared.weight"].shape
        return BigGanConfig(
            width=len(state["output_layer.0.gain"]) // GENERATED[side][-1],
            side=side,
            noise=state["linear.weight"].shape[1] * (len(blocks) + 1),
            shared=shared,
            classes=classes,
            attention=FIRST_SIDE << (attended[0] + 1) if attended else 0,
        )
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"not the weights of a generator of BigGAN ({error})") from error


@dataclass(frozen=True)
class BigColorConfig(BigGanConfig):
    """Sizes of BigColor.

    Raises:
        ValueError: there is no such layout.
    """

    feature_side: int = 16
    """Side of the features F that the encoder gives of a picture of `side` pixels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        sides = [FIRST_SIDE << number for number in range(1, len(self.generated) - 1)]
        if self.feature_side not in sides:
            raise ValueError(f"feature_side must be {' or '.join(map(str, sides))}, got {self.feature_side}")

    @property
    def first(self) -> int:
        """The block of the generator that the encoder's features enter."""
        return (self.feature_side // FIRST_SIDE).bit_length() - 1

    @property
    def encoded(self) -> list[int]:
        """Channels that enter each level of the encoder, and leave the last."""
        halvings = (self.side // self.feature_side).bit_length() - 1
        between = [self.width * min(1 << number, 8) for number in range(halvings)]
        return [1, *between, self.generated[self.first]]

    @property
    def levels(self) -> list[tuple[int, int]]:
        """Channels that enter and leave each level of the encoder."""
        return list(pairwise(self.encoded))
