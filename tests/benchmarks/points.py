"""How well one point or region colours its thing through a shot: `python tests/benchmarks/points.py CLIPS [NAME...]`.

CLIPS is the folder of the clips that points.toml names, which are not part of the project; those that it lacks are said
and left out, and with NAMEs all others, too. All are made gray. In points.toml each thing is outlined by hand in ten
frames of its shot, and given another colour in one of these, by a point and by its outline there. Printed are means of
the ten frames: CIEDE2000 inside the thing to what was asked (its colour beside the film's luma, as far as that is in
the gamut), and outside of it between the film with and without. Along the outline RIM of the rows is left out.
"""

import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.colour.colorspace import lab_from_srgb
from models.measures.steadiness import delta_e_2000
from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.colour.rgb import rgb_of
from pipelines.frames import AbFrame
from pipelines.guide.given import given_for
from pipelines.media.probe import probe
from pipelines.media.target import choose_target
from pipelines.painting.choice import choose_network
from pipelines.painting.paint import FilmPaint, Paint
from pipelines.segment import carried
from pipelines.settings import EncodeSettings, Hint, Settings
from pipelines.source import Film, Segment
from pipelines.streams import in_process
from restore.options.hints import hint_of

DRAWN = Path(__file__).with_suffix(".toml")
RIM = 0.02
"""Of the rows: hands do not draw finer, and chroma is no finer than this."""
WAYS = "point", "region"
Frames = dict[int, AbFrame]


def shown(film: Film, times: list[int], shot: tuple[int, int], numbers: Iterable[int], settings: Settings) -> Frames:
    """Some frames of a shot, by their numbers, as a run with these settings colours them."""
    chosen = choose_network(film, settings)
    paint = FilmPaint(in_process(Paint()), film, chosen, given_for(film, settings, chosen))
    first, last = shot
    segment = Segment(film, 0, times[first] if first else None, (*times, None)[last + 1])
    wanted = {times[number]: number for number in numbers}
    frames = carried(segment, settings, chosen.motion_rows, paint, large_rows=chosen.rows)
    return {wanted[each.frame.pts]: each for each in frames if each.frame.pts in wanted}


def lab(film: Film, frame: AbFrame) -> torch.Tensor:
    """CIE Lab of a finished frame, (1, 3, H, W)."""
    target = choose_target(film, EncodeSettings("ffv1"), deinterlace=False)
    rgb = rgb_of(next(iter(Chroma(target, transfer_of(film.picture))([frame]))), target)[1]
    return lab_from_srgb(torch.from_numpy(rgb).permute(2, 0, 1)[None])


def asked(frame: AbFrame, ab: tuple[float, float]) -> AbFrame:
    """The frame with one colour all over it."""
    return replace(frame, ab=np.full_like(frame.ab, ab), share=np.ones(frame.ab.shape[:2], np.float32))


def masks(drawn: dict[str, Any], size: tuple[int, int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a frame's thing is, and where it is not: (H, W) each."""
    thing, beside = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    cv2.fillPoly(thing, [np.array(drawn["outline"], np.int32)], 1)
    cv2.fillPoly(beside, [np.array(each, np.int32) for each in drawn.get("beside", [])], 1)
    side = 2 * round(RIM * size[0]) + 1
    rim = np.ones((side, side), np.uint8)
    return (cv2.erode(thing, rim) > beside), (cv2.dilate(thing | beside, rim) == 0)


def measured(path: Path, clip: dict[str, Any], ways: Sequence[str] = WAYS) -> dict[str, tuple[float, float]]:
    """By what was given: the difference inside from what was asked, and the change outside."""
    film = probe(path)
    with av.open(path) as container:
        stream = container.streams.video[0]
        times = [frame.pts for frame in container.decode(stream) if frame.pts is not None]
    drawn = {each["number"]: each for each in clip["frame"]}
    x, y = clip["point"]
    entry = {"time": str(float(film.seconds(times[clip["given"]]))), "colour": clip["colour"]}
    given: dict[str, Hint] = {
        "point": hint_of(entry | {"x": x, "y": y}, DRAWN.name),
        "region": hint_of(entry | {"polygon": drawn[clip["given"]]["outline"]}, DRAWN.name),
    }
    settings = Settings(recolour=True)
    before = shown(film, times, clip["shot"], drawn, settings)
    found = {}
    for name in ways:
        hint = given[name]
        rows = []
        for number, frame in shown(film, times, clip["shot"], drawn, replace(settings, hints=(hint,))).items():
            inside, outside = masks(drawn[number], frame.frame.luma.shape)
            got, was, wanted = (lab(film, each) for each in (frame, before[number], asked(frame, hint.ab)))
            apart, change = delta_e_2000(got, wanted)[0].numpy(), delta_e_2000(got, was)[0].numpy()
            rows.append((float(apart[inside].mean()), float(change[outside].mean())))
        found[name] = (float(np.mean([row[0] for row in rows])), float(np.mean([row[1] for row in rows])))
    return found


def main(folder: Path, *names: str) -> None:
    """Measures and prints."""
    for clip in tomllib.loads(DRAWN.read_text("utf-8"))["clip"]:
        if names and clip["file"] not in names:
            continue
        if not (folder / clip["file"]).exists():
            print(f"{clip['file']}: not in {folder}")
            continue
        for name, (inside, outside) in measured(folder / clip["file"], clip).items():
            print(
                f"{clip['file']:<20}{clip['thing']:<8}{name:<8}{inside:7.2f} inside{outside:7.2f} outside", flush=True
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
