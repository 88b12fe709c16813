"""The encoders, and which pictures each takes."""

from dataclasses import dataclass

from pipelines.settings import Codec


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
SUBSAMPLING = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}
"""Chroma format to luma samples for one chroma sample, across and down."""
