"""A network sees pictures at multiples of 32, as nearly in their own shape as these allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.painting.size import network_size


@given(
    height=st.integers(1, 4096), width=st.integers(1, 4096), unit=st.sampled_from([1, 0.5, 3]),
    rows=st.sampled_from([32, 192, 256]),
)  # fmt: skip
def test_the_short_side_is_as_asked_and_the_long_one_as_near_as_multiples_of_32_are(
    height: int, width: int, unit: float, rows: int
) -> None:
    size = network_size(height * unit, width * unit, rows)
    assert min(size) == rows
    assert all(side % 32 == 0 for side in size)
    wanted = max(height, width) / min(height, width) * rows
    assert abs(max(size) - wanted) <= 16 + 1e-6 * wanted
    assert network_size(width, height, rows) == size[::-1]


@pytest.mark.parametrize(("side", "size"), [((64, 96), (64, 96)), ((100, 60), (96, 64)), ((48, 304), (64, 416))])
def test_a_long_strip_is_not_squeezed(side: tuple[int, int], size: tuple[int, int]) -> None:
    assert network_size(*side, 64) == size
