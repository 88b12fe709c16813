"""The studio's page in a real browser: each thing that an editor can do in it."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from pipelines.settings import Settings
from tests.made import clips, damaged
from tests.made.browser import open_tab
from tests.made.runs import Films
from tests.made.studio_tabs import FRAME, colours, drop, open_film, until_changed, until_painted
from tests.made.studios import Page, open_studio

CUTS, DUSTY, SOUND = range(3)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(films: Films, with_points: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("studio")
    drawn = {
        "cuts.mp4": films(clips.with_cuts, ".mp4"),
        "dusty.mkv": films(damaged.dusty, ".mkv"),
        "sound.mp4": films(clips.with_audio, ".mp4"),
    }
    for name, film in drawn.items():
        (folder / name).write_bytes(film.read_bytes())
    (folder / "made").mkdir()
    with open_studio([folder / name for name in drawn], with_points, folder / "made") as opened:
        yield opened


@pytest.fixture
def tab(browser: Any, page: Page, faults: list[str], request: pytest.FixtureRequest) -> Iterator[Any]:
    opened = open_film(browser, page, faults, getattr(request, "param", CUTS))
    yield opened
    opened.context.close()
    for film in page.studio.films:
        film.path.with_suffix(".look.toml").unlink(missing_ok=True)


def shot(tab: Any, number: int) -> Any:
    """The button of a shot in the strip."""
    return tab.get_by_role("button", name=f"Shot {number},")


def picked(tab: Any) -> list[str]:
    """For each shot, whether it is among those that are selected."""
    found: list[str] = tab.locator(".choose").evaluate_all("all => all.map(one => one.getAttribute('aria-pressed'))")
    return found


def marks(tab: Any) -> list[str]:
    """The states in the strip."""
    found: list[str] = tab.locator(".shot .state").all_text_contents()
    return found


def saved(tab: Any, page: Page, film: int = CUTS) -> Any:
    """The look, once the page has written it."""
    path = page.studio.films[film].path.with_suffix(".look.toml")
    with tab.expect_response("**/look"):
        tab.keyboard.press("Control+s")
    tab.get_by_role("button", name="Save look", disabled=True).wait_for()
    return tomllib.loads(path.read_text("utf-8"))


def middle(tab: Any) -> str:
    """The middle of the picture on the screen; its rim may be mixed with what lies beside it in the file."""
    found: str = tab.locator(FRAME).first.evaluate(
        "canvas => canvas.getContext('2d').getImageData(90, 90, 500, 400).data.join()"
    )
    return found


def photograph(suffix: str) -> bytes:
    """A picture that goes from black to red."""
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[..., 2] = np.arange(128, dtype=np.uint8) * 2
    return cv2.imencode(suffix, picture)[1].tobytes()


def test_settings_and_states_are_said_of_several_shots_and_undone_at_once(tab: Any, page: Page) -> None:
    shot(tab, 1).click()
    shot(tab, 3).click(modifiers=["Control"])
    assert picked(tab) == ["true", "false", "true"]
    tab.get_by_label("Saturation", exact=True).last.fill("0.5")
    tab.get_by_label("Saturation", exact=True).last.press("Enter")
    tab.locator(FRAME).first.focus()
    assert marks(tab) == ["Changed", "", "Changed"]
    tab.keyboard.press("a")
    assert marks(tab) == ["Approved", "", "Approved"]
    tab.keyboard.press("Control+z")
    tab.keyboard.press("Control+z")
    assert marks(tab) == ["", "", ""]
    tab.keyboard.press("Control+Shift+Z")
    assert [(each["number"], each["saturation"]) for each in saved(tab, page)["shot"]] == [(1, 0.5), (3, 0.5)]
    tab.keyboard.press("Escape")
    assert picked(tab) == ["false"] * 3


def test_shots_are_selected_by_keys_and_by_touch(tab: Any) -> None:
    shot(tab, 1).click()
    tab.keyboard.press("Shift+ArrowDown")
    assert picked(tab) == ["true", "true", "false"]
    tab.keyboard.press("Control+a")
    assert picked(tab) == ["true"] * 3
    assert tab.get_by_role("button", name="These 3").get_attribute("aria-pressed") == "true"
    shot(tab, 2).click()
    assert picked(tab) == ["false"] * 3
    tab.get_by_role("button", name="Several").click()
    shot(tab, 3).click()
    assert picked(tab) == ["false", "true", "true"]
    tab.get_by_role("button", name="Several").click()
    assert picked(tab) == ["false"] * 3
    shot(tab, 1).click()
    shot(tab, 3).click(modifiers=["Shift"])
    assert picked(tab) == ["true"] * 3


def test_a_click_on_a_shot_goes_to_its_first_frame(tab: Any) -> None:
    for number in (3, 2, 1):
        shot(tab, number).click()
        begins = shot(tab, number).locator(".time").text_content()
        assert tab.get_by_role("status", name="Time").text_content() == begins


def test_a_bypassed_shot_stays_as_it_is_and_says_so(tab: Any) -> None:
    saturation, stays = tab.get_by_label("Saturation", exact=True).last, tab.locator(".stays")
    assert not stays.is_visible()
    tab.keyboard.press("b")
    assert stays.text_content() == "stays black and white"
    assert (stays.is_visible(), tab.locator(".busy").is_visible(), saturation.is_disabled()) == (True, False, True)
    tab.get_by_text("Choose Bypass again").wait_for()
    tab.keyboard.press("7")
    assert not stays.is_visible()
    tab.keyboard.press("1")
    shot(tab, 2).click()
    assert (stays.is_visible(), saturation.is_enabled()) == (False, True)
    shot(tab, 1).click()
    tab.get_by_role("button", name="Add a point in the middle").click()
    assert not stays.is_visible()  # something in it has a colour
    tab.keyboard.press("b")
    assert (saturation.is_enabled(), tab.get_by_text("Choose Bypass again").count()) == (True, 0)


def test_shots_are_filtered_by_what_is_said_of_them(tab: Any) -> None:
    shot(tab, 1).click()
    tab.keyboard.press("a")
    shot(tab, 2).click()
    tab.get_by_label("Note").fill("the hat is blue")
    tab.get_by_label("Note").blur()
    shot(tab, 3).click()
    tab.keyboard.press("b")
    listed = {}
    for name in ("Unchecked", "Marked", "Changed", "All"):
        tab.get_by_role("button", name=name, exact=True).click()
        listed[name] = tab.locator(".shot:visible b").all_text_contents()
    assert listed == {"Unchecked": ["2"], "Marked": ["2", "3"], "Changed": ["3"], "All": ["1", "2", "3"]}


def test_a_photograph_that_is_dropped_is_a_reference_until_it_is_undone(tab: Any, page: Page) -> None:
    tab.keyboard.press("3")
    before = colours(tab)
    drop(tab, "a <b>garden</b>.jpg", photograph(".jpg"))
    asked = tab.get_by_role("dialog", name="A picture was dropped")
    assert asked.get_by_role("heading").text_content() == "What is a <b>garden</b>.jpg?"
    assert asked.get_by_role("button", name="This frame, painted").is_disabled()
    asked.get_by_role("button", name="A photograph to go by").click()
    tab.locator("li", has_text="a-b-garden-b-").wait_for()
    until_painted(tab)
    until_changed(tab, before)
    (named,) = saved(tab, page)["shot"][0]["references"]
    assert (page.studio.films[CUTS].path.parent / named).read_bytes() == photograph(".jpg")
    tab.keyboard.press("Control+z")
    until_painted(tab)
    assert tab.locator("li", has_text="garden").count() == 0


def test_a_painted_frame_is_dropped_and_its_shot_is_the_reference_of_another(tab: Any, page: Page) -> None:
    with tab.expect_download() as exported:
        tab.get_by_role("button", name="This frame, to paint over").click()
    painted = Path(exported.value.path()).read_bytes()
    drop(tab, "painted.tif", painted)
    tab.get_by_role("button", name="This frame, painted").click()
    tab.locator("#panel li", has_text="00:00:00:00").wait_for()
    shot(tab, 2).click()
    tab.get_by_text("Shot 2", exact=True).first.wait_for()
    tab.get_by_label("Colours of", exact=True).select_option("shot 1")
    until_painted(tab)
    assert tab.locator("#status.error").count() == 0
    look = saved(tab, page)
    assert [each.get("references") for each in look["shot"]] == [None, ["shot 1"]]
    assert look["shot"][0]["stills"][0]["time"] == "f0"


@pytest.mark.parametrize("tab", [DUSTY], indirect=True)
def test_repairs_are_chosen_and_their_mask_is_seen_over_the_film_as_it_is(tab: Any, page: Page) -> None:
    tab.keyboard.press("6")
    tab.get_by_text("No repair is chosen here").wait_for()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    tab.keyboard.press("4")
    until_painted(tab)
    before = middle(tab)
    tab.get_by_text("Repair: off").click()
    for label, value in (("Dust", "dust:3"), ("Flicker", "flicker:2"), ("Weave", "weave-fine:1"), ("Flicker", "")):
        tab.get_by_label(label, exact=True).select_option(value)
    tab.get_by_text("Repair: Dust 3, Weave, fine 1").wait_for()
    assert saved(tab, page, DUSTY)["shot"][0]["repair"] == "dust:3,weave-fine:1"
    until_painted(tab)
    assert middle(tab) == before
    tab.keyboard.press("6")
    tab.get_by_text("Orange: dark specks").wait_for()
    assert middle(tab) != before
    tab.get_by_role("button", name="The film", exact=True).click()
    tab.get_by_label("Scratches", exact=True).select_option("scratches:1")
    tab.get_by_role("button", name="This shot", exact=True).click()
    for label in ("Dust", "Weave", "Scratches"):
        tab.get_by_label(label, exact=True).select_option("")
    look = saved(tab, page, DUSTY)
    assert (look["film"]["repair"], look["shot"][0]["repair"]) == ("scratches:1", {})


def test_colours_are_picked_from_the_picture_typed_and_those_of_the_film(tab: Any) -> None:
    typed = tab.get_by_label("Colour", exact=True).last
    typed.fill("#12345")
    typed.blur()
    assert typed.input_value() == "#a33b2e"
    tab.locator("[aria-label='Colours of the film'] .swatch").first.click()
    assert typed.input_value() == tab.locator("[aria-label='Colours of the film'] .swatch").first.get_attribute("title")
    tab.keyboard.press("3")
    tab.keyboard.press("p")
    tab.keyboard.press("d")
    tab.locator(FRAME).first.click(position={"x": 300, "y": 200})
    assert tab.get_by_role("button", name="Point", exact=True).get_attribute("aria-pressed") == "true"
    place = tab.locator(FRAME).first.evaluate(
        """canvas => [...canvas.getContext("2d").getImageData(300, 200, 1, 1).data].slice(0, 3)"""
    )
    picked = [int(typed.input_value()[i : i + 2], 16) for i in (1, 3, 5)]
    assert picked == pytest.approx(place, abs=12)


def test_one_of_four_settings_is_taken_by_one_click(tab: Any, page: Page) -> None:
    tab.keyboard.press("7")
    tab.get_by_role("button", name="Four saturations").click()
    tab.locator("figure [role=img]").nth(3).wait_for()
    tab.get_by_role("button", name="Take", exact=True).last.click()
    assert tab.get_by_role("button", name="Wipe").get_attribute("aria-pressed") == "true"
    assert saved(tab, page)["shot"][0]["saturation"] == 1.6


@pytest.mark.parametrize("tab", [SOUND], indirect=True)
def test_what_lies_between_in_and_out_is_played_with_its_sound(tab: Any, page: Page) -> None:
    for key in ("ArrowRight", "ArrowRight", "i", *["ArrowRight"] * 5, "o"):
        tab.keyboard.press(key)
    with tab.expect_response("**/span") as answered:
        tab.keyboard.press("l")
    asked = answered.value.request.post_data_json
    with av.open(io.BytesIO(page.post(f"/api/films/{SOUND}/span", asked).content)) as film:
        frames = sum(1 for _ in film.decode(video=0))
        kinds = sorted(stream.type for stream in film.streams)
    assert (frames, kinds) == (6, ["audio", "video"])
    assert Fraction(asked["at"]) < Fraction(2, 24)
    tab.get_by_role("button", name="Play", exact=True).filter(has_text="■").wait_for(state="detached")
    tab.keyboard.press("k")


def test_it_speaks_german_and_takes_the_dark(browser: Any, page: Page, faults: list[str]) -> None:
    backs = []
    for scheme in ("light", "dark"):
        tab = open_tab(browser, faults, locale="de-DE", color_scheme=scheme)
        tab.goto(page.address)
        assert tab.locator("html").get_attribute("lang") == "de"
        tab.get_by_role("button", name="Ungeprüft").wait_for()
        backs.append(tab.locator("body").evaluate("body => getComputedStyle(body).backgroundColor"))
        tab.context.close()
    assert backs[0] != backs[1]
