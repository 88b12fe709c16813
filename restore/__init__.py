"""Steady colour for black-and-white film.

`restore_film`, `restore_archive`, `verify`, `render_preview`, `still`, `sheet` and `shots` do what the commands do;
`colour_frames` colours arrays; `events` runs one of them as an iterator of events. See docs/python.md.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.errors import FilmError
    from pipelines.ranges import When
    from pipelines.repair_settings import RepairSettings
    from pipelines.settings import ScanSettings, Settings
    from restore.api import render_preview, restore_archive, restore_film, sheet, shots, still
    from restore.arrays import colour_frames
    from restore.devices import Devices
    from restore.options.look import with_look
    from restore.reporting import events
    from restore.verification import verify

    __version__: str

__all__ = [
    "Devices",
    "FilmError",
    "RepairSettings",
    "ScanSettings",
    "Settings",
    "When",
    "__version__",
    "colour_frames",
    "events",
    "render_preview",
    "restore_archive",
    "restore_film",
    "sheet",
    "shots",
    "still",
    "verify",
    "with_look",
]

_MODULES = {
    "Devices": "restore.devices",
    "FilmError": "pipelines.errors",
    "RepairSettings": "pipelines.repair_settings",
    "ScanSettings": "pipelines.settings",
    "Settings": "pipelines.settings",
    "When": "pipelines.ranges",
    "colour_frames": "restore.arrays",
    "events": "restore.reporting",
    "verify": "restore.verification",
    "with_look": "restore.options.look",
}
"""Where names are that do not come from restore.api."""


def _check_rooms() -> None:
    """Raises ImportError where another project's folder hides `pipelines` or `models`, whose names are common."""
    home = Path(__file__).resolve().parent.parent
    for name in ("pipelines", "models"):
        spec = find_spec(name)
        found = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if spec and found is None and spec.submodule_search_locations:  # a folder without __init__.py
            found = Path(next(iter(spec.submodule_search_locations))).resolve()
        if found is not None and found.parent != home:
            what = f"the folder {found} hides the package {name!r} of restore"
            raise ImportError(f"{what}; start Python in another folder, or take {found.parent} out of PYTHONPATH")


try:
    _check_rooms()
except ImportError as error:
    if Path(sys.argv[0]).stem != "restore":
        raise
    print(f"restore: {error}", file=sys.stderr)  # noqa: T201  # the command says it without a traceback
    sys.exit(2)


def __getattr__(name: str) -> Any:
    """Loads what is asked for: importing the package must not cost a second of imports."""
    if name == "__version__":
        return import_module("pipelines").product_version()
    if name in __all__:
        return getattr(import_module(_MODULES.get(name, "restore.api")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
