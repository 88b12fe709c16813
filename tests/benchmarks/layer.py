"""How layers laid over a film differ from its result: `python tests/benchmarks/layer.py FILM [--start S --seconds 2]`.

Prints a table and writes nothing. The film's luma alone, 4:4:4, is coloured as a layer over even gray and as one with
alpha. The result is Y' of the film with Cb and Cr of the layer over even gray, which FFV1 keeps to the bit. Beside it
stand the layer with alpha laid over the film; the one over even gray in the blend mode "Linear Light" at 50 %, in
floats and as programs clip that count in whole numbers; and "Color", as W3C's Compositing and Blending Level 1 and PDF
(ISO 32000) publish it, with that layer and with the whole result on top.
"""

import argparse
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

from models.colour.colorspace import LUMA_WEIGHTS, lab_from_srgb, luma_span
from models.measures.metrics import ciede2000
from pipelines.media.probe import probe
from pipelines.media.target import MATRICES, choose_target
from pipelines.settings import EncodeSettings, Settings
from pipelines.source import Film
from restore.api import restore_film

Picture = NDArray[np.float64]
"""(H, W, 3), R'G'B' in 0..1."""
BLEND_WEIGHTS = np.array([0.3, 0.59, 0.11])
"""Lum of the published blend modes, whatever the film's matrix."""
EVERY = 5
"""Frames from one that is measured to the next."""


def lum(rgb: Picture) -> Picture:
    return (rgb @ BLEND_WEIGHTS)[..., None]


def color_blend(backdrop: Picture, source: Picture) -> Picture:
    """SetLum(source, Lum(backdrop)), with ClipColor."""
    wanted = lum(backdrop)
    rgb = source + (wanted - lum(source))
    least, most = rgb.min(-1, keepdims=True), rgb.max(-1, keepdims=True)
    rgb = np.where(least < 0, wanted + (rgb - wanted) * wanted / np.maximum(wanted - least, 1e-9), rgb)
    return np.where(most > 1, wanted + (rgb - wanted) * (1 - wanted) / np.maximum(most - wanted, 1e-9), rgb)


def linear_light(backdrop: Picture, source: Picture) -> Picture:
    """Backdrop + 2 source - 1, before it is clipped and mixed with the backdrop."""
    return backdrop + 2 * source - 1


def planes(path: Path) -> list[list[NDArray[np.float64]]]:
    """Y', alpha as 0..1 where there is one, and Cb and Cr of each frame: Y' in 0..1, Cb and Cr in -0.5..0.5."""
    found = []
    with av.open(path) as film:
        for shown in film.decode(video=0):
            bits, is_full = shown.format.components[0].bits, shown.color_range == 2
            black, white = luma_span(bits, is_full)
            span, whole = (1 << bits) - 1 if is_full else 224 << (bits - 8), (1 << bits) - 1
            scale = [(black, white - black), (1 << (bits - 1), span), (1 << (bits - 1), span), (0, whole)]
            found.append(
                [(samples(plane, bits) - off) / by for plane, (off, by) in zip(shown.planes, scale, strict=False)]
            )
    return found


def samples(plane: Any, bits: int) -> NDArray[np.float64]:
    rows = np.frombuffer(memoryview(plane), "u1" if bits == 8 else "<u2").reshape(plane.height, -1)
    return rows[:, : plane.width].astype(np.float64)


def rgb_of(luma: Picture, cb: Picture, cr: Picture, weights: tuple[float, float]) -> Picture:
    of_red, of_blue = weights
    red, blue = 2 * (1 - of_red) * cr, 2 * (1 - of_blue) * cb
    green = -(of_red * red + of_blue * blue) / (1 - of_red - of_blue)
    return luma[..., None] + np.stack([red, green, blue], -1)


