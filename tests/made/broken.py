"""Inputs that a restorer must refuse or survive, one function for each; each writes its path and gives it back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from tests.made import pictures
from tests.made.extra_tracks import AudioTrack
from tests.made.tracks import PictureTrack, write

Draw = Callable[[Path], Path]
TS_PACKET = 188
"""Bytes, ISO/IEC 13818-1."""


def empty(path: Path) -> Path:
    """No bytes."""
    path.write_bytes(b"")
    return path


def text(path: Path) -> Path:
    """A text file, whatever its name says."""
    path.write_text("This is not a film.\n" * 50)
    return path


def audio_only(path: Path) -> Path:
    """Sound, no pictures."""
    return write(path, AudioTrack())


def without_index(path: Path) -> Path:
    """The first half of an mp4 or mov, whose index is at its end."""
    write(path, PictureTrack(pictures.pan()))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def _in_fragments(path: Path) -> tuple[bytes, int]:
    """An mp4 in fragments, and where the first of them begins."""
    write(path, PictureTrack(pictures.pan()), options={"movflags": "frag_keyframe+empty_moov+default_base_moof"})
    whole = path.read_bytes()
    return whole, whole.index(b"moof") - 4


def fragment(path: Path) -> Path:
    """The fragments of an mp4 without its beginning, as DASH stores them."""
    whole, first = _in_fragments(path)
    path.write_bytes(whole[first:])
    return path


def without_fragments(path: Path) -> Path:
    """The beginning of an mp4 in fragments."""
    whole, first = _in_fragments(path)
    path.write_bytes(whole[:first])
    return path


def cut_short(path: Path, frames: int = 24) -> Path:
    """The first two thirds of a film that can be played from its beginning: mkv, ts, avi, mpg."""
    write(path, PictureTrack(pictures.pan(frames)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return path


def damaged_packets(path: Path, scrambled: Collection[int] = (20, 21), codec: str = "libx264") -> Path:
    """48 frames in GOPs of 12; the `scrambled` packets, counted in decode order, are noise.

    The decoder refuses some of them and flags or hides others. It says nothing at all when one is a keyframe
    (0, 12, 24, 36) of H.264 in ts: that frame and those that need it are missing.
    """
    options = {"g": "12", "bf": "2"} if codec in ("libx264", "mpeg2video") else {}
    return write(path, PictureTrack(pictures.pan(48), codec=codec, options=options, scrambled=scrambled))


def zeroed(path: Path, track: PictureTrack, begin: float, share: float) -> Path:
    """A film with nothing but zeros in a stretch of the file's bytes: a share of them, from `begin`, of 1, on."""
    write(path, track)
    data = path.read_bytes()
    start, zeros = int(begin * len(data)), int(share * len(data))
    path.write_bytes(data[:start] + bytes(zeros) + data[start + zeros :])
    return path


def parted(path: Path) -> Path:
    """The 48 frames in MPEG-TS, with so many zeros in the middle that FFmpeg leaves off looking for the next packet."""
    data = damaged_packets(path, ()).read_bytes()
    half = len(data) // TS_PACKET // 2 * TS_PACKET
    path.write_bytes(data[:half] + bytes(2_000_000) + data[half:])
    return path


def noise(path: Path) -> Path:
    """Bytes of no format."""
    path.write_bytes(np.random.default_rng(0).integers(0, 256, 20_000, np.uint8).tobytes())
    return path


def without_frames(path: Path) -> Path:
    """An mp4 or mov cut short where its index ends and its frames would begin."""
    write(path, PictureTrack(pictures.pan()), options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes().partition(b"mdat")[0] + b"mdat")
    return path


def link_to_nothing(path: Path) -> Path:
    """A link whose film was moved away."""
    path.symlink_to(path.with_name("moved away"))
    return path


def in_colour(path: Path) -> Path:
    """A film with real colours, which has nothing to restore."""
    return write(path, PictureTrack(pictures.colours()))


def tinted(path: Path, by_luma: bool = False) -> Path:
    """A black-and-white film toned sepia: chroma constant, or a smooth function of luma."""
    return write(path, PictureTrack(pictures.sepia(by_luma=by_luma)))
