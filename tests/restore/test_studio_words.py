"""The studio's page says all of its words in each of its languages."""

from __future__ import annotations

import re

import pytest

from restore.studio.server import PAGE

WORDS = (PAGE / "words.js").read_text("utf-8")
KEY = r'(?:^|[{,]\s*|\n\s*)(?:"([a-z-]+)"|([A-Za-z]+)): ["\[]'


def said(language: str) -> dict[str, int]:
    """The keys of a language, and how many values each takes."""
    text = WORDS.partition(f"const {language} = {{")[2].partition("\n};")[0]
    keys = [(match[1] or match[2], match.end()) for match in re.finditer(KEY, "{" + text)]
    return {key: len(set(re.findall(r"\{\d\}", text[end - 1 :].partition('",')[0]))) for key, end in keys}


def used() -> set[str]:
    """The keys that the page asks for by name."""
    scripts = "".join(path.read_text("utf-8") for path in PAGE.glob("*.js") if path.name != "words.js")
    return set(re.findall(r'\bwords\("([A-Za-z-]+)"', scripts))


@pytest.mark.parametrize("language", ["ENGLISH", "GERMAN"])
def test_each_word_that_the_page_asks_for_is_there(language: str) -> None:
    assert len(used()) > 80
    assert used() - said(language).keys() == set()


def test_both_languages_say_the_same_words_with_the_same_values() -> None:
    assert said("ENGLISH") == said("GERMAN")
