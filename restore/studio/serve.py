"""Serves a studio until Ctrl-C."""

import secrets
import socket
import tempfile
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from pipelines.process import keep_what_was_imported
from pipelines.settings import Settings
from restore.studio.guard import Guard
from restore.studio.server import application
from restore.studio.studio import Studio

HOST = "127.0.0.1"
GRACE_SECONDS = 1
"""In which pages that are open may finish what they ask for when the studio ends."""


def serve(
    films: Sequence[Path],
    settings: Settings,
    words: Sequence[str],
    port: int,
    is_opened: bool,
    say: Callable[[str], None],
) -> None:
    """Opens films in a page, and serves it until Ctrl-C.

    Args:
        films: the files; nothing else is served.
        settings: of all of them.
        words: the options of the command that mean these settings, for runs.
        port: 0 takes a free one.
        is_opened: whether a browser opens the page.
        say: takes lines for the user.

    Raises:
        OSError: the port is taken.
    """
    keep_what_was_imported()
    with tempfile.TemporaryDirectory(prefix="restore-studio-") as folder, listening(port) as own:
        studio, token = Studio(films, settings, words, Path(folder)), secrets.token_urlsafe(24)
        number = own.getsockname()[1]
        address = f"http://{HOST}:{number}/?token={token}"
        studio.jobs.warm()
        say(address)
        if is_opened:
            webbrowser.open(address)
        config = uvicorn.Config(
            Guard(application(studio), token, number), log_level="critical", access_log=False, lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS, server_header=False,
        )  # fmt: skip
        try:
            uvicorn.Server(config).run([own])
        finally:
            studio.jobs.close()
            runs = [(film.name, film.run) for film in studio.films] + [("the archive", studio.archive)]
            for name, run in runs:
                if run is not None and run.is_running:
                    say(f"the run of {name} goes on, as process {run.process.pid}")


def listening(port: int) -> socket.socket:
    """A socket of this machine alone.

    Raises:
        OSError: the port is taken.
    """
    own = socket.socket()
    try:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind((HOST, port))
        own.listen()  # a page that is quick waits for the server
    except OSError:
        own.close()
        raise
    return own
