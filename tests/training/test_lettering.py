"""Lettering in training pictures is gray, is there, and leaves the rest of the picture as it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.training.crops import Crops, CropSettings
from pipelines.training.lettering import CARDS, lettered

RED = np.full((128, 128, 3), (200, 40, 30), np.uint8)
MANY = 200


def is_gray(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W), where a pixel has no colour, but for what the edges of letters mix."""
    return np.ptp(picture.astype(int), axis=2) == 0


def drawn(count: int) -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    return [lettered(RED, random) for _ in range(count)]


def test_words_are_gray_and_the_rest_stays() -> None:
    pictures = [picture for picture in drawn(MANY) if not is_gray(picture).all()]
    shares = [is_gray(picture).mean() for picture in pictures]
    assert np.median(shares) > 0.05
    assert min((picture == RED).all(axis=2).mean() for picture in pictures) > 0.1
    assert np.array_equal(RED[0, 0], (200, 40, 30))  # what was given is not written to


def test_a_share_are_title_cards_of_dark_or_light_paper_with_other_ink() -> None:
    cards = [picture[..., 0] for picture in drawn(MANY) if is_gray(picture).all()]
    assert abs(len(cards) / MANY - CARDS) < 0.1
    assert {bool(np.median(card) < 128) for card in cards} == {True, False}
    assert np.mean([np.ptp(card) > 80 for card in cards]) > 0.9


def test_squares_have_lettering_where_it_is_asked_for_and_the_same_each_time() -> None:
    def squares(share: float) -> NDArray[np.uint8]:
        crops = Crops([RED], [np.empty((0, 6), np.float32)], CropSettings(64, lettering=share), 0, 60)
        return np.stack([crops[i][0] for i in range(60)])

    plain, some = squares(0.0), squares(0.3)
    assert (plain == RED[0, 0][:, None, None]).all()
    changed = (some != plain).any(axis=(1, 2, 3)).mean()
    assert 0.15 < changed < 0.45
    assert np.array_equal(some, squares(0.3))
