"""The saturation of shots as colour decision lists of the American Society of Cinematographers (ASC CDL 1.2).

Saturation there is of R'G'B' around luma with the weights of Rec. 709. docs/hand-over.md says how far that lies from
the saturation of a look, which is of CIE a* b*.
"""

from collections.abc import Callable
from xml.etree import ElementTree

from pipelines.preview.edit import Edit

NAMESPACE = "urn:ASC:CDL:v1.2"
NEUTRAL = {"slope": (1, 1, 1), "offset": (0, 0, 0), "power": (1, 1, 1)}
"""Slope, offset and power that change nothing, by channel."""


def metadata(saturation: float) -> dict[str, object]:
    """A correction as clips of OpenTimelineIO have it."""
    return {"cdl": {"asc_sat": saturation, "asc_sop": {name: list(value) for name, value in NEUTRAL.items()}}}


def comments(saturation: float) -> dict[str, str]:
    """A correction as EDLs have it: its two lines by their names."""
    return {"ASC_SOP": " ".join(f"({_words(value)})" for value in NEUTRAL.values()), "ASC_SAT": f"{saturation:g}"}


def collection(edit: Edit) -> str:
    """A ColorCorrectionCollection (.ccc), a correction a shot."""
    root = ElementTree.Element("ColorCorrectionCollection", xmlns=NAMESPACE)
    _corrections(edit, lambda: root)
    return written(root)


def decisions(edit: Edit) -> str:
    """A ColorDecisionList (.cdl), a decision a shot, each with the film that it is for."""
    root = ElementTree.Element("ColorDecisionList", xmlns=NAMESPACE)

    def decision() -> ElementTree.Element:
        made = ElementTree.SubElement(root, "ColorDecision")
        ElementTree.SubElement(made, "MediaRef", ref=(edit.result or edit.original).url)
        return made

    _corrections(edit, decision)
    return written(root)


def _corrections(edit: Edit, parent: Callable[[], ElementTree.Element]) -> None:
    source = edit.result or edit.original
    for shot, saturation in edit.graded:
        correction = ElementTree.SubElement(parent(), "ColorCorrection", id=f"shot_{shot.number}")
        begins = source.clock.at(shot.start)
        ElementTree.SubElement(correction, "Description").text = f"{source.film.name} shot {shot.number}, from {begins}"
        sop = ElementTree.SubElement(correction, "SOPNode")
        for name, value in NEUTRAL.items():
            ElementTree.SubElement(sop, name.capitalize()).text = _words(value)
        node = ElementTree.SubElement(correction, "SatNode")
        ElementTree.SubElement(node, "Saturation").text = f"{saturation:g}"


def _words(values: tuple[int, int, int]) -> str:
    return " ".join(map(str, values))


def written(root: ElementTree.Element, doctype: str = "") -> str:
    """An XML document, indented."""
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}{ElementTree.tostring(root, "unicode")}\n'
