"""Selected text for the clipboard: the core's HTML made portable, and without what was hidden.

The core names palette colours by variables and swaps colours by a filter; few programs know either.
"""

import html
import re

from cloche_gui.widgets.terminal.cells import Colors
from cloche_gui.widgets.terminal.model import hex_color

_HEAD = re.compile("<style>.*?</style>", re.DOTALL)
_TOKEN = re.compile('<div style="([^"]*)">|<(/div)>|<a [^>]*>|</a>')
_VARIABLE = re.compile(r"var\(--vt-palette-(\d+)\)")
_HIDDEN = "visibility: hidden"
_SWAPPED = "filter: invert(100%);"
_INLINE = "display: inline;"


def portable(text: str, colors: Colors) -> str:
    """The core's HTML as one `pre` with spans; links become plain text, hidden text blanks."""
    parts: list[str] = []
    is_hidden = False
    for piece, style, end in _pieces(text):
        if style is not None and style.startswith(_INLINE):
            is_hidden = _HIDDEN in style
            parts.append(f'<span style="{_plain_style(style.removeprefix(_INLINE), colors)}">')
        elif end:
            parts.append("</span>")
            is_hidden = False
        elif piece:
            parts.append(_blank(piece) if is_hidden else piece)
    body = "".join(parts).removesuffix("</span>")  # the one that closes the whole
    front, back = hex_color(colors.foreground), hex_color(colors.background)
    look = f"font-family: monospace; color: {front}; background-color: {back}"
    return f'<pre style="{look}">{body}</pre>'


def shown(text: str, document: str) -> str:
    """The text without what the program hid: that reads as blanks."""
    if _HIDDEN not in document:
        return text
    parts, is_hidden = [], False
    for piece, style, end in _pieces(document):
        if style is not None:
            is_hidden = _HIDDEN in style
        elif end:
            is_hidden = False
        else:
            parts.append(_blank(piece) if is_hidden else piece)
    lines = html.unescape("".join(parts)).split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")


def _pieces(document: str) -> list[tuple[str, str | None, bool]]:
    """Text, or the style of an element that begins, or that one ends."""
    body = _HEAD.sub("", document, count=1)
    pieces: list[tuple[str, str | None, bool]] = []
    at = 0
    for token in _TOKEN.finditer(body):
        pieces.append((body[at : token.start()], None, False))
        at = token.end()
        if token[1] is not None or token[2]:
            pieces.append(("", token[1], bool(token[2])))
    pieces.append((body[at:], None, False))
    return pieces


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", html.unescape(text))


def _plain_style(style: str, colors: Colors) -> str:
    style = _VARIABLE.sub(lambda match: hex_color(colors.indexed(int(match[1]) & 255)), style)
    if _SWAPPED not in style:
        return style
    declared = dict(
        declaration.split(": ", 1) for declaration in style.split(";") if ": " in declaration
    )
    del declared["filter"]
    front = declared.get("color", hex_color(colors.foreground))
    back = declared.get("background-color", hex_color(colors.background))
    declared |= {"color": back, "background-color": front}
    return "".join(f"{name}: {value};" for name, value in declared.items())
