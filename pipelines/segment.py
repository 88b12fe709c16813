"""One segment of a film, coloured: the flow of the whole product on one screen."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import tee
from pathlib import Path

from pipelines.colour.anchors import anchor_batches, lookback
from pipelines.colour.carry import Carry
from pipelines.colour.chroma import Chroma
from pipelines.colour.follow import Follow
from pipelines.colour.lightness import Lightness, transfer_of, whole
from pipelines.colour.neutral import Neutral
from pipelines.colour.shots import Shots
from pipelines.colour.steady import Steady
from pipelines.frames import (
    AbBatch,
    AbFrame,
    AnchorBatch,
    ColouredFrame,
    EncodedSegment,
    FollowedFrame,
    Frame,
    Luma,
    Painted,
    ShotFrame,
)
from pipelines.media.decode import Decode
from pipelines.media.encode import Encode
from pipelines.media.scan_writer import WritePictures
from pipelines.media.target import Target
from pipelines.motion.cuts import BEHIND
from pipelines.painting.paint import Painting, PaintOrder
from pipelines.repair.mend import Mend, reach
from pipelines.repair.tally import Tally
from pipelines.settings import EncodeSettings, Settings, still_times
from pipelines.source import Film, Segment
from pipelines.streams import Stream, ahead

DECODED_AHEAD = 16
"""Frames decoded while earlier ones are coloured."""
UNEVEN = 3
"""Times their mean distance that frames may lie apart where they are unevenly spaced."""
COLOURED_AHEAD = 24
"""Frames coloured while earlier ones are encoded."""

PaintAnchors = Stream[AnchorBatch, AbBatch]
"""Anchors of one film to their colours, in order."""
Keep = Callable[[Luma], Luma]
"""A frame's luma to the part of it that is kept until the frame has its colour."""
Flows = Callable[[Segment, Settings, int, Keep, int | None], Generator[FollowedFrame, None, None]]
"""`with_flows`, or a memory of what it gave."""


def margin(film: Film, settings: Settings) -> Fraction:
    """Seconds of film on either side of a segment on which its pictures depend.

    A frame takes its colour from the anchor on each side, at most the distance between two ticks away. These agree with
    the anchors within the steady window. Which frames between two ticks are anchors depends on all frames there. Which
    shot a frame belongs to depends on the few frames around it. Where the ticks are depends on the last cut, too, for
    which `marked` decodes more before the segment.
    """
    return settings.motion.steady + 2 * settings.motion.anchors + 2 * (BEHIND + 1) / film.picture.rate


def decoded(segment: Segment, settings: Settings, rows: int, around: Fraction, before: Fraction) -> Iterator[Frame]:
    """The segment's frames and those around it, mended where that is asked for.

    Args:
        segment: of a film.
        settings: of the run.
        rows: short side of the pictures in which cuts are looked for.
        around: seconds before and after the segment.
        before: seconds before these.
    """
    more = mend_margin(segment.film, settings)
    decode = Decode(around + more, settings.skip_damaged, settings.deinterlace, before)
    if not settings.mends:
        yield from decode(segment)
        return
    film, time_base = segment.film, segment.film.picture.time_base
    begin, end = (
        None if at is None else at + sign * int(around / time_base)
        for at, sign in ((segment.start, -1), (segment.end, 1))
    )
    first = None if begin is None else begin - int(before / time_base)
    light = Lightness(film.picture, rows, keeps_context=True)(decode(segment))
    for frame in Mend(film, settings)(Shots(film, settings.motion)(light)):
        if (first is None or frame.pts >= first) and (end is None or frame.pts < end):
            yield frame


def mended_alone(settings: Settings, rows: int, segment: Segment) -> Iterator[Frame]:
    """The segment's frames, mended and not coloured; those before it show whether it begins a shot."""
    return decoded(segment, settings, rows, 2 / segment.film.picture.rate, Fraction(0))


def mend_margin(film: Film, settings: Settings) -> Fraction:
    """Seconds of film on either side of a frame on which its mended luma depends."""
    if not settings.mends:
        return Fraction(0)
    is_even = film.picture.base_rate == film.picture.frame_rate
    return (reach(settings, film.picture.rate) + BEHIND + 1) * (1 if is_even else UNEVEN) / film.picture.rate


def marked(
    segment: Segment, settings: Settings, rows: int, keep: Keep = whole, large_rows: int | None = None
) -> Iterator[ShotFrame]:
    """The segment's frames and those around it on which their colours depend, with their shots and anchors.

    Args:
        segment: of a film.
        settings: of the run.
        rows: short side of the pictures that the flow sees, see `Chosen.motion_rows`.
        keep: as in `carried`.
        large_rows: short side of those that the network sees, see `Chosen.rows`; None: `rows`.
    """
    film, around = segment.film, margin(segment.film, settings)
    before = lookback(settings.motion)
    frames = decoded(segment, settings, rows, around, before)
    lightness = Lightness(film.picture, rows, keep, large_rows)
    shots = Shots(film, settings.motion, still_times(settings))
    begin = None if segment.start is None else segment.start - int(around / film.picture.time_base)
    for frame in shots(lightness(frames)):
        if begin is None or frame.pts >= begin:  # earlier ones only show where the last cut was
            yield frame


