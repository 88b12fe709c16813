"""Films with timed metadata, which neither PyAV nor FFmpeg writes: a track of captions whose kind is overwritten."""

from __future__ import annotations

from pathlib import Path

from tests.made.clips import with_subtitles

CAPTIONS = {".mov": (b"text", b"mhlrtext", b"mhlrmeta"), ".mp4": (b"tx3g", bytes(8) + b"sbtl", bytes(8) + b"meta")}
"""By the film's ending: the kind of captions in its sample description, and the handler's before and after."""


def with_timed_metadata(path: Path, kind: str) -> Path:
    """An mp4 or mov whose second track is metadata of a `kind` of ISO 14496-12 or QuickTime: mett, mebx."""
    content = with_subtitles(path).read_bytes()
    captions, before, after = CAPTIONS[path.suffix]
    at = content.rindex(b"stsd") + 16  # after its version, number of entries and the first entry's size
    assert content[at : at + 4] == captions
    content = content[:at] + kind.encode() + content[at + 4 :]
    handler = content.index(before, content.rindex(b"mdia"))
    path.write_bytes(content[:handler] + after + content[handler + len(after) :])
    return path
