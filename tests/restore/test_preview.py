"""`restore preview`, `still`, `sheet` and `shots` as a person types them."""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from pathlib import Path

import av
import click
import cv2
import numpy as np
import pytest

from pipelines.settings import Settings
from restore.api import Composition, render_preview
from restore.commands.preview import preview, sheet, shots, still
from tests.made import clips
from tests.made.extra_tracks import SAMPLE_RATE, AudioTrack
from tests.made.pictures import pan
from tests.made.previewed import done
from tests.made.readers import times
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write


def size(path: Path) -> tuple[int, int]:
    with av.open(path) as film:
        return film.streams.video[0].width, film.streams.video[0].height


@pytest.mark.parametrize(
    ("layout", "expected"), [("side", (256, 96)), ("over", (128, 192)), ("split", (128, 96)), ("colour", (128, 96))]
)
def test_a_preview_has_the_frames_of_its_span(
    films: Films, small: list[str], tmp_path: Path, layout: str, expected: tuple[int, int]
) -> None:
    out = tmp_path / "look.mp4"
    done("preview", films(clips.with_audio, ".mp4"), "-o", out, "--at", "0.25", "--seconds", "0.5", "--layout", layout,
         "--labels", "--timecode", *small)  # fmt: skip
    assert size(out) == expected
    assert times(out) == [Fraction(i, 24) for i in range(12)]
    assert [path.name for path in tmp_path.iterdir()] == ["look.mp4"]


@pytest.mark.parametrize(("width", "height", "pix_fmt"), [(71, 53, "yuv420p"), (96, 64, "gray10le")])
def test_a_preview_plays_anywhere(
    films: Films, small: list[str], tmp_path: Path, width: int, height: int, pix_fmt: str
) -> None:
    def draw(path: Path) -> Path:
        return write(path, PictureTrack(pan(12, width=width, height=height), "ffv1", pix_fmt), AudioTrack())

    out = tmp_path / "look.mp4"
    done("preview", films(draw, ".mkv"), "-o", out, "--at", "0", "--seconds", "0.5", *small)
    with av.open(out) as film:
        picture, sound = film.streams.video[0], film.streams.audio[0]
        assert (picture.codec_context.name, picture.pix_fmt, picture.color_range) == ("h264", "yuv420p", 1)
        assert picture.width % 2 == picture.height % 2 == 0
        assert sound.codec_context.name == "aac"
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_sound_begins_and_ends_with_the_pictures_to_the_sample(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    def draw(path: Path) -> Path:
        return write(path, PictureTrack(pan(48)), AudioTrack(), AudioTrack("fra", 440))

    at, length = Fraction(1, 3), Fraction(1, 2)
    out = render_preview(films(draw, ".mp4"), tmp_path / "out.mp4", settings, at=at, seconds=length)
    with av.open(out) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
        frames = [frame.to_ndarray()[0] for frame in film.decode(audio=0)]
    heard = np.concatenate(frames)[: round(length * SAMPLE_RATE)]
    moments = (np.arange(len(heard)) + round(at * SAMPLE_RATE)) / SAMPLE_RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * moments)
    inside = slice(2048, -2048)
    errors = [np.abs(heard[inside] - np.roll(tone, shift)[inside]).mean() for shift in range(-3, 4)]
    assert int(np.argmin(errors)) - 3 in (-1, 0, 1)
    assert len(np.concatenate(frames)) >= round(length * SAMPLE_RATE)


