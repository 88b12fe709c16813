"""Where a result's colours come from, as tags of its file say it."""

from collections.abc import Mapping

from pipelines import DISTRIBUTION, product_version
from pipelines.job.job import Job
from pipelines.painting.choice import Chosen

STATEMENT = "colours are estimated by a neural network; not historical"
"""The one thing that whoever sees a result must know."""
PREFIX = 16
"""Digits of the film's sha256 that tags give."""


IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def digital_source_type(origin: Mapping[str, str]) -> str:
    """IPTC's: a trained network has added to a photograph, or only its faults were mended; by `origin_of`."""
    return f"{IPTC}{'compositeWithTrainedAlgorithmicMedia' if 'colours' in origin else 'algorithmicallyEnhanced'}"


def tool() -> str:
    """Name and version of this program."""
    return f"{DISTRIBUTION} {product_version()}"


def origin_of(job: Job, digest: str) -> dict[str, str]:
    """The origin of a result, by name: the same on every machine, and at every time.

    Args:
        job: from `prepare`.
        digest: sha256 of the film, in hex.
    """
    networks = networks_of(job)
    weights = {
        of if len(networks) == 1 else f"{of} of {number}": f"sha256 {sha256}"
        for number, chosen in enumerate(networks, start=1)
        for of, sha256 in chosen.digests.items()
    }
    names = ", ".join(map(named, networks))
    colours = {"network": names, **weights, "colours": STATEMENT} if networks else {}
    every = (job.settings.repair, *(span.repair for span in job.settings.repairs))
    repairs = dict.fromkeys(str(each) for each in every if each.is_on)
    repair = {"repair": "; ".join(repairs)} if repairs else {}
    return {"tool": tool(), **colours, **repair, "source": f"sha256 {digest[:PREFIX]}"}


def networks_of(job: Job) -> list[Chosen]:
    """The networks that colour parts of a film, the run's own first; none: it is mended alone."""
    if job.chosen.name is None:
        return []
    by_digests = {tuple(part.way.chosen.digests.values()): part.way.chosen for part in job.ways.parts}
    return sorted(by_digests.values(), key=lambda chosen: chosen.digests != job.chosen.digests)


def named(chosen: Chosen) -> str:
    """The network by its kind, since files of weights have any names; of a blend each with its share."""
    if not chosen.parts:
        return chosen.kind
    return " + ".join(f"{part.share:g} {part.chosen.kind}" for part in chosen.parts)
