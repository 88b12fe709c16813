"""BigGAN inversion: what a network's features F keep of a picture, and what noise z alone does.

BigColor (Kim et al., ECCV 2022, arXiv 2207.09685), sec. 3 and 4: an encoder that finds features F in a gray picture
keeps its structure, where a generator's noise z and class alone cannot give it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.colour.colorspace import gray_of, lab_from_srgb, srgb_from_lab
from models.judges.classifier import Classifier, centre_square
from models.measures.metrics import colourfulness, frechet_distance, psnr, ssim
from models.paint import fixed_noise, luma_of
from models.published.bigcolor import BigColor
from models.published.biggan import Generator
from pipelines.evaluate.paint import Named
from pipelines.evaluate.report import Figures, Report, Section, means
from pipelines.media.image import stacked
from pipelines.media.pictures import Picture

BATCH = 16
RATE = 0.05
"""Of Adam, which looks for z."""
SHOWN, SHOWN_CLASSES = 12, 6
"""Pictures on the sheets of results, and of results by class."""
LUMA, COLOURS, VIVID, DISTANCE = (
    "SSIM of the reconstruction's luma",
    "PSNR, its colours on the true lightness",
    "colourfulness, absolute, of these",
    "Fréchet distance, MobileNetV2, of these",
)
Z, TRUE = "z", "true"


@dataclass
class Sheets:
    """Pictures for people to look at."""

    results: list[NDArray[np.uint8]] = field(default_factory=list)
    """Of each: gray, each reconstruction, true."""
    by_class: list[NDArray[np.uint8]] = field(default_factory=list)
    """Of each: gray, and its colours under each class, by the first network."""


@torch.inference_mode(mode=False)
def found_noise(generator: Generator, luma: Tensor, classes: Tensor, steps: int) -> Tensor:
    """Noise z (N, used_noise) of which a generator makes pictures of nearly this luma: Adam on the squared error.

    Args:
        generator: frozen, in evaluation mode.
        luma: (N, 1, h, w), 0..1, of pictures of the generator's side.
        classes: (N,) int64.
        steps: of Adam.
    """
    drawn = torch.Generator().manual_seed(0)
    luma, y = luma.clone(), generator.shared(classes.clone()).detach()
    z = torch.randn(len(luma), generator.config.used_noise, generator=drawn).requires_grad_()
    optimizer = torch.optim.Adam([z], RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.mse_loss(luma_of((generator(y, z)[1] + 1) / 2), luma)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return z.detach()


def made_from_noise(generator: Generator, rgb: Tensor, classes: Tensor, steps: int) -> Tensor:
    """Pictures (N, 3, h, w), sRGB 0..1, that a generator makes of the best noise for the luma of these."""
    z = found_noise(generator, luma_of(rgb), classes, steps)
    return (generator(generator.shared(classes), z)[1] + 1) / 2


def made_from_features(network: BigColor, rgb: Tensor, classes: Tensor) -> Tensor:
    """Pictures (N, 3, h, w), sRGB 0..1, that a network makes of these in gray; with the noise that films have."""
    noise = fixed_noise(network.config.used_noise).to(rgb).expand(len(rgb), -1)
    return (network(gray_of(rgb), classes, noise) + 1) / 2


def with_lightness(made: Tensor, true: Tensor) -> Tensor:
    """Colours of made pictures on the L* of true ones, as films have them."""
    return srgb_from_lab(torch.cat([lab_from_srgb(true)[:, :1], lab_from_srgb(made)[:, 1:]], dim=1))


def middle(picture: Picture, side: int) -> Tensor:
    """The middle square of a picture (H, W, 3), sRGB 0..1, (1, 3, side, side)."""
    height, width = picture.shape[:2]
    extent = min(height, width)
    top, left = (height - extent) // 2, (width - extent) // 2
    square = torch.from_numpy(picture[top : top + extent, left : left + extent].copy()).permute(2, 0, 1)[None]
    return F.interpolate(square.float() / 255, size=(side, side), mode="bilinear", antialias=True).clamp(0, 1)


@torch.inference_mode()
def evaluate_inversion(
    pictures: Iterable[Named],
    labels: Mapping[str, int],
    networks: Mapping[str, BigColor],
    generator: tuple[Generator, int] | None = None,
    classifier: Classifier | None = None,
    sheets: Sheets | None = None,
) -> Report:
    """Figures of reconstructions of pictures, and of their colours on the true lightness.

    Args:
        pictures: with a class each.
        labels: class of each by key, as a number of the networks'.
        networks: by the name of their column, of one side and of the same classes, in evaluation mode.
        generator: that of the noise z, and the steps in which z is looked for; None: without z.
        classifier: whose features the Fréchet distance takes.
        sheets: takes some of the pictures.
    """
    side = next(iter(networks.values())).config.side
    rows: list[dict[str, object]] = []
    figures: list[Figures] = []
    features: dict[str, list[Tensor]] = {}
    for batch in _batches(pictures):
        true = torch.cat([middle(named.picture, side) for named in batch])
        classes = torch.tensor([labels[named.key] for named in batch])
        made = {Z: made_from_noise(generator[0], true, classes, generator[1])} if generator else {}
        made |= {name: made_from_features(network, true, classes) for name, network in networks.items()}
        coloured = {name: with_lightness(rgb, true) for name, rgb in made.items()} | {TRUE: true}
        own = _figures(made, coloured)
        figures += own
        rows += [{"key": named.key, **each} for named, each in zip(batch, own, strict=True)]
        if classifier:
            for name, rgb in coloured.items():
                features.setdefault(name, []).append(classifier(centre_square(rgb))[0])
        if sheets:
            _show(sheets, made, true, next(iter(networks.values())))
    total = means(figures)
    if features and len(figures) > 1:
        every = {name: torch.cat(each) for name, each in features.items()}
        wanted = every.pop(TRUE)
        total[DISTANCE] = {name: float(frechet_distance(each, wanted)) for name, each in every.items()}
    return Report([Section(f"reconstruction, {side} x {side}", len(figures), total)], rows)


def _figures(made: Mapping[str, Tensor], coloured: Mapping[str, Tensor]) -> list[Figures]:
    """Figures of each picture of a batch."""
    true = coloured[TRUE]
    wanted = luma_of(true)
    each = {
        LUMA: {name: ssim(luma_of(rgb), wanted) for name, rgb in made.items()},
        COLOURS: {name: psnr(coloured[name], true) for name in made},
        VIVID: {name: colourfulness(rgb, is_absolute=True) for name, rgb in coloured.items()},
    }
    return [
        {title: {name: float(values[i]) for name, values in row.items()} for title, row in each.items()}
        for i in range(len(true))
    ]


def _show(sheets: Sheets, made: Mapping[str, Tensor], true: Tensor, network: BigColor) -> None:
    gray = gray_of(true).expand(-1, 3, -1, -1)
    for i in range(min(len(true), SHOWN - len(sheets.results))):
        sheets.results.append(_line([gray[i], *(rgb[i] for rgb in made.values()), true[i]]))
    count = network.config.classes
    for i in range(min(len(true), SHOWN_CLASSES - len(sheets.by_class))):
        each = made_from_features(network, true[i : i + 1].expand(count, -1, -1, -1), torch.arange(count))
        sheets.by_class.append(_line([gray[i], *with_lightness(each, true[i : i + 1].expand(count, -1, -1, -1))]))


def _line(pictures: Sequence[Tensor]) -> NDArray[np.uint8]:
    tiles = [np.rint(rgb.permute(1, 2, 0).numpy() * 255).astype(np.uint8) for rgb in pictures]
    return stacked(tiles, len(tiles))


def _batches(pictures: Iterable[Named]) -> Iterable[list[Named]]:
    batch: list[Named] = []
    for named in pictures:
        batch.append(named)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
