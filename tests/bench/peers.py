"""The peers that a start is measured beside: crun, LXC, libvirt, bubblewrap, and the floor in C.

All run the same busybox root from a folder, in namespaces of their own (pid, mount, uts, ipc, net
with nothing but lo; libvirt's NAT for libvirt), with 512 shares and 64 MiB where the peer knows
control groups. None of them gets a user namespace, and but for libvirt no terminal (their
defaults): this flatters them.

crun refuses a machine whose tree is hybrid (v1 controllers, and a v2 tree in `unified`). So a
thread of ours enters a mount namespace of its own without that mount and starts crun from there: a
child inherits it from the thread, at no cost. LXC leaves its control groups behind on such a
machine; they have a name of ours and are removed. `lxc.init.cmd` splits at blanks and keeps quotes:
no shell command fits there, so the program is a script in the root. Killing bubblewrap's outer
process leaves the inner one alive at times, --die-with-parent or not: the inner one is killed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from tests.bench import libvirt
from tests.bench.roots import PROGRAM, FirstByte

from cloche_engine.kernel import constants, syscalls

_CGROUPS = Path("/sys/fs/cgroup")
_UNIFIED = _CGROUPS / "unified"
_NAME = f"cloche-bench-{os.getpid()}"
_SHARES, _MEMORY = 512, 64 << 20
_LONGEST_END, _PAUSE = 10.0, 0.02


class Peer(Protocol):
    """Starts one container and takes it away again."""

    def __call__(self) -> float:
        """Milliseconds from the command to the first byte of the program."""
        ...


class Crun:
    """`crun run -d`."""

    def __init__(self, root: Path, folder: Path, name: str = _NAME) -> None:
        self._root, self._folder, self._name = root, folder, name
        self._world = ThreadPoolExecutor(1, initializer=without_unified)
        subprocess.run(["crun", "spec"], cwd=folder, check=True)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(self._adapted(config)))

    def _adapted(self, config: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        config["root"]["path"] = str(self._root)
        config["process"] |= {"terminal": False, "args": list(PROGRAM)}
        config["linux"] |= {
            "cgroupsPath": f"/{_NAME}/{self._name}",
            "resources": {"cpu": {"shares": _SHARES}, "memory": {"limit": _MEMORY}},
        }
        return config

    def _command(self, *arguments: str | Path) -> list[str | Path]:
        return ["crun", "--root", self._folder / "state", "--cgroup-manager=cgroupfs", *arguments]

    def __call__(self) -> float:
        """Milliseconds from the command to the first byte of the program."""
        return self._world.submit(self._start).result()

    @property
    def start_command(self) -> list[str | Path]:
        """Starts it and returns; for several at once, from threads that `without_unified` made."""
        return self._command("run", "-d", "--no-new-keyring", "-b", self._folder, self._name)

    @property
    def end_command(self) -> list[str | Path]:
        """Ends what that started."""
        return self._command("delete", "-f", self._name)

    def _start(self) -> float:
        first = FirstByte(self._root)
        try:
            with _started(self.start_command):
                return first.wait()
        finally:
            subprocess.run(self.end_command, check=False)

    def close(self) -> None:
        """Let go of the thread."""
        self._world.shutdown()


def without_unified() -> None:
    """Enter a world that crun accepts."""
    syscalls.unshare(constants.CLONE_NEWNS)
    syscalls.make_slave("/")
    if _UNIFIED.is_mount():
        syscalls.detach(str(_UNIFIED))


class Lxc:
    """`lxc-start -d`."""

    def __init__(self, root: Path, folder: Path, name: str = _NAME) -> None:
        self._root, self._folder, self._name = root, folder, name
        (folder / name).mkdir()
        (folder / name / "config").write_text("\n".join(self._config()) + "\n")

    @property
    def start_command(self) -> list[str | Path]:
        """Starts it and returns."""
        return ["lxc-start", *self._where, "-d"]

    @property
    def end_command(self) -> list[str | Path]:
        """Ends what that started."""
        return ["lxc-stop", *self._where, "-k"]

    @property
    def _where(self) -> list[str | Path]:
        return ["-P", self._folder, "-n", self._name]

    def _config(self) -> Iterator[str]:
        yield f"lxc.uts.name = {self._name}"
        yield f"lxc.rootfs.path = dir:{self._root}"
        yield f"lxc.init.cmd = {' '.join(PROGRAM)}"
        yield "lxc.net.0.type = empty"
        yield "lxc.mount.auto = proc:mixed sys:ro"
        yield f"lxc.cgroup.dir = {_NAME}/{self._name}"
        if (_CGROUPS / "memory").is_dir():
            yield f"lxc.cgroup.cpu.shares = {_SHARES}"
            yield f"lxc.cgroup.memory.limit_in_bytes = {_MEMORY}"
        else:
            yield f"lxc.cgroup2.memory.max = {_MEMORY}"

    def __call__(self, look: Callable[[int], None] | None = None) -> float:
        """Milliseconds to the first byte; `look` sees the pid of the init before all is removed."""
        first = FirstByte(self._root)
        try:
            with _started(self.start_command):
                taken = first.wait()
            if look:
                look(int(_output("lxc-info", *self._where, "-p", "-H")))
            return taken
        finally:
            subprocess.run(self.end_command, check=False)


class Bubblewrap:
    """`bwrap`, which knows no control groups and stays in the foreground."""

    def __init__(self, root: Path, _: Path) -> None:
        self._root = root

    def __call__(self) -> float:
        """Milliseconds from the command to the first byte of the program."""
        mounts = ["--bind", str(self._root), "/", "--proc", "/proc", "--dev", "/dev"]
        first = FirstByte(self._root)
        with _started(["bwrap", "--unshare-all", *mounts, *PROGRAM]) as outer:
            try:
                return first.wait()
            finally:
                children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text()
                for pid in children.split():
                    os.kill(int(pid), signal.SIGKILL)


class Floor:
    """A program in C that makes a user namespace, a veth and the rest by system calls alone."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._program = folder / "floor"
        source = Path(__file__).with_name("floor.c")
        subprocess.run(["cc", "-O2", "-o", self._program, source], check=True)

    def __call__(self) -> float:
        """Milliseconds from the command to the first byte of the program."""
        first = FirstByte(self._root)
        outside = f"clvfloor{os.getpid()}"[:15]
        with _started([self._program, self._root, outside, *PROGRAM]) as process:
            try:
                return first.wait()
            finally:
                process.kill()


