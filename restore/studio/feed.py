"""Events of a film, sent to every page that shows it (server-sent events)."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

ALIVE_SECONDS = 15
"""Between signs of life, by which a page that was closed is noticed."""


class Feed:
    """A film's shots as they are found, and its run; a page that comes later gets all that was before."""

    def __init__(self) -> None:
        self.shots: list[dict[str, Any]] = []
        self.latest: dict[str, Any] = {}
        """The last event of each other name."""
        self._followers: set[asyncio.Queue[str]] = set()

    def post(self, name: str, data: Any) -> None:
        """Passes an event on to all pages; called in the server's loop."""
        if name == "shot":
            self.shots.append(data)
        else:
            self.latest[name] = data
        for follower in self._followers:
            follower.put_nowait(_written(name, data))

    async def follow(self) -> AsyncGenerator[str, None]:
        """The events up to now, then each as it comes."""
        own = asyncio.Queue[str]()
        self._followers.add(own)
        try:
            yield "".join(_written("shot", shot) for shot in self.shots)
            yield "".join(_written(name, data) for name, data in self.latest.items())
            while True:
                try:
                    yield await asyncio.wait_for(own.get(), ALIVE_SECONDS)
                except TimeoutError:
                    yield ": alive\n\n"
        finally:
            self._followers.discard(own)


def _written(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
