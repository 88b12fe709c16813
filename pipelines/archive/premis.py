"""PREMIS 3 of a result (Library of Congress, January 2016): what it is, what it was made from, by what, and when."""

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from pipelines.archive.storage import Store

SPACE, INSTANCE = "http://www.loc.gov/premis/v3", "http://www.w3.org/2001/XMLSchema-instance"
SUFFIX = ".premis.xml"
LOCAL, HASH = "local", "SHA-256"
PROGRAM = "http://id.loc.gov/vocabulary/preservation/agentType/sof"
EVENTS = "http://id.loc.gov/vocabulary/preservation/eventType"
"""The Library of Congress's vocabulary, whose codes name events."""

Facts = Mapping[str, Any]
"""A record as in docs/restored.schema.json, or a part of it."""


def premis_of(facts: Facts) -> bytes:
    """The PREMIS document of a result, as XML.

    Args:
        facts: the result's record.
    """
    Xml.register_namespace("", SPACE)
    Xml.register_namespace("xsi", INSTANCE)
    root = Xml.Element(f"{{{SPACE}}}premis", {"version": "3.0"})
    source, agents = facts["source"], _agents(facts)
    result = facts["result"] | (facts["result"]["signed"] or {})  # the file is the one that was signed, where it was
    tool = [facts["tool"]["name"]]
    _object(root, source, "unknown")
    _relationship(_object(root, result, f"{result['codec']} in {result['container']}", facts), source)
    said = "\n".join([facts["statement"], facts["command"], *facts["notes"]])
    _event(root, "message digest calculation", facts["began"], [source], tool, (HASH, source["sha256"]))
    _event(root, "creation", facts["ended"], [source, result], list(agents), (said, "success"))
    _event(root, "message digest calculation", facts["ended"], [result], tool, (HASH, result["sha256"]))
    for name, (version, note) in agents.items():
        _agent(root, name, version, note)
    Xml.indent(root)
    return Xml.tostring(root, "utf-8", xml_declaration=True) + b"\n"


def write_premis(out: Store, record: str) -> str:
    """Writes the PREMIS document of a result beside its record; one that would not change stays as it is.

    Args:
        out: where both lie.
        record: name of the record.

    Returns:
        The name of the document.

    Raises:
        OutputError: it cannot be written.
        ValueError: the record is none.
    """
    name = record.removesuffix(".json") + SUFFIX
    data = premis_of(json.loads(out.read([record])[record]))
    if not out.about(name) or out.read([name])[name] != data:
        out.write(name, data)
    return name


def _put(parent: Xml.Element, name: str, text: object = None) -> Xml.Element:
    """A new element in `parent`."""
    element = Xml.SubElement(parent, f"{{{SPACE}}}{name}")
    element.text = None if text is None else str(text)
    return element


def _identify(parent: Xml.Element, name: str, value: object) -> None:
    """The identifier `name` of what the parent is, or is linked to."""
    element = _put(parent, name)
    _put(element, f"{name}Type", LOCAL)
    _put(element, f"{name}Value", value)


def _object(root: Xml.Element, facts: Facts, form: str, made: Facts | None = None) -> Xml.Element:
    """A film, or a result: a file, or a folder of pictures."""
    is_file = facts["files"] == 1
    element = _put(root, "object")
    element.set(f"{{{INSTANCE}}}type", "file" if is_file else "representation")
    _identify(element, "objectIdentifier", facts["name"])
    if is_file:
        about = _put(element, "objectCharacteristics")
        fixity = _put(about, "fixity")
        _put(fixity, "messageDigestAlgorithm", HASH)
        _put(fixity, "messageDigest", facts["sha256"])
        _put(about, "size", facts["bytes"])
        _put(_put(_put(about, "format"), "formatDesignation"), "formatName", form)
        if made:
            program = _put(about, "creatingApplication")
            _put(program, "creatingApplicationName", made["tool"]["name"])
            _put(program, "creatingApplicationVersion", made["tool"]["version"])
            _put(program, "dateCreatedByApplication", made["ended"])
    else:
        for kind, value in (("files", facts["files"]), ("bytes", facts["bytes"]), ("sha256 of list", facts["sha256"])):
            properties = _put(element, "significantProperties")
            _put(properties, "significantPropertiesType", kind)
            _put(properties, "significantPropertiesValue", value)
    _put(element, "originalName", facts["name"])
    return element


def _relationship(result: Xml.Element, source: Facts) -> None:
    """The result was made from the source."""
    element = _put(result, "relationship")
    _put(element, "relationshipType", "derivation")
    _put(element, "relationshipSubType", "has source")
    _identify(element, "relatedObjectIdentifier", source["name"])


def _event(
    root: Xml.Element, kind: str, at: str, objects: list[Facts], agents: list[str], said: tuple[str, str]
) -> None:
    """An event; `said` is its detail and its outcome."""
    detail, outcome = said
    element = _put(root, "event")
    _identify(element, "eventIdentifier", f"{objects[-1]['name']} {kind}")
    _put(element, "eventType", kind).set("valueURI", f"{EVENTS}/{kind[:3]}")
    _put(element, "eventDateTime", at)
    _put(_put(element, "eventDetailInformation"), "eventDetail", detail)
    _put(_put(element, "eventOutcomeInformation"), "eventOutcome", outcome)
    for agent in agents:
        _identify(element, "linkingAgentIdentifier", agent)
    for each in objects:
        _identify(element, "linkingObjectIdentifier", each["name"])


def _agents(facts: Facts) -> dict[str, tuple[str, str]]:
    """Version and note of each program: the tool, and its networks with their files of weights."""
    tool = facts["tool"]
    libraries = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    found = {tool["name"]: (tool["version"], f"with {libraries}")}
    for network in facts["networks"]:
        weights = ", ".join(f"{file['of']} sha256 {file['sha256']}" for file in network["files"])
        found[f"network {network['name']}"] = ("", weights)
    return found


def _agent(root: Xml.Element, name: str, version: str, note: str) -> None:
    element = _put(root, "agent")
    _identify(element, "agentIdentifier", name)
    _put(element, "agentName", name)
    _put(element, "agentType", "software").set("valueURI", PROGRAM)
    if version:
        _put(element, "agentVersion", version)
    _put(element, "agentNote", note)
