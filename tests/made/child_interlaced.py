"""Interlaced frames as h264, in a process of its own: prints sha256 of the file. python child_interlaced.py OUT"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.frames import ColouredFrame, Frame
from pipelines.media.encode import Encode
from pipelines.media.probe import probe
from pipelines.media.target import choose_target
from pipelines.places import sha256_of
from pipelines.settings import EncodeSettings
from tests.made import clips

HEIGHT, WIDTH, FRAMES = 576, 720, 12

if __name__ == "__main__":
    out = Path(sys.argv[1])
    film = probe(clips.plain(out.with_suffix(".film.mp4")))
    film = replace(film, picture=replace(film.picture, width=WIDTH, height=HEIGHT, field_order="bottom"))
    target = choose_target(film, EncodeSettings(), deinterlace=False)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    half = np.s_[::2, ::2]
    frames = []
    for number in range(FRAMES):
        luma = (128 + 60 * np.sin((columns + 7 * number) / 23) + 50 * np.sin((rows - 5 * number) / 9)).astype(np.uint8)
        cb, cr = (np.ascontiguousarray(255 - luma[half] // part) for part in (2, 3))
        frames.append(ColouredFrame(Frame(number * 512, 512, luma, True), cb, cr, 0))
    Encode(target, EncodeSettings())(iter(frames), out)
    sys.stdout.write(sha256_of(out))
