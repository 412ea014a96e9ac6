"""What stands in a document before and after an edit."""

from __future__ import annotations

from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import Filesystem, Interface


def present(document: Document) -> tuple[Filesystem, ...]:
    assert document.spec is not None
    return document.spec.filesystems


def interface(document: Document) -> Interface:
    assert document.spec is not None
    return document.spec.interfaces[0]


def added_lines(before: Document, after: Document) -> list[str]:
    kept = before.text.splitlines()
    return [line for line in after.text.splitlines() if line not in kept]
