"""`<console>`: how many terminals the container has."""

from __future__ import annotations

from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element


def console_elements(root: Element) -> list[Element]:
    """The consoles that are terminals; another kind is no container's."""
    devices = root.first("devices")
    found = devices.all("console") if devices is not None else []
    return [element for element in found if element.attributes.get("type", "pty") == "pty"]


def read_consoles(root: Element) -> int | None:
    """How many consoles stand below `<devices>`, None where there is none."""
    return len(console_elements(root)) or None


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
