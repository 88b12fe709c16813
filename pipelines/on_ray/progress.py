"""Where segments of films leave word of their progress; alone here, so that its process need not import networks."""


class Progress:
    """Keeps word of the frames that are done until it is asked for."""

    def __init__(self) -> None:
        self.frames: dict[str, list[int]] = {}

    def add(self, film: str, pts: list[int]) -> None:
        """Frames of a film went to the encoder."""
        self.frames.setdefault(film, []).extend(pts)

    def collect(self, film: str) -> list[int]:
        """Those of a film since the last time."""
        return self.frames.pop(film, [])
