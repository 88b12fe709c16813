"""The times of frames and packets, as FFmpeg's best effort gives them: by pts, or by dts where these err less."""

from dataclasses import dataclass
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import InputError
from pipelines.media.open import packets_of
from pipelines.source import Film, Picture

MAX_CHECKED = 250
"""Frames decoded to see whether pts err; far fewer where pictures are stored out of order, as nearly all are then."""
LEAD = 16
"""Frames that decoding begins earlier where a film is timed by dts: none is stored further from its place."""
WITHOUT_TIMES = ("mpegvideo", "m4v")
"""FFmpeg's names of raw MPEG-1, MPEG-2 and MPEG-4: the first times, and the average rate, are made up before the
stream has told its rate and the order of its pictures."""


def time_of(packet: Any, picture: Picture) -> int | None:
    """The pts of the frame that a packet brings: its own, or its dts where the film is timed by these."""
    ticks: int | None = packet.dts if picture.is_timed_by_dts else packet.pts
    return ticks


def pts_err(container: InputContainer, stream: VideoStream) -> bool:
    """Whether frames in presentation order have pts that do not rise.

    So it is in AVI and old MOV, which store one time for each packet, in the order of decoding: with B-frames these
    are no pts. Those of raw MPEG are made up. Stops where packets tell another order than their own.

    Args:
        container: at the film's beginning.
        stream: its picture.
    """
    if container.format.name in WITHOUT_TIMES:
        return True
    is_told = False
    shown, stored, count = list[int](), list[int](), 0
    try:
        for packet in packets_of(container, stream):
            if packet.pts is not None:
                is_told |= bool(stored) and packet.pts < stored[-1]
                stored.append(packet.pts)
            for frame in packet.decode():
                count += 1
                if frame.pts is not None:
                    shown.append(frame.pts)
                if len(shown) > 1 and shown[-1] <= shown[-2]:
                    return True
            if is_told or count > MAX_CHECKED:
                return False
    except (av.FFmpegError, InputError):
        pass  # `decode` reports damage
    return False


@dataclass
class BestEffort:
    """Times of frames that come in presentation order: pts until these have erred more often than dts.

    The rule of libavcodec (guess_correct_pts), whose result PyAV does not give. A frame that has no dts, as the last
    ones do, follows the one before.
    """

    step: int
    """Ticks from one frame to the next."""
    faulty_pts: int = 0
    faulty_dts: int = 0
    last_pts: int | None = None
    last_dts: int | None = None
    last: int | None = None
    """The latest time given."""

    @property
    def goes_by_dts(self) -> bool:
        """Whether pts have erred more often."""
        return self.faulty_pts > self.faulty_dts

    def __call__(self, frame: av.VideoFrame) -> int:
        """The time of the next frame, in ticks."""
        pts, dts = frame.pts, frame.dts
        if dts is not None:
            self.faulty_dts += self.last_dts is not None and dts <= self.last_dts
        if pts is not None:
            self.faulty_pts += self.last_pts is not None and pts <= self.last_pts
        self.last_dts = dts if dts is not None else pts if pts is not None else self.last_dts
        self.last_pts = pts if pts is not None else dts if dts is not None else self.last_pts
        best = dts if pts is None or (self.goes_by_dts and dts is not None) else pts
        follows = 0 if self.last is None else self.last + self.step
        is_behind = dts is None and (best is None or (self.last is not None and best <= self.last))
        self.last = follows if best is None or is_behind else best
        return self.last


def lead(film: Film) -> int:
    """Ticks by which decoding begins before the time wanted, where frames are shown later than their packets say."""
    return LEAD * step_of(film.picture) if film.picture.is_timed_by_dts else 0


def step_of(picture: Picture) -> int:
    """Ticks from one frame to the next, by the film's rate."""
    return max(1, round(1 / (picture.rate * picture.time_base)))


def best_effort(picture: Picture, container: str, is_sought: bool = False) -> BestEffort:
    """The times of a film that is timed by dts.

    Args:
        picture: of the film.
        container: FFmpeg's name of its format.
        is_sought: whether decoding begins in the middle of the film, where pts have erred already.
    """
    return BestEffort(step_of(picture), faulty_pts=int(is_sought or container in WITHOUT_TIMES))
