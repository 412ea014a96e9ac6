"""What the Help menu tells: keys, the elements of a definition, where logs lie. HTML without Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.schema.model import Attribute, ElementRule

_DEEPEST = 12
_CONSOLE = (
    ("Select with the keyboard", "Ctrl+Shift+Space"),
    ("Look for text", "Ctrl+Shift+F"),
    ("Scroll by a page", "Shift+Page Up, Shift+Page Down"),
    ("Scroll to the beginning, to the end", "Shift+Home, Shift+End"),
    ("Open a link", "Ctrl+click"),
    ("Close its own window", "Ctrl+Shift+W, and Ctrl+W where nothing is typed"),
    ("Close a recording", "Esc, Ctrl+W"),
)
_XML = (("Propose what may stand here", "Ctrl+Space"),)

Keys = Iterable[tuple[str, str]]


def keys_page(window: Keys) -> str:
    """All shortcuts: the window's as given, by what they do; those of the console and the XML."""
    parts = (("In the window", window), ("In the console", _CONSOLE), ("In the XML", _XML))
    return "".join(f"<h3>{title}</h3>{_table(rows)}" for title, rows in parts)


def reference_page() -> str:
    """Every element of a definition, as the checks know it, indented as it stands."""
    return (
        "<p>What may stand in a definition, on the XML page. An element in <b>bold</b> must be "
        "there. The XML page proposes the same on Ctrl+Space.</p>" + "".join(_elements("", ()))
    )


def places_page(directory: str | None) -> str:
    """Where the helper keeps its files: None before it is connected, empty where in memory."""
    if directory == "":
        return "<p>These containers are in memory only: nothing of them is kept in files.</p>"
    if directory is None:
        return "<p>The helper is not connected: wait until it is, then look here again.</p>"
    place = escape(directory)
    return (
        f"<p>The helper keeps everything in <code>{place}</code>, where root may read it:</p>"
        + _table(
            (
                ("What consoles said last", f"{directory}/logs/UUID.log"),
                ("How the last run ended", f"{directory}/logs/UUID.json"),
            )
        )
        + "<p>The Settings page shows a container's UUID. On the command line "
        "<code>clochectl logs NAME</code> prints its console, and <code>clochectl explain "
        "NAME</code> how its last start went, step by step.</p>"
    )


def _table(rows: Keys) -> str:
    cells = (f"<tr><td>{escape(what)}</td><td>{escape(how)}</td></tr>" for what, how in rows)
    return f"<table cellpadding='4'>{''.join(cells)}</table>"


def _elements(parent: str, above: tuple[str, ...]) -> Iterator[str]:
    if len(above) > _DEEPEST:
        return
    for rule in SCHEMA.children(parent):
        if rule.name in above:
            continue  # an element that may stand in itself
        name = escape(f"<{rule.tag}>")
        shown = f"<b>{name}</b>" if rule.required else name
        yield (
            f"<p style='margin:4px 0 0 {20 * len(above)}px'><code>{shown}</code> "
            f"{escape(_words(rule))}</p>"
        )
        for attribute in rule.attributes:
            yield (
                f"<p style='margin:0 0 0 {20 * len(above) + 28}px'><code>"
                f"{escape(attribute.name)}=</code> {escape(_words(attribute))}</p>"
            )
        yield from _elements(rule.name, (*above, rule.name))


def _words(rule: ElementRule | Attribute) -> str:
    """Help, choices, range and default in one line."""
    extent = _extent(rule)
    parts = (
        rule.help,
        " or ".join(rule.choices),
        f"{extent} {rule.unit}".strip() if extent else "",
        f"without it {rule.default}" if rule.default else "",
    )
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _extent(rule: ElementRule | Attribute) -> str:
    if rule.minimum is None and rule.maximum is None:
        return ""
    if rule.maximum is None:
        return f"at least {rule.minimum}"
    return f"{rule.minimum or 0} to {rule.maximum}"
