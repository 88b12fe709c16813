"""The picture stream that will be written for a film: codec, pixel format, tags; decided before the run."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import LUMA_WEIGHTS, luma_span
from pipelines.display import DisplayMatrix, Grading
from pipelines.frames import Luma
from pipelines.media.codecs import ENCODERS, SUBSAMPLING, Encoder, encoder_for
from pipelines.profiles import PROFILES
from pipelines.settings import Codec, EncodeSettings
from pipelines.source import DEFAULT_RATE, FieldOrder, Film, Picture

MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
"""FFmpeg's AVColorSpace to the luma weights of `models.colour.colorspace`."""
BT709, UNKNOWN, BT601_PAL, BT601_NTSC = 1, 2, 5, 6
LayerForm = Literal["", "even", "alpha"]
LAYER_CHROMA, LAYER_BITS = "422", 10
"""The least that a layer is made of."""
SD_ROWS = 576
"""Pictures no taller are taken for BT.601 where the film does not say, as players do."""


@dataclass(frozen=True)
class Target:
    """The picture stream to be written."""

    codec: Codec
    encoder: str
    chroma_format: str
    """420 | 422 | 444."""
    bits: int
    is_full_range: bool
    matrix: int
    """FFmpeg's AVColorSpace, as are primaries and transfer."""
    primaries: int
    transfer: int
    width: int
    height: int
    time_base: Fraction
    frame_rate: Fraction | None
    sample_aspect_ratio: Fraction
    display_matrix: DisplayMatrix
    field_order: FieldOrder
    source_bits: int
    source_is_full_range: bool
    grading: Grading
    layer: LayerForm = ""
    """Whether it is the colour alone, and in which form, see `media.layer`; empty: it is the whole picture."""
    pictures: str = ""
    """The suffix of the pictures that are written, with its dot; empty: a film is."""
    notes: tuple[str, ...] = ()
    """Changes to the picture that the user should know of, as clauses."""

    @property
    def rate(self) -> Fraction:
        """Frames per second: the film's own, or DEFAULT_RATE where it does not say."""
        return self.frame_rate or DEFAULT_RATE

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name."""
        return f"yuv{'a' if self.layer == 'alpha' else ''}{self.chroma_format}p" + (
            "" if self.bits == 8 else f"{self.bits}le"
        )

    @property
    def chroma_size(self) -> tuple[int, int]:
        """Rows and columns of the Cb and Cr planes."""
        across, down = SUBSAMPLING[self.chroma_format]
        return -(-self.height // down), -(-self.width // across)

    @property
    def luma_weights(self) -> tuple[float, float]:
        """Kr and Kb."""
        return LUMA_WEIGHTS[MATRICES[self.matrix]]

    def mapped(self, luma: Luma) -> Luma:
        """A frame's luma (H, W) as the encoder takes it."""
        return luma if self.luma_table is None else self.luma_table[luma]

    @cached_property
    def luma_table(self) -> NDArray[np.uint16] | None:
        """Output code of each source code; None where luma stays as it is."""
        if (self.bits, self.is_full_range) == (self.source_bits, self.source_is_full_range):
            return None
        codes = np.arange(1 << self.source_bits)
        if self.is_full_range == self.source_is_full_range and not self.is_full_range:
            shifted = np.rint(codes * 2.0 ** (self.bits - self.source_bits))
        else:
            black, white = luma_span(self.source_bits, self.source_is_full_range)
            to_black, to_white = luma_span(self.bits, self.is_full_range)
            shifted = np.rint(to_black + (codes - black) * ((to_white - to_black) / (white - black)))
        return shifted.clip(0, (1 << self.bits) - 1).astype(np.uint16)


def _chroma_format(picture: Picture, encoder: Encoder, least: str = "420") -> str:
    """The source's own, or `least`, where the encoder has it, else the next richer; odd sizes need it at full size."""
    name = picture.pixel_format
    own = next((chroma for chroma in SUBSAMPLING if name.startswith(("yuv", "yuvj", "yuva")) and chroma in name), "420")
    own = max(own, least)
    order = [*list(SUBSAMPLING)[list(SUBSAMPLING).index(own) :], *SUBSAMPLING]
    takes_odd = encoder.name == "ffv1"

    def fits(chroma: str) -> bool:
        across, down = SUBSAMPLING[chroma]
        return takes_odd or not (picture.width % across or picture.height % down)

    fitting = [chroma for chroma in order if chroma in encoder.depths and fits(chroma)]
    if not fitting:
        raise ValueError(f"{encoder.name} cannot hold {picture.width}x{picture.height}: odd sides; --codec h264 can")
    return fitting[0]


