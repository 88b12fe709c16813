"""All that can be tuned, each with its unit, range and default."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from models.weights.catalogue import CLASS_NETWORK, DEFAULT_NETWORK
from pipelines.errors import timecode
from pipelines.look import MAX_WARMTH, Look
from pipelines.profiles import check_preset, check_profile
from pipelines.ranges import Place, Ranges, When, in_seconds
from pipelines.repair_settings import MASKS, RepairSettings, RepairSpan
from pipelines.source import Span

Codec = Literal["h264", "h265", "av1", "prores", "dnxhr", "ffv1", "keep"]
"""`keep` follows the film, see `media.codecs.kept`; what is written is one of the others."""
LEFT_OUT = {"is_left_out": True}
"""Metadata of settings that came later: where they have their default, records of runs do not name them."""
BESIDE = {"is_beside": True}
"""Metadata of settings of what is written beside a result: the result does not depend on them."""
Checksum = Literal["md5", "sha256"]


def _check(is_right: bool, what: str) -> None:
    if not is_right:
        raise ValueError(what)


@dataclass(frozen=True)
class PaintSettings:
    """How anchors are coloured."""

    network: str = DEFAULT_NETWORK
    """Name of weights that ship or lie in the weights' folder, or a path to a .safetensors file; or several of these,
    A+B or A:0.6+B:0.4, whose colours are averaged."""
    weights_dir: Path | None = None
    """The folder of fetched weights; None takes the one in the user's cache."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto takes the first CUDA device where there is one; mps, of Apple's machines, is untested."""
    rows: int = 0
    """Short side of the picture that the network sees, in pixels, a multiple of 16; 0: the network's own."""
    render_factor: int | None = field(default=None, metadata=LEFT_OUT)
    """Side of the square that DeOldify sees, in units of 16 pixels; None: `rows` holds."""
    memory: float | None = field(default=None, metadata=LEFT_OUT)
    """GB that a network may take; batches are cut to it. None: as much as it takes."""
    batch: int = 4
    """Anchors coloured at a time, fewer by networks of which one fills a machine. Part of the settings, never of the
    machine, so that results repeat."""
    instances: int | None = None
    """Most instances of an anchor that are coloured on their own, the best found; 0: the full frame only; None: as
    many as the network is made for."""
    detector: Literal["compact", "maskrcnn"] = "compact"
    """Network that finds the instances: the one that ships, or torchvision's Mask R-CNN."""
    least_score: float | None = None
    """Score, 0 to 1, from which the detector's find counts as an instance; None: the detector's own."""
    temperature: float | None = None
    """T of the annealed mean, above 0; None takes the one that the weights name."""
    saturation: float = 1.0
    """Factor on ab, 0 to 4, beside the one that the weights name."""
    warmth: float = field(default=0.0, metadata=LEFT_OUT)
    """-100 to 100: yellower above 0, bluer below, see `colour.grade.Grade`."""
    is_off: bool = field(default=False, metadata=LEFT_OUT)
    """Nothing is coloured, and no network loaded: the film is mended alone."""
    class_network: str = field(default=CLASS_NETWORK, metadata=LEFT_OUT)
    """Name of weights that tell ImageNet's classes, or a path to a .safetensors file, for networks that take one."""
    film_class: str | None = field(default=None, metadata=LEFT_OUT)
    """Class of all shots, by its name in the weights or its ImageNet number; None: it is told for each shot."""

    def __post_init__(self) -> None:
        _check(self.rows >= 0 and self.rows % 16 == 0, f"rows must be a multiple of 16, got {self.rows}")
        _check((self.render_factor or 1) > 0, f"the render factor must be above 0, got {self.render_factor}")
        _check((self.memory or 1) > 0, f"memory must be above 0 GB, got {self.memory}")
        _check(self.batch > 0, f"batch must be above 0, got {self.batch}")
        _check((self.instances or 0) >= 0, f"instances must not be below 0, got {self.instances}")
        _check(0 < (self.least_score or 0.5) < 1, f"least_score must be between 0 and 1, got {self.least_score}")
        _check(0 <= self.saturation <= 4, f"saturation must be 0 to 4, got {self.saturation}")
        _check(abs(self.warmth) <= MAX_WARMTH, f"warmth must be -100 to 100, got {self.warmth}")
        _check(self.temperature is None or self.temperature > 0, f"temperature must be above 0, got {self.temperature}")


