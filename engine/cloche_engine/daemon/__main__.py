"""`cloched`: the helper. Without options it serves the system bus."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from cloche_engine.api.errors import EngineError
from cloche_engine.api.version import VERSION
from cloche_engine.daemon.journal import formatter
from cloche_engine.daemon.run import IDLE_GRACE, OpenEngine, serve_private, serve_system
from cloche_engine.daemon.starter import Starter

_FAILED = 1
_SPARES = 8
"""Monitors that wait for the next starts; each has about 7 MiB of its own with its helpers."""


def main() -> int:
    """Run the helper until it is told to end; 1 and one line on stderr where that fails."""
    options = _parser().parse_args()
    return run(options.private, options.idle)


def run(private: Path | None, idle: float, open_engine: OpenEngine | None = None) -> int:
    """What `main` does after its options are read; tests pass an engine of their own."""
    starter = Starter()
    _leave_terminal()
    os.umask(0o022)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter())
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    try:
        if open_engine is None:
            open_engine = _local_engine()
        if private is None:
            asyncio.run(serve_system(open_engine))
        else:
            asyncio.run(serve_private(private, open_engine, starter, idle))
    except EngineError as error:
        starter.failed(_line(error))
        return _FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        starter.failed(f"cloched: {where}{error.strerror}")
        return _FAILED
    return 0


def _local_engine() -> OpenEngine:
    """The engine of this machine, imported late: `--help` and a bad option need none of it."""
    if os.geteuid() != 0:
        raise EngineError(
            "this helper makes namespaces and mounts and has to be root",
            "start it by pkexec or sudo",
        )
    from cloche_engine.core.engine import LocalEngine  # noqa: PLC0415  # see above

    async def open_warm(directory: Path, runtime: Path, instance: str) -> LocalEngine:
        engine = await LocalEngine.open(directory, runtime, instance, _SPARES)
        engine.warm_up_soon()
        return engine

    return open_warm


def _leave_terminal() -> None:
    """Get out of the starter's session, so that closing his terminal does not end the helper."""
    if os.getsid(0) != os.getpid() and os.getpgid(0) != os.getpid():
        os.setsid()


def _line(error: EngineError) -> str:
    hint = f"; {error.hint}" if error.hint else ""
    return f"cloched: {error.message}{hint}".replace("\n", " ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cloched", description="The helper of Cloche.")
    parser.add_argument("--version", action="version", version=f"cloched {VERSION}")
    parser.add_argument(
        "--private",
        metavar="DIR",
        type=lambda text: Path(text).absolute(),
        help="serve a bus of its own below DIR, for root and the calling user only",
    )
    parser.add_argument(
        "--idle",
        metavar="SECONDS",
        type=float,
        default=IDLE_GRACE,
        help="a private helper ends after this time without clients and containers (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
