"""The studio's server: what the page asks for, as HTTP on this machine alone."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from restore.studio.given import keep_painted, keep_photograph
from restore.studio.jobs import JobError
from restore.studio.runs import command_of
from restore.studio.studio import KINDS, Studio, StudioFilm

PAGE = Path(__file__).parent / "page"
MAX_BODY = 1 << 20
"""Bytes of a request: a direction of thousands of points."""
MAX_SPAN = 60
"""Seconds of a stretch that is played."""
MAX_PICTURE = 1 << 28
"""Bytes of a painted frame: 8K of 16 bits."""
TYPES = {".png": "image/png", ".tif": "image/tiff", ".mp4": "video/mp4"}
GONE = 499
"""Status of a request that nobody waits for any more; nobody sees it."""


def application(studio: Studio) -> Starlette:
    """The application that serves a studio's films."""

    def of(answer: Callable[[_Asked], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await answer(_Asked(studio, request))

        return endpoint

    films = "/api/films/{film:int}"
    routes = [
        Route("/", lambda _: FileResponse(PAGE / "index.html")),
        Route("/api/studio", of(_about_studio)),
        Route(films, of(_about_film)),
        Route(f"{films}/events", of(_events)),
        Route(f"{films}/picture", of(_picture), methods=["POST"]),
        Route(f"{films}/span", of(_span), methods=["POST"]),
        Route(f"{films}/look", of(_read_look)),
        Route(f"{films}/look", of(_write_look), methods=["PUT"]),
        Route(f"{films}/stills/{{frame:int}}", of(_keep_painted), methods=["PUT"]),
        Route(f"{films}/references", of(_keep_photograph), methods=["POST"]),
        Route(f"{films}/result", of(_result)),
        Route(f"{films}/run", of(_command)),
        Route(f"{films}/run", of(_start), methods=["POST"]),
        Route(f"{films}/run", of(_cancel), methods=["DELETE"]),
        Route("/api/archive", of(_archive_command)),
        Route("/api/archive", of(_start_archive), methods=["POST"]),
        Route("/api/archive", of(_cancel_archive), methods=["DELETE"]),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]
    return Starlette(routes=routes, exception_handlers={JobError: _failed, HTTPException: _refused})


class _Asked:
    """A request, as a studio understands it."""

    def __init__(self, studio: Studio, request: Request) -> None:
        self.studio, self.request = studio, request

    @property
    def film(self) -> StudioFilm:
        """The film that it is about.

        Raises:
            HTTPException: there is no such film.
        """
        number: int = self.request.path_params["film"]
        if number >= len(self.studio.films):
            raise HTTPException(404, "the studio has no such film")
        return self.studio.films[number]

    def query(self, name: str) -> str:
        """A value of its address; empty: there is none."""
        return str(self.request.query_params.get(name, ""))

    async def body(self) -> dict[str, Any]:
        """Its JSON object.

        Raises:
            HTTPException: it has none.
        """
        with suppress(ValueError, RecursionError):
            found = json.loads(await self.bytes(MAX_BODY))
            if isinstance(found, dict):
                return found
        raise HTTPException(400, "a JSON object is needed")

    async def bytes(self, limit: int) -> bytes:
        """Its content.

        Raises:
            HTTPException: it is longer than the limit.
        """
        content = bytearray()
        async for part in self.request.stream():
            content += part
            if len(content) > limit:
                raise HTTPException(413, "the request is too long")
        return bytes(content)

    async def unless_gone(self, work: Awaitable[Any]) -> Any:
        """The result of work that ends early where the page does not wait for it.

        Raises:
            HTTPException: the page does not.
        """
        task, gone = asyncio.ensure_future(work), asyncio.create_task(self._gone())
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise HTTPException(GONE, "the page has gone")
            return task.result()
        finally:
            task.cancel()
            gone.cancel()

    async def _gone(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass


async def _about_studio(asked: _Asked) -> Response:
    return JSONResponse(asked.studio.about())


async def _about_film(asked: _Asked) -> Response:
    return JSONResponse(await asked.film.about())


async def _events(asked: _Asked) -> Response:
    asked.film.find_shots()
    return StreamingResponse(asked.film.feed.follow(), media_type="text/event-stream")


async def _picture(asked: _Asked) -> Response:
    """A frame: `still`, and small `tile`, before and after; `before` small, without colour; `mask` of its
    repair; `colour`, to be painted over."""
    body, film = await asked.body(), asked.film
    kind, at = body.get("kind"), _seconds(body.get("at"))
    if kind not in KINDS:
        raise HTTPException(400, f"a picture is one of {', '.join(KINDS)}")
    look = _look(body)
    content, seconds = await asked.unless_gone(film.picture(kind, at, look))
    return Response(content, media_type=TYPES[KINDS[kind][1]], headers={"Frame-Time": str(seconds)})


async def _span(asked: _Asked) -> Response:
    """A stretch of the film with its sound, as an mp4."""
    body, film = await asked.body(), asked.film
    at, seconds, layout = _seconds(body.get("at")), _seconds(body.get("seconds")), body.get("layout", "side")
    if not 0 < seconds <= MAX_SPAN or layout not in ("side", "split", "over", "colour"):
        raise HTTPException(400, f"a span has up to {MAX_SPAN} seconds, and a layout of restore preview")
    content, _ = await asked.unless_gone(film.span(at, seconds, layout, _look(body)))
    return Response(content, media_type=TYPES[".mp4"])


async def _read_look(asked: _Asked) -> Response:
    return JSONResponse(asked.film.read_look())


async def _write_look(asked: _Asked) -> Response:
    """Writes the look, unless the file has changed since the page read it."""
    body = await asked.body()
    stamp = None if body.get("replace") is True else str(body.get("stamp", ""))
    written = await asked.film.write_look(_look(body), stamp)
    if written is None:
        raise HTTPException(409, "the look was changed elsewhere")
    return JSONResponse({"stamp": written})


async def _keep_painted(asked: _Asked) -> Response:
    film, frame = asked.film, asked.request.path_params["frame"]
    return JSONResponse({"file": keep_painted(await asked.bytes(MAX_PICTURE), film.path, frame)})


async def _keep_photograph(asked: _Asked) -> Response:
    found = keep_photograph(await asked.bytes(MAX_PICTURE), asked.film.path, asked.query("name"))
    return JSONResponse({"file": found})


async def _result(asked: _Asked) -> Response:
    """The finished result, in parts as a player asks for them."""
    found = asked.film.result
    if found is None:
        raise HTTPException(404, "there is no finished result")
    return FileResponse(found)


async def _command(asked: _Asked) -> Response:
    """The command of the run that would be started."""
    return JSONResponse({"command": command_of(asked.film.run_words(asked.query("overwrite") == "true"))})


async def _archive_command(asked: _Asked) -> Response:
    words = asked.studio.archive_words(asked.query("out"), asked.query("overwrite") == "true")
    return JSONResponse({"command": command_of(words)})


async def _start_archive(asked: _Asked) -> Response:
    body = await asked.body()
    return JSONResponse(await asked.studio.start_archive(str(body.get("out", "")), body.get("overwrite") is True))


async def _cancel_archive(asked: _Asked) -> Response:
    asked.studio.cancel_archive()
    return JSONResponse({})


async def _start(asked: _Asked) -> Response:
    body = await asked.body()
    return JSONResponse(await asked.film.start_run(body.get("overwrite") is True))


async def _cancel(asked: _Asked) -> Response:
    asked.film.cancel_run()
    return JSONResponse({})


def _seconds(given: Any) -> Fraction:
    """Seconds, as `3/25` or a decimal number.

    Raises:
        HTTPException: it is neither.
    """
    with suppress(ValueError, ZeroDivisionError):
        if isinstance(given, str) and len(given) < 40 and "e" not in given.lower():
            found = Fraction(given)
            if found >= 0:
                return found
    raise HTTPException(400, "a time is seconds from the film's start, such as 12.5 or 3/25")


def _look(body: dict[str, Any]) -> dict[str, Any]:
    look = body.get("look", {})
    if not isinstance(look, dict):
        raise HTTPException(400, "a look is a JSON object")
    return look


async def _failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, JobError)
    return JSONResponse({"film": error.film, "what": error.what, "hint": error.hint}, 422)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"film": "", "what": error.detail, "hint": ""}, error.status_code)
