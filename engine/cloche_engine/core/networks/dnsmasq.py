"""dnsmasq, which answers names and gives addresses to those who ask (dnsmasq(8)); supervised.

Its files hold nothing but addresses and names of one label: what else a user calls a container
never gets here. It outlives a helper that is killed; the next one ends it and starts its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import grp
import json
import os
import pwd
import re
import select
import shutil
import signal
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.core.networks.ports import Pool
from cloche_engine.monitor.record import start_time, write_whole
from cloche_engine.sandbox.plan.links import ForwardPlan

_FOLDERS = Path("/run/cloche-names")
"""dnsmasq gives its rights up and reads its files as a user who may not enter our own folders."""
_LABEL = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
_RESERVED = frozenset({"localhost", "wpad", "isatap"})
_PATIENCE, _PAUSE = 3.0, 0.01
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_NAMES, _DHCP = 53, 67


@dataclass(frozen=True, slots=True)
class Member:
    """A container as others find it."""

    address: str
    mac: str
    names: tuple[str, ...]
    address6: str = ""


def needed(ports: ForwardPlan, pool: Pool) -> int | None:
    """The port of a forward that it has, or will have: that of names, or that of DHCP."""
    if _program() is None:
        return None
    wanted = range(ports.start, ports.end + 1)
    if _NAMES in wanted and ports.host in {"", *(str(each.gateway.ip) for each in pool.bridges)}:
        return _NAMES
    return _DHCP if _DHCP in wanted and ports.proto == "udp" else None


def may_be_published(name: str) -> bool:
    """Whether a name is one label, and none that programs trust."""
    return bool(_LABEL.fullmatch(name)) and name.lower() not in _RESERVED


def files(members: Iterable[Member]) -> tuple[str, str]:
    """What dnsmasq reads: names by address, and addresses by hardware address."""
    hosts, leases = [], []
    for member in members:
        leases.append(f"{member.mac},{member.address}\n")
        names = [name for name in dict.fromkeys(member.names) if may_be_published(name)]
        if names:
            known = filter(None, (member.address, member.address6))
            hosts += [f"{address} {' '.join(names)}\n" for address in known]
    return "".join(hosts), "".join(leases)


class Dnsmasq:
    """One for all bridges of an engine; `instance` names its folder, `record` says that it runs."""

    def __init__(self, instance: str, record: Path, trouble: Callable[[str], None]) -> None:
        self._folder = _FOLDERS / instance
        self._record = record
        self._trouble = trouble
        self._pid = self._pidfd = -1
        self._wait = _FIRST_WAIT
        self._pool: Pool | None = None
        self._again: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        """Whether it does."""
        return self._pidfd >= 0

    def publish(self, members: Iterable[Member]) -> None:
        """Make names and addresses known."""
        hosts, leases = files(members)
        changed = self._write("hosts", hosts), self._write("leases", leases)
        if self.runs and any(changed):
            signal.pidfd_send_signal(self._pidfd, signal.SIGHUP)

    def _write(self, name: str, text: str) -> bool:
        file = self._folder / name
        with contextlib.suppress(FileNotFoundError):
            if file.read_text() == text:
                return False
        _FOLDERS.mkdir(mode=0o755, exist_ok=True)
        group = _account().pw_gid
        if not self._folder.exists():
            self._folder.mkdir(mode=0o750)
            os.chown(self._folder, 0, group)
        write_whole(file, text.encode())
        os.chown(file, 0, group)
        file.chmod(0o640)
        return True

    async def start(self, pool: Pool) -> None:
        """Start it where it does not run; returns when it answers, or has been told why not."""
        if self.runs:
            return
        self._pool = pool
        program = _program()
        if program is None:
            self._trouble("dnsmasq is not installed: containers have no names and no DHCP")
            return
        self.end_former()
        self._spawn(program, pool)
        await self._until_it_answers(str(pool.bridges[0].gateway.ip))

    def _spawn(self, program: str, pool: Pool) -> None:
        log = self._folder / "log"
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._pid = os.posix_spawn(
            program, [program, *_words(pool, self._folder)], {"PATH": "/usr/sbin:/usr/bin"},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, str(log), write, 0o600),
            ],
            setsid=True,
        )  # fmt: skip
        self._pidfd = os.pidfd_open(self._pid)
        record = {"pid": self._pid, "started": start_time(self._pid)}
        write_whole(self._record, json.dumps(record).encode())
        asyncio.get_running_loop().add_reader(self._pidfd, self._ended)

    def _ended(self) -> None:
        self._forget()
        os.waitpid(self._pid, 0)
        lines = (self._folder / "log").read_text(errors="replace").strip().splitlines()
        why = "".join(one for one in (lines or ["it was ended"])[-1] if one.isprintable())[:300]
        self._trouble(f"dnsmasq ended and is started again: {why}")
        loop = asyncio.get_running_loop()
        self._again = loop.call_later(self._wait, self._start_again)
        self._wait = min(self._wait * 4, _LONGEST_WAIT)

    def _start_again(self) -> None:
        program = _program()
        if program is not None and self._pool is not None:
            self._spawn(program, self._pool)

    def _forget(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1

    async def _until_it_answers(self, server: str) -> None:
        """Ask it for its own version until it says something (RFC 4892)."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        query = b"\x1c\x0e\x01\x00\x00\x01" + bytes(6) + b"\x07version\x04bind\x00\x00\x10\x00\x03"
        while self.runs and loop.time() < deadline:
            link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            with link, contextlib.suppress(OSError, TimeoutError):
                link.connect((server, 53))
                link.send(query)
                await asyncio.wait_for(loop.sock_recv(link, 512), 0.2)
                self._wait = _FIRST_WAIT
                return
            await asyncio.sleep(_PAUSE)

    def end_former(self) -> None:
        """End one that a helper before us started."""
        try:
            kept = json.loads(self._record.read_text())
            pidfd = os.pidfd_open(int(kept["pid"]))
        except (OSError, ValueError, KeyError):
            return
        try:
            if start_time(int(kept["pid"])) == int(kept["started"]):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                select.select([pidfd], [], [], _PATIENCE)  # its addresses are free then
        except OSError:
            pass
        finally:
            os.close(pidfd)

    def leave(self) -> None:
        """Watch it no more; it goes on."""
        if self._again is not None:
            self._again.cancel()
        if self.runs:
            self._forget()

    def stop(self) -> None:
        """End it, and take away its files."""
        pid = self._pid if self.runs else -1
        self.leave()
        if pid >= 0:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.end_former()
        self._record.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # others have theirs there
            _FOLDERS.rmdir()


def _program() -> str | None:
    return shutil.which("dnsmasq", path="/usr/sbin:/usr/bin:/sbin:/bin")


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("dnsmasq")
    except KeyError:
        return pwd.getpwnam("nobody")


def _words(pool: Pool, folder: Path) -> list[str]:
    account = _account()
    networks = [bridge.gateway.network for bridge in pool.bridges]
    return [
        "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file",
        f"--user={account.pw_name}", f"--group={grp.getgrgid(account.pw_gid).gr_name}",
        f"--interface={pool.bridge_pattern}", "--except-interface=lo", "--bind-dynamic",
        "--no-hosts", f"--addn-hosts={folder}/hosts", "--domain-needed", "--bogus-priv",
        "--leasefile-ro", f"--dhcp-hostsfile={folder}/leases", "--dhcp-authoritative", "--no-ping",
        "--dhcp-ignore-names",
        *(f"--dhcp-range={one.network_address},static,{one.netmask},1h" for one in networks),
    ]  # fmt: skip
