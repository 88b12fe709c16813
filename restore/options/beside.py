"""Options of what is written beside a result."""

from pathlib import Path
from typing import get_args

import click

from pipelines.settings import Checksum
from restore.options.layout import OUTPUT, join, option

BESIDE = join(
    option(
        OUTPUT,
        "--sidecar/--no-sidecar",
        default=None,
        help="Write how the result was made beside it, film.restored.json and .framemd5. [no; in archives yes]",
    ),
    option(
        OUTPUT,
        "--checksum",
        type=click.Choice(get_args(Checksum)),
        help="Write checksums beside the result, for md5sum -c or sha256sum -c.",
    ),
    option(
        OUTPUT,
        "--verify/--no-verify",
        default=None,
        help="Compare the result with its film and its record once it is there, as restore verify does.",
    ),
    option(
        OUTPUT,
        "--c2pa-cert",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Sign mp4 and mov with content credentials (C2PA): the certificate with its chain, PEM.",
    ),
    option(
        OUTPUT, "--c2pa-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="And its key, PEM."
    ),
)
