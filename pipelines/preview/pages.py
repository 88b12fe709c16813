"""Contact sheets as files: pages as PNG or PDF, or one page of HTML."""

import base64
import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from numpy.typing import NDArray
from PIL import Image

from pipelines.checks import check_place
from pipelines.preview.captions import MARGIN, caption
from pipelines.preview.sheet import SIDE, Tile
from pipelines.preview.view import View, written_whole
from pipelines.tiles import png, stacked

PAGE = 1754, 2480
"""Rows and columns of a page: A4 across at 212 pixels an inch."""
INCHES = 11.69
EDGE, GAP = 40, 24
"""Pixels of white around a page, and beside each tile."""
ACROSS = (PAGE[1] - 2 * EDGE) // (2 * SIDE + GAP)
"""Tiles in a line."""
LETTERS, HEADLINE = 22, 30
"""Heights of the lines under the tiles and at a page's top, in pixels."""
INK, PAPER = 30, 255
QUALITY = 90
"""Of JPEG, 0 to 100."""

Page = NDArray[np.uint8]


def write_sheet(view: View, tiles: Sequence[Tile], overwrite: bool) -> list[Path]:
    """Writes the sheet in the way that its suffix names; gives what was written.

    PNG has one file a page: FILM.sheet-1.png and so on, where there are several.

    Raises:
        OutputError: it cannot be written.
    """
    suffix = view.out.suffix.lower()
    if suffix == ".html":
        return [_write(view.out, _html(view, tiles).encode())]
    drawn = pages(view.film.path.name, tiles)
    if suffix == ".pdf":
        return [_write(view.out, _pdf(drawn))]
    names = [view.out] if len(drawn) == 1 else [_numbered(view.out, number) for number in range(1, len(drawn) + 1)]
    for name in names:
        check_place(name, view.film.path, overwrite)
    return [_write(name, png(page)) for name, page in zip(names, drawn, strict=True)]


def _numbered(out: Path, number: int) -> Path:
    return out.with_stem(f"{out.stem}-{number}")


def _write(out: Path, data: bytes) -> Path:
    with written_whole(out) as part:
        part.write_bytes(data)
    return out


def pages(name: str, tiles: Sequence[Tile]) -> list[Page]:
    """The tiles of a film on as many pages (H, W, 3) as they need, number and name at the top of each."""
    cards = [_card(tile) for tile in tiles]
    top = EDGE + len(_line(name, HEADLINE)) + GAP
    each = max(1, (PAGE[0] - top - EDGE) // len(cards[0])) * ACROSS
    groups = [cards[first : first + each] for first in range(0, len(cards), each)]
    return [
        _page(f"{name}   {len(tiles)} shots   page {n} of {len(groups)}", top, cards)
        for n, cards in enumerate(groups, 1)
    ]


def _page(headline: str, top: int, cards: list[Page]) -> Page:
    page = np.full((*PAGE, 3), PAPER, np.uint8)
    _put(page, _line(headline, HEADLINE), EDGE, EDGE)
    _put(page, stacked(cards, ACROSS, PAPER), top, EDGE)
    return page


def _card(tile: Tile) -> Page:
    """A tile with its words under it and white around it."""
    rows = len(tile.picture)
    words = _line(f"{tile.number}   {tile.timecode}   {tile.length}", LETTERS)
    card = np.full((rows + len(words) + GAP, 2 * SIDE + GAP, 3), PAPER, np.uint8)
    _put(card, tile.picture, 0, 0)
    _put(card, words, rows, 0)
    return card


def _line(words: str, size: int) -> Page:
    """Words whose left edge is the picture's."""
    return np.repeat(caption(words, size, PAGE[1], INK, PAPER)[:, MARGIN:, None], 3, axis=2)


def _put(page: Page, picture: Page, top: int, left: int) -> None:
    page[top : top + picture.shape[0], left : left + picture.shape[1]] = picture


def _pdf(drawn: Sequence[Page]) -> bytes:
    first, *others = (Image.fromarray(page) for page in drawn)
    file = io.BytesIO()
    first.save(file, "PDF", save_all=True, append_images=others, resolution=PAGE[1] / INCHES, quality=QUALITY)
    return file.getvalue()


def _html(view: View, tiles: Sequence[Tile]) -> str:
    template = files("pipelines.preview").joinpath("sheet.html.jinja").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    shown: list[Any] = [(tile, _jpeg(tile.picture)) for tile in tiles]
    return environment.from_string(template).render(name=view.film.path.name, tiles=shown, side=2 * SIDE)


def _jpeg(picture: Page) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=QUALITY)
    return base64.b64encode(file.getvalue()).decode("ascii")
