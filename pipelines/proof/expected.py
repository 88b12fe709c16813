"""A result with all that it should hold beside its picture, written anew from the film."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.errors import InputError
from pipelines.frames import ColouredFrame, Frame
from pipelines.media.containers import Output, choose_output, choose_pictures
from pipelines.media.encode import Encode
from pipelines.media.join import SegmentFile, mux, offset_of
from pipelines.media.probe import picture_at, probe
from pipelines.media.scans import find_scans
from pipelines.media.target import Target
from pipelines.proof.stated import Stated
from pipelines.ranges import in_seconds
from pipelines.settings import Settings
from pipelines.source import Film


def film_of(path: Path, settings: Settings) -> Film:
    """The film as the run read it."""
    film = probe(path, settings.scans)
    return replace(film, picture=picture_at(film, in_seconds(settings.start))) if settings.start else film


def output_of(film: Film, result: Path, settings: Settings) -> Output:
    """The picture and the streams that the run wrote."""
    if result.is_dir():
        scans = find_scans(result)
        if scans is None:
            raise InputError(result, "holds no pictures", "copy it again")
        return choose_pictures(film, settings, scans.names)
    return choose_output(film, settings, result.name, has_suffix=True)


def write_expected(film: Film, output: Output, settings: Settings, stated: Stated, folder: Path) -> Path:
    """Writes a file like the result, whose picture is one black frame.

    Args:
        film: from `film_of`.
        output: from `output_of`, of a file.
        settings: from `Stated.settings`.
        stated: the record.
        folder: where it is written.
    """
    target, span = output.target, settings.span
    first = stated.lumas.rows[0].pts - offset_of(film, target, span)
    segment = folder / "picture"
    encoded = Encode(target, settings.encode)([_black(target, first)], segment)
    whole = replace(film, others=output.others)
    path = folder / f"expected{stated.result['name'][-4:]}"
    made = whole, target, output.container, [SegmentFile(segment, encoded)], span, path, path
    mux(*made, origin=stated.origin, first_timecode=settings.first_timecode)
    return path


def _black(target: Target, pts: int) -> ColouredFrame:
    kind = np.uint8 if target.bits == 8 else np.uint16
    luma = np.zeros((target.height, target.width), np.uint8 if target.source_bits == 8 else np.uint16)
    chroma = np.full(target.chroma_size, 1 << (target.bits - 1), kind)
    return ColouredFrame(Frame(pts, 0, luma, is_owned=True), chroma, chroma, shot=0)
