"""Scans: a folder of numbered pictures, or the pattern of their names, as one film."""

import re
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pipelines.errors import InputError, SettingsError
from pipelines.media.dpx import DpxHeader, read_header
from pipelines.media.luma import is_light
from pipelines.media.open import open_film
from pipelines.media.scan_frames import DECODERS, read_scan
from pipelines.settings import ScanSettings, Settings
from pipelines.source import Film, Numbered, OtherStream, Picture, Scans

NAME = re.compile(r"(.*?)(\d+)(\.[^.]+)")
"""Of a picture: its number is the last one in front of the suffix."""
PATTERN = re.compile(r"(.*)%(?:0(\d+))?d([^%]*)")
MAX_GAPS = 5
"""Named in a message; more are only counted."""
MAX_MISSING = 100_000
"""Pictures missing in all from which on numbers are no count."""
MAX_UNREADABLE = 10
"""Damaged pictures at the beginning before the whole is taken for no film."""
SRGB, UNKNOWN = 13, 2
"""FFmpeg's AVColorTransferCharacteristic."""
SHOWN_INDEX = -1
"""Of the picture, which no file holds as a stream: before all others."""


def pattern_of(path: Path) -> Numbered | None:
    """The names that a path with %d or %06d in its name stands for; None where it is no pattern, or a file's name."""
    match = PATTERN.fullmatch(path.name)
    if match is None or match[3].lower() not in DECODERS or path.exists():
        return None
    return Numbered(path.parent, match[1], int(match[2] or 1), match[3])


def beside(path: Path, ending: str) -> Path:
    """A place beside a film, without a suffix: FILM.ending; of a pattern, what its pictures' names begin with."""
    path = path if path.name not in {"", ".."} else path.resolve()
    names = pattern_of(path)
    stem = path.name if path.is_dir() else path.stem
    if names is not None:
        stem = names.prefix.rstrip("._- ") or path.resolve().parent.name
    return path.with_name(f"{stem}.{ending}")


