"""The side-car of a result: how it was made, and by what it is known; docs/restored.schema.json is its form."""

import hashlib
import json
import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines import DISTRIBUTION, product_version
from pipelines.errors import timecode
from pipelines.job.beside import checksum_of, checksums, lumas_of, record_of, waiting
from pipelines.job.job import Job
from pipelines.media.join import SegmentFile, mask_beside, offset_of, picture_times
from pipelines.media.open import open_film, packets_of, picture_stream
from pipelines.painting.choice import Chosen
from pipelines.places import sha256_of
from pipelines.proof.framemd5 import Row, Track, dump
from pipelines.proof.origin import STATEMENT, digital_source_type, named, networks_of
from pipelines.proof.segments import segments_of
from pipelines.proof.typed import command_of, typed
from pipelines.ranges import in_seconds
from pipelines.repair.tally import of_film, rows
from pipelines.settings import Settings
from pipelines.source import Film

FORM = "restore record 1"
"""Of the side-car: the number grows where a reader of the last form would read the new one wrongly."""
MENDED = "luma was mended by rule; no colours were added"
"""The statement of a film that was not coloured."""


@dataclass(frozen=True)
class Made:
    """A result that is whole and has not got its name, and what is known of its making."""

    job: Job
    segments: Sequence[SegmentFile]
    whole: Path
    """Where it lies: a file, or a folder of pictures."""
    signed: Path
    """Where it lies as it gets its name: `whole`, or that signed."""
    source: str
    """sha256 of the film, see `digest_of`."""
    origin: Mapping[str, str]
    """See `origin_of`."""
    notes: Sequence[str]
    began: datetime


def write_beside(made: Made) -> None:
    """Writes the files that go beside a result into the folder where they wait for it to get its name."""
    job, folder = made.job, waiting(made.job.out)
    if not (job.settings.has_record or job.settings.checksum):
        return
    folder.mkdir(exist_ok=True)
    files = {job.out.name: made.signed}
    if job.settings.has_record:
        lumas, record = folder / lumas_of(job.out).name, folder / record_of(job.out).name
        packets, digest = packets_in(made.whole)
        masked = [_lumas(made, "outside")] if job.settings.repair.mask_out else []
        lumas.write_text(dump([_lumas(made, "lumas"), packets, *masked]), "utf-8", newline="\n")
        record.write_text(json.dumps(_record(made, lumas, digest), indent=2) + "\n", "utf-8", newline="\n")
        files |= {path.name: path for path in (lumas, record)}
    if job.settings.checksum:
        lines = checksums(job.settings.checksum, files)
        (folder / checksum_of(job.out, job.settings.checksum).name).write_bytes(os.fsencode(lines))


def packets_in(result: Path) -> tuple[Track, str]:
    """The packets of a result's picture as they lie in its file, and the sha256 of all their bytes.

    In a folder each picture is one.
    """
    digest, rows = hashlib.sha256(), list[Row]()
    codec, tick, size = "", Fraction(1), (0, 0)
    if result.is_dir():
        for number, path in enumerate(sorted(result.iterdir())):
            codec = path.suffix[1:]
            rows.append(_row(path.read_bytes(), number, number, 1, digest))
        return Track(codec, tick, size, rows), digest.hexdigest()
    with open_film(result) as container:
        stream: Any = picture_stream(container, result)
        codec, tick = stream.codec_context.name, stream.time_base
        size = stream.codec_context.width, stream.codec_context.height
        for packet in packets_of(container, stream):
            if packet.size:
                times = packet.dts or 0, packet.pts or 0, packet.duration or 0
                rows.append(_row(bytes(packet), *times, digest))
    return Track(codec, tick, size, rows), digest.hexdigest()


def _row(data: bytes, dts: int, pts: int, duration: int, digest: Any) -> Row:
    """A packet, which `digest` takes in."""
    digest.update(data)
    return Row(dts, pts, duration, len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())


def _lumas(made: Made, of: str) -> Track:
    """The luma of every frame, or `outside` its mask, at its time in the result, see `EncodedSegment`."""
    job, target = made.job, made.job.target
    times = picture_times(made.segments, offset_of(job.film, target, job.span))
    md5 = (each for segment in made.segments for each in getattr(segment.encoded, of))
    size = target.width * target.height * (1 if target.bits == 8 else 2)
    rows = [Row(pts, pts, duration, size, luma) for (pts, duration), luma in zip(times.items(), md5, strict=True)]
    return Track("rawvideo", target.time_base, (target.width, target.height), rows)


def _record(made: Made, lumas: Path, packets: str) -> dict[str, Any]:
    """The side-car as an object of JSON."""
    job, settings = made.job, made.job.settings
    return {
        "form": FORM,
        "statement": STATEMENT if "colours" in made.origin else MENDED,
        "digital_source_type": digital_source_type(made.origin),
        "origin": dict(made.origin),
        "tool": {"name": DISTRIBUTION, "version": product_version()},
        "versions": {name: version(name) for name in ("av", "torch", "opencv-python")},
        "command": command_of(job.film.name, job.out.name, settings),
        "settings": typed(settings),
        "began": _clock(made.began),
        "ended": _clock(datetime.now(UTC)),
        "source": _source(job.film) | {"sha256": made.source},
        "result": _result(made, packets),
        "read": _read(job),
        "luma": {"file": lumas.name, "sha256": sha256_of(lumas)},
        "networks": [_network(chosen) for chosen in networks_of(job)],
        "devices": sorted({device for segment in made.segments for device in segment.encoded.devices}),
        "guides": guides_of(settings),
        "look": None if settings.look is None else _file("look", settings.look.path),
        "notes": list(made.notes),
        "held": [timecode(job.film.seconds(pts)) for each in made.segments for pts in each.encoded.held],
        "mask": _mask(made),
        "mended": rows(job.film, of_film([segment.encoded for segment in made.segments])),
        "shots": list(_shots(made)),
        **segments_of(job, made.segments),
    }


