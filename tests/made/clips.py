"""Small films drawn in code, one function for each property; each writes its path and gives it back."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from tests.made import pictures
from tests.made.extra_tracks import AudioTrack, SubtitleTrack, cover, font, klv_data
from tests.made.tracks import Colours, PictureTrack, Track, write

GOP = 12

FORMATS = {
    "gray": ("ffv1", ".mkv"),
    "gray10le": ("ffv1", ".mkv"),
    "gray12le": ("ffv1", ".mkv"),
    "yuv420p12le": ("ffv1", ".mkv"),
    "yuv420p": ("libx264", ".mp4"),
    "yuv420p10le": ("libx264", ".mp4"),
    "yuv422p10le": ("libx264", ".mp4"),
    "yuv444p": ("libx264", ".mp4"),
    "yuvj420p": ("libx264", ".mp4"),
    "rgb24": ("png", ".mov"),
}
"""Pixel formats, each with an encoder that stores it as it is, and a container for that."""

UNEVEN = (0, 42, 83, 100, 200, 233, 250, 251, 500, 541, 600, 642, 700, 900, 917, 950, 1200, 1201, 1300, 1341)
"""The pts of `variable_rate`, in ms, which mp4, mov and mkv all hold exactly."""


def plain(path: Path, frames: int = 24) -> Path:
    """One shot at 24 frames a second, no sound, in the container that the path's ending names."""
    return write(path, PictureTrack(pictures.pan(frames)))


# Time


def variable_rate(path: Path) -> Path:
    """Frames at the uneven times UNEVEN."""
    return write(path, PictureTrack(pictures.pan(len(UNEVEN)), time_base=Fraction(1, 1000), pts=UNEVEN))


def late_start(path: Path) -> Path:
    """The first frame is shown at 2 s."""
    return write(path, PictureTrack(pictures.pan(), pts=range(48, 72)))


def trimmed(path: Path) -> Path:
    """An mp4 or mov whose edit list hides the first 10 of its 24 frames: they are stored, and not to be shown."""
    return write(path, PictureTrack(pictures.pan(), pts=range(-10, 14)))


def b_frames(path: Path, is_open: bool = False) -> Path:
    """H.264 with 3 B-frames in a row, so that dts starts below zero; 4 closed GOPs, or open ones."""
    x264 = f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=3:b-adapt=0:open-gop={int(is_open)}"
    return write(path, PictureTrack(pictures.pan(4 * GOP), options={"x264-params": x264}))


def open_gop(path: Path, codec: str = "libx264") -> Path:
    """Frames shown before a keyframe are stored after it and need the GOP before; libx264 or mpeg2video."""
    if codec == "libx264":
        return b_frames(path, is_open=True)
    return write(path, PictureTrack(pictures.pan(4 * GOP), codec=codec, options={"g": str(GOP), "bf": "2"}))


# Pictures


def odd_size(path: Path, codec: str = "ffv1", pix_fmt: str = "yuv420p") -> Path:
    """101 x 77; libx264 does it in yuv444p only."""
    return write(path, PictureTrack(pictures.pan(width=101, height=77), codec=codec, pix_fmt=pix_fmt))


def wide_pixels(path: Path, codec: str = "") -> Path:
    """Each pixel is 16:11 wide; outside mp4 and mov only H.264, MPEG-4 and MJPEG keep it."""
    return write(path, PictureTrack(pictures.pan(), codec=codec, sar=Fraction(16, 11)))


def wide(path: Path, frames: int = 3, pix_fmt: str = "yuv420p") -> Path:
    """256 x 128, as large as DNxHR asks for; FFV1."""
    return write(path, PictureTrack(pictures.pan(frames, width=256, height=128), codec="ffv1", pix_fmt=pix_fmt))


def rotated(path: Path, degrees: int = 90) -> Path:
    """To be shown turned by `degrees`, counter-clockwise; mp4, mov and mkv."""
    return write(path, PictureTrack(pictures.pan(), rotation=degrees))


def in_format(path: Path, pix_fmt: str) -> Path:
    """Stored in `pix_fmt`, one of FORMATS; `path` gets the ending of the container there."""
    codec, ending = FORMATS[pix_fmt]
    return write(path.with_suffix(ending), PictureTrack(pictures.pan(), codec=codec, pix_fmt=pix_fmt))