def sequences(names: list[str]) -> dict[tuple[str, str], list[str]]:
    """Names of pictures by prefix and suffix, the numbers of each as they are written; those without any are alone."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        if Path(name).suffix.lower() in DECODERS and not name.startswith("."):
            match = NAME.fullmatch(name)
            prefix, number, suffix = match.groups() if match else (name, "", "")
            found[prefix, suffix].append(number)
    return dict(found)


def find_scans(path: Path) -> Scans | None:
    """The pictures that a folder or a pattern means; None where the path is neither, or no picture is in the folder.

    Raises:
        InputError: there are none of these names, or more than one sequence.
    """
    pattern = pattern_of(path)
    if pattern is None and not path.is_dir():
        return None
    folder = path if pattern is None else pattern.folder
    if not folder.is_dir():
        raise InputError(path, "its folder does not exist", "check its name")
    found = sequences([each.name for each in folder.iterdir()])
    if pattern is not None:
        numbers = found.get((pattern.prefix, pattern.suffix), [])
        fitting = [int(each) for each in numbers if each == f"{int(each):0{pattern.digits}d}"]
        if not fitting:
            raise InputError(path, "no picture has such a name", "check the folder, the number's digits and the suffix")
        return _scans(pattern, fitting)
    if not found:
        return None
    if len(found) > 1 or not all(next(iter(found.values()))):
        raise _several(path, found)
    ((prefix, suffix), numbers) = next(iter(found.items()))
    digits = min(map(len, numbers))
    if any(each != f"{int(each):0{digits}d}" for each in numbers):
        raise InputError(path, "its pictures are numbered in several ways", "name one: %d, or %06d for six digits")
    return _scans(Numbered(path, prefix, digits, suffix), [int(each) for each in numbers])


def _several(folder: Path, found: dict[tuple[str, str], list[str]]) -> InputError:
    shown = [
        str(Numbered(folder, prefix, len(numbers[0]), suffix)) if numbers[0] else prefix
        for (prefix, suffix), numbers in sorted(found.items())
    ]
    more = f" and {len(shown) - MAX_GAPS} more" if len(shown) > MAX_GAPS else ""
    kind = "names" if len({Path(each).suffix for each in shown}) == 1 else "formats"
    named = next((each for each in shown if "%" in each), "scan_%06d.dpx")
    what = f"holds pictures of several {kind}: {', '.join(shown[:MAX_GAPS])}{more}"
    return InputError(folder, what, f"name one film, such as {folder / named}")


def _scans(names: Numbered, numbers: list[int]) -> Scans:
    """The pictures of these numbers.

    Raises:
        InputError: the numbers are no count, as dates are none.
    """
    first, last, there = min(numbers), max(numbers), set(numbers)
    if last - first - len(there) > MAX_MISSING:
        what = f"{names}: {len(there)} pictures are numbered from {first} to {last}"
        raise InputError(names.folder, what, "number them one after the other")
    return Scans(names, first, last - first + 1, tuple(n for n in range(first, last) if n not in there))


def probe_scans(path: Path, scans: Scans, how: ScanSettings) -> Film:
    """The facts of a film of scans.

    Raises:
        InputError: no picture can be read, or the sound not.
        SettingsError: nobody says how many are shown in a second.
    """
    pts = _first_readable(scans)
    header = read_header(scans.path(pts))
    rate = how.fps or (header.rate if header else None)
    if rate is None:
        raise SettingsError(path, "its pictures do not say how many are shown in a second", "say it, as --fps 18")
    picture = _picture(scans.path(pts), rate, header)
    notes = [] if how.fps else [f"{float(rate):.6g} pictures a second, as their headers say"]
    notes += ["the scans are logarithmic, and so is the result: it looks flat until it is graded"] * bool(picture.log)
    notes += ["light of the scans is kept from 0 to 1"] * is_light(picture.pixel_format)
    timecode = header.timecode if header and pts == 0 else ""
    return Film(
        path=path,
        container=scans.names.suffix.lower().lstrip("."),
        picture=picture,
        others=_others(how.sound),
        chapters=0,
        start=Fraction(0),
        duration=scans.frames / rate,
        scans=replace(scans, sound=how.sound, timecode=timecode),
        notes=tuple(notes),
    )


def _first_readable(scans: Scans) -> int:
    """pts of the first picture that can be read.

    Raises:
        InputError: there is none among the first ones.
    """
    failures: list[InputError] = []
    missing = set(scans.missing)
    for pts in range(scans.frames):
        if scans.first + pts not in missing:
            try:
                read_scan(scans.path(pts))
                return pts
            except InputError as error:
                failures.append(error)
        if len(failures) == MAX_UNREADABLE:
            break
    raise failures[0]


def _picture(path: Path, rate: Fraction, header: DpxHeader | None) -> Picture:
    scan = read_scan(path)
    frame, form = scan.frame, scan.frame.format
    has_light, is_gray = is_light(form.name), len(form.components) <= 2 and not form.has_palette
    own = UNKNOWN if path.suffix.lower() in (".tif", ".tiff") else int(frame.color_trc)  # a TIFF's is a guess
    transfer = SRGB if has_light else (header and header.transfer) or own
    log = header.log if header else None
    return Picture(
        index=SHOWN_INDEX,
        codec=DECODERS[path.suffix.lower()],
        width=frame.width,
        height=frame.height,
        pixel_format=form.name,
        bits=16 if has_light else max(8, form.components[0].bits),
        is_full_range=True,
        is_gray=is_gray,
        is_rgb=form.is_rgb or form.has_palette,
        matrix=UNKNOWN if form.is_rgb else int(frame.colorspace),
        primaries=int(frame.color_primaries),
        transfer=UNKNOWN if log else transfer,
        time_base=1 / rate,
        frame_rate=rate,
        sample_aspect_ratio=scan.sample_aspect_ratio,
        field_order="progressive",
        base_rate=rate,
        log=log,
    )


def _others(sound: Path | None) -> tuple[OtherStream, ...]:
    """The streams of sound that go with the pictures.

    Raises:
        InputError: there is none in the file.
    """
    if sound is None:
        return ()
    with open_film(sound) as container:
        if not container.streams.audio:
            raise InputError(sound, "no sound in it", "give a file with sound, such as a .wav")
        return tuple(
            OtherStream(each.index, each.type, each.codec_context.name, each.language or "und")
            for each in container.streams.audio
        )


def check_gaps(film: Film, settings: Settings) -> tuple[str, ...]:
    """A clause for pictures that are missing in the span, in whose place another is held.

    Raises:
        InputError: there are such, and damaged ones are not to be held.
    """
    scans, span = film.scans, settings.span
    if scans is None:
        return ()
    low = scans.first if span.start is None else scans.first + film.pts(span.start)
    high = scans.first + scans.frames if span.end is None else scans.first + film.pts(span.end)
    missing = [number for number in scans.missing if low <= number < high]
    if not missing:
        return ()
    what = f"{len(missing)} picture{'s are' if len(missing) > 1 else ' is'} missing: {_ranges(missing)}"
    if not settings.skip_damaged:
        raise InputError(film.path, what, "--skip-damaged holds the last good one in their place")
    return (f"{what}; the last good one is held",)


def _ranges(numbers: list[int]) -> str:
    """Runs of numbers, the first MAX_GAPS: 12 to 14, 20."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    more = f" and {len(runs) - MAX_GAPS} more gaps" if len(runs) > MAX_GAPS else ""
    shown = (str(low) if low == high else f"{low} to {high}" for low, high in runs[:MAX_GAPS])
    return ", ".join(shown) + more
