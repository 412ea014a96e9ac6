"""A caller with another uid: `python -m tests.bus.caller UID TARGET METHOD ARG…`.

Everything is imported before the uid changes, because the interpreter may lie in root's home.
"""

from __future__ import annotations

import asyncio
import os
import sys

import cloche_engine.api.bus  # noqa: F401
import cloche_engine.api.connect
from cloche_engine.api.errors import EngineError


async def main(user: int, target: str, method: str, *words: str) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    try:
        engine = await cloche_engine.api.connect.connect(target)
        arguments = [word.encode() if method == "define" else word for word in words]
        print("allowed", await getattr(engine, method)(*arguments))
        await engine.close()
    except EngineError as error:
        print(type(error).__name__, error)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
