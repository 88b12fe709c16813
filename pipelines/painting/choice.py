"""The network that colours a film, resolved once before its run: its files of weights, its size, its device."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from models.kind import Beside, Kind, Sees
from models.networks import NETWORKS
from models.weights.catalogue import CLASS_NETWORK, find_weights, weights_digest
from models.weights.files import beside_of, network_of, sees_of
from pipelines.errors import SettingsError
from pipelines.painting.blend import asked_of, shares_of
from pipelines.painting.device import find_device
from pipelines.painting.film_class import class_number
from pipelines.settings import PaintSettings, Settings

KNOWN_FILES = 64
"""Files of weights whose digests are kept: each film of an archive chooses its network."""
NOTED_MB = 1000
"""Memory of a network from which on a note tells it."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights, where it lies on the machine that chose it."""

    of: str
    """weights: the network's own; detector: those of what finds instances for it; class: of what tells its classes."""
    path: Path
    sha256: str


@dataclass(frozen=True)
class Chosen:
    """A network with nothing left open.

    It pickles: a painter on another machine finds its own files there, by the names in `asked`, and its own device of
    the type chosen.
    """

    asked: PaintSettings
    """As they were given: what the network is called, and how it is run."""
    kind: str
    """Of network, by its name in `models.networks.NETWORKS`; of a blend, all of them with + between."""
    files: tuple[WeightsFile, ...]
    rows: int
    """Short side of the picture that the network sees, in pixels."""
    instances: int
    """Most instances of an anchor that are coloured on their own."""
    device: torch.device
    motion_rows: int
    """Short side of the picture that the flow sees, in pixels, whatever the network sees."""
    batch: int
    """Anchors in one pass of the network."""
    beside: tuple[Beside, ...] = ()
    """The inputs beside the picture that the network, or one network of a blend, takes."""
    film_class: int | None = None
    """Number of the class of all shots; None: it takes none, or it is told for each shot."""
    parts: tuple["Part", ...] = ()
    """The networks of a blend; empty: it is one network."""

    def file(self, of: str) -> Path:
        """The file of weights, see `WeightsFile.of`."""
        return next(file.path for file in self.files if file.of.partition(" ")[0] == of)

    @property
    def name(self) -> str | None:
        """The network's name as asked for; None: nothing is coloured."""
        return None if self.asked.is_off else self.asked.network

    @property
    def memory(self) -> int:
        """Peak of memory, in MB, that it takes; 0: it was not measured."""
        if self.parts or self.asked.is_off:
            return sum(part.chosen.memory for part in self.parts)
        return NETWORKS[self.kind].memory(self.rows, self.batch)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences the user should see before a run."""
        if self.memory < NOTED_MB:
            return ()
        return (f"{self.kind} takes about {self.memory / 1000:.1f} GB of memory at {self.rows} rows, in each process",)

    def takes(self, beside: Beside) -> bool:
        """Whether the network, or one of a blend, takes this beside the picture."""
        return beside in self.beside

    @property
    def digests(self) -> dict[str, str]:
        """sha256 of each file of weights, by what it is of."""
        return {file.of: file.sha256 for file in self.files}

    @property
    def settings(self) -> PaintSettings:
        """The settings as they hold, without names of files: two runs with equal ones and equal digests paint alike."""
        return replace(
            self.asked,
            network="+".join(f"{part.share:g}" for part in self.parts),
            weights_dir=None,
            device=self.device.type,  # type: ignore[arg-type]  # cpu, cuda or mps
            rows=self.rows,
            render_factor=None,
            memory=None,
            batch=self.batch,
            instances=self.instances,
            class_network=CLASS_NETWORK,
        )

    def with_absolute_paths(self) -> "Chosen":
        """The choice for processes with other working folders."""
        if self.parts:
            parts = tuple(replace(part, chosen=part.chosen.with_absolute_paths()) for part in self.parts)
            return replace(self, parts=parts)
        asked, folder = self.asked, self.asked.weights_dir
        network, tells = (
            str(Path(name).absolute()) if Path(name).is_file() else name
            for name in (asked.network, asked.class_network)
        )
        folder = folder and folder.absolute()
        return replace(self, asked=replace(asked, network=network, class_network=tells, weights_dir=folder))


@dataclass(frozen=True)
class Part:
    """A network of a blend."""

    share: float
    """Of the ab, 0 to 1; those of a blend add up to 1."""
    chosen: Chosen


def choose(asked: PaintSettings, has_pool: bool = False) -> Chosen:
    """The network, or the blend of some, that the settings ask for, with what they leave to it filled in.

    Args:
        asked: the settings.
        has_pool: whether anchors are coloured elsewhere, so that the device need not be in this machine.

    Raises:
        FileNotFoundError: there is no such network, or no weights of what it needs beside.
        ValueError: it is not known, does not take what the settings ask of it, or there is no such device.
    """
    if asked.is_off:
        return _none(asked)
    is_elsewhere = has_pool and asked.device != "auto"
    device = torch.device(asked.device) if is_elsewhere else find_device(asked.device)
    shares = shares_of(asked.network)
    if len(shares) == 1:
        return _chosen(asked, device)
    kinds = _kinds(asked)
    each = [replace(asked_of(kind, kinds, asked), network=name) for kind, name in zip(kinds, shares, strict=True)]
    return _blended(
        asked, [Part(share, _chosen(one, device)) for one, share in zip(each, shares.values(), strict=True)]
    )


def takes_class(asked: PaintSettings) -> bool:
    """Whether the network, or one of a blend, colours by class.

    Raises:
        FileNotFoundError, ValueError: as `choose`.
    """
    return any("class" in kind.takes for kind in _kinds(asked))


def _kinds(asked: PaintSettings) -> list[Kind]:
    return [NETWORKS[network_of(find_weights(name, asked.weights_dir))] for name in shares_of(asked.network)]


def _none(asked: PaintSettings) -> Chosen:
    """No network: nothing is coloured, and only cuts are looked for."""
    rows = Kind.motion_rows
    return Chosen(
        asked, kind="", files=(), rows=rows, instances=0, device=torch.device("cpu"), motion_rows=rows, batch=1
    )


def _blended(asked: PaintSettings, parts: list[Part]) -> Chosen:
    """A blend: what it sees is made large enough for each of its networks."""
    all_of = [part.chosen for part in parts]
    classes = {one.film_class for one in all_of if one.takes("class")}
    if len(classes) > 1:
        raise ValueError(f"{asked.network}: its networks know other classes than each other; take one of them")
    return Chosen(
        asked,
        kind="+".join(one.kind for one in all_of),
        files=tuple(
            replace(file, of=f"{file.of} {number}") for number, one in enumerate(all_of, start=1) for file in one.files
        ),
        rows=max(one.rows for one in all_of),
        instances=max(one.instances for one in all_of),
        device=all_of[0].device,
        motion_rows=min(one.motion_rows for one in all_of),
        batch=asked.batch,
        beside=tuple({beside: None for one in all_of for beside in one.beside}),
        film_class=classes.pop() if classes else None,
        parts=tuple(parts),
    )


def _chosen(asked: PaintSettings, device: torch.device) -> Chosen:
    """One network."""
    weights = find_weights(asked.network, asked.weights_dir)
    kind = network_of(weights)
    own = NETWORKS[kind]
    instances = own.instances if asked.instances is None else asked.instances
    _check(kind, own, asked, instances)
    rows = _rows(kind, sees_of(weights), asked)
    batch = _batch(kind, own, asked, rows)
    files = {"weights": weights}
    if instances and kind != asked.detector:
        files["detector"] = find_weights(asked.detector, asked.weights_dir)
    film_class = class_number(weights, asked.film_class) if "class" in own.takes else None
    if "class" in own.takes and film_class is None:
        files["class"] = find_weights(asked.class_network, asked.weights_dir)
    hashed = tuple(WeightsFile(of, path, _digest(path)) for of, path in files.items())
    return Chosen(asked, kind, hashed, rows, instances, device, own.motion_rows, batch, beside_of(weights), film_class)


def _digest(path: Path) -> str:
    """sha256 of a file of weights, in hex; one that has not changed since is not read again."""
    about = path.stat()
    return _read_digest(path, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


@lru_cache(KNOWN_FILES)
def _read_digest(path: Path, *_changed: int) -> str:
    return weights_digest(path)


def _batch(kind: str, own: Kind, asked: PaintSettings, rows: int) -> int:
    """Anchors in one pass: as many as the settings and the network say, fewer where memory is short."""
    batch = min(asked.batch, own.batch or asked.batch)
    if asked.memory is None:
        return batch
    fits = [size for size in range(1, batch + 1) if own.memory(rows, size) <= 1000 * asked.memory]
    if not fits:
        takes = f"{kind} takes about {own.memory(rows, 1) / 1000:.1f} GB at {rows} rows"
        raise ValueError(f"{takes}, more than the {asked.memory:g} of --memory; give it more, or fewer --rows")
    return fits[-1]


def _rows(kind: str, sees: Sees, asked: PaintSettings) -> int:
    """Short side of the picture that the network sees."""
    factor = asked.render_factor
    if factor is not None and sees.factor is None:
        raise ValueError(f"{kind} has no render factor, which DeOldify has; --rows N gives the size in pixels")
    if factor is not None and asked.rows:
        raise ValueError("--render-factor and --rows both give the size that the network sees; leave one out")
    rows = asked.rows if factor is None else factor * (sees.factor or 0)
    if rows % sees.multiple:
        raise ValueError(f"{kind} sees pictures whose rows are a multiple of {sees.multiple}, not {rows}")
    return rows or sees.rows


def _check(kind: str, own: Kind, asked: PaintSettings, instances: int) -> None:
    if instances and "instances" not in own.takes:
        raise ValueError(f"{kind} does not colour instances on their own; --network instcolor and compact do")
    if own.sees.has_one_size and asked.rows not in (0, own.sees.rows):
        raise ValueError(f"{kind} sees squares of {own.sees.rows} pixels and no others; leave out --rows")
    if asked.detector == "maskrcnn" and not instances:
        raise ValueError("--detector maskrcnn finds things for --instances, which is off; add --instances N")
    if asked.class_network != CLASS_NETWORK and "class" not in own.takes:
        raise ValueError(f"{kind} takes no class; leave out --class-network")
    if asked.film_class is not None and "class" not in own.takes:
        raise ValueError(f"{kind} takes no class; leave out --class")
    if asked.temperature is not None and own.temperature is None:
        raise ValueError(f"{kind} has no distribution that a temperature would sharpen; leave it out")


def choose_network(where: Path | str, settings: Settings, has_pool: bool = False) -> Chosen:
    """The network of a run.

    Args:
        where: the film, or what else errors name.
        settings: of the run.
        has_pool: whether anchors are coloured elsewhere, so that the device need not be in this machine.

    Raises:
        SettingsError: there is no such network or device here, or it does not take what the settings ask of it.
    """
    try:
        chosen = choose(settings.paint, has_pool)
        if any(not hint.is_region for hint in settings.hints) and not settings.paint.is_off:
            _check_takes_hints(chosen)
    except (FileNotFoundError, ValueError) as error:
        raise SettingsError(where, str(error)) from error
    return replace(chosen, motion_rows=settings.motion.rows or chosen.motion_rows)


def _check_takes_hints(chosen: Chosen) -> None:
    if not chosen.takes("hints"):
        others = ", ".join(other for other, own in NETWORKS.items() if "hints" in own.takes)
        raise ValueError(f"{chosen.kind} takes no hints; --network {others} does")