def with_flows(
    segment: Segment, settings: Settings, rows: int, keep: Keep = whole, large_rows: int | None = None
) -> Generator[FollowedFrame, None, None]:
    """The frames of `marked`, which takes the same, with the flows to the anchors around them.

    Closing it stops the thread that decodes.
    """
    with closing(ahead(marked(segment, settings, rows, keep, large_rows), DECODED_AHEAD)) as frames:
        yield from Follow(settings.motion, segment.film.picture.time_base)(frames)


def carried(
    segment: Segment,
    settings: Settings,
    rows: int,
    paint: PaintAnchors,
    keep: Keep = whole,
    large_rows: int | None = None,
    flows: Flows = with_flows,
) -> Generator[AbFrame, None, None]:
    """The segment's own frames with their colour at the flow's size, in order.

    Nothing is remembered from one segment to the next. Closing it stops the thread that decodes.

    Args:
        segment: of a film.
        settings: of the run.
        rows: short side of the pictures that the flow sees, see `Chosen.motion_rows`.
        paint: the network.
        keep: the part of each frame's luma that is given back with its colour.
        large_rows: short side of the pictures that the network sees, see `Chosen.rows`; None: `rows`.
        flows: gives the frames with their flows.
    """
    with closing(flows(segment, settings, rows, keep, large_rows)) as frames:
        yield from coloured(frames, segment.film.picture.time_base, settings, paint)


def coloured(
    frames: Iterable[FollowedFrame], time_base: Fraction, settings: Settings, paint: PaintAnchors
) -> Iterator[AbFrame]:
    """Frames with the flows to their anchors in, those that are owned with their colour out."""
    steady = Steady(settings.motion, time_base)
    seen, linked, shown = tee(frames, 3)
    painted = paint(anchor_batches((followed.shown for followed in seen), settings.paint.batch))
    yield from Carry(settings.motion)(shown, steady(painted, linked))


@dataclass(frozen=True)
class SegmentFlow:
    """Colours segments of one film, each independently of the others."""

    film: Film
    target: Target
    encode: EncodeSettings
    coloured: Callable[[Segment, Painting], Generator[AbFrame, None, None]]
    """A segment's own frames with their colour, see `carried`; `Ways.carried` gives them in the ways of their parts."""
    painting: Painting
    on_frame: Callable[[int], None]
    """Called with the pts of each frame that goes to the encoder."""
    mended: Callable[[Segment], Iterator[Frame]] | None = None
    """A segment's own frames and some before it, see `mended_alone`; None: they are coloured."""
    has_mask: bool = False
    """Whether masks of what was mended are written, too."""

    def __call__(self, segment: Segment, out: Path) -> EncodedSegment:
        """Colours one segment of the film into `out`."""
        painting, mended = _Witnessed(self.painting), Tally()
        with closing(self._ready(segment, painting)) as ready:
            encoded = self._encode(mended(self._counted(ready)), out)
        devices = tuple(sorted(painting.devices))
        return replace(encoded, devices=devices, parts=painting.parts, repairs=mended.shots)

    def _ready(self, segment: Segment, painting: Painting) -> Generator[ColouredFrame, None, None]:
        """The segment's own frames, ready for the encoder."""
        if self.mended is not None:
            with closing(ahead(Neutral(self.target)(self.mended(segment)), COLOURED_AHEAD)) as ready:
                yield from ready
            return
        chroma = Chroma(self.target, transfer_of(self.film.picture))
        with (
            closing(self.coloured(segment, painting)) as frames,
            closing(ahead(chroma(frames), COLOURED_AHEAD)) as ready,
        ):
            yield from ready

    def _encode(self, frames: Iterable[ColouredFrame], out: Path) -> EncodedSegment:
        """Writes a file, or a folder of pictures."""
        if self.target.pictures:
            return WritePictures(self.film, self.target, transfer_of(self.film.picture))(frames, out)
        return Encode(self.target, self.encode, self.has_mask)(frames, out)

    def _counted(self, frames: Iterable[ColouredFrame]) -> Iterator[ColouredFrame]:
        for coloured in frames:
            self.on_frame(coloured.frame.pts)
            yield coloured


@dataclass
class _Witnessed:
    """The painting of a segment, which remembers on what it was done."""

    painting: Painting
    devices: set[str] = field(default_factory=set)
    parts: int = 1

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[Painted]:
        """The anchors with their colour."""
        for painted in self.painting(orders):
            self.devices |= {painted.device} - {""}
            self.parts = max(self.parts, painted.parts)
            yield painted
