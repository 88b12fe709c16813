"""Whether a result is what its record says, and holds what its film did: the first difference is an error."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import DifferenceError, FilmError, timecode
from pipelines.frames import Frame, Luma
from pipelines.media.decode import Decode
from pipelines.media.layer import luma_in
from pipelines.media.luma import md5_of, outside
from pipelines.media.probe import probe
from pipelines.places import sha256_of
from pipelines.proof.compare import check_rest
from pipelines.proof.digest import digest_of
from pipelines.proof.expected import film_of, output_of, write_expected
from pipelines.proof.framemd5 import Row, Track
from pipelines.proof.record import packets_in
from pipelines.proof.stated import Stated, load_record
from pipelines.settings import ScanSettings, Settings
from pipelines.source import Film, Segment

OnFrame = Callable[[Fraction, Fraction], None]
"""Takes seconds that have been compared, and those in all."""


@dataclass(frozen=True)
class Verified:
    """A result in which no difference was found."""

    frames: int
    psnr: tuple[float, ...]
    """Of each frame's luma, in dB; infinite where it is the film's to the bit."""
    mended: int
    """Frames whose luma was mended, and so is not the film's."""
    is_masked: bool
    """Whether these were compared outside their masks."""
    packets: int
    """Of all other streams."""
    is_even: bool = False
    """Whether it is a layer over even luma, with which its own was compared."""

    @property
    def summary(self) -> str:
        """All that was compared, in one line."""
        whose = "a layer's even gray" if self.is_even else "the film's"
        if np.isinf(self.psnr).all():
            luma = f"luma is {whose} to the bit"
        else:
            worst = int(np.argmin(self.psnr))
            luma = f"luma within {self.psnr[worst]:.1f} dB of {whose} (PSNR; least in frame {worst})"
        where = "equal outside their masks" if self.is_masked else "not compared with the film"
        mended = f"{self.mended} mended and {where}, " if self.mended else ""
        return f"{self.frames} frames, {mended}{luma}, {self.packets} packets of other streams, all tags and times"

    @property
    def is_exact(self) -> bool:
        """Whether luma is the film's to the bit."""
        return not self.is_even and all(np.isinf(each) for each in self.psnr)


def compared(
    film: Path,
    result: Path,
    record: Path | None = None,
    sound: Path | None = None,
    mask: Path | None = None,
    on_frame: OnFrame = lambda _, __: None,
) -> Verified:
    """Compares a result with its film and with the record that the run left.

    Args:
        film: the one that was restored.
        result: the file, or the folder of pictures.
        record: of the result; None: it lies beside it.
        sound: of scans, the file with theirs.
        mask: the film of masks of what was mended; None: it is looked for beside the result.
        on_frame: called with the seconds that have been compared, and those in all.

    Raises:
        DifferenceError: the first difference.
        FilmError: one of the files cannot be read.
    """
    stated = load_record(result, record)
    settings = stated.settings(sound)
    source = film_of(film, settings)
    if digest_of(source) != stated.source:
        raise DifferenceError(film, f"is not the film that {stated.path.name} names: its sha256 differs")
    found, digest = packets_in(result)
    check_times(result, found, stated.packets)
    pictures = _Pictures(source, result, stated, settings, on_frame, stated.mask(mask, result))
    try:
        psnr = list(pictures())
    except DifferenceError:
        raise
    except FilmError:  # the packet that cannot be decoded is named by its record
        check_contents(result, found, stated.packets)
        raise
    check_contents(result, found, stated.packets)
    if digest != stated.result["packets_sha256"]:
        raise DifferenceError(result, "the sha256 of its picture's packets is not that of the record")
    packets = 0 if result.is_dir() else _check_rest(source, result, stated, settings)
    if sha256_of(result) != (stated.result["signed"] or stated.result)["sha256"]:
        raise DifferenceError(result, "its bytes are not those of the record, though all that it holds is the same")
    is_even = pictures.target.layer == "even"
    return Verified(len(psnr), tuple(psnr), pictures.mended, pictures.mask is not None, packets, is_even)


