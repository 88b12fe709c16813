"""The studio's page in a real browser: look, point, decide, run."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from tests.made import broken, clips
from tests.made.browser import open_tab
from tests.made.runs import Films
from tests.made.studio_tabs import FRAME, colours, open_film, until_changed
from tests.made.studios import Page, open_studio

MARKUP = "<img src=x onerror=document.title=1>.mp4"

pytestmark = pytest.mark.slow


@pytest.fixture
def page(films: Films, with_points: Settings, tmp_path: Path) -> Iterator[Page]:
    own, named, made = tmp_path / "film.mp4", tmp_path / MARKUP, tmp_path / "made"
    for path in (own, named):
        path.write_bytes(films(clips.with_cuts, ".mp4").read_bytes())
    made.mkdir()
    with open_studio([own, named, films(broken.text, ".avi")], with_points, made) as opened:
        yield opened


@pytest.fixture
def tab(browser: Any, page: Page, faults: list[str]) -> Iterator[Any]:
    opened = open_film(browser, page, faults)
    yield opened
    opened.context.close()


def test_a_point_changes_the_picture_and_the_run_ends_with_the_look(tab: Any, page: Page) -> None:
    film = page.studio.films[0].path
    tab.get_by_role("button", name="Shot 2").click()
    tab.get_by_text("Shot 2", exact=True).wait_for()
    tab.locator(".busy").wait_for(state="hidden")
    tab.get_by_role("button", name="Colour", exact=True).click()
    before = colours(tab)
    tab.get_by_role("button", name="Point", exact=True).click()
    tab.get_by_label("Colour", exact=True).last.fill("#20c040")
    tab.locator(FRAME).first.click(position={"x": 300, "y": 200})
    assert tab.locator(".points li").count() == 1
    tab.locator(".busy").wait_for(state="hidden")
    until_changed(tab, before)
    tab.get_by_role("button", name="Approved").first.click()
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_role("button", name="Start").click()
    tab.locator("progress:not([value])").first.wait_for()  # nothing is done yet, but the page moves
    tab.get_by_role("button", name="Play it here").wait_for()
    main = [each.text_content() for each in tab.get_by_role("dialog").locator("button.main:visible").all()]
    assert main == ["Play it here"]
    look = tomllib.loads(film.with_name("film.look.toml").read_text("utf-8"))
    (shot,) = look["shot"]
    assert (shot["number"], shot["state"], shot["hints"][0]["colour"]) == (2, "approved", "#20c040")
    assert film.with_name("film.restored.mp4").is_file()


def test_a_region_is_drawn_closed_by_enter_and_loses_its_colour(tab: Any, page: Page) -> None:
    tab.keyboard.press("3")
    before = colours(tab)
    tab.keyboard.press("r")
    for x, y in ((200, 120), (400, 120), (400, 300), (200, 300)):
        tab.locator(FRAME).first.click(position={"x": x, "y": y})
    tab.keyboard.press("Enter")
    assert tab.locator(".points li").count() == 1
    tab.get_by_role("button", name="No colour here").click()
    tab.keyboard.press("m")
    tab.locator(".busy").wait_for(state="hidden")
    until_changed(tab, before)
    tab.keyboard.press("Control+s")
    tab.get_by_text("film.look.toml is written").wait_for()
    look = tomllib.loads(page.studio.films[0].path.with_suffix(".look.toml").read_text("utf-8"))
    (hint,) = look["shot"][0]["hints"]
    assert (hint["time"], hint["colour"], len(hint["polygon"])) == ("f0", "none", 4)


def test_a_colour_is_the_chosen_points_and_goes_to_no_other_shot(tab: Any) -> None:
    typed = tab.get_by_label("Colour", exact=True).last
    chosen = tab.locator(".points li[aria-current=true]")
    tab.keyboard.press("p")
    tab.locator(FRAME).first.click(position={"x": 300, "y": 200})
    typed.fill("#20c040")
    typed.blur()
    assert chosen.get_by_label("Point 1, Colour").input_value() == "#20c040"
    tab.keyboard.press("Control+z")
    assert typed.input_value() == "#a33b2e"
    tab.keyboard.press("ArrowDown")
    tab.get_by_text("Shot 2", exact=True).wait_for()
    tab.locator(FRAME).first.click(position={"x": 300, "y": 200})
    tab.keyboard.press("ArrowUp")
    tab.get_by_text("Shot 1", exact=True).wait_for()
    typed.fill("#102030")
    typed.blur()
    assert chosen.count() == 0
    assert tab.get_by_label("Point 1, Colour").input_value() == "#a33b2e"
    tab.get_by_role("button", name="Point 1, 00:00:00:00").press("Enter")
    assert chosen.count() == 1
    assert tab.evaluate("document.activeElement.ariaLabel") == "Point 1, 00:00:00:00"


def test_a_colour_is_for_the_next_point_once_the_chosen_one_is_let_go(tab: Any) -> None:
    typed = tab.get_by_label("Colour", exact=True).last
    chosen, target = tab.locator(".points li[aria-current=true]"), tab.locator(".target [role=status]")
    tab.keyboard.press("3")
    tab.keyboard.press("p")
    assert target.text_content() == "Colour for the next point or region"
    tab.locator(FRAME).first.click(position={"x": 300, "y": 200})
    assert target.text_content() == "Colour for Point 1"
    tab.keyboard.press("Escape")
    assert target.text_content() == "Colour for the next point or region"
    typed.fill("#20c040")
    typed.blur()
    tab.locator(FRAME).first.click(position={"x": 400, "y": 300})
    tab.get_by_role("button", name="Next one").click()
    assert chosen.count() == 0
    tab.keyboard.press("m")
    tab.locator(FRAME).first.click(position={"x": 303, "y": 198})
    assert target.text_content() == "Colour for Point 1"
    assert typed.input_value() == "#a33b2e"
    used = tab.locator("[aria-label='Used so far'] .swatch")
    assert [each.get_attribute("title") for each in used.all()] == ["#a33b2e", "#20c040"]
    used.last.click()
    assert [each.get_attribute("title") for each in used.all()] == ["#20c040"]
    assert tab.evaluate("document.activeElement.ariaLabel") == "#20c040"
    tab.keyboard.press("r")
    for x, y in ((500, 120), (560, 120), (560, 200)):
        tab.locator(FRAME).first.click(position={"x": x, "y": y})
    tab.keyboard.press("Enter")
    tab.keyboard.press("m")
    for x, said in ((350, 0), (550, 1), (505, 0)):
        tab.locator(FRAME).first.click(position={"x": x, "y": 150})
        assert chosen.count() == said
    assert tab.locator(".points li").count() == 3


def test_the_time_line_goes_along_with_what_is_played_and_points_stay_with_their_frame(tab: Any) -> None:
    tab.keyboard.press("p")
    tab.locator(FRAME).first.click(position={"x": 300, "y": 200})
    typed = tab.get_by_label("Colour", exact=True).last
    typed.fill("#ff00ff")
    typed.blur()
    line = tab.get_by_role("slider", name="Time", exact=True)
    line.evaluate("""line => {
        const where = document.querySelector(".where");
        window.told = [];
        new MutationObserver(() => window.told.push(where.textContent)).observe(where, { childList: true });
        const [canvas, first] = [document.querySelector("canvas[role=img]"), line.value];
        [window.times, window.paused, window.played] = [new Set(), new Set(), new Set()];
        const look = () => {
            const seen = [...canvas.getContext("2d").getImageData(300, 200, 1, 1).data].slice(0, 3).join();
            (line.value === first ? window.paused : window.played).add(seen);
            window.times.add(line.value);
            requestAnimationFrame(look);
        };
        look();
    }""")
    tab.locator("body").press("l")
    tab.get_by_role("button", name="Play", exact=True).filter(has_text="▶").wait_for()
    told = [text for text in tab.evaluate("window.told") if text.startswith("rendering")]
    assert told[0] == "rendering the stretch … 0 %"
    assert len(told) > 2
    assert tab.evaluate("window.times.size") > 1
    assert tab.evaluate("window.paused.has('255,0,255')")
    assert not tab.evaluate("window.played.has('255,0,255')")


def test_all_is_done_by_keys_and_undone(tab: Any) -> None:
    tab.keyboard.press("ArrowRight")
    tab.get_by_text("00:00:00:01").first.wait_for()
    tab.keyboard.press("ArrowDown")
    tab.get_by_text("Shot 2", exact=True).wait_for()
    tab.keyboard.press("b")
    tab.locator("li[data-state=bypass]").wait_for()
    tab.keyboard.press("Control+z")
    tab.locator("li[data-state=bypass]").wait_for(state="detached")
    tab.keyboard.press("Control+Shift+Z")
    tab.locator("li[data-state=bypass]").wait_for()
    layouts = ("Wipe", "Side by side", "Colour", "B/W", "Difference", "Repair", "Compare")
    for key, layout in zip("1234567", layouts, strict=True):
        tab.keyboard.press(key)
        assert tab.get_by_role("button", name=layout, exact=True).get_attribute("aria-pressed") == "true"
    tab.keyboard.press("?")
    tab.get_by_role("dialog", name="Keys of the studio").wait_for()


def test_two_pages_and_one_that_is_closed_in_the_middle(browser: Any, tab: Any, page: Page, faults: list[str]) -> None:
    other = open_film(browser, page, faults)
    other.keyboard.press("a")
    other.keyboard.press("Control+s")
    other.get_by_text("film.look.toml is written").wait_for()
    other.keyboard.press("End")
    other.context.close()
    tab.keyboard.press("t")
    tab.once("dialog", lambda dialog: dialog.dismiss())
    tab.keyboard.press("Control+s")
    tab.get_by_text("the look was changed elsewhere").wait_for()
    held = tomllib.loads(page.studio.films[0].path.with_suffix(".look.toml").read_text("utf-8"))
    assert [shot["state"] for shot in held["shot"]] == ["approved"]
    faults[:] = [fault for fault in faults if "409" not in fault]  # the browser's own line of what was refused


def test_a_name_with_markup_is_text(browser: Any, page: Page, faults: list[str]) -> None:
    other = open_film(browser, page, faults, 1)
    assert other.title() == f"{MARKUP} – restore studio"
    assert other.locator("img").count() == 0
    other.context.close()


def test_a_film_that_breaks_is_told(browser: Any, page: Page) -> None:
    other = open_tab(browser, [])
    other.goto(f"{page.address}#2")
    other.get_by_text("not a film").wait_for()
    other.context.close()


def test_every_control_has_a_name(tab: Any) -> None:
    unnamed = tab.locator("button, input, select, textarea").evaluate_all(
        """all => all.filter(one => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
                     .map(one => one.outerHTML)"""
    )
    assert unnamed == []
