"""A container of the real engine as tests use it: define it, run lines in it, read what it says."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from cloche_engine.api.console import Ended, Output, decode, encode_input
from cloche_engine.api.model import Container, ExecRequest, State
from cloche_engine.core.engine import LocalEngine
from cloche_engine.monitor.protocol import SPARE

APPLETS = """
    cat chmod chown cp dd echo grep head hostname id ip ln ls mkdir mount mv nc nslookup ps readlink
    rm sh sleep stty touch
""".split()


GREEDY = ("/bin/sh", "-c", "x=a; while :; do x=$x$x; done")
"""Takes all the memory that it can get."""


def busybox_root(folder: Path) -> Path:
    """A root tree of a static busybox: nothing in it but /bin."""
    (folder / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "/bin/busybox", folder / "bin/busybox")
    for applet in APPLETS:
        (folder / "bin" / applet).symlink_to("busybox")
    return folder


@dataclass(frozen=True, slots=True)
class Definition:
    """The document of a test container, piece by piece."""

    name: str = "box"
    root: Path | None = None
    mounts: tuple[tuple[object, str, bool], ...] = ()
    program: tuple[str, ...] = ("/bin/sh",)
    inside: str = ""
    around: str = ""

    def text(self) -> bytes:
        """The XML."""
        mounts = (((self.root, "/", False),) if self.root else ()) + self.mounts
        filesystems = "".join(
            f"<filesystem type='mount'><source dir='{escape(str(source))}'/>"
            f"<target dir='{escape(target)}'/>{'<readonly/>' if readonly else ''}</filesystem>"
            for source, target, readonly in mounts
        )
        first, *rest = self.program
        arguments = "".join(f"<arg>{escape(argument)}</arg>" for argument in rest)
        return (
            f"<domain type='linuxcontainer'><name>{self.name}</name><container>{filesystems}"
            f"<application>{escape(first)}</application>{arguments}{self.inside}</container>"
            f"{self.around}</domain>"
        ).encode()


class Box:
    """A defined container; `run` executes a shell line in it while it runs."""

    def __init__(self, engine: LocalEngine, container: Container) -> None:
        self.engine = engine
        self.uuid = container.uuid

    async def start(self) -> Container:
        """Start it."""
        return await self.engine.start(self.uuid)

    async def now(self) -> Container:
        """How it is."""
        return await self.engine.container(self.uuid)

    async def run(self, line: str, user: str = "") -> str:
        """What a shell line prints when run inside, errors included."""
        return (await self.status(line, user))[1]

    async def until_shown(self, line: str, words: str) -> None:
        """Run a shell line until it prints these words."""
        async with asyncio.timeout(20):
            while words not in await self.run(line):
                pass

    async def status(self, line: str, user: str = "") -> tuple[int, str]:
        """Exit status and output of a shell line."""
        stdin, typed = os.pipe()
        out, stdout = os.pipe()
        os.close(typed)
        request = ExecRequest(("sh", "-c", line), user=user, stdio=(stdin, stdout, stdout))
        try:
            link = await self.engine.exec(self.uuid, request)
        finally:
            os.close(stdin)
            os.close(stdout)
        with link, os.fdopen(out, "rb") as reader:
            said = await asyncio.to_thread(reader.read)
            return await ending(link), said.decode()

    async def said(self) -> str:
        """Everything on the console of a container that ends by itself."""
        link = await self.engine.open_console(self.uuid, 24, 200)
        with link:
            return await console_text(link)

    async def until(self, condition: Callable[[Container], bool]) -> Container:
        """Wait until it is as wanted."""
        changed = asyncio.Event()
        stop = self.engine.subscribe(lambda _: changed.set())
        try:
            while not condition(container := await self.now()):
                changed.clear()
                await asyncio.wait_for(changed.wait(), 20)
            return container
        finally:
            stop()

    async def ended(self) -> Container:
        """Wait for its end."""
        return await self.until(lambda c: c.state in {State.STOPPED, State.FAILED})


async def receive(link: socket.socket) -> bytes:
    """The next packet."""
    link.settimeout(0)
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(link, 40000), 20)


async def ending(link: socket.socket) -> int:
    """The exit status that a session tells at its end."""
    while packet := await receive(link):
        frame = decode(packet)
        if isinstance(frame, Ended):
            return frame.code
    raise ConnectionError("the session ended without a status")


async def console_text(link: socket.socket) -> str:
    """All output until the program's end."""
    said = b""
    while packet := await receive(link):
        frame = decode(packet)
        if isinstance(frame, Output):
            said += frame.payload
        if isinstance(frame, Ended):
            break
    return said.decode(errors="replace")


async def read_until(link: socket.socket, pattern: str) -> str:
    """Output until a pattern stands in it."""
    said = ""
    while not re.search(pattern, said):
        packet = await receive(link)
        if not packet:
            raise ConnectionError(f"hung up without {pattern!r} after {said!r}")
        frame = decode(packet)
        if isinstance(frame, Output):
            said += frame.payload.decode(errors="replace")
        if isinstance(frame, Ended):
            raise ConnectionError(f"ended without {pattern!r} after {said!r}")
    return said


def type_in(link: socket.socket, text: str) -> None:
    """Type into a console."""
    for packet in encode_input(text.encode()):
        link.send(packet)


def left_in(runtimes: Path) -> list[str]:
    """What lies there besides the folder of the monitor that waits for the next start."""
    return [path.name for path in runtimes.iterdir() if not path.name.startswith(SPARE)]


Define = Callable[..., Awaitable[Box]]