def _check_rest(film: Film, result: Path, stated: Stated, settings: Settings) -> int:
    with tempfile.TemporaryDirectory() as folder:
        output = output_of(film, result, settings)
        return check_rest(result, write_expected(film, output, settings, stated, Path(folder)))


def check_times(result: Path, found: Track, stated: Track) -> None:
    """Raises DifferenceError at the first frame that is missing, too much, or shown at another time."""
    order, expected = (sorted(track.rows, key=lambda row: row.pts) for track in (found, stated))
    for number, (is_now, was) in enumerate(zip_longest(order, expected)):
        if is_now is None or was is None or is_now.pts != was.pts:
            raise DifferenceError(result, _misplaced(number, is_now, was, found, stated))
        if is_now.duration != was.duration:
            shown, should = (float(each.duration * stated.tick) for each in (is_now, was))
            raise DifferenceError(
                result, f"{_frame(number, was, stated)} lasts {shown:g} s, and should last {should:g}"
            )


def _misplaced(number: int, found: Row | None, stated: Row | None, there: Track, should: Track) -> str:
    if stated is None or len(there.rows) > len(should.rows):
        return f"has {len(there.rows)} frames, and the record {len(should.rows)}"
    if found is None or len(there.rows) < len(should.rows):
        return f"{_frame(number, stated, should)} is missing"
    shown, belongs = (timecode(row.pts * should.tick) for row in (found, stated))
    return f"frame {number} is shown at {shown}, and belongs to {belongs}"


def _frame(number: int, row: Row, track: Track) -> str:
    return f"frame {number} at {timecode(row.pts * track.tick)}"


def check_contents(result: Path, found: Track, stated: Track) -> None:
    """Raises DifferenceError at the first packet of the picture that is not the one of the record."""
    places = {row.pts: number for number, row in enumerate(sorted(stated.rows, key=lambda row: row.pts))}
    owners = {row.md5: places[row.pts] for row in stated.rows}
    for is_now, was in zip(found.rows, stated.rows, strict=True):
        number = places[was.pts]
        which = f"the packet of {_frame(number, was, stated)}"
        if is_now.md5 != was.md5:
            other = owners.get(is_now.md5)
            what = "is not that of the record" if other is None else f"is that of frame {other}"
            raise DifferenceError(result, f"{which} {what}")
        if is_now.dts != was.dts:
            raise DifferenceError(result, f"{which} has another dts than in the record: {is_now.dts}, {was.dts}")


