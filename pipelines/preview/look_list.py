"""The shots of a film as a look file, to be filled in by a person."""

import json
from fractions import Fraction

from pipelines.places import film_mark
from pipelines.preview.edit import Edit

HEAD = """\
# A look of {name}: write under [film] or a shot what it shall have, such as
#   saturation = 0.8
#   warmth = 15
#   neutral = true
# and then: restore FILM --look {out}
# docs/looks.md has all keys.

[film]
name = {quoted}
mark = "{mark}"
"""
SHOT = """
[[shot]]
number = {shot.number}
start = "{start}"
end = "{end}"
"""


def look_of(edit: Edit) -> str:
    """A look file that lists the shots and sets nothing."""
    film = edit.original.film
    name = film.name
    quoted = json.dumps(name, ensure_ascii=False)
    head = HEAD.format(name=name, quoted=quoted, mark=film_mark(film), out=edit.out.name)
    times = [(shot, look_time(shot.start), look_time(shot.end)) for shot in edit.shots]
    return head + "".join(SHOT.format(shot=shot, start=start, end=end) for shot, start, end in times)


def look_time(seconds: Fraction) -> str:
    """HH:MM:SS.ffffff, no later than the time: the first frame from there on is the one that is meant."""
    millionths = int(seconds * 1_000_000)
    minutes, rest = divmod(millionths, 60_000_000)
    whole, part = divmod(rest, 1_000_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{whole:02d}" + (f".{part:06d}".rstrip("0") if part else "")