@dataclass(frozen=True)
class MotionSettings:
    """How colour is made steady and carried from the anchors to all frames."""

    anchors: Fraction = Fraction(1, 3)
    """Seconds from one anchor to the next, 0 to 10; 0 makes every frame one."""
    closest: Fraction = Fraction(1, 6)
    """Seconds: more anchors are made where too much of what one shows is lost before the next, but none nearer to
    another than this."""
    steady: Fraction = Fraction(7, 4)
    """Seconds that an anchor looks back and ahead for others to agree with, 0 to 10; 0: it stays as it was painted."""
    residual: float = 32.0
    """Difference of lightness (of 255) left after motion at which an anchor's weight falls to 1/e."""
    rows: int = field(default=0, metadata=LEFT_OUT)
    """Short side of the pictures in which motion and cuts are found, in pixels, a multiple of 32; 0: as many as the
    network's kind says, whatever size the network sees."""

    def __post_init__(self) -> None:
        _check(0 <= self.anchors <= 10, f"anchors must be 0 to 10 seconds, got {float(self.anchors):g}")
        _check(self.closest >= 0, f"closest must not be below 0 seconds, got {float(self.closest):g}")
        _check(self.rows >= 0 and self.rows % 32 == 0, f"rows of motion must be a multiple of 32, got {self.rows}")
        _check(0 <= self.steady <= 10, f"steady must be 0 to 10 seconds, got {float(self.steady):g}")


@dataclass(frozen=True)
class EncodeSettings:
    """How the coloured picture is written."""

    codec: Codec = "h264"
    crf: int | None = None
    """Quality of h264 (0 to 51, default 18), h265 (0 to 51, 20) and av1 (0 to 63, 24); lower is better."""
    preset: str | None = None
    """Speed of h264 and h265 (ultrafast to placebo, default veryfast) and av1 (0 to 13, default 8)."""
    threads: int = 8
    """Of the encoder; h264 takes 4 at most. Part of the settings, never of the machine: encoders write other bytes with
    another number."""
    encoder: Literal["cpu", "nvenc", "auto"] = field(default="cpu", metadata=LEFT_OUT)
    """Of h264 and h265: the CPU's, that of an NVIDIA card, or the card's where it loses nothing."""
    profile: str | None = field(default=None, metadata=LEFT_OUT)
    """Of prores and dnxhr, one of PROFILES; None: the best for the film's depth and chroma."""
    layer: bool = field(default=False, metadata=LEFT_OUT)
    """Write the colour alone, to be laid over the film, see `media.layer`."""

    def __post_init__(self) -> None:
        limit = 63 if self.codec == "av1" else 51
        if self.codec in ("prores", "dnxhr", "ffv1"):
            hint = "leave out --crf and --preset"
            _check(self.crf is None and self.preset is None, f"{self.codec} has no crf and no preset; {hint}")
        _check(self.crf is None or 0 <= self.crf <= limit, f"crf of {self.codec} must be 0 to {limit}, got {self.crf}")
        check_preset(self.codec, self.preset)
        check_profile(self.codec, self.profile)
        has_encoder = self.encoder == "cpu" or self.codec in ("h264", "h265", "keep")
        _check(has_encoder, f"--encoder {self.encoder} is for h264 and h265, not {self.codec}")
        _check(self.encoder == "cpu" or self.preset is None, "--preset is the CPU encoder's; leave it or --encoder out")
        _check(self.threads > 0, f"threads must be above 0, got {self.threads}")


@dataclass(frozen=True)
class ScanSettings:
    """How pictures become one film."""

    fps: Fraction | None = None
    """Pictures per second, 0.1 to 1000; None: as their headers say."""
    sound: Path | None = None
    """A file whose sound goes with them."""

    def __post_init__(self) -> None:
        is_rate = self.fps is None or Fraction(1, 10) <= self.fps <= 1000
        _check(is_rate, f"--fps must be 0.1 to 1000, got {float(self.fps or 0):g}")


@dataclass(frozen=True)
class Hint:
    """The colour of one point or region of the film, given by a person."""

    time: Place
    x: float
    """Pixels from the left of the upright picture."""
    y: float
    """Pixels from its top."""
    ab: tuple[float, float]
    """CIE a* b*."""
    outline: tuple[tuple[float, float], ...] = ()
    """Corners of a region, x and y in pixels of the upright picture, all of which has the colour; none: the point."""
    mask: Path | None = None
    """A picture of the region: white where it has the colour, or opaque; None: its outline says."""

    @property
    def is_region(self) -> bool:
        """Whether it is for a region, which any network takes, rather than for a point."""
        return bool(self.outline) or self.mask is not None


@dataclass(frozen=True)
class Still:
    """A frame of the film, painted by a person: a fixed anchor."""

    path: Path
    time: Place | None = None
    """None: as the picture's own tags say; a picture that is unlike the frame there is refused."""
    tagged: Fraction | None = None
    """Seconds from the film's start, as its tags say, once they have been read."""

    @property
    def seconds(self) -> Fraction:
        """Its time from the film's start, once it was looked for in the film."""
        return in_seconds(self.tagged if self.time is None else self.time)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Reference:
    """A colour picture of something else, or a shot with a still, that other shots take colours from."""

    source: Path | When
    """A picture, or a shot."""
    where: Ranges = ()
    """The parts of the film that take them; none: all of it."""