class _Pictures:
    """The luma of film and result, frame by frame."""

    def __init__(  # all that is compared
        self, film: Film, result: Path, stated: Stated, settings: Settings, on_frame: OnFrame, mask: Path | None
    ) -> None:
        self.film, self.result, self.stated, self.settings, self.on_frame = film, result, stated, settings, on_frame
        self.target = output_of(film, result, settings).target
        self.rows, self.tick = stated.lumas.rows, stated.lumas.tick
        self.mended, self.mask = 0, mask if stated.outside else None
        rate = ScanSettings(self.film.picture.rate) if result.is_dir() else None
        self.decoded = probe(result, rate)

    def __call__(self) -> Iterator[float]:
        """PSNR of each frame's luma."""
        frames = zip_longest(self._of_film(), self._of_result(), self.rows, self._masks())
        for number, (before, after, row, mask) in enumerate(frames):
            if row is None or before is None:
                count = f"{len(self.rows)} frames"
                raise DifferenceError(self.film.path, f"does not have the {count} that went to the encoder")
            if after is None:
                raise DifferenceError(self.result, f"{self._named(number)} cannot be decoded")
            luma = self.target.mapped(before.luma)
            is_same = md5_of(luma, self.target.bits) == row.md5
            if not is_same:
                self._check_mended(number, luma, mask)
            self.mended += not is_same
            if self.stated.result["keeps_luma"] and md5_of(after.luma, self.target.bits) != row.md5:
                raise DifferenceError(self.result, self._changed(number, luma, after.luma, is_same))
            self.on_frame((row.pts - self.rows[0].pts) * self.tick, (self.rows[-1].pts - self.rows[0].pts) * self.tick)
            yield psnr_of(self._upright(luma_in(self.target, luma)), self._coded(after.luma), self.target.bits)

    def _check_mended(self, number: int, luma: Luma, mask: Frame | None) -> None:
        """Raises DifferenceError where a frame that differs was not mended, or differs outside its mask."""
        where, is_same = "", self.stated.is_mended
        if self.stated.outside is not None and mask is not None:
            where = " outside its mask"
            is_same = md5_of(outside(luma, mask.luma), self.target.bits) == self.stated.outside.rows[number].md5
        if not is_same:
            what = f"{self._named(number)}: luma{where} is not that which went to the encoder"
            raise DifferenceError(self.film.path, what)

    def _masks(self) -> Iterator[Frame]:
        return iter(()) if self.mask is None else Decode(Fraction(0))(Segment(probe(self.mask), 0, None, None))

    def _of_film(self) -> Iterator[Frame]:
        """The film's own frames in the part that was restored."""
        span = self.settings.span
        first, end = (None if at is None else self.film.pts(at) for at in (span.start, span.end))
        decode = Decode(Fraction(0), self.settings.skip_damaged, self.settings.deinterlace)
        return (frame for frame in decode(Segment(self.film, 0, first, end)) if frame.is_owned)

    def _of_result(self) -> Iterator[Frame]:
        return Decode(Fraction(0))(Segment(self.decoded, 0, None, None))

    def _coded(self, luma: Luma) -> NDArray[np.generic]:
        """Decoded luma in the target's codes: ProRes 4444 comes out of decoders with more bits than went in."""
        more = self.decoded.picture.bits - self.target.bits
        return luma / (1 << more) if more > 0 else luma

    def _upright(self, luma: Luma) -> Luma:
        """Luma as the result holds it: pictures are written upright."""
        return self.target.display_matrix.shown(luma) if self.target.pictures else luma

    def _named(self, number: int) -> str:
        return f"frame {number} at {timecode(self.rows[number].pts * self.tick)}"

    def _changed(self, number: int, was: Luma, is_now: Luma, is_known: bool) -> str:
        """How a frame's luma differs, in words.

        Args:
            number: of the frame.
            was: as it should be.
            is_now: in the result.
            is_known: whether `was` is what went to the encoder.
        """
        found = md5_of(is_now, self.target.bits)
        other = next((place for place, row in enumerate(self.rows) if row.md5 == found), None)
        if other is not None:
            return f"luma of {self._named(number)} is that of frame {other}"
        if not is_known or was.shape != is_now.shape:
            return f"luma of {self._named(number)} is not that which went to the encoder"
        rows, columns = np.nonzero(was != is_now)
        place = f"at x {columns[0]}, y {rows[0]} it is {is_now[rows[0], columns[0]]} and was {was[rows[0], columns[0]]}"
        count = f"{len(rows)} sample{'s' * (len(rows) > 1)}"
        return f"luma of {self._named(number)} is not the film's: {count}, {place}"


def psnr_of(was: NDArray[np.generic], is_now: NDArray[np.generic], bits: int) -> float:
    """Peak signal-to-noise ratio of two pictures (H, W), in dB; infinite where they are the same, 0 where sizes differ.

    Args:
        was: samples.
        is_now: samples of as many bits.
        bits: of a sample.
    """
    if was.shape != is_now.shape:
        return 0.0
    error = float(np.square(np.subtract(was, is_now, dtype=np.float64)).mean())
    return float("inf") if not error else float(10 * np.log10(((1 << bits) - 1) ** 2 / error))
