"""Chromium, driven as a person would, where there is one."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

WAIT = 120_000
"""Milliseconds after which something that does not come fails a test, on any machine."""


@contextmanager
def open_browser() -> Iterator[Any]:
    """A browser of Playwright; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with warnings.catch_warnings(), playwright.sync_playwright() as own:
        warnings.simplefilter("ignore")  # Playwright's own
        browser = own.chromium.launch(executable_path=program, args=["--no-sandbox"])  # as root, too
        try:
            yield browser
        finally:
            browser.close()


def open_tab(browser: Any, faults: list[str], **how: Any) -> Any:
    """A tab of a browser of its own; what its console calls an error goes to `faults`."""
    usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}
    tab = browser.new_context(**usual | how).new_page()
    tab.set_default_timeout(WAIT)
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    return tab