@dataclass(frozen=True)
class Settings:
    """One run over one film."""

    paint: PaintSettings = field(default_factory=PaintSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    encode: EncodeSettings = field(default_factory=EncodeSettings)
    hints: tuple[Hint, ...] = ()
    """Colours given by a person, for networks that take them."""
    stills: tuple[Still, ...] = field(default=(), metadata=LEFT_OUT)
    references: tuple[Reference, ...] = field(default=(), metadata=LEFT_OUT)
    look: Look | None = field(default=None, metadata=LEFT_OUT)
    """Settings of parts of the film, over these."""
    start: Place | None = None
    """Seconds from the film's start where the result begins, or a place in the film."""
    end: Place | None = None
    """Seconds from the film's start where the result ends, or a place in the film; a shot is the last one in it."""
    scans: ScanSettings = field(default=ScanSettings(), metadata=LEFT_OUT)
    repair: RepairSettings = field(default=RepairSettings(), metadata=LEFT_OUT)
    """Of all frames that are in none of `repairs`."""
    repairs: tuple[RepairSpan, ...] = field(default=(), metadata=LEFT_OUT)
    """Of stretches with repairs of their own, such as a look's shots; the first that holds a frame counts."""
    timecode_start: bool = field(default=False, metadata=LEFT_OUT)
    """Count timecode from the film's own, instead of from 0."""
    first_timecode: str = field(default="", metadata=LEFT_OUT)
    """Of the result's first frame, HH:MM:SS:FF; empty: as the film has it."""
    keep_start: bool = field(default=False, metadata=LEFT_OUT)
    """Let the result of a film that begins late, such as one from the middle of a DVD, begin as late."""
    segment: Fraction = Fraction(30)
    """Seconds of film coloured on their own: the unit of retry and of resume."""
    skip_damaged: bool = False
    """Hold the last good frame where packets are damaged, instead of stopping."""
    recolour: bool = False
    """Take the luma of a film that has colours already."""
    deinterlace: bool = False
    """Make whole frames of interlaced fields (bwdif), instead of keeping the film interlaced."""
    sidecar: bool | None = field(default=None, metadata=BESIDE)
    """Write a record of how the result was made beside it; None: in archives alone."""
    checksum: Checksum | None = field(default=None, metadata=BESIDE)
    """Write checksums of the result beside it, in the form of `md5sum -c`."""
    verify: bool = field(default=False, metadata=BESIDE)
    """Compare the result with its film and its record, which is written, once it is there."""
    c2pa_cert: Path | None = field(default=None, metadata=BESIDE)
    """Certificate, PEM, with its chain behind it: results in mp4 and mov are signed with content credentials."""
    c2pa_key: Path | None = field(default=None, metadata=BESIDE)
    """Its private key, PEM."""

    def __post_init__(self) -> None:
        is_recorded = self.sidecar is not False or not self.verify
        has_both = (self.c2pa_cert is None) == (self.c2pa_key is None)
        _check(has_both, "--c2pa-cert and --c2pa-key sign together; give both")
        _check(is_recorded, "--verify compares a result with its record; leave out --no-sidecar")
        is_empty = self.encode.layer and self.paint.is_off
        _check(not is_empty, "--layer is the colour alone, and --no-colour makes none; leave one out")
        _check(self.segment > 0, f"segment must be above 0 seconds, got {float(self.segment):g}")
        start, end = self.start or Fraction(0), self.end
        _check(isinstance(start, When) or start >= 0, "--start must not be below 0 seconds")
        if not isinstance(start, When) and not isinstance(end, When):
            words = f"--end {timecode(end or 0)} must lie after --start {timecode(start)}"
            _check(end is None or end > start, words)

    @property
    def has_record(self) -> bool:
        """Whether the record of how the result was made is written beside it."""
        return bool(self.sidecar or self.verify)

    @property
    def mends(self) -> bool:
        """Whether a frame may be mended."""
        return self.repair.is_on or any(each.repair.is_on for each in self.repairs)

    def repair_at(self, seconds: Fraction) -> RepairSettings:
        """Repairs of a frame, by its time from the film's start; the masks are the run's."""
        own = next((each.repair for each in self.repairs if each.start <= seconds < each.end), self.repair)
        base = self.repair
        return replace(own, **{name: getattr(base, name) for name in MASKS})

    @property
    def span(self) -> Span:
        """The part of the film that is to be restored, once its places are in seconds."""
        start, end = self.start, self.end
        first, last = (None if place is None else in_seconds(place) for place in (start, end))
        return Span(first, last, self.keep_start)


OF_ARCHIVES = Settings(encode=EncodeSettings(codec="keep"))
"""Settings that films of an archive begin with."""


def every_frame(settings: Settings) -> Settings:
    """The settings with the network on every frame, and nothing smoothed."""
    nothing = Fraction(0)
    return replace(settings, motion=replace(settings.motion, anchors=nothing, closest=nothing, steady=nothing))


def still_times(settings: Settings) -> tuple[Fraction, ...]:
    """Seconds from the film's start of the frames that are painted, or a region of them, each an anchor."""
    regions = (in_seconds(hint.time) for hint in settings.hints if hint.is_region)
    return (*(still.seconds for still in settings.stills), *regions)
