"""From a command to an engine and back: one loop, one connection."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import PRIVATE, connect, is_new
from cloche_engine.cli.agent import PasswordAgent

Work = Callable[[Engine, argparse.Namespace], Awaitable[int]]


def run(work: Work, options: argparse.Namespace) -> int:
    """Connect, do one command's work, let go; the work's exit status."""
    with contextlib.closing(PasswordAgent()) as agent:
        return asyncio.run(_run(work, options, agent))


async def _run(work: Work, options: argparse.Namespace, agent: PasswordAgent) -> int:
    begins = sys.stderr.isatty() and is_new(options.connect)
    engine = await connect(options.connect, before_password=agent.start)
    if begins:  # it may be a slip of the pen
        from cloche_engine.cli.words import printable  # noqa: PLC0415  # seldom wanted

        place = printable(options.connect.removeprefix(PRIVATE))
        print(f"{place} did not exist: a new helper was started there", file=sys.stderr)
    try:
        return await work(engine, options)
    finally:
        await engine.close()
