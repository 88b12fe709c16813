"""sRGB, CIE L*a*b* (D65, 2 degrees) and Y'CbCr, as torch tensors and as tables for decoded luma.

Lab as in CIE 15:2004; sRGB as in IEC 61966-2-1; luma coefficients as in ITU-R BT.601, BT.709 and BT.2020.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.colour.log import LogCurve

RGB_TO_XYZ = torch.tensor(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
WHITE = torch.tensor([0.950456, 1.0, 1.088754])  # D65, the row sums of RGB_TO_XYZ
LAB_EPSILON = (6 / 29) ** 3  # below it the cube root becomes a line
LAB_SLOPE = (29 / 6) ** 2 / 3

LUMA_WEIGHTS: dict[str, tuple[float, float]] = {  # matrix -> (Kr, Kb)
    "bt709": (0.2126, 0.0722),
    "bt601": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020": (0.2627, 0.0593),
}


NEWTON_STEPS, NEWTON_STEP = 5, 1e-3
"""Of `ab_beside`; the step is one of sRGB values."""
AB_LIMIT = 127.0
"""Largest a* and b* of colours that screens show, and a little more."""
GAMMAS = {"linear": 1.0, "gamma22": 2.2, "gamma28": 2.8}
"""Transfers that are powers."""


def linear_from_srgb(rgb: Tensor) -> Tensor:
    """Linear light 0..1 of sRGB values 0..1, any shape."""
    return torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(light: Tensor) -> Tensor:
    """sRGB values of linear light, any shape; values outside 0..1 are not clipped, negative ones stay linear."""
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)


def _lab_curve(t: Tensor) -> Tensor:
    return torch.where(t > LAB_EPSILON, t.clamp(min=LAB_EPSILON) ** (1 / 3), LAB_SLOPE * t + 4 / 29)


def lab_from_linear(light: Tensor) -> Tensor:
    """CIE Lab of linear RGB.

    Args:
        light: (..., 3, h, w), 0..1.

    Returns:
        (..., 3, h, w): L* 0..100, a* and b* about -110..110.
    """
    xyz = torch.einsum("xc,...chw->...xhw", RGB_TO_XYZ.to(light), light) / WHITE.to(light)[:, None, None]
    x, y, z = _lab_curve(xyz).unbind(-3)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-3)


def lab_from_srgb(rgb: Tensor) -> Tensor:
    """CIE Lab of sRGB values: (..., 3, h, w) in 0..1 to (..., 3, h, w)."""
    return lab_from_linear(linear_from_srgb(rgb))


def srgb_from_lab(lab: Tensor) -> Tensor:
    """sRGB values of CIE Lab, clipped to 0..1: (..., 3, h, w) to (..., 3, h, w)."""
    lightness, a, b = lab.unbind(-3)
    y = (lightness + 16) / 116
    curve = torch.stack([y + a / 500, y, y - b / 200], dim=-3)
    xyz = torch.where(curve > 6 / 29, curve**3, (curve - 4 / 29) / LAB_SLOPE) * WHITE.to(lab)[:, None, None]
    light = torch.einsum("cx,...xhw->...chw", torch.linalg.inv(RGB_TO_XYZ).to(lab), xyz)
    return srgb_from_linear(light.clamp(0, 1)).clamp(0, 1)


def ab_beside(rgb: Tensor, lightness: Tensor, luma_weights: tuple[float, float]) -> Tensor:
    """CIE a* b*, (2, h, w), with which a place of a given lightness shows the hue and strength of an sRGB colour.

    A colour in Y'CbCr is its differences from its own luma. The Lab colour of the same a* and b* beside another
    lightness has other differences: so that gray is looked for which with these has the lightness.

    Args:
        rgb: (3, h, w), sRGB 0..1.
        lightness: (h, w), CIE L* 0..100.
        luma_weights: Kr and Kb of the luma.
    """
    red, blue = luma_weights
    weights = torch.tensor([red, 1 - red - blue, blue]).to(rgb)
    differences = rgb - torch.einsum("c,chw->hw", weights, rgb)
    curve = (lightness + 16) / 116
    wanted = torch.where(curve > 6 / 29, curve**3, (curve - 4 / 29) / LAB_SLOPE)
    gray, of_light = srgb_of_lightness(lightness), RGB_TO_XYZ[1].to(rgb)
    for _ in range(NEWTON_STEPS):
        steps = (linear_from_srgb(differences + gray + step) for step in (0, NEWTON_STEP))
        light, more = (torch.einsum("c,chw->hw", of_light, each) for each in steps)
        gray = gray - (light - wanted) * NEWTON_STEP / (more - light).clamp(min=1e-5)
    return lab_from_srgb(differences + gray)[1:].clamp(-AB_LIMIT, AB_LIMIT)


def lightness_from_luminance(luminance: Tensor) -> Tensor:
    """CIE L* 0..100 of relative luminance 0..1, any shape."""
    return 116 * _lab_curve(luminance) - 16


def srgb_of_lightness(lightness: Tensor) -> Tensor:
    """sRGB value 0..1 that red, green and blue of a gray picture have, of its CIE L* 0..100; any shape."""
    y = (lightness + 16) / 116
    return srgb_from_linear(torch.where(y > 6 / 29, y**3, (y - 4 / 29) / LAB_SLOPE).clamp(0, 1))


def gray_of(rgb: Tensor) -> Tensor:
    """The gray picture of equal L* that a network is shown of a film: sRGB (N, 3, h, w) in 0..1 to (N, 1, h, w)."""
    return srgb_of_lightness(lab_from_srgb(rgb)[:, :1])


def light_of_signal(signal: NDArray[np.float64], transfer: str | LogCurve) -> NDArray[np.float64]:
    """Display light 0..1 of a non-linear signal 0..1, any shape; `transfer` as in `lightness_table`."""
    if isinstance(transfer, LogCurve):
        return transfer.light(signal)
    if transfer in GAMMAS:
        return signal ** GAMMAS[transfer]
    if transfer == "smpte2084":  # PQ, 203 cd/m2 as diffuse white (ITU-R BT.2408)
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = signal ** (1 / m2)
        light: NDArray[np.float64] = (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) * 10000 / 203
        return light.clip(0, 1)
    if transfer == "arib-std-b67":  # HLG, 75 % signal as diffuse white (ITU-R BT.2408)
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        return (light / 0.265).clip(0, 1)
    if transfer == "srgb":
        return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    raise ValueError(f"unknown transfer {transfer!r}; known: srgb, {', '.join(GAMMAS)}, smpte2084, arib-std-b67")


def signal_slope(light: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Rise of a signal with sRGB's: what a small difference of sRGB values is worth in it.

    Args:
        light: (N,), N > 1, of evenly spaced signals, as `light_of_signal` gives it.
        step: from one signal to the next.

    Returns:
        (N,), 0 where the light stays the same.
    """
    rise = np.gradient(srgb_from_linear(torch.from_numpy(light)).numpy(), step)
    return np.where(rise > 0, 1 / np.maximum(rise, 1e-6), 0)


def luma_span(bits: int, is_full_range: bool) -> tuple[int, int]:
    """Code values of black and white for luma of `bits` bits (ITU-R BT.709 sec. 4; full range as in JPEG)."""
    return (0, (1 << bits) - 1) if is_full_range else (16 << (bits - 8), 235 << (bits - 8))


def lightness_table(bits: int, is_full_range: bool, transfer: str | LogCurve = "srgb") -> NDArray[np.float32]:
    """CIE L* of each luma code value as a gray picture shows it.

    Args:
        bits: bits of a luma sample, 8 to 16.
        is_full_range: black and white at the ends of the code, as in JPEG, or at 16 and 235 (times 2^(bits-8)).
        transfer: srgb | linear | gamma22 | gamma28 | smpte2084 | arib-std-b67, or the curve of a logarithmic scan.

    Returns:
        (2^bits,), 0..100.
    """
    black, white = luma_span(bits, is_full_range)
    signal = ((np.arange(1 << bits) - black) / (white - black)).clip(0, 1)
    luminance = torch.from_numpy(light_of_signal(signal, transfer))
    return lightness_from_luminance(luminance).clamp(0, 100).numpy().astype(np.float32)
