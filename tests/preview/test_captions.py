"""Captions can be read, and stand still."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.preview.captions import BLACK, MARGIN, MIN_SIZE, WHITE, caption, text_size


@pytest.mark.parametrize("words", ["colour", "black and white", "jgy", "É 1.2", "saturation 0.7, steady 1"])
@pytest.mark.parametrize("size", [14, 24, 49])
def test_no_letter_is_cut_off(words: str, size: int) -> None:
    picture = caption(words, size, 4000)
    assert picture.max() > 0.9 * WHITE
    inside = picture[MARGIN // 2 : -MARGIN // 2, MARGIN // 2 : -MARGIN // 2]
    assert (picture != BLACK).sum() == (inside != BLACK).sum()


@pytest.mark.parametrize("size", range(14, 50, 3))
def test_sides_are_even(size: int) -> None:
    assert not any(side % 2 for side in caption("colour", size, 4000).shape)


def test_a_running_timecode_keeps_its_size() -> None:
    shapes = {caption(words, 24, 4000).shape for words in ("00:00:00:00", "11:11:11:11", "23:59:48:07")}
    assert len(shapes) == 1


def test_labels_of_one_size_are_equally_high() -> None:
    assert len({len(caption(words, 24, 4000)) for words in ("colour", "black and white", "jgyÉ")}) == 1


@pytest.mark.parametrize("room", [60, 100, 200])
def test_long_words_stay_inside_their_room(room: int) -> None:
    picture = caption("network of-my-own-with-a-long-name, saturation 1.25", 24, room)
    assert picture.shape[1] <= room
    assert np.ptp(picture) > 0


@pytest.mark.parametrize("rows", [64, 240, 540, 1080])
def test_letters_grow_with_the_picture_and_can_be_read_in_small_ones(rows: int) -> None:
    assert text_size(rows) == max(MIN_SIZE, round(rows / 22))
