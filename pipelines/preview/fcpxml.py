"""FCPXML 1.10, the lists of Final Cut Pro, which DaVinci Resolve and Premiere's converters read too.

The library for OpenTimelineIO (otio-fcpx-xml-adapter 1.0.0) imports a module that Python 3.9 has dropped, and rounds
rates to whole numbers.
"""

from fractions import Fraction
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree

from pipelines.job.shots import Shot
from pipelines.media.open import open_film
from pipelines.preview import cdl
from pipelines.preview.edit import Edit, Source

VERSION = "1.10"
Attributes = dict[str, str]


def fcpxml(edit: Edit) -> str:
    """A project with a clip a shot; the result's clips are connected to them, one lane above.

    Args:
        edit: with shots; its sources have a rate with timecode.
    """
    root = ElementTree.Element("fcpxml", version=VERSION)
    resources = ElementTree.SubElement(root, "resources")
    sources = [each for each in (edit.original, edit.result) if each is not None]
    made = [_Asset(source, f"r{2 * i + 1}", f"r{2 * i + 2}") for i, source in enumerate(sources)]
    for asset in made:
        asset.add(resources, edit)
    name = PurePath(edit.original.film.name).stem
    event = ElementTree.SubElement(ElementTree.SubElement(root, "library"), "event", name=name)
    project = ElementTree.SubElement(event, "project", name=name)
    first, count = edit.original.span(*edit.whole)
    original, above = made[0], made[1:]
    times = {"duration": original.time(count), "tcStart": original.time(first), "tcFormat": original.counting}
    sequence = ElementTree.SubElement(project, "sequence", {"format": original.format, **times})
    spine = ElementTree.SubElement(sequence, "spine")
    for shot, saturation in edit.graded:
        first, _ = edit.original.span(shot.start, shot.end)
        clip = original.clip(spine, shot, original.time(first))
        for result in above:
            top = result.clip(clip, shot, original.time(first), lane="1", srcEnable="video")
            _grade(top, saturation)
        if not above:
            _grade(clip, saturation)
    return cdl.written(root, "<!DOCTYPE fcpxml>\n")


def _grade(clip: ElementTree.Element, saturation: float | None) -> None:
    """Says a shot's correction in the clip's metadata: FCPXML has no element for it."""
    if saturation is not None:
        held = ElementTree.SubElement(clip, "metadata")
        for key, value in cdl.comments(saturation).items():
            ElementTree.SubElement(held, "md", key=key, value=value, type="string")


class _Asset:
    """A film as a resource, and clips of it.

    Args:
        source: the film.
        format_: name of the resource that is its picture's format.
        asset: name of the resource that is its file.
    """

    def __init__(self, source: Source, format_: str, asset: str) -> None:
        self.source, self.format, self.asset = source, format_, asset
        self.counting = "DF" if source.clock.is_drop else "NDF"

    def time(self, frames: int) -> str:
        """Seconds of a number of frames, as a fraction of whole frames."""
        seconds = frames / self.source.clock.rate
        return f"{seconds.numerator}/{seconds.denominator}s" if seconds.denominator > 1 else f"{seconds.numerator}s"

    def add(self, resources: ElementTree.Element, edit: Edit) -> None:
        """Adds format and file."""
        film = self.source.film
        height, width = film.picture.upright((film.picture.height, film.picture.width))
        aspect = film.picture.sample_aspect_ratio or Fraction(1)
        shape = {} if aspect == 1 else {"paspH": str(aspect.numerator), "paspV": str(aspect.denominator)}
        size = {"frameDuration": self.time(1), "width": str(width), "height": str(height)}
        ElementTree.SubElement(resources, "format", {"id": self.format, **size, **shape})
        first, count = self.source.span(*edit.whole)
        span = {"start": self.time(first), "duration": self.time(count)}
        held = {"hasVideo": "1", "format": self.format, "videoSources": "1", **_sound(self.source)}
        asset = ElementTree.SubElement(resources, "asset", {"id": self.asset, "name": film.name, **span, **held})
        ElementTree.SubElement(asset, "media-rep", kind="original-media", src=self.source.url)

    def clip(self, parent: ElementTree.Element, shot: Shot, offset: str, **more: str) -> ElementTree.Element:
        """Adds a shot's clip to what holds it.

        Args:
            parent: the spine, or the clip to which this one is connected.
            shot: of the film.
            offset: time in the parent at which it begins.
            more: other attributes.
        """
        first, count = self.source.span(shot.start, shot.end)
        span = {"offset": offset, "start": self.time(first), "duration": self.time(count)}
        named = {"ref": self.asset, "name": f"{self.source.film.name} shot {shot.number}"}
        return ElementTree.SubElement(
            parent, "asset-clip", {**named, **span, "format": self.format, "tcFormat": self.counting, **more}
        )


def _sound(source: Source) -> Attributes:
    """The file's sound; nothing where it has none."""
    with open_film(source.film.path) as container:
        streams: list[Any] = list(container.streams.audio)
        if not streams:
            return {}
        channels, rate = streams[0].codec_context.channels, streams[0].codec_context.sample_rate
    sound = {"audioSources": str(len(streams)), "audioChannels": str(channels), "audioRate": str(rate)}
    return {"hasAudio": "1", **sound}
