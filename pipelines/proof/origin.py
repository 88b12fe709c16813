"""Where a result's colours come from, as tags of its file say it."""

from pipelines import DISTRIBUTION, product_version
from pipelines.job.job import Job
from pipelines.painting.choice import Chosen

STATEMENT = "colours are estimated by a neural network; not historical"
"""The one thing that whoever sees a result must know."""
PREFIX = 16
"""Digits of the film's sha256 that tags give."""


def tool() -> str:
    """Name and version of this program."""
    return f"{DISTRIBUTION} {product_version()}"


def origin_of(job: Job, digest: str) -> dict[str, str]:
    """The origin of a result, by name: the same on every machine, and at every time.

    Args:
        job: from `prepare`.
        digest: sha256 of the film, in hex.
    """
    weights = {of: f"sha256 {sha256}" for of, sha256 in job.chosen.digests.items()}
    colours = {} if job.chosen.name is None else {"network": named(job.chosen), **weights, "colours": STATEMENT}
    every = (job.settings.repair, *(span.repair for span in job.settings.repairs))
    repairs = dict.fromkeys(str(each) for each in every if each.is_on)
    repair = {"repair": "; ".join(repairs)} if repairs else {}
    return {"tool": tool(), **colours, **repair, "source": f"sha256 {digest[:PREFIX]}"}


def named(chosen: Chosen) -> str:
    """The network by its kind, since files of weights have any names; of a blend each with its share."""
    if not chosen.parts:
        return chosen.kind
    return " + ".join(f"{part.share:g} {part.chosen.kind}" for part in chosen.parts)
