"""Weights of BigGAN from which training of BigColor begins: its authors' files, or one of `restore train biggan`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from models.published.biggan import Discriminator, Generator
from models.published.biggan_sizes import BigGanConfig, sizes_of
from models.published.spectral_training import load_published, with_spectral_norm
from models.weights.files import read_weights
from models.weights.published_files import read_published
from pipelines.training.biggan import DISCRIMINATOR, GENERATOR


@dataclass(frozen=True)
class BigGanStart:
    """A generator, and a discriminator where there is one, with spectral norm."""

    names: list[str]
    """Of the classes; numbers as text where the file does not name them, as the authors' do not."""
    sizes: BigGanConfig
    generator: Generator
    discriminator: Discriminator | None


def read_start(generator: Path, discriminator: Path | None) -> BigGanStart:
    """The networks of a file of `restore train biggan`, or of its authors' files of one network each.

    Args:
        generator: of the generator; ours holds both.
        discriminator: of the discriminator alone, in place of what the first file has.

    Raises:
        ValueError: tensors are missing, too many or misshapen; it names the file.
    """
    state, about = read_weights(generator) if generator.suffix == ".safetensors" else (read_published(generator), {})
    is_ours = about.get("network") == "biggan"
    own = _part(state, GENERATOR) if is_ours else state
    judge = _part(state, DISCRIMINATOR) if is_ours else None
    if discriminator:
        judge = read_published(discriminator)
    try:
        sizes = sizes_of(own)
        made = Generator(sizes)
        load_published(with_spectral_norm(made), own)
    except ValueError as error:
        raise ValueError(f"{generator}: {error}") from error
    seen = None
    if judge is not None:
        try:
            seen = Discriminator(sizes)
            load_published(with_spectral_norm(seen), judge)
        except ValueError as error:
            raise ValueError(f"{discriminator or generator}: not its discriminator ({error})") from error
    names = json.loads(about["classes"]) if "classes" in about else [str(number) for number in range(sizes.classes)]
    return BigGanStart(names, sizes, made, seen)


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
