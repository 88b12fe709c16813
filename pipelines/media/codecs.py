"""The encoders, and which pictures each takes."""

from dataclasses import dataclass, replace

import av

from pipelines.profiles import PROFILES
from pipelines.settings import Codec, EncodeSettings
from pipelines.source import Film


@dataclass(frozen=True)
class Encoder:
    """An encoder and the pictures it takes."""

    name: str
    depths: dict[str, tuple[int, ...]]
    """Chroma format to bits of a sample, both rising."""
    containers: tuple[str, ...]
    """Muxers that hold it, in the order they are tried after the film's own."""
    keeps_range: bool = True
    """False: always limited range."""
    keeps_fields: bool = False
    """Can encode interlaced frames as such."""
    keeps_captions: bool = False
    """Its stream has a place for closed captions."""
    usual: str | None = None
    """The container that is taken before the film's own where nobody names one."""


ENCODERS: dict[Codec, Encoder] = {
    "h264": Encoder("libx264", {"420": (8, 10), "422": (8, 10), "444": (8, 10)},
                    ("matroska", "mp4", "mov", "mpegts"), keeps_fields=True, keeps_captions=True),
    "h265": Encoder("libx265", {"420": (8, 10, 12), "422": (8, 10, 12), "444": (8, 10, 12)},
                    ("matroska", "mp4", "mov", "mpegts"), keeps_captions=True),
    "av1": Encoder("libsvtav1", {"420": (8, 10)}, ("matroska", "mp4", "webm"), keeps_captions=True),
    "prores": Encoder("prores_ks", {"422": (10,), "444": (10,)}, ("matroska", "mov"), False, True),
    "dnxhr": Encoder("dnxhd", {"422": (8, 10), "444": (10,)}, ("mov",), False, False),
    "ffv1": Encoder("ffv1", {"420": (8, 10, 12, 14, 16), "422": (8, 10, 12, 14, 16), "444": (8, 10, 12, 14, 16)},
                    ("matroska", "mp4"), keeps_fields=True, usual="matroska"),
}  # fmt: skip
NVENC: dict[Codec, Encoder] = {
    "h264": replace(ENCODERS["h264"], name="h264_nvenc", depths={"420": (8,), "444": (8,)}, keeps_fields=False),
    "h265": replace(ENCODERS["h265"], name="hevc_nvenc", depths={"420": (8,), "444": (8,)}),
}
"""The encoders of NVIDIA's cards; deeper pictures would need planes of another layout."""
SUBSAMPLING = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}
"""Chroma format to luma samples for one chroma sample, across and down."""


def encoder_for(settings: EncodeSettings) -> Encoder:
    """The encoder that settings name, for their profile; `auto` is the CPU's until `nvenc.choose_encoder` decided."""
    encoder = (NVENC if settings.encoder == "nvenc" else ENCODERS)[settings.codec]
    if settings.profile is None:
        return encoder
    form = PROFILES[settings.codec][settings.profile]
    return replace(encoder, depths={form.chroma: (form.bits,)})


def kept(film: Film, settings: EncodeSettings) -> tuple[EncodeSettings, tuple[str, ...]]:
    """The settings with a codec in place of `keep`, and a note that says which: what is lossless stays so.

    ProRes stays ProRes, and all that cannot be written in its own codec becomes h264.
    """
    if settings.codec != "keep":
        return settings, ()
    own = "scans" if film.scans is not None else film.picture.codec
    if own == "scans" or _is_lossless(own):
        why, chosen = f"lossless ({own})", _without_quality(settings, "ffv1")
    elif own == "prores":
        why, chosen = own, _without_quality(settings, "prores")
    else:
        why, chosen = own, replace(settings, codec="h264")
    are_pictures = film.scans is not None and film.scans.sound is None  # then pictures are kept, see `job.prepare`
    return chosen, () if are_pictures or own == chosen.codec else (
        f"the film is {why}, its result {chosen.codec} (--codec keep)",
    )


def _is_lossless(codec: str) -> bool:
    """Whether FFmpeg's codec of this name loses nothing, whatever its settings."""
    known = av.Codec(codec, "r")
    return known.lossless and not known.lossy


def _without_quality(settings: EncodeSettings, codec: Codec) -> EncodeSettings:
    """The settings for a codec that has no quality to choose."""
    return replace(settings, codec=codec, crf=None, preset=None, encoder="cpu")
