"""Text that containers may have a hand in, safe to show: controls are seen, not obeyed."""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r+\n")
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")


def line(text: str) -> str:
    r"""One line: a control character is written out (\x1b), any kind of space is one space."""
    return "".join(" " if one.isspace() else _seen(one) for one in text).strip()


def lines(text: str) -> str:
    """Text with its lines and tabs; colours are left out, other controls are written out."""
    plain = _COLOURS.sub("", _LINE_END.sub("\n", text))
    return "".join(one if one in "\n\t" else _seen(one) for one in plain)


def _seen(one: str) -> str:
    """A character as it may be shown; reordering marks and broken UTF-8 are no text either."""
    if one.isprintable():
        return one
    return " " if one.isspace() and one > "\x7f" else one.encode("unicode_escape").decode()
