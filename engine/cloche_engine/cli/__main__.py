"""`clochectl`: one command, one exit status, one line on stderr where it failed."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Any

from cloche_engine.api.errors import EngineError
from cloche_engine.cli.options import Command, UsageError, read_options

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def main() -> int:
    """Run one command: 0 done, 1 refused or failed, 2 wrong usage; exec gives the program's own."""
    try:
        command, options = read_options(sys.argv[1:])
        status = _run(command, options)
        sys.stdout.flush()
    except UsageError as error:
        return _fail(str(error), WRONG_USAGE)
    except BrokenPipeError:
        # Who read our output went away; Python's own flush at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the border: every failure is told in one line
        return _fail(_sentence(error), FAILED)
    return status


def _run(command: Command, options: argparse.Namespace) -> int:
    module, _, function = command.where.partition(":")
    work: Any = getattr(importlib.import_module(f"cloche_engine.cli.{module}"), function)
    if command.local:
        status: int = work(options)
        return status
    session: Any = importlib.import_module("cloche_engine.cli.session")
    outcome: int = session.run(work, options)
    return outcome


def _sentence(error: Exception) -> str:
    if isinstance(error, EngineError):
        return f"{error.message}; {error.hint}" if error.hint else error.message
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    return f"this program made a mistake ({type(error).__name__}: {error}); please report it"


def _fail(line: str, status: int) -> int:
    from cloche_engine.cli.words import printable  # noqa: PLC0415  # only where something failed

    print(f"clochectl: {printable(line)}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
