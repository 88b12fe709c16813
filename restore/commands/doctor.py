"""`restore doctor`: whether this machine can restore films, and with what."""

from pathlib import Path

import click

from pipelines import product_version
from restore.exits import FAILED
from restore.options.layout import REPORTING, Command, option


@click.command(cls=Command, examples=[
    ("restore doctor", "ends with exit code 1 where something is wrong"),
    ("restore doctor --report film.mp4", "what a report of a fault should say"),
])  # fmt: skip
@click.argument("film", type=click.Path(path_type=Path), required=False)
@option(
    REPORTING,
    "--report",
    is_flag=True,
    help="Print these facts, and those of FILM, for a report of a fault: no path or name is in them.",
)
def doctor(film: Path | None, report: bool) -> None:
    """Check this machine: packages, devices, encoders, weights, disks."""
    if report:
        from restore.fault_report import fault_report

        for line in fault_report(film):
            click.echo(line)
        return
    if film is not None:
        raise click.UsageError(f"doctor checks this machine; with --report it describes {film} too")
    _check()


def _check() -> None:
    """Prints each fact of this machine with whether it is as it should be.

    Raises:
        click.exceptions.Exit: one is not.
    """
    import platform

    click.echo(f"ok   restore {product_version()}, Python {platform.python_version()} on {platform.platform()}")
    from restore.doctor import examine

    is_well = True
    for is_right, fact in examine():
        is_well &= is_right
        click.echo(f"{'ok ' if is_right else 'BAD'}  {fact}")
    click.echo("this machine can restore films" if is_well else "mend these lines first")
    if not is_well:
        raise click.exceptions.Exit(FAILED)
