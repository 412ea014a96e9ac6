"""A private helper of the real engine, for the time of one benchmark."""

from __future__ import annotations

import os
import select
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from xml.sax.saxutils import quoteattr

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect
from cloche_engine.kernel.constants import CLONE_NEWNET
from cloche_engine.kernel.netlink import Netlink
from cloche_engine.kernel.syscalls import unshare

_DOCUMENT = """<domain type='linuxcontainer'>
  <name>{name}</name>
  <container>
    <filesystem type='mount'>
      <source dir={root}/>
      <target dir='/'/>
    </filesystem>
    <application>/bin/busybox</application>
    <arg>sh</arg>
    <arg>/first</arg>
    {interface}
  </container>
  <cpushare>512</cpushare>
  <memory unit='MiB'>64</memory>
</domain>
"""


MANAGED = "<interface type='network'><source network='default'/></interface>"
"""What the window's dialog writes for a new container: the managed network, with NAT."""


def document(name: str, root: Path, interface: str = "") -> bytes:
    """The definition that all benchmarks start: the busybox root with both limits."""
    text = _DOCUMENT.format(name=name, root=quoteattr(str(root)), interface=interface)
    return text.encode()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for roots and state, open enough that a container's ids may enter it."""
    with tempfile.TemporaryDirectory(prefix="cloche-bench-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@asynccontextmanager
async def private_engine(state: Path) -> AsyncIterator[Engine]:
    """The engine of a helper of its own; its containers, and it, are gone afterwards."""
    engine = await connect(f"private:{state}")
    try:
        yield engine
    finally:
        await remove_all(engine)
        helper = helper_pid(state)
        await engine.close()
        _end(helper)


async def remove_all(engine: Engine) -> None:
    """End and forget every container."""
    for container in await engine.containers():
        if container.state.is_live:
            await engine.kill(container.uuid)
        await engine.undefine(container.uuid)


def own_network() -> None:
    """This process and what it starts get a network namespace: nothing of the host's changes."""
    unshare(CLONE_NEWNET)
    with Netlink() as netlink:
        netlink.switch_on(1)


def helper_pid(state: Path) -> int:
    """The process that serves `--private STATE`."""
    wanted = [b"--private", os.fsencode(state)]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if wanted == arguments[-3:-1]:
            return int(path.parent.name)
    raise ProcessLookupError(f"no helper serves {state}")


def _end(pid: int) -> None:
    ended = os.pidfd_open(pid)
    signal.pidfd_send_signal(ended, signal.SIGTERM)
    if not select.select([ended], [], [], 10)[0]:
        signal.pidfd_send_signal(ended, signal.SIGKILL)
    os.close(ended)
