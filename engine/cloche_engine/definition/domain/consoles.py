"""`<console>`: how many terminals the container has, and what they were on the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element


class Consoles(NamedTuple):
    """How many there are, None where there is none; the terminals of the host that they name."""

    consoles: int | None
    console_ttys: tuple[str | None, ...]


def console_elements(root: Element) -> list[Element]:
    """The consoles that are terminals."""
    return [each for each in _all(root) if _is_terminal(each)]


def other_consoles(root: Element) -> list[Element]:
    """The consoles of another kind, which are no container's."""
    return [each for each in _all(root) if not _is_terminal(each)]


def read_consoles(root: Element) -> Consoles:
    """How many are terminals, and what @tty names, up to the last that names one."""
    elements = console_elements(root)
    ttys = [element.attributes.get("tty") or None for element in elements]
    while ttys and ttys[-1] is None:
        ttys.pop()
    return Consoles(len(elements) or None, tuple(ttys))


def _is_terminal(console: Element) -> bool:
    return console.attributes.get("type", "pty") == "pty"


def _all(root: Element) -> list[Element]:
    devices = root.first("devices")
    return devices.all("console") if devices is not None else []


def plain_consoles(count: int | None, ttys: Sequence[str | None]) -> tuple[Markup, ...]:
    """That many consoles, as the RFC writes them."""
    named = [*ttys, *(None,) * (count or 0)][: count or 0]
    return tuple(Markup("console", (("tty", tty),)) for tty in named)


def consoles_markup(count: int | None) -> tuple[Markup, ...]:
    """That many consoles, as libvirt writes them."""
    return tuple(
        Markup(
            "console",
            (("type", "pty"),),
            children=(Markup("target", (("type", "lxc"), ("port", str(port)))),),
        )
        for port in range(count or 0)
    )