def _output(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def _started(command: Sequence[str | Path]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        except TimeoutError as error:
            process.kill()
            said = process.stderr.read().decode().strip() if process.stderr else ""
            raise RuntimeError(f"{command[0]} started nothing: {said}") from error


@contextmanager
def installed_peers(
    root: Path, folder: Path, *, with_libvirt: bool = False
) -> Iterator[dict[str, Peer]]:
    """Those that are installed, ready to be measured; all of theirs is gone afterwards."""
    peers: dict[str, Peer] = {}
    with ExitStack() as cleanup:
        cleanup.callback(remove_control_groups)
        if shutil.which("crun"):
            peers["crun run -d"] = crun = Crun(root, _made(folder / "crun"))
            cleanup.callback(crun.close)
        if shutil.which("lxc-start"):
            peers["lxc-start -d"] = Lxc(root, _made(folder / "lxc"))
        if shutil.which("bwrap"):
            peers["bwrap"] = Bubblewrap(root, folder)
        if shutil.which("cc"):
            peers["floor in C"] = Floor(root, folder)
        if with_libvirt and libvirt.is_installed():
            running = libvirt.private_libvirt(root, folder / "libvirt", _NAME)
            peers |= cleanup.enter_context(running)
        yield peers


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def remove_control_groups() -> None:
    """Remove what peers leave of them."""
    names = _NAME, libvirt.partition(_NAME)
    for top in [path for name in names for path in (_CGROUPS / name, *_CGROUPS.glob(f"*/{name}"))]:
        for folder, _, _ in os.walk(top, topdown=False):
            _remove_when_free(Path(folder))


def _remove_when_free(folder: Path) -> None:
    deadline = time.monotonic() + _LONGEST_END
    while True:
        try:
            folder.rmdir()
        except OSError as error:  # busy: a peer's monitor ends a moment after its container
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return
