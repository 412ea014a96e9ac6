"""A caller with another uid: `python -m tests.bus.caller UID TARGET METHOD ARG…`.

Everything is imported before the uid changes, because the interpreter may lie in root's home.
"""

from __future__ import annotations

import asyncio
import os
import sys

from cloche_engine.api.bus import BusEngine
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Samples


async def first_samples(engine: BusEngine) -> Samples:
    heard: asyncio.Queue[Samples] = asyncio.Queue()
    await engine.watch(heard.put_nowait, 0.1)
    return await asyncio.wait_for(heard.get(), 30)


async def main(user: int, target: str, method: str, *words: str) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    try:
        engine = await connect(target)
        assert isinstance(engine, BusEngine)
        arguments = [word.encode() if method == "define" else word for word in words]
        outcome: object
        if method == "watch":
            outcome = await first_samples(engine)
        else:
            outcome = await getattr(engine, method)(*arguments)
        sys.stdout.write(f"allowed {outcome}\n")
        await engine.close()
    except EngineError as error:
        sys.stdout.write(f"{type(error).__name__} {error}\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
