"""`<kept xmlns='urn:cloche:kept' path='...'>`: what has no other place in a dialect."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cloche_engine.definition.domain.verbatim import Verbatim, is_element
from cloche_engine.definition.names import writable
from cloche_engine.definition.spec import Opaque
from cloche_engine.definition.text.markup import Markup, escape_text, escape_value
from cloche_engine.definition.text.tree import Element

URI = "urn:cloche:kept"
KEPT = f"{URI} kept"

_END_TAG = re.compile(r"</\s*[^\s>]+\s*>\Z")
_STEP = "\n    "


def read_kept(verbatim: Verbatim, element: Element) -> Opaque:
    """What one of them holds: an element as it is written, otherwise its text."""
    path = element.attributes.get("path", "")
    if element.children:
        return Opaque(path, verbatim.inner(element).strip())
    return Opaque(path, element.text)


def metadata_text(verbatim: Verbatim, metadata: Element) -> str | None:
    """`<metadata>` without what is kept in it; None where nothing else is there."""
    whole = verbatim.text(metadata)
    own = [child for child in metadata.children if child.name != KEPT]
    if len(own) == len(metadata.children):
        return whole if _says_something(verbatim, metadata, verbatim.inner(metadata)) else None
    body, at = verbatim.tree.body, verbatim.tree.content(metadata).start
    parts: list[str] = []
    for child in metadata.children:
        if child.name == KEPT:
            parts.append(body[at : child.start].decode().rstrip())
            at = child.end
    end = verbatim.tree.content(metadata).end
    inner = "".join(parts) + body[at:end].decode()
    if not _says_something(verbatim, metadata, inner):
        return None
    return _head(verbatim, metadata, whole) + inner + body[end : metadata.end].decode()


def _says_something(verbatim: Verbatim, metadata: Element, inner: str) -> bool:
    return bool(inner.strip() or verbatim.tree.tag(metadata).names)


def _head(verbatim: Verbatim, metadata: Element, whole: str) -> str:
    """Its start tag as in the whole text, declarations included."""
    body = verbatim.tree.body
    rest = body[verbatim.tree.content(metadata).start : metadata.end].decode()
    return whole[: len(whole) - len(rest)]


def kept_markup(metadata: str | None, strays: Sequence[Opaque]) -> tuple[Markup, ...]:
    """`<metadata>` as it was, with the strays at its end; nothing where there is neither."""
    written = [_kept(entry) for entry in strays if not writable(entry.path + entry.text)]
    if metadata is None:
        if not written:
            return ()
        raw = "<metadata>" + "".join(_STEP + text for text in written) + "\n  </metadata>"
        return (Markup("metadata", raw=raw),)
    if not written:
        return (Markup("metadata", raw=metadata),)
    return (Markup("metadata", raw=_with_strays(metadata, written)),)


def _with_strays(metadata: str, written: list[str]) -> str:
    strays = "".join(_STEP + text for text in written)
    end = _END_TAG.search(metadata)
    if end is None:  # it ends itself
        return metadata.removesuffix("/>").rstrip() + ">" + strays + "\n  </metadata>"
    at = len(metadata[: end.start()].rstrip())
    return metadata[:at] + strays + metadata[at:]


def _kept(entry: Opaque) -> str:
    path = escape_value(entry.path, "'")
    inside = entry.text if is_element(entry.text) else escape_text(entry.text)
    return f"<kept xmlns='{URI}' path='{path}'>{inside}</kept>"
