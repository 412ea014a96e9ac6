"""A host of the test's own: its network with a bridge, its helper, and the kernel's view of both.

The helper lives in a mount namespace as well, so that files can lie in its /usr that are not in
the machine's.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.bus import world
from tests.clochectl import Clochectl
from tests.own_network import own_network

from cloche_engine.host.cgroups import tree as cgroups

BRIDGE, BRIDGE_ADDRESS = "br0", "192.168.1.1"
_LOOPBACK = 1
_WITH_OVERLAY = 'mount -t overlay overlay -o "lowerdir=$0:/usr" /usr && exec "$@"'


@dataclass(frozen=True, slots=True)
class Host(Clochectl):
    """A helper with the real engine, and `clochectl` to speak to it."""

    @contextmanager
    def running(self, *words: str) -> Iterator[IO[bytes]]:
        """What clochectl prints while it runs; at the end it must have succeeded."""
        with subprocess.Popen(
            self.words(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
                assert process.wait(20) == 0
            finally:
                process.kill()

    def inside(self, name: str, *program: str) -> str:
        """What a program prints that runs in a container."""
        return self.ok("exec", name, "--", *program)


@contextmanager
def own_host(directory: Path, usr: Path | None = None) -> Iterator[Host]:
    """The test in a network of its own with a bridge, and a helper there; `usr` lies over /usr."""
    words = world.real_helper_words(directory)
    if usr is not None:
        shell = ["sh", "-c", _WITH_OVERLAY, str(usr)]
        words = ["unshare", "--mount", "--propagation", "private", *shell, *words]
    with _network_with_bridge(), world.helper(directory, words=words) as running:
        yield Host(running.directory)


@contextmanager
def started(host: Host, file: Path) -> Iterator[dict[str, Any]]:
    """A container of this definition, running; killed and removed at the end."""
    uuid = host.json("define", str(file))["uuid"]
    try:
        host.ok("start", uuid)
        yield host.json("show", uuid)
    finally:
        host.run("kill", uuid)
        host.ok("undefine", uuid)


@contextmanager
def _network_with_bridge() -> Iterator[None]:
    with own_network():
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("addr", "add", f"{BRIDGE_ADDRESS}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        yield


def ip(*arguments: str) -> str:
    """What `ip` prints in the host's network."""
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def bridge_ports() -> list[dict[str, Any]]:
    """The links that are ports of the bridge, as the kernel lists them."""
    links: list[dict[str, Any]] = json.loads(ip("-json", "link", "show", "master", BRIDGE))
    return links


@contextmanager
def listening(address: str, port: int) -> Iterator[socket.socket]:
    """A listener on an address of the host."""
    with socket.create_server((address, port)) as server:
        server.settimeout(20)
        yield server


def limit_of(pid: int, controller: str, v1: str, v2: str) -> int:
    """The number in a file of the group that a process is in, whichever version has it."""
    tree = cgroups.detect().with_controller(controller)
    assert tree is not None, f"this host has no {controller} controller"
    path = group_path(Path(f"/proc/{pid}/cgroup").read_text(), controller)
    group = tree.path / path.lstrip("/")
    assert str(pid) in (group / "cgroup.procs").read_text().split()
    return int((group / (v1 if tree.version == 1 else v2)).read_text())


def shares_of(pid: int) -> int:
    """The processor shares the kernel has for a process, in the units of v1."""
    tree = cgroups.detect().with_controller("cpu")
    assert tree is not None
    value = limit_of(pid, "cpu", "cpu.shares", "cpu.weight")
    return value if tree.version == 1 else round(value * 1024 / 100)


def group_path(lines: str, controller: str) -> str:
    """The path of the group with a controller in the lines of a /proc/PID/cgroup."""
    paths: dict[str, str] = {}
    for line in lines.splitlines():
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), path)
    return paths[controller] if controller in paths else paths[""]  # the unified tree names none
