"""`restore evaluate inversion`: features F of a gray picture against noise z."""

from pathlib import Path
from typing import Any

import click

from pipelines.process import start_work
from restore.commands.evaluate import in_one_line
from restore.options.layout import COLOUR, OUTPUT, REPORTING, TASK, Command, option
from restore.options.measured import FILE, PICTURES, RESULT, on_pictures


@click.command(
    cls=Command,
    examples=[("restore evaluate inversion photos --network f16.safetensors", "structure and colours that F keeps")],
)
@PICTURES
@option(COLOUR, "--network", "networks", multiple=True, required=True, type=FILE,
        help="Weights of bigcolor; more than one are compared.")  # fmt: skip
@option(COLOUR, "--generator", type=FILE, help="Weights of BigGAN, for reconstructions by its noise z.")
@option(COLOUR, "--z-steps", type=click.IntRange(min=1), default=200, show_default=True,
        help="Steps in which z is looked for.")  # fmt: skip
@option(TASK, "--classes", type=FILE, help="Lines of a picture's key and its class, a tab between. [their folders]")
@option(TASK, "--keys", type=FILE, help="Take only the pictures named here, one a line, without suffix.")
@option(TASK, "--classifier", type=FILE, help="MobileNetV2 weights, for the Fréchet distance.")
@option(TASK, "--limit", type=click.IntRange(min=1), metavar="N", help="Take N pictures only, evenly spread.")
@option(OUTPUT, "--sheet", type=RESULT, help="Write a PNG of gray, each reconstruction, true.")
@option(OUTPUT, "--class-sheet", type=RESULT, help="Write a PNG of gray, and its colours under each class.")
@option(REPORTING, "--json", "json_out", type=RESULT, help="Write all figures, each picture's too, to this file.")
def inversion(pictures: tuple[Path, ...], networks: tuple[Path, ...], z_steps: int, limit: int | None,
              sheet: Path | None, class_sheet: Path | None, json_out: Path | None, **given: Any) -> None:  # fmt: skip
    """Measure what BigColor's features F keep of PICTURES (zip files or folders), and what BigGAN's noise z does.

    The middle square of each picture is made gray and reconstructed at the networks' size, in the picture's class.
    """
    sheets_out = {"--sheet": sheet, "--class-sheet": class_sheet}
    with in_one_line():
        from restore.inversion import measure_inversion

        start_work()
        measure_inversion(on_pictures(pictures, limit, json_out), networks, z_steps, given, sheets_out)
