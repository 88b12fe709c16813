"""The studio's page in a real browser: a job from end to end, and films and visitors that are not as they should be."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from tests.made import clips, pictures
from tests.made.browser import open_tab
from tests.made.runs import Films
from tests.made.studio_tabs import SWATCHES, open_film, until_painted
from tests.made.studios import Page, open_studio
from tests.made.tracks import PictureTrack, write

pytestmark = pytest.mark.slow
STOPS = 150
"""Times that Tab is pressed before a control counts as one that it does not reach."""
Opened = Callable[[dict[str, Path]], Page]


@pytest.fixture
def opened(with_points: Settings, tmp_path: Path) -> Iterator[Opened]:
    """Opens films, by the names that they are to have."""
    with ExitStack() as stack:

        def open_films(films: dict[str, Path]) -> Page:
            for name, film in films.items():
                (tmp_path / name).write_bytes(film.read_bytes())
            (tmp_path / "made").mkdir()
            own = [tmp_path / name for name in films]
            return stack.enter_context(open_studio(own, with_points, tmp_path / "made"))

        yield open_films


def every_second(path: Path, frames: int, **track: Any) -> Path:
    """A film of one frame a second."""
    drawn = pictures.pan(frames, width=64, height=48)
    how: dict[str, Any] = {"codec": "libx264", "options": {"preset": "ultrafast", "g": "12"}}
    return write(path, PictureTrack(drawn, rate=Fraction(1), **how | track))


def go_to(tab: Any, name: str, stops: int = STOPS) -> None:
    """Presses Tab, at most so many times, until the control of this name has the focus."""
    for _ in range(stops):
        tab.keyboard.press("Tab")
        found = tab.evaluate(
            """() => {
                const one = document.activeElement;
                return one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
            }"""
        )
        if found == name:
            return
    pytest.fail(f"Tab does not reach {name}")


def test_a_job_is_done_with_keys_alone(browser: Any, opened: Opened, films: Films, faults: list[str]) -> None:
    page = opened({"film.mp4": films(clips.with_cuts, ".mp4")})
    tab = open_film(browser, page, faults)
    tab.keyboard.press("ArrowDown")
    tab.get_by_text("Shot 2", exact=True).wait_for()
    until_painted(tab)
    for _ in ("layout", "picker", "typed"):
        go_to(tab, "Colour")
    tab.keyboard.press("Control+a")
    tab.keyboard.type("#20c040\n")
    go_to(tab, "Add a point in the middle")
    tab.keyboard.press("Enter")
    go_to(tab, "Undo")
    go_to(tab, "Point 1, from the left")
    tab.keyboard.press("Control+a")
    tab.keyboard.type("7\n")
    go_to(tab, "Remove: Point 1")
    tab.keyboard.press("a")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("b")
    go_to(tab, "Run")
    tab.keyboard.press("Enter")
    go_to(tab, "Start")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Play it here").wait_for()
    path = page.studio.films[0].path
    second, third = tomllib.loads(path.with_suffix(".look.toml").read_text("utf-8"))["shot"]
    (hint,) = second["hints"]
    assert (second["state"], hint["x"], hint["colour"], third["neutral"]) == ("approved", 7, "#20c040", True)
    assert path.with_name("film.restored.mp4").is_file()
    tab.context.close()


def test_few_presses_of_tab_lead_to_each_part_of_the_page(
    browser: Any, opened: Opened, films: Films, faults: list[str]
) -> None:
    page = opened({"film.mp4": films(clips.with_cuts, ".mp4")})
    tab = open_film(browser, page, faults)
    first = {"To the shots": "Shot 1, 00:00:00:00", "To the picture": "Wipe", "To the direction": "Approved"}
    first["To the points"] = "Add a point in the middle"
    for part in first:
        go_to(tab, part, 1)
        assert tab.get_by_role("button", name=part).bounding_box()["width"] > 50
    for part, control in first.items():
        tab.get_by_role("button", name=part).press("Enter")
        assert tab.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent") == control
    tab.keyboard.press("7")
    tab.get_by_role("button", name="To the picture").press("Enter")
    assert tab.evaluate("document.activeElement.textContent") == "Add these settings"
    tab.context.close()


def test_a_run_goes_on_when_its_page_is_closed_and_the_next_one_plays_it(
    browser: Any, opened: Opened, films: Films, faults: list[str]
) -> None:
    page = opened({"film.mp4": films(clips.with_cuts, ".mp4")})
    tab = open_film(browser, page, faults)
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_text("restore /").wait_for()
    with tab.expect_response("**/run"):
        tab.get_by_role("button", name="Start").click()
    tab.context.close()
    tab = open_film(browser, page, faults)
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_role("button", name="Play it here").click()
    tab.wait_for_function("() => document.querySelector('dialog video').readyState > 1")
    assert tab.locator("dialog video").evaluate("video => video.duration") == pytest.approx(1.5, abs=0.1)
    assert tab.get_by_text("film.restored.mp4").count() == 1
    tab.context.close()


@pytest.mark.ray
def test_an_archive_of_all_films_is_started_and_watched_to_its_end(
    browser: Any, opened: Opened, films: Films, faults: list[str]
) -> None:
    page = opened({"one.mp4": films(clips.with_cuts, ".mp4"), "two.mp4": films(clips.plain, ".mp4")})
    tab = open_film(browser, page, faults)
    tab.keyboard.press("b")
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_role("button", name="All films (2)").click()
    tab.get_by_label("Folder").fill("by the page")
    tab.get_by_text("by the page.archive.csv").wait_for()
    tab.get_by_role("button", name="Start").click()
    tab.get_by_text("2 restored, 0 failed").wait_for()
    folder = page.studio.films[0].path.parent
    assert {path.name for path in (folder / "by the page").glob("*.mp4")} == {"one.restored.mp4", "two.restored.mp4"}
    assert str(folder / "one.look.toml") in (folder / "by the page.archive.csv").read_text("utf-8")
    tab.context.close()


def test_a_film_of_an_hour_is_there_before_its_shots_are_found(
    browser: Any, opened: Opened, films: Films, faults: list[str], tmp_path: Path
) -> None:
    page = opened({"hour.mp4": every_second(tmp_path / "drawn.mp4", 3600)})
    tab = open_tab(browser, faults)
    tab.goto(page.address)
    tab.locator(SWATCHES).first.wait_for()
    tab.get_by_role("slider", name="Time").press("End")
    tab.get_by_text("00:59:59").first.wait_for()
    until_painted(tab)
    assert tab.locator("#status.error").count() == 0
    tab.context.close()


def test_a_film_that_breaks_in_its_middle_is_shown_around_it(
    browser: Any, opened: Opened, films: Films, tmp_path: Path
) -> None:
    page = opened({"broken.mp4": every_second(tmp_path / "drawn.mp4", 60, scrambled=(28, 29, 30))})
    tab = open_tab(browser, [])  # the browser has a line of its own for what the server refuses
    tab.goto(page.address)
    tab.locator(SWATCHES).first.wait_for()
    time = tab.get_by_role("slider", name="Time")
    time.fill("29")
    tab.locator("#status.error").get_by_text("--skip-damaged").wait_for()
    time.fill("55")
    tab.locator("#status:not(.error)").wait_for()
    until_painted(tab)
    assert tab.locator("#status.error").count() == 0
    tab.context.close()


def test_other_pages_of_the_browser_and_a_wrong_token_get_nothing(
    browser: Any, opened: Opened, films: Films, faults: list[str]
) -> None:
    page = opened({"film.mp4": films(clips.with_cuts, ".mp4")})
    stranger = browser.new_context().new_page()
    for address in (page.root, f"{page.root}/?token=wrong", f"{page.root}/api/studio"):
        assert stranger.goto(address).status == 403
    tab = open_film(browser, page, faults)  # its cookie is in the browser now
    other = tab.context.new_page()
    other.goto("data:text/html,<p>elsewhere</p>")
    answers: list[int] = []
    other.on("response", lambda answer: answers.append(answer.status))
    other.evaluate(
        """async root => {
            const how = { mode: "no-cors", credentials: "include" };
            const body = JSON.stringify({ overwrite: true });
            await fetch(`${root}/api/films/0/run`, { ...how, method: "POST", body }).catch(() => 0);
            await fetch(`${root}/api/studio`, how).catch(() => 0);
            const frame = Object.assign(document.createElement("iframe"), { src: `${root}/` });
            document.body.append(frame);
            await new Promise(done => frame.addEventListener("load", done));
        }""",
        page.root,
    )
    assert set(answers) <= {403}
    assert page.studio.films[0].run is None
    tab.context.close()
    stranger.context.close()
