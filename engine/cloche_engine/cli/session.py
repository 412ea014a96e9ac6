"""From a command to an engine and back: one loop, one connection."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect

Work = Callable[[Engine, argparse.Namespace], Awaitable[int]]


def run(work: Work, options: argparse.Namespace) -> int:
    """Connect, do one command's work, let go; the work's exit status."""
    return asyncio.run(_run(work, options))


async def _run(work: Work, options: argparse.Namespace) -> int:
    engine = await connect(options.connect)
    try:
        return await work(engine, options)
    finally:
        await engine.close()