def _tags(picture: Picture) -> tuple[int, int, int]:
    """Matrix, primaries and transfer: the source's, or BT.601 or BT.709 by size where it has none fit for colour."""
    if picture.matrix in MATRICES:
        return picture.matrix, picture.primaries, picture.transfer
    if picture.is_gray or picture.is_rgb or picture.height > SD_ROWS:
        matrix = BT709
    else:
        matrix = BT601_PAL if picture.height == SD_ROWS else BT601_NTSC
    primaries = matrix if picture.primaries == UNKNOWN else picture.primaries
    transfer = BT709 if picture.transfer == UNKNOWN and matrix == BT709 else picture.transfer
    return matrix, primaries, BT601_NTSC if transfer == UNKNOWN else transfer


def _depth(least: int, depths: tuple[int, ...]) -> int:
    return next((bits for bits in depths if bits >= least), depths[-1])


def _layer_form(settings: EncodeSettings) -> LayerForm:
    if not settings.layer:
        return ""
    return "alpha" if settings.profile == "4444" else "even"


def _check_layer(settings: EncodeSettings, chroma_format: str, bits: int) -> None:
    """Raises ValueError where an encoder does not hold a layer as finely as it is made."""
    if chroma_format < LAYER_CHROMA or bits < LAYER_BITS:
        name = f"{settings.codec} {settings.profile or ''}".strip()
        raise ValueError(f"a layer is 4:2:2 of {LAYER_BITS} bits, which {name} does not hold here; --codec prores does")


def choose_target(film: Film, settings: EncodeSettings, deinterlace: bool) -> Target:
    """The picture stream to be written for a film.

    Raises:
        ValueError: the encoder cannot hold a picture of this size, or no layer.
    """
    picture, encoder, layer = film.picture, encoder_for(settings), _layer_form(settings)
    chroma_format = _chroma_format(picture, encoder, LAYER_CHROMA if layer else "420")
    bits = _depth(max(picture.bits, LAYER_BITS) if layer else picture.bits, encoder.depths[chroma_format])
    if layer:
        _check_layer(settings, chroma_format, bits)
    is_full = picture.is_full_range and encoder.keeps_range
    field_order: FieldOrder = "progressive" if deinterlace else picture.field_order
    notes = [*film.notes, *([] if layer else _changes(picture, encoder, settings, bits))]
    if field_order != "progressive" and not encoder.keeps_fields:
        raise ValueError(
            f"{settings.codec} does not hold interlaced film; --deinterlace, or --codec h264, prores or ffv1"
        )
    matrix, primaries, transfer = _tags(picture)
    if settings.codec == "dnxhr" and matrix != BT709:  # its stream says BT.709 whatever the encoder is given
        notes.append("dnxhr holds BT.709 colour only; the film's other tags are left out")
        matrix = primaries = transfer = BT709
    return Target(
        settings.codec, encoder.name, chroma_format, bits, is_full, matrix, primaries, transfer,
        picture.width, picture.height, picture.time_base, picture.frame_rate, picture.sample_aspect_ratio,
        picture.display_matrix, field_order, picture.bits, picture.is_full_range, picture.grading, layer,
        notes=tuple(notes),
    )  # fmt: skip


def _changes(picture: Picture, encoder: Encoder, settings: EncodeSettings, bits: int) -> Iterator[str]:
    """Notes on what a result of so many bits does not keep of the film's samples, and of what it says beside them."""
    if bits < picture.bits:
        yield f"luma of {picture.bits} bits becomes {bits} ({_deeper(settings, picture.bits)})"
    if picture.is_full_range and not encoder.keeps_range:
        yield f"full-range luma becomes limited range ({settings.codec} holds no other)"
    if picture.is_rgb:
        yield "RGB becomes luma of full range"
    if any(component.is_alpha for component in av.VideoFormat(picture.pixel_format).components):
        yield "the transparency channel is left out"
    yield from _left_out(picture, encoder)


def _deeper(settings: EncodeSettings, bits: int) -> str:
    """The codec or the profile that holds so many bits, where that of the settings does not."""
    deeper = next((codec for codec, other in ENCODERS.items() if _holds(other, bits)), "ffv1")
    if settings.profile is None:
        return f"{settings.codec} holds no more; --codec {deeper} does"
    fit = (f"--profile {name}" for name, form in PROFILES[settings.codec].items() if form.bits >= bits)
    return f"{settings.codec} {settings.profile} holds no more; {next(fit, f'--codec {deeper}')} does"


def _holds(encoder: Encoder, bits: int) -> bool:
    return any(depths[-1] >= bits for depths in encoder.depths.values())


def _left_out(picture: Picture, encoder: Encoder) -> list[str]:
    """A note on what the film says beside its samples and the result will not, where there is any."""
    is_lost = picture.has_captions and not encoder.keeps_captions
    lost = [*(["closed captions (--codec h264 keeps them)"] if is_lost else []), *picture.left_out]
    return [f"left out: {', '.join(lost)}"] if lost else []
