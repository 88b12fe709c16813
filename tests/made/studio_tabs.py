"""The studio's page in a browser, as a person uses it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.made.browser import open_tab
from tests.made.studios import Page

FRAME = "canvas[role=img]"
SWATCHES = "[role=group][aria-label='Colours of this frame'] .swatch"
"""They are drawn from the frame in colour: it is there."""


def open_film(browser: Any, page: Page, faults: list[str], film: int = 0, **how: Any) -> Any:
    """A tab with one of the studio's films, whose first frame is there and whose shots are found."""
    tab = open_tab(browser, faults, **how)
    tab.goto(f"{page.address}#{film}")
    tab.locator(SWATCHES).first.wait_for()
    tab.get_by_text(" in all").wait_for()
    return tab


def colours(tab: Any) -> Any:
    """The picture on the screen."""
    return tab.locator(FRAME).first.evaluate("canvas => canvas.toDataURL()")


def until_changed(tab: Any, before: Any) -> None:
    """Waits for another picture."""
    for _ in range(1200):
        if colours(tab) != before:
            return
        tab.wait_for_timeout(100)
    pytest.fail("the picture stays as it is")


def until_painted(tab: Any) -> None:
    """Waits until the frame on the screen has its colours."""
    tab.locator(".busy").wait_for(state="hidden")


def drop(tab: Any, name: str, content: bytes) -> None:
    """Drops a file on the picture."""
    given = [name, base64.b64encode(content).decode()]
    transfer = tab.evaluate_handle(
        """([name, content]) => {
            const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
            const made = new DataTransfer();
            made.items.add(new File([bytes], name));
            return made;
        }""",
        given,
    )
    tab.dispatch_event(".stage", "drop", {"dataTransfer": transfer})
