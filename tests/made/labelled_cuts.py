"""Cuts of real films, labelled by eye: frames that begin a shot, the first frame aside."""

from __future__ import annotations

NEWSREEL = (48, 124, 190, 256, 326, 384, 444)
"""Of samples/newsreel.mp4, as samples/README.md has them."""
TEARS_OF_STEEL = (
    52, 122, 158, 221, 309, 715, 788, 872, 901, 987, 1127, 1157, 1203, 1234, 1246, 1284, 1345, 1378, 1430, 1472, 1525,
    1571, 1618, 1650, 1689,
)  # fmt: skip
"""Of 1691 frames at 24 a second; flashes from guns (1431, 1446) and an explosion (1665) are none."""
TEARS_OF_STEEL_FRAMES = 1691
NOSFERATU = (70, 240, 497, 551, 683, 788, 852, 962, 1017)
"""Of 1191 frames at 25 a second; the iris that closes at 545 on black is none."""
DAMAGED = (44, 134, 299)
"""Of 360 frames at 29 a second."""
REAL = {
    "colour-tears-of-steel.webm": TEARS_OF_STEEL,
    "bw-nosferatu.mp4": NOSFERATU,
    "bw-damaged.mp4": DAMAGED,
    "bw-friday.mp4": (),
    "colour-coffee.mp4": (),
    "colour-dog.mp4": (),
    "colour-flower.mp4": (),
    "odd-2997.mp4": (),
    "odd-failing-audio.mp4": (),
}
"""Those of the clips that RESTORE_CLIPS names, by file name."""
