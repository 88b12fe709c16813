"""`restore FILM`: one film, coloured (the default command)."""

import re
from pathlib import Path
from typing import Any

import click

from pipelines.process import start_work
from pipelines.source import SCAN_SUFFIXES
from restore.exits import shown_by
from restore.options.guides import GUIDES
from restore.options.layout import OUTPUT, Command, join, option
from restore.options.machines import DEVICE_OPTIONS, devices_from
from restore.options.repair import MASK_IN_OPTIONS, MASK_OUT
from restore.options.shared import (
    SETTING_OPTIONS,
    SHOW_OPTIONS,
    look_option,
    overwrite_option,
    settings_from,
)
from restore.reporting import Reporter
from restore.show import choose_show

URL = re.compile(r"[a-z][a-z0-9+.-]+:/")
"""Of a path that was a URL: one of its two slashes is gone."""
LISTS = {".csv", ".txt", ".lst", ".list"}
PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".avif"}
EXAMPLES = [
    ("restore film.mp4", "film.restored.mp4 beside it"),
    ("restore film.mkv -o coloured.mkv --codec ffv1", "luma kept to the last bit"),
    ("restore archive reels/ --out coloured/ --gpus 4", "every film of a folder, on four GPUs"),
]

FILM_OPTIONS = join(
    click.argument("film", type=click.Path(path_type=Path)),
    option(
        OUTPUT,
        "-o",
        "--out",
        type=click.Path(path_type=Path),
        help="The file to write; its suffix chooses the container.",
    ),
    overwrite_option("Replace a result that exists; drop unfinished work of a run with other settings."),
    option(OUTPUT, "--keep-work", is_flag=True, help="Keep the film's segments, for a later --update."),
    option(
        OUTPUT,
        "--update",
        is_flag=True,
        help="Render into the result only what a changed look or guide touches; with --shot N that shot alone.",
    ),
    SETTING_OPTIONS,
    GUIDES,
    MASK_IN_OPTIONS,
    MASK_OUT,
    look_option(),
    DEVICE_OPTIONS,
    SHOW_OPTIONS,
)


def _check_words(film: Path, out: Path | None, others: list[str], are_scans: bool) -> None:
    """Raises click.UsageError where the words are not one film: it says which command takes them."""
    name = str(film)
    if others and not film.suffix and not film.exists():
        raise click.UsageError(f"{film} is neither a film here nor a command; restore --help lists these")
    if others:
        raise click.UsageError(f"{others[0]} is one film too many; restore archive FILM... --out FOLDER takes several")
    kind = _kind_of_several(film)
    if kind and are_scans and film.is_dir():
        known = ", ".join(SCAN_SUFFIXES)
        raise click.UsageError(f"{name} has no numbered pictures that are read as scans ({known})")
    if kind:
        films = "every film in it" if film.is_dir() else "the films it names"
        raise click.UsageError(f"{name} is {kind}; restore archive {name} --out FOLDER colours {films}")
    if out and out.suffix.lower() in PICTURES and "%" not in out.name:
        raise click.UsageError(f"{out} is a picture; restore still {name} --at TIME -o {out} writes one frame")


def _kind_of_several(film: Path) -> str:
    """The kind of a path that names several films, in words; empty where it names one."""
    name = str(film)
    if film.is_dir():
        return "" if any(each.suffix.lower() in SCAN_SUFFIXES for each in film.iterdir()) else "a folder"
    if film.suffix.lower() in LISTS:
        return "a list"
    if film.exists():
        return ""
    if URL.match(name):
        return "a URL"
    return "a glob" if set(name) & set("*?[") else ""


@click.command("film", cls=Command, examples=EXAMPLES, context_settings={"allow_extra_args": True})
@FILM_OPTIONS
def film_command(film: Path, out: Path | None, overwrite: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Colour one film (the default command)."""
    _check_words(film, out, click.get_current_context().args, options["fps"] is not None)
    kept = {"keep_work": options.pop("keep_work"), "update": options.pop("update")}
    kept["only_shot"] = options.pop("shot") if kept["update"] else None
    devices, settings = devices_from(options), settings_from(options)
    from restore.api import restore_film

    start_work()
    show = choose_show(as_json, quiet)
    with shown_by(show):
        restore_film(film, out, settings, overwrite=overwrite, **kept, devices=devices, reporter=Reporter(show))
