"""Downloads of published weights: resumed where they broke off, with mirrors."""

from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import requests
from filelock import FileLock
from requests import exceptions

from models.weights.catalogue import Published, fault_of

Show = Callable[[int, int], None]
"""Takes how many bytes are here, and how many there will be (0: the server does not say)."""
CHUNK = 1 << 18
SECONDS = 30
"""Without an answer or a byte, after which a server is given up."""
BEGINS_ANEW = (200, 416)
"""HTTP statuses after which the file is written from its first byte: the whole file is sent, or nothing is left."""
FAULTS = {
    exceptions.Timeout: "no answer",  # before ConnectionError: a connection that times out is both
    exceptions.ConnectionError: "no connection",
    exceptions.ChunkedEncodingError: "the connection broke off",
}


def fetch(wanted: Published, folder: Path, show: Show = lambda _here, _all: None) -> Path:
    """The published file, whole and right, in `folder`.

    What is there already is not fetched again, and what broke off goes on, in this call or in the next. Of two
    processes that want the same file, one fetches it and the other waits.

    Raises:
        ConnectionError: no address gave it; the message says why for each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{wanted.name}.download"
    with FileLock(folder / f".{wanted.name}.lock"):
        if path.is_file() and fault_of(path, wanted) is None:
            return path
        part, faults = path.with_name(path.name + ".part"), []
        for url in wanted.urls:
            fault = _try(url, part, wanted, show)
            if fault is None:
                return part.replace(path)
            faults.append(f"{urlsplit(url).netloc}: {fault}")
    raise ConnectionError(f"{wanted.name} could not be fetched ({'; '.join(faults)})")


def _try(url: str, part: Path, wanted: Published, show: Show) -> str | None:
    """Downloads into `part` until it is the file wanted; the fault where it does not become that.

    The rest is asked for again as long as a connection that broke had brought something.
    """
    while True:
        before = part.stat().st_size if part.exists() else 0
        broken = _download(url, part, show)
        here = part.stat().st_size if part.exists() else 0
        if broken is None:
            fault = fault_of(part, wanted)
            if fault is None:
                return None
            part.unlink()
            if not before:
                return fault  # what came whole is wrong; what was pieced together may be right in one piece
        elif here == before:
            return broken


def _download(url: str, part: Path, show: Show) -> str | None:
    """Appends the rest of the file to `part`; the fault where it broke off."""
    try:
        with part.open("ab") as file:
            here = file.tell()
            headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
            with requests.get(url, headers=headers, stream=True, timeout=SECONDS) as answer:
                if answer.status_code in BEGINS_ANEW:
                    file.seek(0)
                    file.truncate()
                answer.raise_for_status()
                _append(answer, file, show)
    except OSError as error:  # requests' own errors are OSErrors too
        return _in_words(error)
    return None


def _append(answer: requests.Response, file: IO[bytes], show: Show) -> None:
    """Appends the answer's body to the file."""
    length = int(answer.headers.get("Content-Length", 0))
    total = file.tell() + length if length else 0
    for chunk in answer.iter_content(CHUNK):
        file.write(chunk)
        show(file.tell(), total)


def _in_words(error: OSError) -> str:
    """The fault of a download that broke off, in a line."""
    if isinstance(error, exceptions.HTTPError):
        return str(error).partition(" for url")[0]
    fault = next((words for kind, words in FAULTS.items() if isinstance(error, kind)), None)
    return fault or " ".join(str(error).split())
