"""Switches in `<features>`: a whole system, and privileged."""

from __future__ import annotations

from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.siblings import edited
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.splice import Splicer

_State = tuple[tuple[str, str], ...]


def set_system(document: Document, *, system: bool | None) -> Document:
    """Whether it is a whole system with an init; None leaves it to the default, an application."""
    return edited(document, lambda splicer: _switch(splicer, "system", system))


def set_privileged(document: Document, *, privileged: bool | None) -> Document:
    """Whether its root is the host's root; None leaves it to the default, which is no."""
    return edited(document, lambda splicer: _switch(splicer, "privileged", privileged))


def _switch(splicer: Splicer, name: str, wanted: bool | None) -> None:
    features = splicer.root.first("features")
    present = features.first(name) if features is not None else None
    if present is not None:
        is_on = present.attributes.get("state", "on").strip() != "off"
        if wanted is None:
            splicer.remove(present)
        elif wanted is not is_on:
            splicer.set_attribute(present, "state", None if wanted else "off")
        return
    if wanted is None:
        return
    markup = Markup(name, () if wanted else (("state", "off"),))
    if features is None:
        splicer.add(splicer.root, Markup("features", children=(markup,)))
    else:
        splicer.add(features, markup)
