"""Text that the user pastes, made safe for the program that gets it."""

import re

_START = b"\x1b[200~"
_END = b"\x1b[201~"
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NEWLINE = re.compile("\r\n|\n")


def clean(text: str) -> str:
    """The text without control characters but tab and newline: it cannot end a bracketed paste."""
    return _UNSAFE.sub("", text)


def encode(text: str, *, bracketed: bool) -> bytes:
    """The bytes to send: newlines as Enter, in brackets when the program asked for them."""
    body = _NEWLINE.sub("\r", clean(text)).encode("utf-8", "replace")
    return _START + body + _END if bracketed else body


def runs_at_once(text: str, *, bracketed: bool) -> bool:
    """Whether a shell would run part of this before the user has seen it."""
    return not bracketed and bool(re.search("[\r\n]", text))
