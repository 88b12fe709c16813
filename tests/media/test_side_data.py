"""What frames say beside their samples."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import PIL.Image

from pipelines.media.probe import probe


def test_side_data_that_pyav_does_not_know_is_no_error(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # Orientation: to be shown turned clockwise
    jpeg = io.BytesIO()
    PIL.Image.new("RGB", (64, 48), (90, 80, 70)).save(jpeg, "jpeg", exif=exif)
    film = tmp_path / "film.mov"
    with av.open(film, "w") as out:
        stream = out.add_stream("mjpeg", 25, width=64, height=48, pix_fmt="yuvj420p")
        for number in range(3):
            packet = av.Packet(jpeg.getvalue())
            packet.pts = packet.dts = number
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 25), stream, True
            out.mux(packet)
    assert probe(film).picture.display_matrix.turns == 3