def _network(chosen: Chosen) -> dict[str, Any]:
    """A network, by its name and its files of weights."""
    files = [{"of": file.of, "sha256": file.sha256} for file in chosen.files]
    return {"name": named(chosen), "rows": chosen.rows, "files": files}


def _file(kind: str, path: Path) -> dict[str, str]:
    """A file that a person gave."""
    return {"kind": kind, "name": path.name, "sha256": sha256_of(path)}


def _mask(made: Made) -> dict[str, str] | None:
    """The film of masks of what was mended, which lies beside the result until both get their names."""
    out = made.job.settings.repair.mask_out
    return None if out is None else {"name": out.name, "sha256": sha256_of(mask_beside(made.whole))}


def _clock(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _source(film: Film) -> dict[str, Any]:
    """The film: its name, and the files that it is."""
    files = [film.path] if film.scans is None else list(film.scans.files)
    size = sum(path.stat().st_size for path in files)
    return {"name": film.name, "files": len(files), "bytes": size}


def _result(made: Made, packets: str) -> dict[str, Any]:
    """The result: what it is, and by what its bytes are known."""
    job, target, whole = made.job, made.job.target, made.whole
    files = sorted(whole.iterdir()) if whole.is_dir() else [whole]
    return {
        "name": job.out.name,
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "sha256": sha256_of(whole),
        "signed": None if made.signed == whole else _signed(made.signed),
        "packets_sha256": packets,
        "container": job.container,
        "codec": target.encoder if target.pictures else target.codec,
        "layer": target.layer or None,
        "profile": job.settings.encode.profile,
        "bits": target.bits,
        "full_range": target.is_full_range,
        "keeps_luma": is_lossless(job),
        "frames": sum(len(segment.encoded.pts) for segment in made.segments),
    }


def _signed(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def is_lossless(job: Job) -> bool:
    """Whether luma comes out of the result as it entered the encoder, to the bit."""
    return job.target.codec == "ffv1" and not (job.target.pictures or job.target.layer)


def _read(job: Job) -> dict[str, Any]:
    """How the film was read, exactly: seconds are fractions."""
    settings, span = job.settings, job.span
    return {
        "start": None if span.start is None else str(span.start),
        "end": None if span.end is None else str(span.end),
        "first_timecode": settings.first_timecode,
        "keep_start": span.keeps_start,
        "fps": None if settings.scans.fps is None else str(settings.scans.fps),
        "skip_damaged": settings.skip_damaged,
        "deinterlace": settings.deinterlace,
    }


def guides_of(settings: Settings) -> list[dict[str, Any]]:
    """All that a person gave for the film, each with the sha256 of its file; of hints, that of their list."""
    pictures = [("still", still.path) for still in settings.stills]
    pictures += [("reference", each.source) for each in settings.references if isinstance(each.source, Path)]
    found = [_file(kind, path) for kind, path in pictures]
    if settings.hints:
        listed = repr([(str(hint.time), hint.x, hint.y, hint.ab, hint.outline) for hint in settings.hints]).encode()
        found.append({"kind": "hints", "name": f"{len(settings.hints)}", "sha256": hashlib.sha256(listed).hexdigest()})
    return found


def _shots(made: Made) -> Iterator[dict[str, Any]]:
    """Each shot: where it lies, the network that coloured it, and the repairs that it was given."""
    film, settings = made.job.film, made.job.settings
    pts = [each for segment in made.segments for each in segment.encoded.pts]
    cuts = sorted({pts[0], *(cut for segment in made.segments for cut in segment.encoded.cuts)})
    firsts = [bisect_left(pts, cut) for cut in cuts]
    for first, after in pairwise([*firsts, len(pts)]):
        at = film.seconds(pts[first])
        repairs = {name: strength for name, strength in settings.repair_at(at).strengths.items() if strength}
        mask = {} if settings.repair.mask_in is None else {"mask": settings.repair.mask_in.name}
        yield {
            "start": timecode(at),
            "first": first,
            "frames": after - first,
            "network": _network_at(made.job, pts[first]) if "colours" in made.origin else None,
            "guides": _guides_in(settings, at, None if after == len(pts) else film.seconds(pts[after])),
            "repairs": repairs | mask,
        }


def _network_at(job: Job, pts: int) -> str:
    """The network that coloured a frame."""
    parts = [part for part in job.ways.parts if part.start is None or part.start <= pts]
    return named(parts[-1].way.chosen)


def _guides_in(settings: Settings, start: Fraction, end: Fraction | None) -> list[str]:
    """The kinds of guides that a person gave for frames of a shot."""
    hints = [in_seconds(hint.time) for hint in settings.hints]
    return ["hints"] if any(start <= at and (end is None or at < end) for at in hints) else []
