"""`<kept xmlns='urn:cloche:kept' path='...'>`: what has no other place in a dialect.

Several stand in one `<kept>` without a path, because libvirt keeps only one of each namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cloche_engine.definition.domain.verbatim import Verbatim, is_element
from cloche_engine.definition.names import writable
from cloche_engine.definition.spec import Opaque
from cloche_engine.definition.text.markup import Markup, escape_text, escape_value
from cloche_engine.definition.text.tree import Element

URI = "urn:cloche:kept"
KEPT = f"{URI} kept"

_END_TAG = re.compile(r"</\s*[^\s>]+\s*>\Z")
_STEP = "\n    "


def read_kept(verbatim: Verbatim, metadata: Element) -> Iterator[Opaque]:
    """What is kept in `<metadata>`, in order: elements as they are written, otherwise texts."""
    for element in metadata.all(KEPT):
        several = element.all(KEPT) if "path" not in element.attributes else []
        for each in several or [element]:
            inside = verbatim.inner(each).strip() if each.children else each.text
            yield Opaque(each.attributes.get("path", ""), inside)


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
    fitting = [entry for entry in strays if not writable(entry.path + entry.text)]
    if not fitting:
        return () if metadata is None else (Markup("metadata", raw=metadata),)
    written = _kept(fitting[0], f" xmlns='{URI}'")
    if len(fitting) > 1:
        inside = "".join(f"{_STEP}  {_kept(entry)}" for entry in fitting)
        written = f"<kept xmlns='{URI}'>{inside}{_STEP}</kept>"
    whole = _with_strays("<metadata/>" if metadata is None else metadata, _STEP + written)
    return (Markup("metadata", raw=whole),)


def _with_strays(metadata: str, strays: str) -> str:
    end = _END_TAG.search(metadata)
    if end is None:  # it ends itself
        return metadata.removesuffix("/>").rstrip() + ">" + strays + "\n  </metadata>"
    at = len(metadata[: end.start()].rstrip())
    return metadata[:at] + strays + metadata[at:]


def _kept(entry: Opaque, declared: str = "") -> str:
    path = escape_value(entry.path, "'")
    inside = entry.text if is_element(entry.text) else escape_text(entry.text)
    return f"<kept{declared} path='{path}'>{inside}</kept>"
