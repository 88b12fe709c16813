"""The size at which a network sees a picture."""

STRIDE = 32
"""Pixels: both sides are multiples of this, which every network halves five times."""


def network_size(height: float, width: float, rows: int) -> tuple[int, int]:
    """Height and width, in pixels, at which a network sees a picture: multiples of STRIDE, the short side `rows`.

    Args:
        height: of the picture, upright and with square pixels, in any unit.
        width: in the same unit.
        rows: a multiple of STRIDE.
    """
    scale = rows / min(height, width)
    small_height, small_width = (max(rows, STRIDE * round(side * scale / STRIDE)) for side in (height, width))
    return small_height, small_width
