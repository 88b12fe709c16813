"""Cuts of real films, labelled by eye: frames that begin a shot, the first frame aside."""

TEARS_OF_STEEL = (
    52, 122, 158, 221, 309, 715, 788, 872, 901, 987, 1127, 1157, 1203, 1234, 1246, 1284, 1345, 1378, 1430, 1472, 1525,
    1571, 1618, 1650, 1689,
)  # fmt: skip
"""Of 1691 frames at 24 a second; flashes from guns (1431, 1446) and an explosion (1665) are none."""
TEARS_OF_STEEL_FRAMES = 1691
