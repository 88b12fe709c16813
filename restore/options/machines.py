"""Options of the machines that share the work."""

from typing import Any

import click
from click.core import ParameterSource

from restore.devices import Devices
from restore.options.layout import MACHINES, join, option

DEVICE_OPTIONS = join(
    option(
        MACHINES, "--gpus", type=click.IntRange(min=1), metavar="N", help="Share the work among N GPUs, through Ray."
    ),
    option(
        MACHINES,
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Share the work among N CPU processes, through Ray.",
    ),
    option(
        MACHINES,
        "--address",
        metavar="HOST:PORT",
        envvar="RAY_ADDRESS",
        help="The Ray cluster that does the work. [this machine]",
    ),
)
"""Options that become `restore.devices.Devices`, see `devices_from`."""


def devices_from(options: dict[str, Any]) -> Devices:
    """Takes --gpus, --workers and --address out of the options.

    Raises:
        click.UsageError: they contradict each other, or --device, or a cluster is named and nothing of it.
    """
    gpus, workers, address = (options.pop(name, None) for name in ("gpus", "workers", "address"))
    if (gpus or workers) and options["device"] in ("mps", "cpu" if gpus else "cuda"):
        raise click.UsageError(f"--device {options['device']} contradicts {'--gpus' if gpus else '--workers'}")
    if address and not gpus and not workers and _is_typed("address"):
        raise click.UsageError("--address names a cluster; --gpus N or --workers N says how much of it works")
    try:
        return Devices(gpus or 0, workers or 0, (address or "") if gpus or workers else "")
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _is_typed(name: str) -> bool:
    ctx = click.get_current_context(silent=True)
    return ctx is not None and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
