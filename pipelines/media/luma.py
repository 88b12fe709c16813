"""Y' of decoded frames, at its own bit depth."""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.colour.colorspace import LUMA_WEIGHTS, srgb_from_linear
from pipelines.frames import Luma
from pipelines.source import Picture


def _plane(frame: av.VideoFrame, bits: int) -> Luma:
    """The first plane, in the decoder's own memory."""
    plane = frame.planes[0]
    dtype: Any = np.uint8 if bits == 8 else np.dtype("<u2")
    return np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)[:, : plane.width]


def md5_of(luma: Luma, bits: int) -> str:
    """md5 of luma (H, W) line by line, as FFmpeg's framemd5 computes it of a gray picture.

    Args:
        luma: samples of any type.
        bits: of a sample, 8 to 16: above 8 each takes two bytes, the low one first.
    """
    samples: Any = np.ascontiguousarray(luma, np.uint8 if bits == 8 else np.dtype("<u2"))
    return hashlib.md5(samples, usedforsecurity=False).hexdigest()


def outside(luma: Luma, mask: NDArray[Any]) -> Luma:
    """Luma (H, W) with 0 where the mask (H, W) of what was mended is not."""
    masked: Any = np.where(mask, 0, luma)
    return masked


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


def is_light(pixel_format: str) -> bool:
    """Whether a format, by FFmpeg's name, has floating-point samples, which are linear light."""
    return "f16" in pixel_format or "f32" in pixel_format


@cache
def _codes_of_halves() -> NDArray[np.uint16]:
    """The sRGB code of each half float, by its bits."""
    return _codes_of_light(np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32))


def _codes_of_light(light: NDArray[np.float32]) -> NDArray[np.uint16]:
    """sRGB codes, 0 to 65535, of linear light, which is clipped to 0..1."""
    within = torch.from_numpy(np.nan_to_num(light, nan=0, posinf=1, neginf=0).clip(0, 1))
    return np.rint(srgb_from_linear(within).numpy() * 0xFFFF).astype(np.uint16)


def _luma_of_light(frame: av.VideoFrame) -> Luma:
    """Y' of BT.709, 16 bits, full range, of a frame of linear light: gray, or planes of green, blue and red."""
    planes = []
    for plane in frame.planes[:3]:
        if "f16" in frame.format.name:
            bits = np.frombuffer(memoryview(plane), np.uint16).reshape(plane.height, -1)[:, : plane.width]
            planes.append(_codes_of_halves()[bits])
        else:
            light = np.frombuffer(memoryview(plane), np.float32).reshape(plane.height, -1)[:, : plane.width]
            planes.append(_codes_of_light(light))
    return planes[0] if len(planes) < 3 else luma_of_rgb(cv2.merge([planes[2], planes[0], planes[1]]))


def luma_reader(picture: Picture) -> Callable[[av.VideoFrame], Luma]:
    """A function from a frame to its Y' (H, W): the decoder's own plane where that is native-endian and unshifted."""
    name, bits = picture.pixel_format, picture.bits
    if is_light(name):
        return _luma_of_light
    if picture.is_rgb:
        return lambda frame: _luma_of_rgb(frame, bits)
    is_planar = name.startswith(("yuv", "nv12", "nv21", "nv16", "nv24", "gray")) and not name.startswith("yuyv")
    if is_planar and not name.endswith("be"):
        return lambda frame: _plane(frame, bits)
    plain = ("gray" if picture.is_gray else "yuv444p") + ("" if bits == 8 else f"{bits}le")
    return lambda frame: _plane(frame.reformat(format=plain), bits)
