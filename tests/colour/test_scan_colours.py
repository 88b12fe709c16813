"""Colours of linear and logarithmic scans look as on other films, once the scans are shown aright."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.colour.colorspace import light_of_signal, lightness_table, srgb_from_linear
from models.colour.log import CINEON, LogCurve
from pipelines.colour.chroma import Chroma
from pipelines.frames import AbFrame
from tests.colour.test_chroma import lab_of, rgb_of
from tests.made.handmade import even_ab, frame, target


def test_cineon_has_its_black_and_white_where_kodak_put_them() -> None:
    codes = np.array([0, 95, 445, 685, 1023]) / 1023
    light = CINEON.light(codes)
    assert light[[0, 1]].tolist() == [0, 0]
    assert light[2] == pytest.approx(0.147, abs=0.003)  # the code of 18 % gray is 445 to 470, by the curve's foot
    assert light[[3, 4]].tolist() == [1, 1]


@pytest.mark.parametrize("transfer", ["srgb", "linear", CINEON])
@pytest.mark.parametrize("lightness", [40, 60, 80])
def test_a_colour_has_its_hue_and_strength_in_the_light_that_is_shown(
    transfer: str | LogCurve, lightness: float
) -> None:
    a, b = 8.0, -10.0
    code = int(np.abs(lightness_table(16, True, transfer) - lightness).argmin())
    form = target(bits=16, source_bits=16, is_full_range=True, source_is_full_range=True)
    luma = np.full((96, 128), code, np.uint16)
    shown = next(iter(Chroma(form, transfer)([AbFrame(frame(luma), even_ab(a, b), 0)])))
    signal = rgb_of(code, shown.cb[0, 0], shown.cr[0, 0], "bt709", 16, is_full_range=True)
    light = light_of_signal(signal, transfer)
    seen = complex(*lab_of(srgb_from_linear(torch.from_numpy(light)).numpy())[1:])
    assert abs(seen) == pytest.approx(abs(complex(a, b)), rel=0.15)
    assert abs(np.angle(seen / complex(a, b), deg=True)) < 10
