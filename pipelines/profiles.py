"""Names of speeds and profiles of codecs, as encoders and editors spell them."""

from typing import NamedTuple

_SPEEDS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
PRESETS = {"h264": _SPEEDS, "h265": _SPEEDS, "av1": (*map(str, range(14)),)}
"""Speeds by codec, fastest first for h264 and h265, last for av1; other codecs take none."""


class Form(NamedTuple):
    """The samples of a profile."""

    chroma: str
    """422 | 444."""
    bits: int


PROFILES = {
    "prores": {
        "proxy": Form("422", 10), "lt": Form("422", 10), "422": Form("422", 10), "hq": Form("422", 10),
        "4444": Form("444", 10),
    },
    "dnxhr": {
        "lb": Form("422", 8), "sq": Form("422", 8), "hq": Form("422", 8), "hqx": Form("422", 10),
        "444": Form("444", 10),
    },
}  # fmt: skip
"""Profiles by codec, smallest files first; other codecs have none."""


def best_profile(codec: str, form: Form) -> str:
    """The profile with the largest files of those that hold such samples."""
    return next(name for name, own in reversed(PROFILES[codec].items()) if own == form)


def check_preset(codec: str, preset: str | None) -> None:
    """Raises ValueError where a codec has no such speed."""
    known = PRESETS.get("h264" if codec == "keep" else codec, ())
    if preset not in (None, *known):
        values = "0 to 13" if codec == "av1" else ", ".join(known)
        raise ValueError(f"--preset of {codec} must be {values}; got {preset!r}")


def check_profile(codec: str, profile: str | None) -> None:
    """Raises ValueError where a codec has no such profile."""
    if profile in (None, *PROFILES.get(codec, ())):
        return
    having = [each for each, names in PROFILES.items() if profile in names]
    if codec in PROFILES:
        raise ValueError(f"--profile of {codec} must be {', '.join(PROFILES[codec])}; got {profile!r}")
    hint = f"add --codec {having[0]}" if having else f"only {' and '.join(PROFILES)} have profiles"
    raise ValueError(f"--profile {profile} is not one of {codec}; {hint}")
