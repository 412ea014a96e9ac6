"""What follows the end of a container: `<on_poweroff>`, `<on_reboot>`, `<on_crash>`."""

from __future__ import annotations

from typing import NamedTuple

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.values import child_text, leaf
from cloche_engine.definition.names import short
from cloche_engine.definition.schema.domain import CRASH_ACTIONS, END_ACTIONS
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element


class Lifecycle(NamedTuple):
    """What is to follow; None where the document is silent."""

    on_poweroff: str | None = None
    on_reboot: str | None = None
    on_crash: str | None = None


def read_lifecycle(report: Report, root: Element) -> Lifecycle:
    """The three elements below root."""
    return Lifecycle(
        _action(report, root, "on_poweroff", END_ACTIONS),
        _action(report, root, "on_reboot", END_ACTIONS),
        _action(report, root, "on_crash", CRASH_ACTIONS),
    )


def _action(report: Report, root: Element, name: str, choices: tuple[str, ...]) -> str | None:
    element = root.first(name)
    text = child_text(root, name)
    if element is None or text in choices:
        return text
    reason = f"<{name}> cannot be '{short(text or '')}'"
    place = report.tree.text_place(element)
    report.error(name, place, reason, "possible: " + ", ".join(choices))
    return None


def lifecycle_markup(lifecycle: Lifecycle) -> tuple[Markup, ...]:
    """The elements that are needed."""
    return tuple(
        markup for name, text in lifecycle._asdict().items() for markup in leaf(name, text)
    )