def tagged(path: Path, colours: Colours, full_range: bool = False) -> Path:
    """H.264 tagged with a matrix, primaries, transfer and range."""
    return write(path, PictureTrack(pictures.pan(), codec="libx264", colours=colours, full_range=full_range))


def interlaced(path: Path, codec: str = "libx264") -> Path:
    """25 frames a second of two fields each, top field first, which show two times."""
    sharp = {"b": "2000000"}  # by default mpeg2video blurs the fields into each other
    film = PictureTrack(pictures.fields(), codec=codec, rate=Fraction(25), options=sharp, top_field_first=True)
    return write(path, film)


# Shots


def with_cuts(path: Path, shots: int = 3) -> Path:
    """Shots of 12 frames, hard cuts between them."""
    return write(path, PictureTrack(pictures.cuts(shots)))


def with_flash(path: Path) -> Path:
    """One shot, whose frames 12 and 13 are white."""
    return write(path, PictureTrack(pictures.flash(at=12, length=2)))


def with_fade(path: Path) -> Path:
    """One shot that fades to black from frame 12 to frame 24 and stays black to frame 36."""
    return write(path, PictureTrack(pictures.fade()))


def with_dissolve(path: Path) -> Path:
    """Two shots; frames 12 to 24 mix them."""
    return write(path, PictureTrack(pictures.dissolve()))


# Containers and lengths


def fragmented(path: Path) -> Path:
    """An mp4 in fragments, its index spread over the file; its first frame is at 83 ms."""
    return write(path, PictureTrack(pictures.pan()), options={"movflags": "frag_keyframe+empty_moov"})


def without_duration(path: Path) -> Path:
    """An mkv or webm as a live encoder writes it: no duration, no index."""
    return write(path, PictureTrack(pictures.pan()), options={"live": "1"})


def one_frame(path: Path) -> Path:
    """A single frame."""
    return plain(path, frames=1)


def many_frames(path: Path, frames: int = 10_000) -> Path:
    """A long film of 64 x 48 pixels, drawn in about 2 s for each 10,000 frames."""
    drawn = pictures.pan(frames, width=64, height=48)
    return write(path, PictureTrack(drawn, codec="libx264", options={"preset": "ultrafast"}))


# Other streams


def with_audio(path: Path, languages: Sequence[str] = ("eng",), damaged: Sequence[str] = ()) -> Path:
    """One track of sound for each language; the middle packets of the `damaged` ones are noise."""
    tones = enumerate(languages, start=1)
    sound = [AudioTrack(language, 220 * number, language in damaged) for number, language in tones]
    return write(path, PictureTrack(pictures.pan()), *sound)


def with_subtitles(path: Path) -> Path:
    """Two lines of German: mov_text in mp4 and mov, SubRip in mkv, WebVTT in webm."""
    return write(path, PictureTrack(pictures.pan()), SubtitleTrack())


def with_chapters(path: Path) -> Path:
    """Two chapters and a title; mp4 and mov store chapters as one more stream, of data."""
    return write(path, PictureTrack(pictures.pan()), metadata={"title": "Street"}, chapters=("One", "Two"))


def with_cover(path: Path) -> Path:
    """Cover art, which reads back as a second video stream; mp4 and mkv (mov drops it in silence)."""
    return write(path, PictureTrack(pictures.pan()), cover)


def with_font(path: Path) -> Path:
    """An attached font; mkv."""
    return write(path, PictureTrack(pictures.pan()), font)


def with_timecode(path: Path) -> Path:
    """A timecode stream (tmcd), 01:02:03:04 at the first frame; mov and mp4."""
    return write(path, PictureTrack(pictures.pan(), timecode="01:02:03:04"))


def with_data(path: Path) -> Path:
    """A stream of KLV data; ts."""
    return write(path, PictureTrack(pictures.pan()), klv_data)


def everything(path: Path) -> Path:
    """All that an mp4, mov or mkv holds: three languages, one of them damaged, subtitles, chapters, cover, font."""
    sound = [AudioTrack("eng", 220), AudioTrack("fra", 440, is_damaged=True), AudioTrack("ger", 660)]
    extras: list[Track] = [*sound, SubtitleTrack(), cover]
    if path.suffix == ".mkv":
        extras.append(font)
    metadata = {"title": "Street", "comment": "drawn"}
    return write(path, PictureTrack(pictures.pan()), *extras, metadata=metadata, chapters=("One", "Two"))
