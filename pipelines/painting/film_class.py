"""The class of all of a film, as a person names it."""

from pathlib import Path

from models.published.biggan import CLASSES
from models.weights.files import classes_of

MAX_NAMED = 20
"""Classes that an error names."""


def class_number(weights: Path, name: str | None) -> int | None:
    """Number of a class in weights; None: none is named, and it is told for each shot.

    Args:
        weights: of a network that colours by class.
        name: of the class there; of ImageNet's classes the number.

    Raises:
        ValueError: there is no such class, or none is named where nothing tells the classes of these weights.
    """
    own = classes_of(weights)
    if name is None and own is None:
        return None
    names = own or [str(number) for number in range(CLASSES)]
    listed = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
    if name is None:
        raise ValueError(f"{weights.name} knows classes of its own, which nothing tells; name one by --class: {listed}")
    if name not in names:
        raise ValueError(f"{weights.name} knows no class {name}; there are {listed}")
    return names.index(name)
