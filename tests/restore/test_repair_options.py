"""What a person asks to be mended, as words and as tables of a look."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pipelines.repair_settings import RepairSettings, RepairSpan
from pipelines.settings import Settings


def test_words_name_repairs_and_their_strength() -> None:
    asked = RepairSettings().with_strengths("dust:2, flicker-local,weave")
    assert (asked.dust, asked.flicker_local, asked.weave, asked.scratches) == (2, 3, 3, 0)
    assert RepairSettings().with_strengths("auto").is_auto


@pytest.mark.parametrize("words", ["dirt", "dust:6", "dust:", "dust:0", "", "auto:2", "weave,weave-fine"])
def test_words_that_name_no_repair_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"dust|strength|one thing"):
        RepairSettings().with_strengths(words)


def test_a_table_of_a_look_says_what_words_cannot() -> None:
    table = {"dust": 4, "flicker": True, "polarity": "dark", "max-size": 90, "protect": [[0, 0, 30, 20]]}
    asked = RepairSettings.from_table(table)
    assert asked == RepairSettings(dust=4, flicker=3, polarity="dark", max_size=90, protect=((0, 0, 30, 20),))
    assert RepairSettings.from_table("dust:4") == RepairSettings(dust=4)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"dirt": 3}, "dirt"),
        ({"dust": 9}, "dust"),
        ({"dust": "much"}, "dust"),
        ({"polarity": "grey"}, "polarity"),
        ({"max-size": "big"}, "max-size"),
        ({"protect": [[1, 2, 3]]}, "protect"),
        ({"protect": 7}, "protect"),
        ({"mask-out": "here.mkv"}, "mask-out"),
    ],
)
def test_a_table_with_a_fault_is_refused_by_its_key(table: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        RepairSettings.from_table(table)


def test_a_stretch_has_repairs_of_its_own() -> None:
    own = RepairSpan(Fraction(2), Fraction(3), RepairSettings(flicker=1))
    settings = Settings(repair=RepairSettings(dust=3, mask_growth=2), repairs=(own,))
    assert settings.repair_at(Fraction(3)).dust == 3
    assert settings.repair_at(Fraction(2)) == RepairSettings(flicker=1, mask_growth=2)
    assert settings.mends
    assert not Settings().mends
