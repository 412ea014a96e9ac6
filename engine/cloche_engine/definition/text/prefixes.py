"""Prefixes of XML namespaces: what is bound where, and a name as the tree has it (`URI NAME`)."""

from __future__ import annotations

from collections.abc import Mapping

from cloche_engine.definition.text.tree import MAX_DEPTH, Element, Tree

Bindings = tuple[Mapping[str, str], ...]
"""URIs by their prefix, of the innermost element first; names without a prefix have the empty."""

_XMLNS = "xmlns"


def rebound(outer: Bindings, attributes: Mapping[str, str]) -> Bindings:
    """What is bound in an element, from what is bound around it and its attributes as written."""
    own = {
        name[len(_XMLNS) + 1 :]: uri
        for name, uri in attributes.items()
        if name == _XMLNS or name.startswith(f"{_XMLNS}:")
    }
    return (own, *outer)[:MAX_DEPTH] if own else outer


def full_name(written: str, bindings: Bindings) -> str:
    """An element's name as the tree has it; as it is written where its prefix is not bound."""
    prefix, _, local = written.rpartition(":")
    uri = next((each[prefix] for each in bindings if prefix in each), "")
    return f"{uri} {local}" if uri else written


def prefixed(local: str, uri: str, bindings: Bindings) -> str | None:
    """How an element of a namespace is written there; None where no prefix is bound to it."""
    for each in bindings:
        for prefix in (prefix for prefix, bound in each.items() if bound == uri):
            written = f"{prefix}:{local}" if prefix else local
            if full_name(written, bindings) == f"{uri} {local}":  # else it is another's further in
                return written
    return None


def bindings_at(tree: Tree, element: Element) -> Bindings:
    """What is bound in an element of a tree."""
    outer = bindings_at(tree, element.parent) if element.parent is not None else ()
    values = tree.tag(element).values.items()
    return rebound(outer, {key: tree.body[at.start : at.end].decode() for key, at in values})
