"""How a container is asked to end, edited in its own element."""

from __future__ import annotations

from cloche_engine.definition.container.stopping import Stopping, stopping_markup
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.siblings import container_of, edited
from cloche_engine.definition.text.splice import Splicer


def set_stop(document: Document, signal: str | None, grace: int | None) -> Document:
    """The signal of a stop and its seconds; None leaves it to the default."""
    return edited(document, lambda splicer: _set(splicer, Stopping(signal, grace)))


def _set(splicer: Splicer, wanted: Stopping) -> None:
    container = splicer.container
    present = container.first("stop") if container is not None else None
    markup = stopping_markup(wanted)
    if present is None:
        for element in markup:
            splicer.add(container_of(splicer), element)
    elif not markup:
        splicer.remove(present)
    else:
        grace = None if wanted.stop_grace is None else str(wanted.stop_grace)
        splicer.set_attribute(present, "signal", wanted.stop_signal)
        present = container_of(splicer).first("stop") or present
        splicer.set_attribute(present, "grace", grace)
