"""Mechanical ways to mend a problem, as edits of bytes: rename, remove, write another text."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable

from cloche_engine.definition import names
from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.text.lines import before_space, whole_lines
from cloche_engine.definition.text.markup import escape_text, escape_value
from cloche_engine.definition.text.tree import Element, Span, Tree

DID_YOU_MEAN = "did-you-mean"
RENAME = "rename"
REMOVE = "remove"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_NAME = 63
# Letters that Unicode does not take apart.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H"}
)


def rename_element(tree: Tree, element: Element, name: str, *, declared: str = "") -> Fix:
    """Give an element another name, in start tag and end tag; declared is what the former gets."""
    written = tree.written(element)
    length = len(written.encode())
    start = element.start + 1
    edits = [TextEdit(start, start + length, name + declared)]
    if not element.self_closed:
        end = element.content_end + 2
        edits.append(TextEdit(end, end + length, name))
    description = f"write <{name}> in place of <{names.short(written)}>"
    return Fix(DID_YOU_MEAN, description, tuple(edits))


def rename_attribute(tree: Tree, element: Element, old: str, new: str) -> Fix:
    """Give an attribute another name."""
    span = tree.tag(element).names[old]
    edit = TextEdit(span.start, span.end, new)
    return Fix(DID_YOU_MEAN, f"write {new} in place of {names.short(old)}", (edit,))


def remove_element(tree: Tree, element: Element) -> Fix:
    """Take an element away, and its line where nothing else stands in it."""
    span = whole_lines(tree.body, Span(element.start, element.end))
    name = names.short(element.name.rpartition(" ")[2])
    return Fix(REMOVE, f"remove <{name}>", (TextEdit(span.start, span.end, ""),))


def remove_elements(tree: Tree, elements: Iterable[Element], *, fix: str, keeps: str) -> Fix:
    """Take several elements away for another that says the same; keeps is what stays, in words."""
    found = [(element, remove_element(tree, element)) for element in elements]
    gone = ", ".join(f"<{element.name}>" for element, _ in found)
    line, _ = tree.place(found[0][0])
    edits = tuple(edit for _, each in found for edit in each.edits)
    return Fix(fix, f"keep {keeps}, remove {gone} of line {line}", edits)


def remove_attribute(tree: Tree, element: Element, name: str) -> Fix:
    """Take an attribute away with the space before it."""
    tag = tree.tag(element)
    start = before_space(tree.body, tag.names[name].start)
    edit = TextEdit(start, tag.values[name].end + 1, "")
    return Fix(REMOVE, f"remove the attribute {names.short(name)}", (edit,))


def remove_text(tree: Tree, element: Element) -> Fix:
    """Take away the characters that stand directly in an element; the space around stays."""
    edits = tuple(TextEdit(span.start, span.end, "") for span in tree.pieces(element))
    return Fix(REMOVE, f"remove the text in <{names.short(tree.written(element))}>", edits)


def write_text(tree: Tree, element: Element, text: str, *, fix: str) -> Fix | None:
    """Put another text in the place of an element's own; None where it has none to replace."""
    pieces = tree.pieces(element)
    if not pieces:
        return None
    texts = [escape_text(text), *[""] * (len(pieces) - 1)]
    edits = [TextEdit(span.start, span.end, new) for span, new in zip(pieces, texts, strict=True)]
    return Fix(fix, f"write {names.short(text)}", tuple(edits))


def write_attribute(tree: Tree, element: Element, name: str, value: str, *, fix: str) -> Fix:
    """Put another value between an attribute's quotes."""
    span = tree.tag(element).values[name]
    quote = tree.body[span.end : span.end + 1].decode()
    edit = TextEdit(span.start, span.end, escape_value(value, quote))
    return Fix(fix, f"write {name}={quote}{names.short(value)}{quote}", (edit,))


def legal_name(text: str) -> str | None:
    """The name that comes nearest to one that a container cannot have; None where there is none.

    Letters lose their marks, what may not stand in a name becomes `-`; where nothing is left of
    it the name is `container-` and eight digits that are the same for the same text.
    """
    text = text.strip()
    plain = _NOT_IN_NAMES.sub("-", _latin(text)).lstrip("_.-")
    cut = plain[:_LONGEST_NAME].rstrip("-")
    if text and not cut:
        cut = f"container-{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"
    return cut or None


def _latin(text: str) -> str:
    """Letters without marks: u for ü, ss for ß."""
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(each for each in parts if not unicodedata.combining(each))
