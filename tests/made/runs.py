"""How the tests run the product: settings small enough for two cores, and films and results kept for the session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from models.compact.network import Compact, CompactConfig
from models.weights.files import save_network
from pipelines.archive.records import Record
from pipelines.archive.run import ArchiveListener
from pipelines.film import Listener, restore
from pipelines.job.job import prepare
from pipelines.settings import Codec, EncodeSettings, MotionSettings, PaintSettings, Settings
from restore.api import restore_archive, restore_film
from restore.runs import ArchiveReporter

Refuse = Callable[..., str]
"""Runs a film that must be refused with an error of one kind, and gives the message."""
HALF_SECOND = Fraction(1, 2)
CONTRAST = 600
"""Factor on the last layer of a network of random weights, with which its colours are strong and vary."""


def save_random_network(path: Path, seed: int = 0, takes_hints: bool = False, **about: str) -> Path:
    """Weights of the network that ships, narrow and of no use, but always the same; `about` is their metadata."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Compact(CompactConfig(widths=(32, 24, 16, 16), hints=takes_hints))
    with torch.no_grad():
        network.decoder.head.weight *= CONTRAST
    save_network(network, path, about)
    return path


def small_settings(network: Path, codec: Codec = "h264") -> Settings:
    """Settings with which a film of a second takes a third of one."""
    paint, motion = PaintSettings(network=str(network), rows=64, device="cpu"), MotionSettings(rows=64)
    return Settings(paint=paint, motion=motion, encode=EncodeSettings(codec))


def in_segments(settings: Settings, seconds: Fraction = HALF_SECOND) -> Settings:
    """The settings with segments of so many seconds."""
    return replace(settings, segment=seconds)


@dataclass
class Films:
    """Drawn films, each in a folder of its own, and what became of them; each is made once."""

    folder: Path
    made: dict[Hashable, Path] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)

    def __call__(self, draw: Callable[..., Path], ending: str = "", **how: Hashable) -> Path:
        """The film that `draw` draws, under a name with this ending."""
        key = (draw, ending, *sorted(how.items()))
        if key not in self.made:
            self.made[key] = draw(self._new_folder() / f"film{ending}", **how)
        return self.made[key]

    def restored(self, film: Path, settings: Settings, ending: str | None = None) -> Path:
        """The result of a run; the product names it where `ending` is None."""
        key = (film, settings, ending)
        if key not in self.made:
            own = Path(shutil.copy(film, self._new_folder()))
            self.made[key] = restore_film(own, None if ending is None else own.with_name(f"out{ending}"), settings)
        return self.made[key]

    def _new_folder(self) -> Path:
        folder = self.folder / str(next(self.numbers))
        folder.mkdir()
        return folder


def restore_heard(film: Path, out: Path, settings: Settings, *, listener: Listener, overwrite: bool = False) -> Path:
    """Restores a film; the listener hears all that the flow says."""
    job = prepare(film, out, settings, overwrite)
    restore(job, listener)
    return job.out


def archive_heard(*args: Any, listener: ArchiveListener, **how: Any) -> list[Record]:
    """Restores an archive as `restore_archive` does; the listener hears all that the flow says."""
    with patch.object(ArchiveReporter, "listener", listener):
        return restore_archive(*args, **how)


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """Each file and folder under `folder`, with its size and when it was last written."""
    found = [(path, path.lstat()) for path in folder.rglob("*")]
    return sorted((str(path.relative_to(folder)), about.st_size, about.st_mtime_ns) for path, about in found)