def gray_film(film: Film, start: float, seconds: float, path: Path) -> Path:
    """The film's luma alone, 8 bits 4:4:4, with its tags, in FFV1."""
    tags = choose_target(film, EncodeSettings(), deinterlace=True)
    with av.open(film.path) as source, av.open(path, "w") as out:
        rate = film.picture.frame_rate or Fraction(25)
        written = out.add_stream("ffv1", rate)
        written.width, written.height, written.pix_fmt = film.picture.width, film.picture.height, "yuv444p"
        context = written.codec_context
        context.colorspace, context.color_primaries, context.color_trc = tags.matrix, tags.primaries, tags.transfer
        context.color_range = 2 if film.picture.is_full_range else 1
        number = 0
        for frame in source.decode(video=0):
            if start <= frame.time < start + seconds:
                luma = samples(frame.planes[0], 8).astype(np.uint8)
                gray = av.VideoFrame.from_ndarray(np.stack([luma, *[np.full_like(luma, 128)] * 2]), format="yuv444p")
                gray.pts, gray.time_base = number, 1 / rate
                out.mux(written.encode(gray))
                number += 1
        out.mux(written.encode(None))
    return path


def measured(name: str, laid: list[Picture], results: list[Picture], weights: tuple[float, float]) -> str:
    """A row: CIEDE2000 and errors of Y', in codes of 255."""
    own = np.array([weights[0], 1 - sum(weights), weights[1]])
    one, other = (
        lab_from_srgb(torch.from_numpy(np.stack(each).clip(0, 1)).permute(0, 3, 1, 2)) for each in (laid, results)
    )
    colour = ciede2000(one, other).numpy()
    luma = 255 * np.abs(np.stack([(a.clip(0, 1) - b.clip(0, 1)) @ own for a, b in zip(laid, results, strict=True)]))
    numbers = colour.mean(), np.quantile(colour, 0.999), colour.max(), luma.mean(), luma.max()
    return f"| {name} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path)
    parser.add_argument("--start", type=float, default=0)
    parser.add_argument("--seconds", type=float, default=2)
    given = parser.parse_args()
    film, plain = probe(given.film), Settings(recolour=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gray = gray_film(film, given.start, given.seconds, folder / "gray.mkv")
        weights = LUMA_WEIGHTS[MATRICES[probe(gray).picture.matrix]]
        forms = {"even.mkv": EncodeSettings("ffv1", layer=True),
                 "alpha.mov": EncodeSettings("prores", profile="4444", layer=True)}  # fmt: skip
        files = [restore_film(gray, folder / out, replace(plain, encode=encode)) for out, encode in forms.items()]
        shown = list(zip(*map(planes, [gray, *files]), strict=True))[::EVERY]
    grays = [rgb_of(own[0], 0 * own[0], 0 * own[0], weights) for own, _, _ in shown]
    results = [rgb_of(own[0], *layer[1:3], weights).clip(0, 1) for own, layer, _ in shown]
    even = [rgb_of(*layer[:3], weights) for _, layer, _ in shown]
    alpha = [(rgb_of(*layer[:3], weights), layer[3][..., None]) for *_, layer in shown]
    laid = {
        "layer with alpha, laid over": [
            a * top + (1 - a) * below for (top, a), below in zip(alpha, grays, strict=True)
        ],
        '"Linear Light" at 50 %, floats': [(a + linear_light(a, b)) / 2 for a, b in zip(grays, even, strict=True)],
        "... whole numbers": [
            (a + linear_light(a, b.clip(0, 1)).clip(0, 1)) / 2 for a, b in zip(grays, even, strict=True)
        ],
        '"Color", layer over even gray': [color_blend(*pair) for pair in zip(grays, even, strict=True)],
        '"Color", the whole result': [color_blend(*pair) for pair in zip(grays, results, strict=True)],
    }
    outside = np.mean([((each < 0) | (each > 1)).any(-1).mean() for each in even])
    print(
        f"{given.film.name}: {len(shown)} frames, Kr and Kb {weights}; {outside:.2%} of the layer's pixels leave 0..1"
    )
    print(
        "| laid over the film | CIEDE2000: mean | 99.9 % | most | Y' of 255: mean | most |\n|---|---|---|---|---|---|"
    )
    for name, pictures in laid.items():
        print(measured(name, pictures, results, weights))


if __name__ == "__main__":
    main()
