"""Words and controls of the studio's page stand out from what is behind them (WCAG 2.2 AA), in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from restore.studio.server import PAGE

Colour = tuple[float, ...]
"""Red, green, blue, 0 to 1, and how opaque it is."""
TEXT, PARTS = 4.5, 3.0
"""Least contrast of words (1.4.3), and of edges and signs (1.4.11)."""
WORDS = ("text", "soft", "error", "state-approved", "state-todo", "state-bypass", "state-changed")
SIGNS = ("edge", "accent", "state-none")
NO_WORDS = re.compile(r"::backdrop|\.tile|\.cuts|\.stage|canvas|video|\.swatch")
"""Selectors of places that hold pictures, or marks, and no words of their own."""
CSS = re.sub(r"/\*.*?\*/", "", Path(PAGE / "studio.css").read_text(), flags=re.DOTALL)
THEMES = ("light", "dark")


def properties(theme: str) -> dict[str, str]:
    """The page's custom properties: those of the first block, and those of the dark one over them."""
    blocks = re.findall(r":root\s*{([^}]*)}", CSS)
    assert len(blocks) == 2
    return {
        name: value.strip()
        for block in blocks[: 1 + THEMES.index(theme)]
        for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", block)
    }


def rules() -> Iterator[tuple[str, dict[str, str]]]:
    """Selectors and declarations of all rules but those of the custom properties."""
    for selector, block in re.findall(r"([^{}]+){([^{}]*)}", CSS):
        if ":root" not in selector:
            yield selector.strip(), dict(re.findall(r"([\w-]+):\s*([^;]+)", block))


def colour(value: str, named: dict[str, str]) -> Colour | None:
    """A colour as CSS writes it; None: it is none."""
    if found := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return colour(named[found[1]], named)
    if found := re.fullmatch(r"color-mix\(in srgb, (.+) (\d+)%, (.+)\)", value):
        one, other = colour(found[1], named), colour(found[3], named)
        assert one
        assert other
        share = int(found[2]) / 100
        return tuple(a * share + b * (1 - share) for a, b in zip(one, other, strict=True))
    if found := re.fullmatch(r"#([0-9a-f]{3,8})", value):
        digits = "".join(2 * digit for digit in found[1]) if len(found[1]) < 6 else found[1]
        red, green, blue, opaque = (int(f"{digits:f<8}"[i : i + 2], 16) / 255 for i in (0, 2, 4, 6))
        return red, green, blue, opaque
    return None


def over(top: Colour, below: Colour) -> Colour:
    return (*(a * top[3] + b * (1 - top[3]) for a, b in zip(top[:3], below[:3], strict=True)), 1.0)


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted(_luminance(each) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(of: Colour) -> float:
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in of[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def backgrounds(theme: str) -> dict[str, tuple[Colour, str | None]]:
    """Those of places with words, and the colour of words that their rules say."""
    named, found = properties(theme), {}
    for selector, said in rules():
        behind = colour(said.get("background", ""), named)
        if behind and not NO_WORDS.search(selector):
            found[selector] = over(behind, (1.0, 1.0, 1.0, 1.0)), said.get("color")
    return found


@pytest.mark.parametrize("theme", THEMES)
def test_words_stand_out_from_their_background(theme: str) -> None:
    named, checked = properties(theme), backgrounds(theme)
    assert {"body", "#panel", ".busy, .stays", ".command"} <= checked.keys()
    for selector, (behind, own) in checked.items():
        for word in [own] if own not in (None, "inherit", "var(--text)") else [f"var(--{each})" for each in WORDS]:
            found = colour(word, named)
            assert found
            assert contrast(found, behind) >= TEXT, (selector, word)


@pytest.mark.parametrize("theme", THEMES)
def test_edges_focus_and_signs_stand_out_from_what_is_around_them(theme: str) -> None:
    named = properties(theme)
    shown = {each: colour(named[each], named) for each in (*SIGNS, *(w for w in WORDS if w.startswith("state-")))}
    for sign, of in shown.items():
        for around in ("raised", "plate", "back") if sign in ("edge", "accent") else ("raised",):
            behind = colour(named[around], named)
            assert of
            assert behind
            assert contrast(of, behind) >= PARTS, (sign, around)
    said = dict(rules())
    focus, stage = colour(said[".stage canvas:focus-visible"]["outline-color"], named), colour(named["stage"], named)
    assert focus
    assert stage
    assert contrast(focus, stage) >= PARTS


def test_controls_have_the_edge_that_stands_out() -> None:
    edged = [said["border"] for selector, said in rules() if re.search(r"\binput\[type", selector) and "border" in said]
    assert edged
    assert all("var(--edge)" in border for border in edged)
