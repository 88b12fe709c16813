"""Masks of what was mended, as a gray picture of FFV1 beside a segment's own."""

from typing import Any

import av
import numpy as np

from pipelines.frames import Frame
from pipelines.media.target import Target

CODEC = {"level": "3", "g": "1", "slicecrc": "1"}


class MaskTrack:
    """The second picture of a segment's file."""

    def __init__(self, container: Any, target: Target) -> None:
        self.container = container
        self.stream = container.add_stream("ffv1", target.rate, options=CODEC)
        context = self.stream.codec_context
        context.width, context.height, context.pix_fmt = target.width, target.height, "gray"
        context.color_range, context.thread_count = 2, 1
        context.time_base = self.stream.time_base = target.time_base
        self.frame = av.VideoFrame(target.width, target.height, "gray")
        self.time_base = target.time_base

    def add(self, frame: Frame, pts: int) -> None:
        """Writes the mask of a frame, shown at `pts`."""
        self.frame.make_writable()
        plane: Any = self.frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)
        mask = None if frame.repair is None else frame.repair.mask
        rows[:, : plane.width] = 0 if mask is None else mask
        shown: Any = self.frame
        shown.pts, shown.time_base = pts, self.time_base
        self.container.mux(self.stream.encode(shown))  # each frame is a packet
