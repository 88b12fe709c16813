"""Who may speak with the studio: its own page, opened with the token that the command printed."""

from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost")
"""Of this machine, as a browser may name it."""
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Of every answer: nothing of the page comes from elsewhere, and no other page shows or reads it."""


class Guard:
    """Passes on requests of the studio's own page, and refuses all others.

    A request must name this machine and port as its host, so that no name of somebody else's that points here is
    served; come from no other origin; and bring the token, in the address of the page or in the cookie that its first
    answer sets.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self.app, self.token = app, token
        self.hosts = {f"{name}:{port}" for name in NAMES}
        self.cookie = f"restore-studio-{port}"  # cookies do not tell ports apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        why = "unknown protocol" if scope["type"] != "http" else self._refusal(asked)
        app = PlainTextResponse(f"restore studio: {why}\n", 403) if why else self.app

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if not why and "token" in asked.query_params:
                    headers.append("Set-Cookie", f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict")
            await send(message)

        await app(scope, receive, signed)

    def _refusal(self, asked: HTTPConnection) -> str:
        """The reason why a request is refused; empty: it is not."""
        headers, is_page = asked.headers, asked.url.path == "/"
        if headers.get("host") not in self.hosts:
            return "this host is not served"
        origin = headers.get("origin")
        if origin is not None and (urlsplit(origin).scheme, urlsplit(origin).netloc) != ("http", headers["host"]):
            return "another origin is not served"
        if not is_page and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "another site is not served"
        given = asked.query_params.get("token") if is_page else None
        if not compare_digest((given or asked.cookies.get(self.cookie) or "").encode(), self.token.encode()):
            return "the token is missing or wrong; open the address that the command printed"
        return ""
