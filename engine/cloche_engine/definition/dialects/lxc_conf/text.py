"""The syntax of LXC's configuration: entries, words of a command, fields of an fstab line."""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.conf.lines import Entry, Line

_SPACE = " \t\n\v\f\r"
_ESCAPE = re.compile(r"\\(040|011|012|134)")
_ESCAPED = re.compile(r"[ \t\n\\]")
_FIELD = re.compile(r"[^ \t]+")


def parse_line(line: Line) -> Entry | None:
    """The key and value of a line, None for comments; a line without `=` has an empty key.

    Quotes around the whole value go, `#` within it stays: so liblxc reads it.
    """
    text = line.text.strip(_SPACE)
    if not text or text.startswith("#"):
        return None
    start = line.text.index(text[0])
    key, equals, value = text.partition("=")
    if not equals:
        return Entry(line, "", text, start, start)
    key = key.rstrip(_SPACE)
    index = start + text.index("=") + 1 + len(value) - len(value.lstrip(_SPACE))
    value = value.strip(_SPACE)
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        return Entry(line, key, value[1:-1], start, index + 1)
    return Entry(line, key, value, start, index)


def assignment(key: str, value: str) -> str | None:
    """A line that reads back as that value; None where no line can."""
    if names.valid_line(value):
        return None
    bare = value == value.strip(_SPACE) and not (value[:1] in "\"'" and value[:1] == value[-1:])
    return f"{key} = {value}" if bare else f'{key} = "{value}"'


def split_at_spaces(text: str) -> tuple[str, ...]:
    """The command of lxc-start as liblxc splits it: quotes are letters."""
    return tuple(filter(None, text.split(" ")))


def split_words(text: str) -> tuple[str, ...]:
    """The command of lxc-execute as liblxc splits it: quotes at the beginning of a word count."""
    words: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in _SPACE:
            at += 1
        elif text[at] in "\"'":
            end = text.find(text[at], at + 1)
            if end < 0:
                break
            words.append(text[at + 1 : end])
            at = end + 1
        else:
            found = re.compile(rf"[^{_SPACE}]+").match(text, at)
            word = found[0] if found else text[at:]
            words.append(word)
            at += len(word)
    return tuple(words)


def join_words(words: tuple[str, ...]) -> str | None:
    """The command of lxc-execute with these words; None where one of them cannot be written."""
    quoted = [_quoted(word) for word in words]
    return None if None in quoted else " ".join(filter(None, quoted))


def _quoted(word: str) -> str | None:
    if word and word[0] not in "\"'" and not any(letter in _SPACE for letter in word):
        return word
    return next((f"{quote}{word}{quote}" for quote in "\"'" if quote not in word), None)


def fields(text: str) -> list[tuple[str, int]]:
    """The fields of an fstab line, characters given by number resolved, and where each stands."""
    return [(_plain(found[0]), found.start()) for found in _FIELD.finditer(text)]


def escaped(field: str) -> str:
    """A field of an fstab line with its spaces and backslashes written as numbers."""
    return _ESCAPED.sub(lambda found: f"\\{ord(found[0]):03o}", field)


def _plain(field: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), field)
