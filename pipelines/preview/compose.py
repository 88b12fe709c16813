"""Pictures beside, above and over each other, as a filter graph for FFmpeg. Nothing in it scales or converts."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

import ffmpeg

from pipelines.media.target import Target

Layout = Literal["side", "split", "over", "colour"]
Node = Any
"""A picture or a sound on its way through the graph: ffmpeg-python has no types."""
Place = tuple[int, int]
"""Left and top, in pixels, both even."""

NEUTRAL = 128
"""Code of Cb and Cr that has no colour."""
LINE = 2
"""Pixels: the line down the middle of a split."""
RUN_IN = 1
"""Seconds of sound decoded before a span: codecs need some to be right, and seeking lands on packets."""
FILE = "file:"
"""FFmpeg's protocol, so that a name with a colon is none."""
SOUND = {"acodec": "aac", "audio_bitrate": "160k"}
PICTURE = {"vcodec": "libx264", "preset": "superfast", "crf": 20, "bf": 0, "pix_fmt": "yuv420p"}
"""With B-frames FFmpeg writes a wrong length where frames are unevenly spaced."""


@dataclass(frozen=True)
class Arranged:
    """A picture made of pictures."""

    node: Node
    size: tuple[int, int]
    """Rows and columns."""
    places: tuple[Place, ...]
    """Left and top corner of each picture in it."""
    room: int
    """Columns of a picture."""


def gray(picture: Node) -> Node:
    """A picture without its colour; its luma stays."""
    return picture.filter("lutyuv", u=NEUTRAL, v=NEUTRAL)


def arranged(picture: Node, size: tuple[int, int], layout: Layout) -> Arranged:
    """Black and white, and colour, of one picture (rows, columns), whose sides are multiples of 4."""
    if layout == "colour":
        return Arranged(picture, size, ((0, 0),), size[1])
    both = picture.filter_multi_output("split")
    return together([gray(both[0]), both[1]], size, layout)


def together(pictures: Sequence[Node], size: tuple[int, int], layout: Layout) -> Arranged:
    """The pictures (rows, columns) beside each other, one above the other, or the halves of two."""
    rows, columns = size
    if len(pictures) == 1:
        return Arranged(pictures[0], size, ((0, 0),), columns)
    if layout == "over":
        places = tuple((0, i * rows) for i in range(len(pictures)))
        stacked = ffmpeg.filter(pictures, "vstack", **_inputs(pictures))
        return Arranged(stacked, (len(places) * rows, columns), places, columns)
    if layout != "split":
        return row(pictures, size)
    before, after = pictures
    middle = columns // 2
    half = after.filter("crop", w=middle, h=rows, x=middle, y=0)
    line = {"x": middle - LINE // 2, "y": 0, "width": LINE, "height": rows, "color": "white", "thickness": "fill"}
    node = before.overlay(half, x=middle, y=0).drawbox(**line)
    return Arranged(node, size, ((0, 0), (middle, 0)), middle)


def _inputs(pictures: Sequence[Node]) -> dict[str, int]:
    """The option of a stack of more than two pictures."""
    return {"inputs": len(pictures)} if len(pictures) > 2 else {}


def grid(pictures: Sequence[Node], size: tuple[int, int]) -> Arranged:
    """Black and white, then each of the pictures (rows, columns), line by line, in about as many lines as columns."""
    first = pictures[0].filter_multi_output("split")
    return tiled([gray(first[0]), first[1], *pictures[1:]], size)


def tiled(tiles: Sequence[Node], size: tuple[int, int]) -> Arranged:
    """The pictures (rows, columns), line by line, in about as many lines as columns."""
    across = grid_columns(len(tiles))
    down = -(-len(tiles) // across)
    rows, columns = size
    places = tuple((i % across * columns, i // across * rows) for i in range(len(tiles)))
    layout = "|".join(f"{left}_{top}" for left, top in places)
    node = ffmpeg.filter(tiles, "xstack", inputs=len(tiles), layout=layout, fill="black")
    return Arranged(node, (down * rows, across * columns), places, columns)


def row(pictures: Sequence[Node], size: tuple[int, int]) -> Arranged:
    """The pictures (rows, columns) beside each other, at least two."""
    rows, columns = size
    places = tuple((i * columns, 0) for i in range(len(pictures)))
    stacked = ffmpeg.filter(pictures, "hstack", **_inputs(pictures))
    return Arranged(stacked, (rows, len(places) * columns), places, columns)


def grid_columns(tiles: int) -> int:
    """The fewest columns of a grid that is no higher than wide, counted in tiles."""
    return next(columns for columns in range(1, tiles + 1) if columns * columns >= tiles)


def captioned(picture: Node, captions: Sequence[tuple[Node, Place]]) -> Node:
    """The picture with smaller ones laid over it."""
    for node, (left, top) in captions:
        picture = picture.overlay(node, x=left, y=top)
    return picture


def sound(film: Path, spans: Sequence[tuple[Fraction, Fraction]]) -> Node:
    """The first sound of spans of a film, one after the other, each to the sample as long as its span.

    Args:
        film: the file.
        spans: of each the start and the length in seconds, in the file's own times.
    """
    parts = []
    for start, length in spans:
        begin = max(Fraction(0), Fraction(start // 1 - RUN_IN))
        run_in, end = float(start - begin), float(start - begin + length)
        source = ffmpeg.input(_quoted(film), ss=float(begin), seek_timestamp=1, vn=None)["a:0"]
        part = source.filter("atrim", start=run_in, end=end).filter("asetpts", f"PTS-{run_in}/TB")
        part = part.filter("aresample", **{"async": 1, "first_pts": 0}).filter("apad", whole_dur=float(length))
        parts.append(part.filter("aformat", channel_layouts="stereo|mono"))
    return parts[0] if len(parts) == 1 else ffmpeg.concat(*parts, v=0, a=1)


def to_file(picture: Node, sounds: Node | None, target: Target, time_base: Fraction, out: Path) -> list[str]:
    """FFmpeg's arguments, without the program: an mp4 that can be played while it comes over a net."""
    tags = picture.filter(
        "setparams", range="tv", colorspace=target.matrix, color_primaries=target.primaries, color_trc=target.transfer
    )
    streams = [tags] if sounds is None else [tags, sounds]
    how = PICTURE | ({} if sounds is None else SOUND) | {
        "fps_mode": "passthrough", "enc_time_base": f"{time_base.numerator}/{time_base.denominator}",
        "video_track_timescale": time_base.denominator, "movflags": "+faststart", "format": "mp4",
        "map_chapters": -1, "map_metadata": -1,  # FFmpeg takes them from the sound's file, at the film's times
    }  # fmt: skip
    arguments: list[str] = ffmpeg.output(*streams, _quoted(out), **how).get_args()
    return ["-v", "error", "-nostdin", "-y", *map(_unquoted, arguments)]


def _quoted(file: Path) -> str:
    """A file's name in a graph, which takes UTF-8 only."""
    return FILE + quote(str(file), errors="surrogateescape")


def _unquoted(argument: str) -> str:
    return unquote(argument, errors="surrogateescape") if argument.startswith(FILE) else argument
