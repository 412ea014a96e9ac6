"""Refused system calls, with the call and its arguments as strace(1) writes them.

Nothing of it costs a call that succeeds: arguments become text after the refusal.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from cloche_engine.kernel import constants as k

_P = ParamSpec("_P")
_R = TypeVar("_R")
_LONGEST = 200
_STRUCTURES = {
    "openat2": ("=3Q", ("O_", "", "RESOLVE_")),
    "mount_setattr": ("=4Q", ("MOUNT_ATTR_", "", "MS_", "")),
}
_FLAGS = {
    ("open", 1): ("O_",),
    ("open_tree", 2): ("OPEN_TREE_", "AT_"),
    ("move_mount", 4): ("MOVE_MOUNT_",),
    ("mount_setattr", 2): ("AT_",),
    ("fsmount", 2): ("MOUNT_ATTR_",),
    ("unshare", 0): ("CLONE_",),
    ("setns", 1): ("CLONE_",),
    ("mount", 3): ("MS_",),
    ("umount2", 1): ("MNT_",),
}


class CallError(OSError):
    """A system call that the kernel refused; `call` is it as text.

    Each is also the kind of OSError that its errno has, so FileNotFoundError catches ENOENT.
    """

    call = ""


_KINDS: dict[type[OSError], type[CallError]] = {OSError: CallError}


def refused(number: int, call: str, subject: str | None = None) -> CallError:
    """The error to raise for an errno."""
    kind = type(OSError(number, ""))
    if kind not in _KINDS:
        _KINDS[kind] = type(f"Call{kind.__name__}", (CallError, kind), {})
    error = _KINDS[kind](number, os.strerror(number), subject)
    error.call = call
    return error


def asked(function: Callable[_P, _R], *arguments: _P.args, **named: _P.kwargs) -> _R:
    """What a function of `os` returns; CallError names it where the kernel refuses."""
    try:
        return function(*arguments, **named)
    except OSError as error:
        call = written(function.__name__, [*arguments, *named.values()])
        subject = error.filename if isinstance(error.filename, str) else None
        raise refused(error.errno or 0, call, subject) from error


def call_of(error: BaseException | None) -> str:
    """The call that an error is about, also where it was raised because of it; "" if unknown."""
    while error is not None:
        if isinstance(error, CallError) and error.call:
            return error.call
        error = error.__cause__
    return ""


def written(name: str, arguments: list[object]) -> str:
    """The call as text."""
    shown = (_shown(name, number, each) for number, each in enumerate(arguments))
    return f"{name}({', '.join(shown)})"


def _shown(name: str, position: int, argument: object) -> str:
    value = argument.value if isinstance(argument, ctypes._SimpleCData) else argument  # noqa: SLF001
    if isinstance(value, bytes):
        layout = _STRUCTURES.get(name, ("", ()))[0]
        fits = layout and len(value) == struct.calcsize(layout)
        return _structure(name, value) if fits else _quoted(value.decode(errors="replace"))
    match value:
        case None:
            return "NULL"
        case int():
            return _number(name, position, value)
        case str():
            return _quoted(value)
        case tuple() | list():
            return "[" + ", ".join(_shown("", 0, each) for each in value[:8]) + "]"
        case _:
            return "..."


def _quoted(text: str) -> str:
    plain = "".join(one if one.isprintable() else "\ufffd" for one in text)
    return f'"{plain[:_LONGEST]}"' + ("..." if len(plain) > _LONGEST else "")


def _number(name: str, position: int, value: int) -> str:
    prefixes = _FLAGS.get((name, position))
    if prefixes:
        return _flags(value, prefixes)
    return "AT_FDCWD" if value == k.AT_FDCWD else str(value)


def _structure(name: str, packed: bytes) -> str:
    layout, prefixes = _STRUCTURES[name]
    values = zip(struct.unpack(layout, packed), prefixes, strict=True)
    return "{" + ", ".join(_flags(v, (p,)) if p else str(v) for v, p in values) + "}"


def _flags(value: int, prefixes: tuple[str, ...]) -> str:
    """The names of the bits that are set; what has no name comes as a number."""
    names = []
    for where in (k, os):
        for name in dir(where):
            bits = getattr(where, name) if name.startswith(prefixes) else 0
            if isinstance(bits, int) and bits > 0 and value & bits == bits:
                names.append(name)
                value &= ~bits
    return "|".join([*names, *([hex(value)] if value else [])]) or "0"
