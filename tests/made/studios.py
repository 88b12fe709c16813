"""A studio that is served in this process, and a page that speaks with it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import requests
import uvicorn

from pipelines.settings import Settings
from restore.studio.guard import Guard
from restore.studio.serve import HOST, listening
from restore.studio.server import application
from restore.studio.studio import Studio

TOKEN = "of the tests"
SECONDS = 120
"""After which an answer that does not come fails a test, on any machine."""


@dataclass(frozen=True)
class Page:
    """What a page does."""

    port: int
    studio: Studio

    @property
    def address(self) -> str:
        """Of the page, with the token."""
        return f"{self.root}/?token={TOKEN}"

    @property
    def root(self) -> str:
        """Of the server."""
        return f"http://{HOST}:{self.port}"

    @property
    def cookies(self) -> dict[str, str]:
        """Those of a page that was opened."""
        return {f"restore-studio-{self.port}": TOKEN}

    def get(self, path: str) -> requests.Response:
        return requests.get(self.root + path, cookies=self.cookies, timeout=SECONDS)

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(self.root + path, json=body, cookies=self.cookies, timeout=SECONDS)

    def put(self, path: str, body: Any) -> requests.Response:
        return requests.put(self.root + path, json=body, cookies=self.cookies, timeout=SECONDS)

    def delete(self, path: str) -> requests.Response:
        return requests.delete(self.root + path, cookies=self.cookies, timeout=SECONDS)

    def raw(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and answer to a GET of a path that nobody tidies up, with these headers over the page's own."""
        connection = HTTPConnection(HOST, self.port, timeout=SECONDS)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"Cookie": cookie} | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=own)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def events(self, film: int = 0) -> Iterator[tuple[str, Any]]:
        """The events of a film, by name, without end."""
        path = f"{self.root}/api/films/{film}/events"
        with requests.get(path, cookies=self.cookies, timeout=SECONDS, stream=True) as answer:
            name = ""
            for line in answer.iter_lines(1, decode_unicode=True):
                kind, _, content = line.partition(": ")
                if kind == "event":
                    name = content
                elif kind == "data":
                    yield name, json.loads(content)


def ended(page: Page, film: int = 0, name: str = "run") -> dict[str, Any]:
    """The state of a film's run, or of the `archive`, at its end."""
    states = (data for each, data in page.events(film) if each == name)
    return next(state for state in states if state["state"] != "running")


@contextmanager
def open_studio(films: Sequence[Path], settings: Settings, folder: Path) -> Iterator[Page]:
    """Serves films while the block runs; its runs have the network, rows and device of the settings."""
    paint = settings.paint
    words = ["--network", paint.network, "--rows", str(paint.rows), "--device", paint.device]
    with listening(0) as own:
        studio, port = Studio(films, settings, words, folder), own.getsockname()[1]
        how = {"log_level": "critical", "lifespan": "off", "timeout_graceful_shutdown": 1}
        server = uvicorn.Server(uvicorn.Config(Guard(application(studio), TOKEN, port), **how))
        thread = threading.Thread(target=server.run, args=([own],))
        thread.start()
        try:
            yield Page(port, studio)
        finally:
            server.should_exit = True
            thread.join()
            studio.jobs.close()
            for film in studio.films:
                film.cancel_run()
            studio.cancel_archive()
