"""Y' of decoded frames, at its own bit depth."""

from collections.abc import Callable
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import LUMA_WEIGHTS
from pipelines.frames import Luma
from pipelines.source import Picture


def _plane(frame: av.VideoFrame, bits: int) -> Luma:
    """The first plane, in the decoder's own memory."""
    plane = frame.planes[0]
    dtype: Any = np.uint8 if bits == 8 else np.dtype("<u2")
    return np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)[:, : plane.width]


def luma_of_rgb(rgb: NDArray[Any]) -> Luma:
    """Y' of BT.709, full range, of R'G'B' (H, W, 3) of 8 or 16 bits: (H, W) of the same type; gray keeps its value."""
    red, blue = LUMA_WEIGHTS["bt709"]
    return cv2.transform(rgb, np.array([[red, 1 - red - blue, blue]], np.float32))  # type: ignore[return-value]


def _luma_of_rgb(frame: av.VideoFrame, bits: int) -> Luma:
    """Y' of a decoded R'G'B' frame."""
    if bits == 8:
        return luma_of_rgb(frame.to_ndarray(format="rgb24"))
    deep: Any = luma_of_rgb(frame.to_ndarray(format="rgb48le"))
    return deep >> (16 - bits)


def luma_reader(picture: Picture) -> Callable[[av.VideoFrame], Luma]:
    """A function from a frame to its Y' (H, W): the decoder's own plane where that is native-endian and unshifted."""
    name, bits = picture.pixel_format, picture.bits
    if picture.is_rgb:
        return lambda frame: _luma_of_rgb(frame, bits)
    is_planar = name.startswith(("yuv", "nv12", "nv21", "nv16", "nv24", "gray")) and not name.startswith("yuyv")
    if is_planar and not name.endswith("be") and not name.startswith("grayf"):
        return lambda frame: _plane(frame, bits)
    plain = ("gray" if picture.is_gray else "yuv444p") + ("" if bits == 8 else f"{bits}le")
    return lambda frame: _plane(frame.reformat(format=plain), bits)
