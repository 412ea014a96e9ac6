"""What the host says of a container, beside the window: /proc, control groups, clochectl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cloche_engine.api.model import State
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.host.cgroups import tree as cgroups
from cloche_engine.host.cgroups.v2 import weight_of
from cloche_engine.sandbox.plan.limits import DEFAULT_SHARES

_NAMESPACES = ("user", "mnt", "pid", "uts", "ipc", "net", "cgroup")
_IDS = 65536


class FailedError(Exception):
    """Something did not hold; the sentence says what."""


def demand(holds: object, otherwise: str) -> None:
    """Fail with this sentence where it does not hold."""
    if not holds:
        raise FailedError(otherwise)


@dataclass(frozen=True, slots=True)
class Host:
    """Looks at the containers of one private helper from outside of the window."""

    state: Path

    def clochectl(self, *words: str) -> str:
        """What a clochectl of its own process answers."""
        target = f"private:{self.state}"
        done = subprocess.run(
            [sys.executable, "-m", "cloche_engine.cli", "--connect", target, *words],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        demand(done.returncode == 0, f"clochectl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def show(self, name: str) -> dict[str, Any]:
        """`clochectl --json show NAME`."""
        shown: dict[str, Any] = json.loads(self.clochectl("--json", "show", name))
        return shown

    def spec(self, name: str) -> ContainerSpec:
        """What the stored definition means."""
        return Document.parse(self.clochectl("xml", name).encode()).compiled()

    def inside(self, name: str, *words: str) -> str:
        """What a program run inside says."""
        return self.clochectl("exec", name, "--", *words).strip()

    def clear(self) -> None:
        """End and remove every container, so that a walk that failed leaves none."""
        if not self.state.exists():
            return
        for container in json.loads(self.clochectl("--json", "list")):
            if State(container["state"]).is_live:
                self.clochectl("kill", container["uuid"])
            self.clochectl("undefine", container["uuid"])

    def compare(self, name: str) -> list[Path]:
        """Check all that the kernel says against the definition; its control groups come back."""
        pid, spec = self.show(name)["pid"], self.spec(name)
        demand(pid, f"{name} has no process on the host")
        process = Path("/proc", str(pid))
        self._compare_process(name, process, spec)
        self._compare_users(process)
        self._compare_addresses(name, spec)
        for kind in _NAMESPACES:
            demand(
                self._namespace(name, process, kind) != _link(Path("/proc/self/ns", kind)),
                f"process {pid} is in the host's {kind} namespace",
            )
        return _compare_limits(process, spec)

    def _compare_process(self, name: str, process: Path, spec: ContainerSpec) -> None:
        words = process.joinpath("cmdline").read_bytes().split(b"\0")[:-1]
        demand(
            tuple(map(os.fsdecode, words)) == spec.program,
            f"process {process.name} runs {words}, the definition says {spec.program}",
        )
        pids = _field(process, "NSpid")
        demand(pids[0] == process.name and pids[-1] == "1", f"it is no process 1 inside: {pids}")
        hostname = self.inside(name, "cat", "/proc/sys/kernel/hostname")
        demand(hostname == spec.effective_hostname, f"the hostname inside is {hostname!r}")

    def _compare_users(self, process: Path) -> None:
        for file in ("uid_map", "gid_map"):
            first, outside, count = map(int, process.joinpath(file).read_text().split())
            demand(
                first == 0 and outside >= _IDS and count == _IDS,
                f"{process / file} maps {count} ids from {outside}: not a user range of its own",
            )
            owner = _field(process, file[0].upper() + "id")[0]
            demand(owner == str(outside), f"root inside is {owner} outside, not {outside}")

    def _compare_addresses(self, name: str, spec: ContainerSpec) -> None:
        addresses = [text.partition("/")[0] for text in self.show(name)["addresses"]]
        demand(bool(addresses) == bool(spec.interfaces), f"its addresses are {addresses}")
        known = set(self.inside(name, "cat", "/proc/net/fib_trie").split())
        if any(":" in address for address in addresses):
            known |= set(self.inside(name, "cat", "/proc/net/if_inet6").split())
        for address in addresses:
            written = address if "." in address else f"{int(ip_address(address)):032x}"
            demand(written in known, f"nothing inside has the address {address}")

    def _namespace(self, name: str, process: Path, kind: str) -> str:
        try:
            return _link(process / "ns" / kind)
        except PermissionError:  # only root may look; the container may look at itself
            return self.inside(name, "readlink", f"/proc/1/ns/{kind}")


def _compare_limits(process: Path, spec: ContainerSpec) -> list[Path]:
    layout = cgroups.detect()
    cpu, memory = layout.with_controller("cpu"), layout.with_controller("memory")
    if cpu is None or memory is None:
        raise FailedError("this host has no control groups for processor and memory")
    groups = {tree.path: _group(process, tree) for tree in (cpu, memory)}
    shares = spec.cpu.shares or DEFAULT_SHARES
    file, expected = (
        ("cpu.shares", shares) if cpu.version == 1 else ("cpu.weight", weight_of(shares))
    )
    found = groups[cpu.path].joinpath(file).read_text().strip()
    demand(found == str(expected), f"{file} is {found}, the definition asks for {expected}")
    file = "memory.limit_in_bytes" if memory.version == 1 else "memory.max"
    found = groups[memory.path].joinpath(file).read_text().strip()
    if spec.memory.max_kib is not None:
        expected = spec.memory.max_kib * 1024
        demand(found == str(expected), f"{file} is {found}, the definition asks for {expected}")
    else:
        demand(found == "max" or int(found) > 1 << 60, f"{file} is {found}, without a limit")
    return list(groups.values())


def _group(process: Path, tree: cgroups.Hierarchy) -> Path:
    """The control group of a process in a tree, as cgroups(7) has it."""
    for line in process.joinpath("cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        is_unified = number == "0" and tree.version == 2
        if is_unified or (tree.version == 1 and tree.controllers & set(controllers.split(","))):
            demand("cloche" in Path(path).parts, f"it is in the group {path}, not in one of ours")
            return tree.path / path.lstrip("/")
    raise FailedError(f"it is in no control group below {tree.path}")


def _link(path: Path) -> str:
    return path.readlink().as_posix()


def _field(process: Path, name: str) -> list[str]:
    for line in process.joinpath("status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.split()[1:]
    raise FailedError(f"{process}/status has no {name}")
