"""Parts of a film have the colours that the whole film has in their way, wherever they begin and segments end."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import SettingsError
from pipelines.frames import AbFrame
from pipelines.guide.given import FollowGiven, Given, followed
from pipelines.job.finder import Finder
from pipelines.job.span import in_film
from pipelines.job.ways import Ways, ways_of
from pipelines.look import Look, LookEntry, LookValues
from pipelines.media.probe import probe
from pipelines.painting.paint import Paint
from pipelines.ranges import Ranges, range_of
from pipelines.settings import Hint, Settings
from pipelines.source import Film, Segment
from pipelines.streams import in_process
from tests.made import clips
from tests.made.runs import Films

FRAMES = 36
"""Of the film: shots of 12."""


def looked(settings: Settings, *entries: tuple[str, LookValues]) -> Settings:
    """The settings with a look: ranges, each with its values."""

    def where(written: str) -> Ranges:
        return (range_of(written),) if written else ()

    listed = (LookEntry(where(written), values, line=n) for n, (written, values) in enumerate(entries, start=1))
    return replace(settings, look=Look(Path("film.look.toml"), tuple(listed)))


def ways(path: Path, settings: Settings, follow: FollowGiven = followed) -> Ways:
    film = probe(path)
    return ways_of(film, in_film(settings, Finder(film, settings)), follow=follow)


def frames(found: Ways, start: int | None = None, end: int | None = None) -> list[AbFrame]:
    """Of the film's frames from `start` to `end`, by number."""
    film = found.film
    first, last = (None if n is None else film.pts(n / film.picture.rate) for n in (start, end))
    return list(found.carried(Segment(film, 0, first, last), in_process(Paint())))


@pytest.mark.slow
def test_each_part_has_the_colours_of_its_own_way(films: Films, settings: Settings) -> None:
    path = films(clips.with_cuts, ".mp4")
    sharper, plain = replace(settings.paint, temperature=0.2), frames(ways(path, settings))
    other = frames(ways(path, replace(settings, paint=sharper)))
    look = looked(settings, ("shot 2", LookValues(sharpen=0.2)), ("f30-", LookValues(sharpen=0.2)))
    mixed = ways(path, look)
    expected = [*plain[:12], *other[12:24], *plain[24:30], *other[30:]]
    for cut in (None, 20):
        got = frames(mixed) if cut is None else [*frames(mixed, None, cut), *frames(mixed, cut, None)]
        assert [np.array_equal(one.ab, two.ab) for one, two in zip(got, expected, strict=True)] == [True] * FRAMES
    assert [one.shot for one in frames(mixed)] == [one.shot for one in plain]
    assert not np.array_equal(plain[20].ab, other[20].ab)


def test_the_later_entry_holds_from_its_first_frame_on(films: Films, settings: Settings) -> None:
    path = films(clips.with_cuts, ".mp4")
    plain = frames(ways(path, settings))
    graded = frames(ways(path, looked(
        settings, ("", LookValues(saturation=0.5)), ("shot 2-3", LookValues(neutral=True)),
        ("f20-f22", LookValues(neutral=False)),
    )))  # fmt: skip
    factors = [0.5] * 12 + [0] * 8 + [0.5] * 2 + [0] * 14
    for one, two, factor in zip(plain, graded, factors, strict=True):
        assert np.array_equal(two.ab, one.ab * np.float32(factor))


def test_a_look_that_says_nothing_changes_nothing(films: Films, settings: Settings) -> None:
    path = films(clips.with_cuts, ".mp4")
    found = ways(path, looked(settings, ("shot 2", LookValues())))
    assert len(found.parts) == 1
    assert not found.grades


def test_a_network_that_is_not_there_is_told_by_the_line_that_names_it(films: Films, settings: Settings) -> None:
    look = looked(settings, ("shot 1", LookValues(steady=Fraction(1))), ("shot 2", LookValues(network="nothing")))
    with pytest.raises(SettingsError, match=r"film\.look\.toml line 2: network: .*nothing"):
        ways(films(clips.with_cuts, ".mp4"), look)


def test_hints_that_the_network_of_their_part_does_not_take_are_told_by_the_line_that_gives_them(
    films: Films, settings: Settings
) -> None:
    path, look = films(clips.with_cuts, ".mp4"), Path("film.look.toml")
    entries = (LookEntry(()), LookEntry((range_of("shot 2"),), line=7, given=("hints",)))
    hinted = replace(settings, look=Look(look, entries), hints=(Hint(Fraction(3, 4), 1, 1, (0.0, 0.0)),))
    with pytest.raises(SettingsError, match=r"film\.look\.toml line 7: hints: compact takes no hints"):
        ways(path, hinted)


def test_places_that_are_not_in_the_film_are_told_by_their_line(films: Films, settings: Settings) -> None:
    for written, what in [
        ("shot 4", "shot 4 is not in the film, which has 3 shots"),
        ("f40-f50", "at f40 lies after the film's end"),
        ("shot 3-2", "must end after it begins; write the earlier place first"),
    ]:
        with pytest.raises(SettingsError) as caught:
            ways(films(clips.with_cuts, ".mp4"), looked(settings, (written, LookValues(neutral=True))))
        assert str(caught.value).startswith("film.look.toml line 1: ")
        assert what in str(caught.value)


def test_a_shot_of_another_copy_is_found_by_its_time_or_told_to_be_gone(films: Films, settings: Settings) -> None:
    path = films(clips.with_cuts, ".mp4")
    for begins, is_there in (("0.49", True), ("0.6", False)):
        where = (range_of(f"{begins}-1"),)
        look = Look(Path("film.look.toml"), (LookEntry(where, LookValues(neutral=True), 9, 4),), film="of another")
        if is_there:
            assert [bool(each.ab.any()) for each in frames(ways(path, replace(settings, look=look)))] == (
                [True] * 12 + [False] * 12 + [True] * 12
            )
        else:
            with pytest.raises(SettingsError, match=r"line 4: shot 9, .* 00:00:00\.600, is no longer there"):
                ways(path, replace(settings, look=look))


def test_ways_that_differ_in_their_network_alone_follow_once_what_a_person_gave(
    films: Films, settings: Settings
) -> None:
    seen = []

    def follow(film: Film, given: Settings, rows: int) -> Given:
        seen.append(given.motion.steady)
        return Given()

    look = ("shot 2", LookValues(sharpen=0.2)), ("shot 3", LookValues(steady=Fraction(1)))
    ways(films(clips.with_cuts, ".mp4"), looked(settings, *look), follow)
    assert seen == [settings.motion.steady, Fraction(1)]
