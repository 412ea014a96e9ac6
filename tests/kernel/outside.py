"""What a network test needs around the engine: commands, servers, and a neighbour outside."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from cloche_engine.kernel.constants import CLONE_NEWNET
from cloche_engine.kernel.syscalls import setns

T = TypeVar("T")

HELLO = "until nc -w 5 {} 7007 </dev/null; do sleep 0.05; done"
"""What says hello when an Answerer at that address is reached."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so that nobody tells of."""
    for _ in range(1500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


def ip(*arguments: str) -> str:
    """What ip(8) says in the network of the test."""
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def nft(*words: str) -> str:
    """What nft(8) says in the network of the test."""
    return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout


def tables() -> list[str]:
    """Our own, each as `table FAMILY NAME`."""
    return sorted(line for line in nft("list", "tables").splitlines() if "cloche_" in line)


@dataclass(frozen=True, slots=True)
class Outside:
    """A network namespace at the other end of a cable; `link` is this end, `far` the other."""

    pid: int
    link: str = "uplink"
    far: str = "far"

    def run(self, *command: str) -> str:
        """What a command says out there."""
        words = ["nsenter", "--net", "--target", str(self.pid), *command]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def within(self, make: Callable[[], T]) -> T:
        """What is made in a thread out there: sockets stay where they were made."""

        def there() -> T:
            with Path(f"/proc/{self.pid}/ns/net").open("rb") as network:
                setns(network.fileno(), CLONE_NEWNET)
            return make()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(there).result()

    def has(self, address: str) -> None:
        """Give the far end an address."""
        self.run("ip", "addr", "add", address, "dev", self.far)


@contextlib.contextmanager
def outside() -> Iterator[Outside]:
    """A neighbour of the test's own network, with a cable that is switched on at both ends."""
    command = ["unshare", "--net", "sh", "-c", "echo ready; exec sleep 600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            there = Outside(process.pid)
            ip("link", "add", there.link, "type", "veth", "peer", "name", there.far,
               "netns", str(process.pid))  # fmt: skip
            ip("link", "set", there.link, "up")
            for link in ("lo", there.far):
                there.run("ip", "link", "set", link, "up")
            yield there
        finally:
            process.kill()


class Answerer:
    """Says hello to whoever connects to an address of its network; `callers` are who did."""

    def __init__(self, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._server = socket.create_server((address, 7007), family=family)
        self.callers: list[str] = []

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()
        return self

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, peer = self._server.accept()
                self.callers.append(peer[0])
                with link:
                    link.sendall(b"hello\n")

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()
