"""A result's record says on which kinds of GPU it was coloured, and a run that mixes kinds says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipelines.film import Listener, Result, restore
from pipelines.frames import Painted
from pipelines.job.job import Job, prepare
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.settings import Settings
from tests.made import clips
from tests.made.resumed import done, work_folder
from tests.made.runs import Films, in_segments


@dataclass
class On:
    """Paints as if on this kind of GPU, with so little memory."""

    device: str
    parts: int = 1
    batches: int = 1000
    """After which the run stops."""

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[Painted]:
        for painted in map(Paint(), orders):
            self.batches -= 1
            if self.batches < 0:
                raise KeyboardInterrupt
            yield replace(painted, device=self.device, parts=self.parts)


@pytest.fixture
def job(films: Films, settings: Settings, tmp_path: Path) -> Job:
    """Two segments."""
    return prepare(films(clips.plain, ".mp4"), tmp_path / "out.mp4", in_segments(settings))


def notes(result: Result) -> list[str]:
    return [note for note in result.notes if "GPU" in note]


def stop_after_a_segment(job: Job, paint: On) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore(job, Listener(), paint)
    assert done(job.out) == 1


def test_a_run_that_goes_on_with_another_kind_of_gpu_says_so(job: Job) -> None:
    stop_after_a_segment(job, On("Card A, cuDNN 9", batches=1))
    (entry,) = work_folder(job.out).glob("[0-9]*.json")
    assert json.loads(entry.read_text())["encoded"]["devices"] == ["Card A, cuDNN 9"]
    result = restore(job, Listener(), On("Card B, cuDNN 9"))
    assert result.devices == ("Card A, cuDNN 9", "Card B, cuDNN 9")
    assert notes(result) == [
        "GPUs of more than one kind coloured it (Card A, cuDNN 9; Card B, cuDNN 9): "
        "a run on one kind may differ in the last bit"
    ]


def test_one_kind_of_gpu_is_no_news_and_entries_of_before_are_read(job: Job) -> None:
    stop_after_a_segment(job, On("Card A, cuDNN 9", batches=1))
    (entry,) = work_folder(job.out).glob("[0-9]*.json")
    old = json.loads(entry.read_text())
    del old["encoded"]["devices"], old["encoded"]["parts"]
    entry.write_text(json.dumps(old))
    result = restore(job, Listener(), On("Card A, cuDNN 9"))
    assert (result.devices, result.parts, notes(result)) == (("Card A, cuDNN 9",), 1, [])


def test_memory_that_was_short_is_told_once(job: Job) -> None:
    assert notes(restore(job, Listener(), On("Card A, cuDNN 9", parts=2))) == [
        "the GPU's memory was short: batches were coloured in up to 2 parts, which is slower"
    ]
