"""The segments in the record of a result, by which a later run takes them out of the result itself."""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

from pipelines.job.identity import about
from pipelines.job.job import Job
from pipelines.media.join import SegmentFile
from pipelines.media.recut import contents

IN_LUMAS = ("pts", "lumas", "outside")
"""Facts of a segment that stand in the file of md5 already."""


def segments_of(job: Job, segments: Sequence[SegmentFile]) -> dict[str, Any]:
    """The run's identity, and each segment with its own; nothing of results whose packets are not all."""
    if job.pictures is not None or job.settings.repair.mask_out is not None:
        return {}
    return {"identity": run_digest(job), "segments": [_facts(segment) for segment in segments]}


def _facts(segment: SegmentFile) -> dict[str, Any]:
    encoded = dataclasses.asdict(segment.encoded)
    facts = {name: value for name, value in encoded.items() if name not in IN_LUMAS}
    frames = len(segment.encoded.pts)
    return {"identity": segment.own, "frames": frames, "contents": contents(segment.path) if frames else "", **facts}


def run_digest(job: Job) -> str:
    """sha256 of the run's identity: names of folders are in it."""
    return hashlib.sha256(repr(sorted(about(job).items())).encode()).hexdigest()
