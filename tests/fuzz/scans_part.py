"""Damaged scans: a folder of pictures as one film, in which some pictures, or their names, are broken."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from random import Random

import imageio_ffmpeg

from tests.fuzz import oracle
from tests.fuzz.films_part import Verdict, exit_code, line_faults
from tests.fuzz.mutate import Damage, Layout

PICTURES = 4
KINDS = {
    "gray dpx": (".dpx", "gray16be"),
    "10-bit dpx": (".dpx", "gbrp10be"),
    "12-bit dpx": (".dpx", "gbrp12le"),
    "gray tif": (".tif", "gray16le"),
    "colour tif": (".tif", "rgb48le"),
    "png": (".png", "gray16be"),
    "gray exr": (".exr", "grayf32le"),
    "colour exr": (".exr", "gbrpf32le"),
}
"""Suffix and pixel format of each kind of scan."""
OTHER_NAMES = ["notes", "x", "scan_99", "scan_0009 copy"]
RESULTS = ["out.mkv", "out.mkv", "out.mp4", "new/frame_%04d.tif", "new/frame_%04d.dpx", "new/frame_%d.exr"]
LAYOUT = Layout(rb"SDPX|XPDS|II\*|IHDR|IDAT|v/1|channels|dataWindow|compression", 4, 4, rb"SDPX|II\*|IHDR|dataWindow")


def draw_scans(kind: str, folder: Path) -> list[bytes]:
    """Pictures in black and white."""
    suffix, form = KINDS[kind]
    names = folder / f"{kind.replace(' ', '-')}_%d{suffix}"
    picture = f"testsrc2=r=25:s=48x32,format=gray,format={form}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", picture]
    subprocess.run([*command, "-frames:v", str(PICTURES), names], check=True)
    return [Path(str(names) % number).read_bytes() for number in range(1, PICTURES + 1)]


def spoil(data: bytes, random: Random) -> bytes:
    """A picture damaged in its header, in a length, or anywhere."""
    damage = Damage(random, bytearray(data), LAYOUT)
    random.choice([Damage.header, Damage.header, Damage.length, Damage.packets, Damage.shape])(damage)
    return bytes(damage.data)


def scans(seed: int, seeds: dict[str, list[bytes]], network: Path, folder: Path) -> Verdict:
    """A whole run of the command on a folder of scans."""
    random = Random(seed)
    kind = random.choice(list(seeds))
    suffix, reel, broken = KINDS[kind][0], folder / "reel", random.sample(range(PICTURES), random.randint(0, 2))
    reel.mkdir()
    for number, data in enumerate(seeds[kind]):
        name = (
            f"scan_{number + 7:04d}{suffix}" if random.random() < 0.97 else random.choice(["notes.txt", f"x{suffix}"])
        )
        (reel / name).write_bytes(spoil(data, random) if number in broken else data)
    out = random.choice(
        ["out.mkv", "out.mkv", "out.mp4", "new/frame_%04d.tif", "new/frame_%04d.dpx", "new/frame_%d.exr"]
    )
    film = random.choice(["reel", "reel", f"reel/scan_%04d{suffix}"])
    args = [film, "-o", out, "--fps", "18", "--network", str(network), "--device", "cpu", "--anchors", "1"]
    args += ["--skip-damaged"] * (random.random() < 0.5) + ["--codec", "ffv1"] * (out == "out.mkv")
    code = exit_code(args)
    words = (folder / "words.txt").read_text(errors="replace")
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "")
    about, faults = f"{kind} {len(broken)} broken: {' '.join(args[:3])} {' '.join(args[11:])}", list[str]()
    if code:
        faults += [] if code in (1, 2) else [f"exit code {code}"]
        faults += line_faults(last, Path("scan" if "scan" in last else "reel"))
        faults += ["a result in spite of the failure"] * (folder / out).exists()
        return Verdict(about, last, tuple(faults))
    if out.startswith("out"):
        count = len(oracle.look(folder / out).frames)
    else:
        count = len(list((folder / "new").glob(f"*{Path(out).suffix}")))
    numbers = sorted(int(each.stem[-4:]) for each in reel.iterdir() if re.fullmatch(r"scan_\d{4}", each.stem))
    expected = numbers[-1] - numbers[0] + 1 if numbers else 0  # what is missing is held
    if count != expected:
        faults.append(f"{count} frames of {expected} pictures")
    return Verdict(about, "result", tuple(faults))