def test_a_preview_has_nothing_of_the_film_but_its_picture_and_its_sound(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    out = render_preview(films(clips.everything, ".mp4"), tmp_path / "out.mp4", settings, at=Fraction(1, 2))
    with av.open(out) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
        assert film.chapters() == []
        assert not {"title", "comment"} & film.metadata.keys()


def test_without_a_time_the_longest_shots_are_shown(films: Films, small: list[str], tmp_path: Path) -> None:
    def draw(path: Path) -> Path:
        drawn = [*pan(30, 0), *pan(12, 1), *pan(40, 2), *pan(50, 3)]
        return write(path, PictureTrack(drawn))

    out = tmp_path / "look.mp4"
    lines = done("preview", films(draw, ".mp4"), "-o", out, "--seconds", "0.5", "--json", *small)
    assert len(times(out)) == 3 * 12
    assert json.loads(lines[-1])["frames"] == 36


def test_uneven_times_are_kept(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.variable_rate, ".mkv")
    out = render_preview(film, tmp_path / "out.mp4", settings, at=Fraction(1, 5), seconds=Fraction(3, 5))
    inside = [Fraction(ms, 1000) for ms in clips.UNEVEN if 200 <= ms < 800]
    assert times(out) == [each - Fraction(1, 5) for each in inside]


def test_variants_are_a_grid_of_all_values(films: Films, small: list[str], tmp_path: Path) -> None:
    out = tmp_path / "grid.mp4"
    done("preview", films(clips.plain, ".mp4"), "-o", out, "--at", "0", "--seconds", "0.25", "--variants",
         "--saturation", "0", "--saturation", "1", "--steady", "0", "--steady", "1", *small)  # fmt: skip
    assert size(out) == (3 * 128, 2 * 96)
    with av.open(out) as film:
        picture = next(film.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    tiles = [picture[top + 40 : top + 96, left : left + 128] for top in (0, 96) for left in (0, 128, 256)][:5]
    colourful = [np.ptp(tile, axis=2).mean() for tile in tiles]
    assert max(colourful[:3]) < 3  # black and white, and both without saturation
    assert min(colourful[3:]) > 10


def test_the_same_from_python(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.plain, ".mp4")
    how = Composition("colour", 48, True, True)
    out = render_preview(film, tmp_path / "out.mp4", settings, at=Fraction(0), seconds=Fraction(1, 4), how=how)
    assert size(out) == (64, 48)


def test_a_still_lies_beside_the_film(small: list[str], tmp_path: Path) -> None:
    film = clips.plain(tmp_path / "film.mp4")
    done("still", film, "--at", "0.5", "--bits", "16", *small)
    picture = cv2.imread(str(tmp_path / "film.still.png"), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert (picture.shape, picture.dtype) == ((96, 256, 3), np.uint16)


FINDING, COLOURING = "finding shots", "colouring"


@pytest.mark.parametrize(
    ("args", "seconds", "phases"),
    [
        (["preview", "--at", "0.25", "--seconds", "0.5"], 0.5, [(COLOURING, 0.5)]),
        (["preview", "--seconds", "0.25"], 1.5, [(FINDING, 1.5), (COLOURING, 0.75)]),
        (["sheet"], 1.5, [(FINDING, 1.5), (COLOURING, 1.5)]),
        (["still", "--at", "0"], 0, []),
    ],
)
def test_machines_hear_what_is_worked_on_and_by_what(
    films: Films, small: list[str], tmp_path: Path, args: list[str], seconds: float, phases: list[tuple[str, float]]
) -> None:
    command, *options = args
    out = tmp_path / ("out.mp4" if command == "preview" else "out.png")
    lines = done(command, films(clips.with_cuts, ".mp4"), "-o", out, "--json", *options, *small)
    start, *events = map(json.loads, lines)
    assert (start["event"], start["seconds"], start["network"], start["device"]) == ("start", seconds, small[1], "cpu")
    assert [(each["phase"], each["seconds"]) for each in events if each["event"] == "phase"] == phases


def test_people_see_which_networks_colour_and_where(films: Films, network: Path, tmp_path: Path) -> None:
    options = [
        "--at",
        "0",
        "--seconds",
        "0.1",
        "--anchors",
        "1",
        "--device",
        "cpu",
        "--variants",
        "--network",
        "compact",
    ]
    lines = done("preview", films(clips.plain, ".mp4"), "-o", tmp_path / "out.mp4", *options, "--network", network)
    assert f"-> 2 variants, compact, {network} on cpu -> " in lines[0]


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".html"])
def test_a_sheet_is_written_as_its_suffix_says(films: Films, small: list[str], tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"sheet{suffix}"
    lines = done("sheet", films(clips.with_cuts, ".mp4"), "-o", out, *small)
    assert lines[-1] == f"done: {out}, 3 shots"
    content = out.read_bytes()
    if suffix == ".html":
        page = content.decode()
        assert page.count("<figure") == page.count("data:image/jpeg;base64,") == 3
        assert "00:00:00:12" in page
        assert "http" not in page.replace("http-equiv", "")
    else:
        assert content.startswith({".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix])


def test_shots_are_listed(films: Films, tmp_path: Path) -> None:
    lines = done("shots", films(clips.with_cuts, ".mp4"), "-o", tmp_path / "list.edl", "--json")
    about = {"out": str(tmp_path / "list.edl"), "shots": 3, "notes": []}
    assert json.loads(lines[-1]) == {"event": "done"} | about


@pytest.mark.parametrize("command", [preview, still, sheet, shots], ids=lambda command: command.name)
def test_every_option_has_a_sentence_of_help(command: click.Command) -> None:
    options = [param for param in command.params if isinstance(param, click.Option)]
    unlike = [each.opts[-1] for each in options if not re.fullmatch(r"[A-Z].{5,}\.( \[.+\])?", each.help or "")]
    assert unlike == []


@pytest.mark.parametrize(
    ("command", "suffixes"),
    [
        ("preview", [".mp4"]),
        ("still", [".png"]),
        ("sheet", [".png", ".pdf", ".html"]),
        ("shots", [".csv", ".edl", ".otio", ".fcpxml"]),
    ],
)
def test_every_look_takes_a_film_whose_name_is_not_utf8(
    small: list[str], tmp_path: Path, command: str, suffixes: list[str]
) -> None:
    film = write(tmp_path / os.fsdecode(b"bad\xff.mp4"), PictureTrack(pan()), AudioTrack())
    options = {"preview": [*small, "--at", "0"], "still": [*small, "--at", "0"], "sheet": small, "shots": []}[command]
    for suffix in suffixes:
        out = film.with_name(f"{film.stem}.{command}{suffix}")
        lines = done(command, film, *options, "-o", out)
        assert lines[-1].startswith(rf"done: {tmp_path}/bad\udcff.{command}{suffix}, ")
        assert out.stat().st_size


def test_shots_prints_times_that_at_takes(films: Films, small: list[str], tmp_path: Path) -> None:
    film, listed = films(clips.with_cuts, ".mp4"), tmp_path / "list.csv"
    done("shots", film, "-o", listed)
    _, *rows = [line.split(",") for line in listed.read_text().splitlines()]
    assert [row[1] for row in rows] == ["00:00:00:00", "00:00:00:12", "00:00:01:00"]
    for number, row in enumerate(rows, start=1):
        for at in (row[1], f"shot {number}", f"f{12 * (number - 1)}"):
            ended = json.loads(done("still", film, "-o", tmp_path / "s.png", "-y", "--at", at, "--json", *small)[-1])
            assert ended["at"] == (number - 1) / 2


def test_shots_of_a_film_with_timecode_are_found_by_it(films: Films, small: list[str], tmp_path: Path) -> None:
    film, out = films(clips.with_timecode, ".mov"), tmp_path / "s.png"
    lines = done("still", film, "-o", out, "--at", "01:02:03:16", "--timecode-start", "--json", *small)
    assert json.loads(lines[-1])["at"] == 0.5
