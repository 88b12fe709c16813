"""`restore weights`: the weights that others published, fetched, checked and taken over."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.weights.catalogue import (
    DEFAULT_NETWORK,
    Published,
    default_folder,
    find_weights,
    identify,
    no_weights,
    published,
    weights_digest,
)
from restore.exits import FAILED, Failure, raised_as
from restore.options.layout import COLOUR, HELP, OUTPUT, Command, option
from restore.options.shared import WEIGHTS_DIR

if TYPE_CHECKING:  # click alone, so that --help answers at once
    from models.weights.fetch import Show


def _folder(chosen: Path | None) -> Path:
    return chosen or default_folder()


def _known(names: tuple[str, ...]) -> list[Published]:
    _check_names(names, published().keys())
    return [published()[name] for name in names or published()]


def _check_names(names: Iterable[str], known: Iterable[str]) -> None:
    """Raises click.BadParameter where a name is none of those known."""
    known = list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.BadParameter(f"{unknown[0]}: not known; there are {', '.join(known)}")


@click.group(context_settings={"help_option_names": HELP})
def weights() -> None:
    """Download, verify and import weights of published networks."""


@weights.command("list", cls=Command)
@WEIGHTS_DIR
def list_weights(weights_dir: Path | None) -> None:
    """Show which weights there are, and which are here."""
    folder = _folder(weights_dir)
    click.echo(f"{DEFAULT_NETWORK}: ships with the program, the default")
    for one in _known(()):
        is_here = (folder / f"{one.name}.safetensors").is_file()
        way = "fetched by hand, see" if one.by_hand else "downloaded by"
        click.echo(f"{one}; {'here' if is_here else f'not here, {way} restore weights pull {one.name}'}")


@weights.command(cls=Command)
@WEIGHTS_DIR
def where(weights_dir: Path | None) -> None:
    """Show the folder of downloaded weights; copied to another machine, it serves there."""
    click.echo(_folder(weights_dir))


HALF = option(OUTPUT, "--half", is_flag=True, help="Write half precision: half the space, colours less exact.")


@weights.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@HALF
@WEIGHTS_DIR
def pull(names: tuple[str, ...], half: bool, weights_dir: Path | None) -> None:
    """Download published weights; goes on where a download broke off."""
    from models.weights.fetch import fetch
    from models.weights.take_over import import_published

    folder = _folder(weights_dir)
    for one in _known(names):
        path = folder / f"{one.name}.safetensors"
        if path.is_file():
            click.echo(f"{one.name} is here already: {path}")
            continue
        click.echo(str(one))
        if one.by_hand:
            raise Failure(f"{one.name} is fetched by hand: {one.by_hand}")
        with raised_as(Failure, ValueError, OSError), _progress(one.name) as show:
            try:
                file = fetch(one, folder, show)
            except ConnectionError as error:
                hint = "fetch it elsewhere, then: restore weights import FILE"
                raise Failure(f"{error}; {hint}") from error
            import_published(file, one.name, path, one, half)
            file.unlink(missing_ok=True)
        click.echo(f"{one.name} is ready: {path}")


@contextmanager
def _progress(name: str) -> "Iterator[Show]":
    """A bar on a terminal, nothing elsewhere."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None)
        yield lambda here, total: bar.update(task, completed=here, total=total or None)


@weights.command("import", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option(COLOUR, "--network", metavar="NAME", help="What your own weights belong to, where FILE does not name it.")
@HALF
@WEIGHTS_DIR
def import_file(file: Path, network: str | None, half: bool, weights_dir: Path | None) -> None:
    """Import a published FILE that was downloaded otherwise, or weights of your own."""
    from models.networks import NETWORKS
    from models.weights.take_over import import_published, is_imported, named_network

    if network and network not in NETWORKS:
        raise click.BadParameter(f"{network}: no network; there are {', '.join(NETWORKS)}")
    folder = _folder(weights_dir)
    with raised_as(Failure, ValueError, OSError):
        about, other = identify(file), no_weights(file)
        if other:
            raise ValueError(f"{file}: {other}")
        network = network or named_network(file)
        if about is None and network in published() and not published()[network].sha256:
            about = published()[network]  # nobody states its sha256: its tensors are looked at alone
        if about is None and network is None:
            what = f"not a published file that is known (sha256 {weights_digest(file)[:16]}...)"
            raise ValueError(f"{file}: {what}; --network NAME takes it as your own weights of that network")
        name = about.name if about else file.stem
        path = folder / f"{name}.safetensors"
        if is_imported(file, path):
            click.echo(f"{name} is here already: {find_weights(name, folder)}")
            return
        folder.mkdir(parents=True, exist_ok=True)
        import_published(file, about.name if about else str(network), path, about, half)
    click.echo(f"{name} is ready: {path}")


@weights.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@WEIGHTS_DIR
def verify(names: tuple[str, ...], weights_dir: Path | None) -> None:
    """Check that the weights that are here are whole and what they say they are."""
    from models.weights.take_over import fault_of_imported

    folder = _folder(weights_dir)
    here = sorted(folder.glob("*.safetensors"))
    ships = {DEFAULT_NETWORK: find_weights(DEFAULT_NETWORK)}
    _check_names(names, dict.fromkeys([*ships, *published(), *(path.stem for path in here)]))
    paths = [ships.get(name, folder / f"{name}.safetensors") for name in names] or here
    is_well = True
    for path in paths:
        fault = fault_of_imported(path)
        is_well &= fault is None
        click.echo(f"{'ok ' if fault is None else 'BAD'}  {path}{f': {fault}' if fault else ''}")
    if not paths:
        click.echo(f"no weights in {folder}; restore weights list shows those that can be fetched")
    if not is_well:
        raise click.exceptions.Exit(FAILED)
