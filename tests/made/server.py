"""A web server on this machine that serves one file, as badly as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """What is served, and what was asked."""

    content: bytes
    status: int = 200
    takes_ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    """For each of the next answers: after how many bytes the connection breaks."""
    ranges: list[str] = field(default_factory=list)
    """Of each request, the Range header; "" where it asked for all."""
    url: str = ""

    def __post_init__(self) -> None:
        self.lock = threading.Lock()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            with server.lock:
                server.ranges.append(asked)
                cut = server.cuts.pop(0) if server.cuts else None
            start = int(asked[len("bytes=") : -1]) if asked and server.takes_ranges else 0
            if server.status != 200:
                self.send_error(server.status)
            elif start and start >= len(server.content):
                self.send_error(416)
            else:
                self._send(server.content[start:], 206 if start else 200, cut)

        def _send(self, content: bytes, status: int, cut: int | None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:cut])

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@contextmanager
def serve(server: Server) -> Iterator[Server]:
    """Serves until the end of the block, at `server.url`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(server)) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}/weights.pth"
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
