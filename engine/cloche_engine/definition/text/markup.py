"""New elements as text: escaping, indentation, quotes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cloche_engine.definition.names import writable

_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_VALUE = {"&": "&amp;", "<": "&lt;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
_QUOTES = {"'": "&apos;", '"': "&quot;"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text around looks: line end, one step of indentation, quote; inline has no lines."""

    newline: str = "\n"
    step: str = "  "
    quote: str = "'"
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Markup:
    """An element to be written; attributes that are None are left out, raw is its text as it is."""

    name: str
    attributes: tuple[tuple[str, str | None], ...] = ()
    text: str | None = None
    children: tuple[Markup, ...] = ()
    raw: str | None = None

    def render(self, layout: Layout, indent: str = "") -> str:
        """Its text; lines after the first begin with `indent`."""
        if self.raw is not None:
            return self.raw
        written = "".join(
            f" {name}={layout.quote}{escape_value(value, layout.quote)}{layout.quote}"
            for name, value in self.attributes
            if value is not None
        )
        head = f"<{self.name}{written}"
        if self.text is not None:
            return f"{head}>{escape_text(self.text)}</{self.name}>"
        if not self.children:
            return f"{head}/>"
        inner = indent + layout.step
        before = "" if layout.inline else layout.newline + inner
        after = "" if layout.inline else layout.newline + indent
        body = "".join(before + child.render(layout, inner) for child in self.children)
        return f"{head}>{body}{after}</{self.name}>"


def writable_parts(markup: Markup) -> Markup:
    """The markup without the elements that hold characters which XML cannot carry."""
    kept = tuple(map(writable_parts, filter(_is_writable, markup.children)))
    return replace(markup, children=kept)


def _is_writable(markup: Markup) -> bool:
    values = (markup.text, *(value for _, value in markup.attributes))
    return not any(value is not None and writable(value) for value in values)


def escape_text(text: str) -> str:
    """Text between tags; ValueError where XML cannot carry it."""
    return _escape(text, _TEXT)


def escape_value(text: str, quote: str) -> str:
    """An attribute's value between such quotes; ValueError where XML cannot carry it."""
    return _escape(text, {**_VALUE, quote: _QUOTES[quote]})


def _escape(text: str, table: dict[str, str]) -> str:
    if reason := writable(text):
        raise ValueError(reason)
    return text.translate({ord(character): written for character, written in table.items()})
