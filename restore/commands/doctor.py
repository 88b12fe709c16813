"""`restore doctor`: whether this machine can restore films, and with what."""

import click

from pipelines import product_version
from restore.exits import FAILED
from restore.options.layout import Command


@click.command(cls=Command, examples=[("restore doctor", "ends with exit code 1 where something is wrong")])
def doctor() -> None:
    """Check this machine: packages, devices, encoders, weights, disks."""
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
