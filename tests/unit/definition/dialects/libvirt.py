"""Reads and writes libvirt's own documents for the tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tests.unit.definition.dialects.reading import Read

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.dialects.libvirt_lxc.read import read
from cloche_engine.definition.dialects.libvirt_lxc.write import write
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.source import read_source
from cloche_engine.definition.text.tree import parse_tree

SCHEMA = Path("/usr/share/libvirt/schemas/domain.rng")
HEAD = "<domain type='lxc'><name>one</name>"
OS = "<os><type>exe</type><init>/bin/sh</init></os>"


def lxc(text: str | bytes) -> Read:
    """A document of libvirt's driver of containers."""
    data = text.encode() if isinstance(text, str) else text
    report = Report(parse_tree(read_source(data)))
    spec = read(report)
    assert spec is not None
    return Read(spec, report.problems())


def domain(inside: str) -> Read:
    """One with this in it."""
    return lxc(f"{HEAD}{inside}</domain>")


def devices(inside: str) -> Read:
    """One with these devices."""
    return domain(f"<devices>{inside}</devices>")


def again(spec: ContainerSpec) -> ContainerSpec:
    """What is read back of a specification."""
    return lxc(write(spec)).spec


def plain(spec: ContainerSpec) -> ContainerSpec:
    """The order in which different things are kept means nothing."""
    return replace(spec, opaque=tuple(sorted(spec.opaque, key=str)))


@cache
def _schema() -> object:
    etree = pytest.importorskip("lxml.etree")
    return etree.RelaxNG(etree.parse(str(SCHEMA)))


def is_valid(data: bytes) -> bool:
    """Whether libvirt's own schema takes a document; skips where that is not installed."""
    if not SCHEMA.exists():
        pytest.skip(f"libvirt's schemas are not installed ({SCHEMA}, Debian's libvirt0)")
    etree = pytest.importorskip("lxml.etree")
    schema = _schema()
    valid: bool = schema.validate(etree.fromstring(data).getroottree())  # type: ignore[attr-defined]
    return valid
