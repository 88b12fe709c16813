"""PREMIS documents of results."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from pipelines.archive.premis import premis_of, write_premis
from pipelines.archive.storage import open_store
from tests.made.archives import kept

NAMES = {"p": "http://www.loc.gov/premis/v3"}
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def facts(files: int = 1) -> dict[str, Any]:
    """A record, as far as PREMIS tells of it."""
    return {
        "statement": "colours are estimated & not historical",
        "tool": {"name": "restore-film", "version": "1.2.3"},
        "versions": {"av": "18.0", "torch": "2.13"},
        "command": "restore 'a <1>.mov' -o a.restored.mov",
        "began": "2026-11-30T10:00:00+00:00",
        "ended": "2026-11-30T11:00:00+00:00",
        "source": {"name": "a <1>.mov", "files": 1, "bytes": 10, "sha256": "50" * 32},
        "result": {
            "name": "a.restored.mov", "files": files, "bytes": 20, "sha256": "7e" * 32, "container": "mov",
            "codec": "prores", "signed": None,
        },
        "networks": [{"name": "compact", "rows": 256, "files": [{"of": "compact", "sha256": "be" * 32}]}],
        "notes": ["the container changes"],
    }  # fmt: skip


def texts(root: Xml.Element, path: str) -> list[str | None]:
    return [element.text for element in root.findall(path, NAMES)]


def test_it_tells_what_was_made_from_what_by_what_and_when() -> None:
    root = Xml.fromstring(premis_of(facts()))
    assert texts(root, "p:object/p:originalName") == ["a <1>.mov", "a.restored.mov"]
    assert texts(root, "p:object/p:objectCharacteristics/p:fixity/p:messageDigest") == ["50" * 32, "7e" * 32]
    assert texts(root, "p:object/p:relationship/p:relatedObjectIdentifier/p:relatedObjectIdentifierValue") == [
        "a <1>.mov"
    ]
    assert texts(root, "p:event/p:eventType") == [
        "message digest calculation", "creation", "message digest calculation",
    ]  # fmt: skip
    assert texts(root, "p:event/p:eventDateTime")[1] == "2026-11-30T11:00:00+00:00"
    said = texts(root, "p:event/p:eventDetailInformation/p:eventDetail")[1]
    for words in ("not historical", "restore 'a <1>.mov'", "the container changes"):
        assert words in str(said)
    assert texts(root, "p:agent/p:agentName") == ["restore-film", "network compact"]
    assert "be" * 32 in str(texts(root, "p:agent/p:agentNote")[1])


def test_of_a_signed_result_it_tells_the_signed_bytes() -> None:
    signed = facts()
    signed["result"]["signed"] = {"bytes": 30, "sha256": "51" * 32}
    root = Xml.fromstring(premis_of(signed))
    assert texts(root, "p:object/p:objectCharacteristics/p:fixity/p:messageDigest")[1] == "51" * 32
    assert texts(root, "p:object/p:objectCharacteristics/p:size") == ["10", "30"]


def test_every_link_names_what_the_document_has() -> None:
    root = Xml.fromstring(premis_of(facts()))
    for kind in ("Object", "Agent"):
        own = set(texts(root, f"p:{kind.lower()}/p:{kind.lower()}Identifier/p:{kind.lower()}IdentifierValue"))
        assert set(texts(root, f"p:event/p:linking{kind}Identifier/p:linking{kind}IdentifierValue")) == own
    events = texts(root, "p:event/p:eventIdentifier/p:eventIdentifierValue")
    assert len(events) == len(set(events))


def test_a_folder_of_pictures_is_a_representation() -> None:
    root = Xml.fromstring(premis_of(facts(files=12)))
    assert [element.get(TYPE) for element in root.findall("p:object", NAMES)] == ["file", "representation"]
    assert "12" in texts(root, "p:object/p:significantProperties/p:significantPropertiesValue")


@pytest.mark.parametrize("files", [1, 12])
def test_it_is_valid(files: int) -> None:
    """By the Library of Congress's schema, github.com/LibraryOfCongress/premis-v3-0, which PREMIS_SCHEMA names."""
    schema = os.environ.get("PREMIS_SCHEMA")
    if schema is None:
        pytest.skip("PREMIS_SCHEMA names no premis-v3-0.xsd")
    etree = pytest.importorskip("lxml.etree")
    etree.XMLSchema(etree.parse(schema)).assertValid(etree.fromstring(premis_of(facts(files))))


def test_it_lies_beside_the_record_and_is_written_once(tmp_path: Path) -> None:
    out = open_store(str(tmp_path))
    (tmp_path / "a.restored.json").write_text(json.dumps(facts()))
    assert write_premis(out, "a.restored.json") == "a.restored.premis.xml"
    before = kept(tmp_path)
    write_premis(out, "a.restored.json")
    assert kept(tmp_path) == before
