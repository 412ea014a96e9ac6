"""Documents for the tests: the RFC's own text, and small ones made of parts."""

from __future__ import annotations

from pathlib import Path

from cloche_engine.definition.document import Document

RFC_LITERAL = (Path(__file__).parent / "rfc-v2-literal.xml").read_bytes()
EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"
PROGRAM = "<application>/bin/sh</application>"


def domain(container: str = PROGRAM, rest: str = "", name: str = "<name>one</name>") -> Document:
    """A document with that inside `<container>` and beside it."""
    inside = f"{name}\n<container>{container}</container>\n{rest}"
    return Document.parse(f"<domain type='linuxcontainer'>\n{inside}</domain>".encode())


def example(name: str) -> Document:
    """One of the examples that are delivered."""
    return Document.parse((EXAMPLES / name).read_bytes())


def codes(document: Document) -> list[str]:
    """The codes of its errors."""
    return [problem.code for problem in document.errors]


def warnings(document: Document) -> list[str]:
    """The codes of what is no error."""
    return [problem.code for problem in document.problems if not problem.is_error]
