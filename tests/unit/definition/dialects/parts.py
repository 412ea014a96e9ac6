"""Parts of `linuxcontainer` that several traps are set in."""

from __future__ import annotations

from tests.unit.definition.samples import PROGRAM, domain

from cloche_engine.definition.create import without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import (
    Filesystem,
    Interface,
)

PAIR = "<source dir='/srv/a'/><target dir='/a'/>"


def fs(inside: str, kind: str = " type='mount'") -> Document:
    return domain(f"<filesystem{kind}>{inside}</filesystem>{PROGRAM}")


def mounts(document: Document) -> tuple[Filesystem, ...]:
    return without_places(document.compiled()).filesystems


def first(document: Document) -> Interface:
    return without_places(document.compiled()).interfaces[0]
