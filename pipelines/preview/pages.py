"""Contact sheets as files: pages as PNG or PDF, or one page of HTML."""

import base64
import io
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.resources import files
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from numpy.typing import NDArray
from PIL import Image

from pipelines.media.image import png, stacked
from pipelines.places import check_place, written_whole
from pipelines.preview.captions import MARGIN, caption
from pipelines.preview.sheet import SIDE, Tile, picture_target
from pipelines.preview.view import View

PAGE = 1754, 2480
"""Rows and columns of a page: A4 across at 212 pixels an inch."""
PAGE_HEAD = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s2I", 13, b"IHDR", PAGE[1], PAGE[0])
"""First bytes of a page as PNG; a file of its name that begins otherwise is somebody's own."""
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


def sheet_places(view: View, shots: int, overwrite: bool) -> list[Path]:
    """The files of a sheet of so many shots.

    PNG has one file a page: FILM.sheet-1.png and so on, where there are several.

    Raises:
        OutputError: one cannot be written, or pages of an earlier sheet are there and may not be replaced.
    """
    if view.out.suffix.lower() != ".png":
        return [view.out]
    drawn = -(-shots // _tiles_of_page(picture_target(view.film).height))
    places = [view.out] if drawn == 1 else [_numbered(view.out, number) for number in range(1, drawn + 1)]
    for place in [*places, *_earlier(view.out)]:
        check_place(place, view.film.path, overwrite)
    return places


def write_sheet(view: View, tiles: Sequence[Tile], places: Sequence[Path]) -> None:
    """Writes the sheet in the way that its suffix names: all pages or none, and none of an earlier sheet is left.

    Args:
        view: of a film.
        tiles: of its shots.
        places: from `sheet_places`.

    Raises:
        OutputError: it cannot be written.
    """
    with ExitStack() as whole:
        for place, data in zip(places, _files(view, tiles), strict=True):
            whole.enter_context(written_whole(place)).write_bytes(data)
    for page in set(_earlier(view.out)) - set(places):
        page.unlink()


def _files(view: View, tiles: Sequence[Tile]) -> Iterator[bytes]:
    if view.out.suffix.lower() == ".html":
        yield _html(view, tiles).encode()
        return
    drawn = pages(view.film.name, tiles)
    if view.out.suffix.lower() == ".pdf":
        yield _pdf(drawn)
    else:
        yield from map(png, drawn)


def _numbered(out: Path, number: int) -> Path:
    return out.with_stem(f"{out.stem}-{number}")


def _earlier(out: Path) -> list[Path]:
    """The pages that are there of an earlier sheet of this name, which has none but as PNG."""
    return [*filter(_is_page, [out]), *takewhile(_is_page, (_numbered(out, n) for n in count(1)))]


def _is_page(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(PAGE_HEAD)) == PAGE_HEAD


def _tiles_of_page(rows: int) -> int:
    """How many tiles, whose pictures have so many rows, a page holds."""
    card = rows + len(_line("", LETTERS, 2 * SIDE)) + GAP
    return max(1, (PAGE[0] - _top() - EDGE) // card) * ACROSS


def _top() -> int:
    """Where a page's tiles begin, in pixels, under a headline of any length."""
    return EDGE + len(_line("", HEADLINE, PAGE[1])) + GAP


def pages(name: str, tiles: Sequence[Tile]) -> list[Page]:
    """The tiles of a film on as many pages (H, W, 3) as they need, number and name at the top of each."""
    cards, each = [_card(tile) for tile in tiles], _tiles_of_page(len(tiles[0].picture))
    groups = [cards[first : first + each] for first in range(0, len(cards), each)]
    head = f"{name}   {counted_shots(len(tiles))}"
    return [_page(f"{head}   page {n} of {len(groups)}", cards) for n, cards in enumerate(groups, 1)]


def counted_shots(number: int) -> str:
    """2 shots, 1 shot."""
    return f"{number} shot{'' if number == 1 else 's'}"


def _page(headline: str, cards: list[Page]) -> Page:
    page = np.full((*PAGE, 3), PAPER, np.uint8)
    _put(page, _line(headline, HEADLINE, PAGE[1] - 2 * EDGE), EDGE, EDGE)
    _put(page, stacked(cards, ACROSS, PAPER), _top(), EDGE)
    return page


def _card(tile: Tile) -> Page:
    """A tile with its words under it and white around it."""
    rows = len(tile.picture)
    words = _line(f"{tile.number}   {tile.timecode}   {tile.length}", LETTERS, 2 * SIDE)
    card = np.full((rows + len(words) + GAP, 2 * SIDE + GAP, 3), PAPER, np.uint8)
    _put(card, tile.picture, 0, 0)
    _put(card, words, rows, 0)
    return card


def _line(words: str, size: int, most_width: int) -> Page:
    """Words whose left edge is the picture's, never wider than `most_width`."""
    return np.repeat(caption(words, size, most_width + MARGIN, INK, PAPER)[:, MARGIN:, None], 3, axis=2)


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
    head = f"{view.film.name}: {counted_shots(len(tiles))}"
    return environment.from_string(template).render(head=head, tiles=shown, side=2 * SIDE)


def _jpeg(picture: Page) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=QUALITY)
    return base64.b64encode(file.getvalue()).decode("ascii")
