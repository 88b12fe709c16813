"""Films that arrive in a folder while it is watched."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipelines.archive.plan import Plan

SETTLED = 60.0
"""Seconds for which a film's size and time of writing stay as they are before it counts as whole."""
POLL = 10.0
"""Seconds from one look to the next."""


@dataclass
class Arrivals:
    """Remembers since when films have been as they are."""

    clock: Callable[[], float] = time.monotonic
    since: dict[str, tuple[int, str, float]] = field(default_factory=dict)
    """By path or URL: bytes, version, and when these were seen first."""

    def settled(self, plan: Plan) -> Plan:
        """The plan with only those of its films that have not changed for a minute."""
        now = self.clock()
        for film in (task.film for task in plan.todo):
            if self.since.get(film.url, ())[:2] != (film.size, film.version):
                self.since[film.url] = film.size, film.version, now
        there = {task.film.url for task in plan.todo}
        self.since = {url: seen for url, seen in self.since.items() if url in there}
        todo = tuple(task for task in plan.todo if now - self.since[task.film.url][2] >= SETTLED)
        return replace(plan, todo=todo)
