"""Measures a network on colour pictures: made gray, coloured again, compared."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.colorspace import lab_from_srgb, srgb_from_lab
from models.compact import STRIDE
from models.metrics import colourfulness, psnr
from pipelines.batch import AnchorBatch
from pipelines.pictures import Picture, Pictures
from pipelines.settings import PaintSettings
from pipelines.stages.colorize import Colorize
from pipelines.stages.detect import without_instances

TILE = 192
"""Pixels: height of a picture on the sheet."""
SHEET_PICTURES = 32
SHEET_COLUMNS = 4


def _tensor(picture: Picture) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def _network_sides(picture: Picture, rows: int) -> tuple[int, int]:
    height, width = picture.shape[:2]
    scale = rows / min(height, width)
    return tuple(max(rows, STRIDE * round(side * scale / STRIDE)) for side in (height, width))


def coloured(pictures: Sequence[Picture], colorize: Colorize) -> Iterator[tuple[Tensor, Tensor]]:
    """Each picture coloured from its own lightness, and as it is: pairs of (1, 3, H, W), sRGB 0..1."""
    for picture in pictures:
        true = _tensor(picture)
        lab = lab_from_srgb(true)
        lightness = lab[0, 0].numpy()
        height, width = _network_sides(picture, colorize.settings.rows)
        small = np.rint(cv2.resize(lightness, (width, height), interpolation=cv2.INTER_AREA) * 2.55).astype(np.uint8)
        ab = colorize(without_instances(AnchorBatch((0,), (0,), small[None]))).ab[0]
        full = cv2.resize(ab, lightness.shape[::-1], interpolation=cv2.INTER_CUBIC)
        planes = torch.from_numpy(np.ascontiguousarray(full)).permute(2, 0, 1)[None]
        yield srgb_from_lab(torch.cat([lab[:, :1], planes], dim=1)), true


def _gray(true: Tensor) -> Tensor:
    lab = lab_from_srgb(true)
    return srgb_from_lab(torch.cat([lab[:, :1], torch.zeros_like(lab[:, 1:])], dim=1))


def _tile(pictures: Sequence[Tensor]) -> NDArray[np.uint8]:
    """Pictures side by side, TILE high, cut or filled to one width."""
    row = torch.cat(list(pictures), dim=3)[0].permute(1, 2, 0).numpy()
    row = cv2.resize(row, (TILE * row.shape[1] // row.shape[0], TILE), interpolation=cv2.INTER_AREA)
    width = len(pictures) * TILE * 4 // 3
    canvas = np.zeros((TILE, width, 3), np.uint8)
    canvas[:, : min(width, row.shape[1])] = np.rint(row[:, :width] * 255)
    return canvas


def _write_sheet(tiles: list[NDArray[np.uint8]], path: Path) -> None:
    blank = np.zeros_like(tiles[0])
    tiles = tiles + [blank] * (-len(tiles) % SHEET_COLUMNS)
    lines = [np.hstack(tiles[i : i + SHEET_COLUMNS]) for i in range(0, len(tiles), SHEET_COLUMNS)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR))


def evaluate_colour(
    sources: Sequence[Path], settings: PaintSettings, limit: int | None = None, sheet: Path | None = None
) -> dict[str, float]:
    """Figures of a network, by name.

    Args:
        sources: zip files or folders of colour pictures.
        settings: the network, and the size at which it sees the pictures.
        limit: take so many pictures only, evenly spread.
        sheet: where to write a PNG of gray | coloured | true.

    Returns:
        PSNR in dB (mean over pictures) of the coloured and of the gray pictures; mean colourfulness (absolute and
        signed, Hasler and Suesstrunk) of coloured and true ones.
    """
    everything = Pictures(sources)
    count = min(len(everything), limit or len(everything))
    chosen = [everything[i * len(everything) // count] for i in range(count)]
    figures: list[list[float]] = []
    tiles: list[NDArray[np.uint8]] = []
    colorize = Colorize(settings)
    with torch.inference_mode():
        for ours, true in coloured(chosen, colorize):
            gray = _gray(true)
            ratios = [float(psnr(picture, true)) for picture in (ours, gray)]
            figures.append(
                ratios + [float(colourfulness(p, is_absolute=a)) for a in (True, False) for p in (ours, true)]
            )
            if sheet and len(tiles) < SHEET_PICTURES and len(figures) % max(1, count // SHEET_PICTURES) == 0:
                tiles.append(_tile([gray, ours, true]))
    if sheet:
        _write_sheet(tiles, sheet)
    names = ["PSNR", "PSNR of gray", "colourfulness (absolute)", "  true", "colourfulness (signed)", "  true "]
    return dict(zip(names, np.mean(figures, axis=0).tolist(), strict=True)) | {"pictures": float(count)}
