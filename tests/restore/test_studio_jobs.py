"""Work that several ask for is done once, and ends where nobody asks for it any more."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from restore.studio.cache import Cache
from restore.studio.feed import Feed
from restore.studio.jobs import Shared


def test_two_who_ask_at_once_share_one_result() -> None:
    made: list[int] = []

    async def make() -> int:
        made.append(1)
        await asyncio.sleep(0)
        return len(made)

    async def run() -> list[int]:
        shared = Shared()
        return list(await asyncio.gather(shared("key", make), shared("key", make)))

    assert asyncio.run(run()) == [1, 1]


def test_who_leaves_last_ends_the_work_and_who_asks_then_gets_it_anew() -> None:
    ended: list[str] = []

    async def run() -> str:
        never = asyncio.Event()

        async def slow() -> str:
            try:
                await never.wait()
            finally:
                ended.append("slow")
            return ""

        async def quick() -> str:
            return "quick"

        shared = Shared()
        first, second = (asyncio.ensure_future(shared("key", slow)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert ended == []
        second.cancel()
        with suppress(asyncio.CancelledError):
            await second
        return str(await shared("key", quick))

    assert asyncio.run(run()) == "quick"
    assert ended == ["slow"]


def test_a_page_that_comes_later_gets_all_that_was_before() -> None:
    async def run() -> list[str]:
        feed = Feed()
        for number in (1, 2):
            feed.post("shot", {"number": number})
        feed.post("looked", 1)
        feed.post("looked", 2)
        following = feed.follow()
        found = [await anext(following), await anext(following)]
        feed.post("shot", {"number": 3})
        found.append(await anext(following))
        await following.aclose()
        return found

    shots, latest, live = asyncio.run(run())
    assert shots == 'event: shot\ndata: {"number": 1}\n\nevent: shot\ndata: {"number": 2}\n\n'
    assert latest == "event: looked\ndata: 2\n\n"
    assert live == 'event: shot\ndata: {"number": 3}\n\n'


@pytest.mark.parametrize(("limit", "left"), [(30, ["1", "2", "3"]), (29, ["1", "3"]), (10, ["3"]), (0, [])])
def test_the_picture_that_was_asked_for_longest_ago_makes_room(tmp_path: Path, limit: int, left: list[str]) -> None:
    cache = Cache(tmp_path, limit)
    for number, name in enumerate(("1", "2", "3")):
        (tmp_path / name).write_bytes(bytes(10))
        os.utime(tmp_path / name, ns=(number, number))
    os.utime(tmp_path / "1", ns=(10, 10))
    os.utime(tmp_path / "3", ns=(20, 20))
    cache.trim()
    assert sorted(path.name for path in tmp_path.iterdir()) == left
