"""Definitions from files and from standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cloche_engine.api.errors import EngineError, InvalidDefinitionError
from cloche_engine.cli import words
from cloche_engine.definition.problem import Problem
from cloche_engine.definition.text.source import ENOUGH


def read(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`; at most a megabyte of them."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(ENOUGH)
        with Path(name).open("rb") as file:
            return file.read(ENOUGH)
    except OSError as error:
        raise EngineError(
            f"cannot read {name}: {error.strerror}", "check the name and your permissions"
        ) from error


def opened(name: str, flags: int = 0) -> int:
    """A descriptor to read a file or a folder by."""
    try:
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC | flags)
    except OSError as error:
        raise EngineError(
            f"cannot read {name}: {error.strerror}", "check the name and your permissions"
        ) from error


def replace(name: str, data: bytes) -> None:
    """Put other bytes in the place of a file's, at once; mode, owner and attributes stay."""
    file = Path(name).resolve()
    if not file.is_file():
        raise EngineError(f"{name} is no regular file", "mend it from standard input: -")
    try:
        _replace(file, data)
    except OSError as error:
        raise EngineError(
            f"cannot write {name}: {error.strerror}", "check your permissions there"
        ) from error


def _replace(file: Path, data: bytes) -> None:
    import tempfile  # noqa: PLC0415  # a tenth of the time of a command that mends nothing

    made, new = tempfile.mkstemp(dir=file.parent, prefix=".clochectl.")
    try:
        with os.fdopen(made, "wb") as out:
            _be_like(file, out.fileno())
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(new).replace(file)
    except BaseException:
        Path(new).unlink()
        raise


def _be_like(file: Path, made: int) -> None:
    """Give a new file what the old one has; only root can give it to somebody else."""
    old = file.stat()
    new = os.fstat(made)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(made, old.st_uid, old.st_gid)
    os.fchmod(made, old.st_mode & 0o7777)
    for attribute in os.listxattr(file):
        if os.getxattr(file, attribute) != _attribute(made, attribute):
            os.setxattr(made, attribute, os.getxattr(file, attribute))


def _attribute(file: int, name: str) -> bytes | None:
    try:
        return os.getxattr(file, name)
    except OSError:
        return None


def write_out(data: bytes) -> None:
    """Bytes on standard output, as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def number(name: str) -> str | None:
    """The number that a file is named by: OpenVZ's 101.conf is container 101."""
    stem = Path(name).stem
    return stem if stem.isascii() and stem.isdecimal() else None


def shown(name: str) -> str:
    """How a file is called in messages."""
    return "<stdin>" if name == "-" else name


def refusal(errors: Sequence[Problem], name: str) -> InvalidDefinitionError:
    """The error for a file with these; of several each is told in a line of its own before."""
    if len(errors) > 1:
        for problem in errors:
            print(words.printable(problem.render(shown(name))), file=sys.stderr)
        said = f"{shown(name)}: {len(errors)} errors"
        return InvalidDefinitionError(said, "correct what is told above, with its line")
    first = errors[0]
    place = f"{shown(name)}:{first.line}:{first.column}"
    return InvalidDefinitionError(f"{place}: {first.code}: {first.reason}", first.hint)
