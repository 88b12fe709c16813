"""The identities of a run and of its segments: all that the bytes of a result depend on.

A run goes on from the finished segments of another only where all of the run's is the same, so its words stay as they
are. Of these segments it takes those of which their own is the same: what a person gives for parts of a film, a look
and guides, is in the identity of the segments that it reaches.
"""

import dataclasses
import hashlib
from dataclasses import replace
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines import product_version
from pipelines.colour.anchors import lookback
from pipelines.job.job import Job
from pipelines.painting.choice import Chosen
from pipelines.places import film_fingerprint, fingerprint, sha256_of
from pipelines.repair_settings import RepairSettings, RepairSpan
from pipelines.segment import margin, mend_margin
from pipelines.settings import Settings
from pipelines.source import Film, Segment


def about(job: Job) -> dict[str, str]:
    """All that the bytes of a result depend on, by name: a run goes on only where all of it is the same."""
    versions = {"restore": product_version()} | {name: version(name) for name in ("av", "torch", "opencv-python")}
    source = {"film": film_fingerprint(job.film), "container": job.container}
    repair = job.settings.repair
    settings = replace(job.settings, paint=job.chosen.settings, repair=replace(repair, mask_in=None, mask_out=None))
    return source | _masks(repair) | job.chosen.digests | flattened(_for_all(settings)) | versions


def _masks(repair: RepairSettings) -> dict[str, str]:
    """The mask that is read, by its content; and whether one is written, which lies in finished segments too."""
    read = {} if repair.mask_in is None else {"mask_in": fingerprint(repair.mask_in)}
    return read | ({} if repair.mask_out is None else {"mask_out": "written"})


def _for_all(settings: Settings) -> Settings:
    """The settings that hold for all segments, and change them."""
    return replace(settings, first_timecode="", hints=(), stills=(), references=(), look=None, repairs=())


def about_segment(job: Job, segment: Segment) -> str:
    """sha256 of all that a person gave for the pictures of a segment alone; empty: nothing."""
    run, found = _way(job.settings, job.chosen), list[object]()
    for part, way in job.ways.within(segment):
        around = margin(job.film, way.settings) + mend_margin(job.film, way.settings)
        other = {name: value for name, value in _way(way.settings, way.chosen).items() if run.get(name) != value}
        given = way.given.digest(*_around(part, around))
        seen = _around(part, around + lookback(way.settings.motion))
        repairs = [each for each in way.settings.repairs if _meets(each, part.film, *seen)]
        if other or given or repairs:
            found.append((part.start, part.end, sorted(other.items()), given, repairs))
    graded = job.ways.graded(segment)
    return hashlib.sha256(repr((found, graded)).encode()).hexdigest() if found or graded else ""


def _way(settings: Settings, chosen: Chosen) -> dict[str, str]:
    """How anchors are coloured, by name."""
    return flattened(_for_all(replace(settings, paint=chosen.settings))) | chosen.digests


def _around(part: Segment, seconds: Fraction) -> tuple[int | None, int | None]:
    """pts of the first and last frame on which the pictures of a part may depend."""
    ticks = int(seconds / part.film.picture.time_base) + 1
    return None if part.start is None else part.start - ticks, None if part.end is None else part.end + ticks


def _meets(span: RepairSpan, film: Film, first: int | None, last: int | None) -> bool:
    return (last is None or film.pts(span.start) <= last) and (first is None or film.pts(span.end) > first)


def files_given(settings: Settings) -> dict[str, str]:
    """sha256 of each file that a person gave for a film, by its name; of files of one name, all of theirs."""
    pictures = [*(still.path for still in settings.stills), *(each.source for each in settings.references)]
    pictures += [hint.mask for hint in settings.hints if hint.mask is not None]
    given: dict[str, list[str]] = {}
    for path in dict.fromkeys(pictures):
        if isinstance(path, Path) and path.is_file():
            given.setdefault(f"given.{path.name}", []).append(sha256_of(path))
    return {name: " ".join(each) for name, each in given.items()}


def flattened(value: Any, name: str = "") -> dict[str, str]:
    """Nested settings as flat text, so that two runs can be told apart by name: {"motion.steady": "1", ...}."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
            if not field.metadata.get("is_beside")
            and not (field.metadata.get("is_left_out") and getattr(value, field.name) == field.default)
        }
    if not isinstance(value, dict):
        return {name: str(float(value)) if isinstance(value, Fraction) else str(value)}
    flat: dict[str, str] = {}
    for key, inner in value.items():
        flat |= flattened(inner, f"{name}.{key}" if name else key)
    return flat
