"""Options of what is written beside a result."""

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
)
