"""Draws newsreel.mp4: a short black-and-white film with sound, chapters and subtitles, made from free photographs.

    pip install scikit-image scikit-learn matplotlib
    python samples/make_newsreel.py

A camera moves over photographs that lie in those packages, and the age of the film is added: tone, weave, flicker,
grain, dust, scratches, a worn sound track. All chances come from one seed, so two runs give the same film.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.subtitles.subtitle import SubtitleSet
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.float32]  # (height, width), 0 is black and 1 is white
Sound = NDArray[np.float64]  # (samples,)
Packets = Iterator["Packet[Any]"]
View = tuple[float, float, float, float]  # what the camera sees: centre x, y and width in pixels, turn in degrees

SEED = 1927
WIDTH, HEIGHT = 640, 480
FRAME_RATE = Fraction(24000, 1001)
SAMPLE_RATE = 48000

FILM_RESPONSE = (0.30, 0.42, 0.28)  # to red, green, blue light; panchromatic stock sees more blue than an eye does
FLICKER = 0.016
GRAIN = 0.021
WEAVE = (0.8, 0.6)  # pixels of the film, across and down
VIGNETTE = 0.30
SPECKS_PER_FRAME = 0.9
SCRATCHES = ((70, 60, 0.71), (205, 40, 0.24), (338, 75, 0.83), (440, 30, 0.36))  # first frame, frames, place across

BEAT = 0.5  # seconds
MELODY = """E5 1, G5 .5, E5 .5, C5 1, D5 .5, E5 .5, A4 1, C5 .5, E5 .5, D5 2, D5 1, F5 .5, A5 .5, G5 1, F5 .5, D5 .5,
    B4 .5, C5 .5, D5 .5, F5 .5, E5 2, E5 1, G5 .5, E5 .5, C5 1, E5 .5, G5 .5, A5 1, F5 .5, A5 .5, C6 1, A5 1,
    G5 1, E5 .5, G5 .5, F5 .5, E5 .5, C5 1, A4 .5, B4 .5, C5 .5, A4 .5, B4 1, G4 1,
    E5 .5, D5 .5, C5 .5, E5 .5, D5 .5, C5 .5, B4 .5, D5 .5, C5 1, G5 .5, G5 .5, C6 3"""  # note, beats
HARMONY = "C C Am Dm Dm G7 G7 C C C F F C Am D7 G7 C G7 C C"  # a chord for every two beats
CHORDS = {"C": "C3 E4 G4", "Am": "A2 E4 A4", "Dm": "D3 F4 A4", "F": "F2 F4 A4", "G7": "G2 F4 B4", "D7": "D3 F#4 C5"}
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

COMMENT = (
    "Made from still photographs, turned to black and white, cropped and aged. Pavilion: danielbuechele "
    "(flickr.com/photos/danielbuechele/6061409035), CC BY 2.0 (creativecommons.org/licenses/by/2.0). Dahlia: vultilion "
    "(flickr.com/photos/vultilion/6056698931), CC BY 2.0. Rocket: SpaceX; astronaut: NASA; Grace Hopper: United States "
    "Navy; all three public domain. Coffee: Rachel Michetti; cat: Stefan van der Walt; both CC0."
)
SUBTITLE_STYLE = b"[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour\nStyle: Default,Arial,18,&Hffffff\n"


@dataclass(frozen=True)
class Shot:
    """One camera move over one photograph, `package:path`; without a photograph, over the title card."""

    photograph: str
    frames: int
    start: View
    end: View
    caption: str


SHOTS = (
    Shot("", 48, (360, 270, 690, 0), (360, 270, 660, 0), ""),
    Shot("sklearn:datasets/images/china.jpg", 76, (388, 226, 470, 0.4), (268, 196, 490, 0),
         "A pavilion looks out over the lake."),
    Shot("skimage:data/rocket.jpg", 66, (318, 268, 400, -0.3), (321, 205, 470, 0.2),
         "A rocket waits among its towers for the morning."),
    Shot("skimage:data/astronaut.png", 66, (238, 138, 350, 0.4), (256, 191, 488, -0.2),
         "Eileen Collins is ready to fly."),
    Shot("matplotlib:mpl-data/sample_data/grace_hopper.jpg", 70, (256, 202, 492, -0.2), (258, 184, 440, 0),
         "Commodore Grace Hopper, who taught machines to read words."),
    Shot("skimage:data/coffee.png", 58, (300, 200, 505, 1.0), (286, 182, 450, -0.8),
         "In town, the coffee is served hot."),
    Shot("skimage:data/chelsea.png", 60, (252, 150, 392, 0), (201, 150, 390, 0),
         "Chelsea the cat has seen it all before."),
    Shot("sklearn:datasets/images/flower.jpg", 60, (306, 216, 370, -0.8), (320, 213, 540, 0.3),
         "And in the gardens the dahlias are in bloom."),
)  # fmt: skip
FIRST_FRAMES = [sum(shot.frames for shot in SHOTS[:i]) for i in range(len(SHOTS))]
FRAMES = sum(shot.frames for shot in SHOTS)
CHAPTERS = (("Far away", 0, FIRST_FRAMES[4]), ("Close to home", FIRST_FRAMES[4], FRAMES))


def panchromatic(photograph: NDArray[np.uint8]) -> Picture:
    """A photograph (height, width, RGB) as black-and-white film shows it: light mixed, then an S-shaped tone curve."""
    light = (photograph.astype(np.float32) / 255) ** 2.2 @ np.array(FILM_RESPONSE, np.float32)
    tone = light ** (1 / 2.2)
    return (0.04 + 0.90 * (0.7 * tone + 0.3 * tone * tone * (3 - 2 * tone))).astype(np.float32)


def title_card() -> Picture:
    """The first picture of the film, 720x540: its name in a double border, white on dark grey."""
    card = Image.new("L", (720, 540), 34)
    draw = ImageDraw.Draw(card)
    font = str(files("matplotlib") / "mpl-data/fonts/ttf/STIXGeneralBol.ttf")
    for inset, line in ((58, 5), (70, 2)):
        draw.rectangle((inset, inset, 719 - inset, 539 - inset), outline=205, width=line)
    for text, size, y in (("THE", 36, 165), ("NEWSREEL", 84, 258), ("PICTURES OF THE DAY", 32, 362)):
        draw.text((360, y), text, 226, ImageFont.truetype(font, size), anchor="mm")
    return np.asarray(card).astype(np.float32) / np.float32(255)


def photograph_of(shot: Shot) -> Picture:
    """The whole picture over which the camera of `shot` moves."""
    if not shot.photograph:
        return title_card()
    package, path = shot.photograph.split(":")
    return panchromatic(np.asarray(Image.open(str(files(package) / path)).convert("RGB")))


def seen(picture: Picture, view: View, weave: NDArray[np.float64]) -> Picture:
    """The part of `picture` in `view` at film size; `weave` (across, down) shifts it by parts of a pixel."""
    x, y, width, degrees = view
    turn = cv2.getRotationMatrix2D((0, 0), -degrees, width / WIDTH)[:, :2]
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2]) + weave
    to_picture = np.column_stack([turn, np.array([x, y]) - turn @ middle])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.clip(cv2.warpAffine(picture, to_picture, (WIDTH, HEIGHT), flags=flags), 0, 1).astype(np.float32)


def wander(rng: np.random.Generator, count: int, smooth: float) -> NDArray[np.float64]:
    """`count` numbers of spread 1 that drift by chance; the larger `smooth`, the slower."""
    reach = np.arange(-int(4 * smooth) - 1, int(4 * smooth) + 2)
    weight = np.exp(-0.5 * (reach / smooth) ** 2)
    drift = np.convolve(rng.standard_normal(count + reach.size - 1), weight, "valid")
    return np.asarray(drift / np.sqrt((weight**2).sum()))


def filmed(rng: np.random.Generator) -> Iterator[Picture]:
    """Every frame of the film while it is new: the shots one after another, each an even move with gentle ends."""
    weave = iter(np.stack([size * wander(rng, FRAMES, 1.6) for size in WEAVE], 1))
    for shot in SHOTS:
        picture, start, end = photograph_of(shot), np.array(shot.start), np.array(shot.end)
        for time in np.linspace(0, 1, shot.frames):
            move = 0.5 * time + 0.5 * time * time * (3 - 2 * time)
            yield seen(picture, tuple(start + move * (end - start)), next(weave))


def lamp(rng: np.random.Generator) -> NDArray[np.float64]:
    """Light on each frame, about 1: it flickers, and it fades in over half a second and out over one."""
    flicker = 1 + FLICKER * (0.6 * wander(rng, FRAMES, 0.5) + 0.6 * wander(rng, FRAMES, 7))
    fade = np.minimum(np.arange(1, FRAMES + 1) / 12, np.arange(FRAMES, 0, -1) / 24)
    return np.asarray(flicker * np.clip(fade, 0, 1))


def dust(rng: np.random.Generator) -> Picture:
    """The specks of one frame: above 0 they cover the print (dark), below 0 they covered the negative (bright)."""
    plate = np.zeros((HEIGHT, WIDTH), np.float32)
    for _ in range(rng.poisson(SPECKS_PER_FRAME)):
        size = 1.2 * rng.gamma(2.0, 1.0, 2) + 1
        speck = (rng.uniform((0, 0), (WIDTH, HEIGHT)).tolist(), size.tolist(), rng.uniform(0, 180))
        cv2.ellipse(plate, speck, rng.choice((-0.75, -0.45, 0.6)), -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(plate, (0, 0), 0.7))


def scratches(rng: np.random.Generator) -> Picture:
    """Light that thin upright scratches let through, for each frame and column: (frames, width)."""
    lines = np.zeros((FRAMES, WIDTH), np.float32)
    for first, frames, place in SCRATCHES:
        x = place * WIDTH + 1.5 * wander(rng, frames, 6) + np.linspace(0, rng.normal(0, 6), frames)
        depth = 0.08 * np.clip(1 + 0.5 * wander(rng, frames, 1.5), 0, 2)
        lines[first : first + frames] += depth[:, None] * np.exp(-(((np.arange(WIDTH) - x[:, None]) / 0.9) ** 2))
    return lines


def aged(pictures: Iterator[Picture], rng: np.random.Generator) -> Iterator[Picture]:
    """Pictures with the faults of an old print."""
    down, across = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    lens = 1 - VIGNETTE * ((across**2 + down**2) / 2) ** 1.5
    for picture, light, lines in zip(pictures, lamp(rng), scratches(rng), strict=True):
        grain = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)), (0, 0), 0.9)
        print_ = picture * lens * light + lines
        print_ += GRAIN * grain / grain.std() * (0.35 + 2.2 * print_ * np.clip(1 - print_, 0, 1))
        specks = dust(rng)
        print_ += np.where(specks > 0, -specks * print_, -specks * (0.95 - print_))
        yield np.clip(print_, 0, 1).astype(np.float32)


def piano(name: str, seconds: float) -> Sound:
    """One struck string: partials a little too high, as wire is stiff, the upper ones dying sooner."""
    time = np.arange(int((seconds + 0.25) * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 440 * 2 ** ((NOTES.index(name[:-1]) - 9) / 12 + int(name[-1]) - 4)
    partial = np.arange(1, 9)[:, None]
    waves = np.sin(2 * np.pi * pitch * partial * np.sqrt(1 + 0.0004 * partial**2) * time)
    tone = (waves * np.exp(-time * (1.6 + 0.9 * partial)) / partial**1.4).sum(0)
    damper = np.clip((seconds + 0.25 - time) / 0.25, 0, 1) ** 2
    return np.asarray(tone * damper * np.clip(time / 0.004, 0, 1))


def score() -> Iterator[tuple[float, str, float, float]]:
    """All notes, as (beat it starts at, name, beats it lasts, loudness): the tune, then bass and chord in turn."""
    beat = 0.0
    for note in MELODY.split(","):
        name, beats = note.split()
        yield beat, name, float(beats), 0.30
        beat += float(beats)
    for i, chord in enumerate(HARMONY.split()):
        bass, *above = CHORDS[chord].split()
        yield 2.0 * i, bass, 1.0, 0.26
        yield from ((2.0 * i + 1, name, 0.6, 0.12) for name in above)


def played(samples: int) -> Sound:
    """The tune on a piano in a small hall."""
    sound = np.zeros(samples)
    for beat, name, beats, loudness in score():
        first = round((0.35 + beat * BEAT) * SAMPLE_RATE)
        note = loudness * piano(name, beats * BEAT)[: samples - first]
        sound[first : first + note.size] += note
    for delay, echo in ((1500, 0.28), (2550, 0.2), (3800, 0.14), (6100, 0.08)):
        sound[delay:] += echo * sound[:-delay]
    return sound


def projector(rng: np.random.Generator, samples: int) -> Sound:
    """The claw of the projector, once a frame, a soft hum and hiss, and the clicks of a worn track."""
    time = np.arange(samples) / SAMPLE_RATE
    claw = np.exp(-1.7 * (time * float(FRAME_RATE) % 1))
    sound = rng.standard_normal(samples) * (0.006 + 0.012 * claw) + 0.004 * np.sin(2 * np.pi * 100 * time)
    clicks = rng.integers(0, samples, int(7 * samples / SAMPLE_RATE))
    np.add.at(sound, clicks, rng.exponential(0.12, clicks.size) * rng.choice((-1, 1), clicks.size))
    return np.asarray(sound)


def recorded(sound: Sound) -> Sound:
    """Sound with the faults of an old track: nothing low, nothing high, a fade at the end, 0.7 at its loudest."""
    hertz = np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE)
    passed = 1 / ((1 + (90 / np.maximum(hertz, 1)) ** 4) * (1 + (hertz / 4200) ** 4))
    narrow = np.fft.irfft(np.fft.rfft(sound) * passed, sound.size)
    narrow *= np.clip(np.arange(sound.size)[::-1] / (0.8 * SAMPLE_RATE), 0, 1)
    return np.asarray(0.7 * narrow / np.abs(narrow).max())


def video_packets(film: OutputContainer, rng: np.random.Generator) -> Packets:
    """The pictures as H.264: limited range, BT.709, both chroma planes at 128."""
    stream = film.add_stream("libx264", rate=FRAME_RATE, options={"crf": "26", "preset": "slow", "threads": "2"})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    tags = stream.codec_context
    tags.color_range, tags.color_primaries, tags.color_trc, tags.colorspace = 1, 1, 1, 1
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    for number, picture in enumerate(aged(filmed(rng), rng)):
        planes[:HEIGHT] = np.round(16 + 219 * picture)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, 1 / FRAME_RATE
        yield from stream.encode(frame)
    yield from stream.encode(None)


def audio_packets(film: OutputContainer, rng: np.random.Generator) -> Packets:
    """The sound as AAC, exactly as long as the pictures."""
    stream = film.add_stream("aac", rate=SAMPLE_RATE, layout="mono", bit_rate=64000)
    samples = round(FRAMES / FRAME_RATE * SAMPLE_RATE)
    sound = recorded(played(samples) + projector(rng, samples)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
    yield from stream.encode(frame)
    yield from stream.encode(None)


def subtitle_packets(film: OutputContainer) -> Packets:
    """A caption for every shot that has one, from six frames after its cut to six frames before the next."""
    stream = film.add_stream("mov_text")
    stream.metadata["language"] = "eng"
    stream.codec_context.subtitle_header = SUBTITLE_STYLE
    stream.codec_context.time_base = 1 / FRAME_RATE
    for shot, first in zip(SHOTS, FIRST_FRAMES, strict=True):
        if shot.caption:
            line = f"0,0,Default,,0,0,0,,{shot.caption}".encode()
            packet = stream.codec_context.encode_subtitle(SubtitleSet.create(line, 0, shot.frames - 12, first + 6))
            packet.stream, packet.time_base = stream, 1 / FRAME_RATE
            yield packet


def write(path: Path) -> None:
    """Writes the film; pictures and sound each draw their own chances."""
    pictures, sounds = np.random.default_rng((SEED, 0)), np.random.default_rng((SEED, 1))
    with av.open(str(path), "w", options={"movflags": "faststart"}) as film:
        film.metadata.update(title="Newsreel", comment=COMMENT)
        film.set_chapters([
            {"id": i, "start": start, "end": end, "time_base": 1 / FRAME_RATE, "metadata": {"title": title}}
            for i, (title, start, end) in enumerate(CHAPTERS)
        ])  # fmt: skip
        packets = [*video_packets(film, pictures), *audio_packets(film, sounds), *subtitle_packets(film)]
        film.mux(sorted(packets, key=lambda packet: (packet.dts or 0) * packet.time_base))


if __name__ == "__main__":
    write(Path(__file__).with_name("newsreel.mp4"))
