"""The films of an archive that have ended: their records, sums over them, and as many stills as a page shows."""

from collections.abc import Iterable
from dataclasses import replace

from pipelines.archive.records import Done, Record
from pipelines.archive.results import Stills

STILLS = 1000
"""Films whose stills are kept, some 30 kB each, those with notes first: a page with more is slow to open, and 10,000
films would hold 0.3 GB of memory as long as the run goes on."""
NONE = Stills("", "")


class Ended:
    """Takes the record of each film as it ends; a later one of a film takes the place of an earlier.

    Args:
        records: of films that have ended before.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.done = self.failed = self.frames = self.bytes = 0
        """Films, and of those done frames and bytes of their results."""
        self.seconds = 0.0
        """Of film, of those done."""
        self._records: dict[str, Record] = {}
        self._with_stills: dict[str, Done] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """A film has ended."""
        place = record.asked.place
        before = self._records.get(place)
        if before is not None:
            self._count(before, -1)
        self._count(record, 1)
        self._records[place] = record
        self._with_stills.pop(place, None)
        if isinstance(record, Done) and record.look.stills != NONE:
            self._with_stills[place] = record
        if len(self._with_stills) > 2 * STILLS:
            self._drop_stills()

    def get(self, place: str) -> Record | None:
        """The record of a film; None: it has not ended."""
        return self._records.get(place)

    def all(self) -> list[Record]:
        """The records, of which STILLS have stills."""
        self._drop_stills()
        return list(self._records.values())

    def _count(self, record: Record, times: int) -> None:
        if isinstance(record, Done):
            self.done += times
            self.frames += times * record.look.frames
            self.bytes += times * record.look.bytes
            self.seconds += times * record.length
        else:
            self.failed += times

    def _drop_stills(self) -> None:
        """Drops the stills of all but the first STILLS, an order that does not depend on when films ended."""
        has_notes = {place: bool(one.warnings or one.look.dropped) for place, one in self._with_stills.items()}
        for place in sorted(self._with_stills, key=lambda place: (not has_notes[place], place))[STILLS:]:
            record = self._with_stills.pop(place)
            self._records[place] = replace(record, look=replace(record.look, stills=NONE))
