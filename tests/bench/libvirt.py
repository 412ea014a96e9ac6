"""libvirt's driver of containers as a peer, with a libvirtd of its own and libvirt's NAT network.

The daemon lives in mount, pid and network namespaces of its own: what it keeps in fixed places
(/run, /var/lib/libvirt, ...) is on tmpfs, its bridge, its rules and its dnsmasq are nobody else's,
and all of it ends with the first process of the pid namespace, a shell that reaps what the daemon
leaves. It gets two of its drivers only: QEMU's needs a user that another package makes, and none of
the others has to do with a start. virtlogd and the system's bus are not asked for by this driver.

Its control groups lie in a partition of ours, which must exist, with processors and memory nodes in
`cpuset`, before it starts anything. Where the tree is hybrid the v2 part is hidden, as from crun:
libvirt 9.0 takes an empty v2 tree with a child's controllers for its own and fails ("Unable to
create directory /sys/fs/cgroup/unified"). On a machine with nothing but v2 it is left out: untried.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.bench.roots import PROGRAM, FirstByte

_CGROUPS = Path("/sys/fs/cgroup")
_PROGRAMS = ("libvirtd", "virsh", "dnsmasq", "iptables", "unshare")
_DRIVERS = ("lxc", "network")
_LONGEST_CALL, _LONGEST_END = 30, 10
_SCRIPT = """
for place in /run /var/lib /var/log /var/cache /etc/libvirt; do mount -t tmpfs none $place; done
mount -t proc proc /proc
! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
ip link set lo up
libvirtd --daemon --config "$1/libvirtd.conf"
echo ready
sleep infinity &
wait
"""
_CONFIGURATION = """unix_sock_dir = "{folder}"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:{folder}/log"
"""
_NETWORK = """<network>
  <name>default</name>
  <forward mode='nat'/>
  <bridge name='virbr0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
  </ip>
</network>
"""
_DOMAIN = """<domain type='lxc'>
  <name>{name}</name>
  <memory unit='MiB'>64</memory>
  <cputune><shares>512</shares></cputune>
  <resource><partition>/{name}</partition></resource>
  <os><type>exe</type><init>{init}</init>{arguments}</os>
  <devices>
    <filesystem type='mount'><source dir={root}/><target dir='/'/></filesystem>
    <interface type='network'><source network='default'/></interface>
    <console type='pty'/>
  </devices>
</domain>
"""


def is_installed() -> bool:
    """Whether all that it takes is there, and control groups that it was tried with."""
    has_v1 = (_CGROUPS / "cpuset").is_mount()
    has_all = len(_installed_drivers()) == len(_DRIVERS) and all(map(shutil.which, _PROGRAMS))
    return has_v1 and has_all


def _installed_drivers() -> Mapping[str, Path]:
    names = {name: f"libvirt/connection-driver/libvirt_driver_{name}.so" for name in _DRIVERS}
    libraries = [*Path("/usr/lib").glob("*-linux-gnu"), Path("/usr/lib64"), Path("/usr/lib")]
    places = {name: [p / path for p in libraries] for name, path in names.items()}
    return {n: path for n, paths in places.items() for path in paths if path.is_file()}


def partition(name: str) -> str:
    """What libvirt calls the control group of the partition `name`."""
    return f"{name}.partition"


class Libvirt:
    """`start` said to a virsh that is connected already, or (`fresh`) a virsh for each start."""

    def __init__(self, root: Path, uri: str, name: str, log: Path, *, fresh: bool) -> None:
        self._root, self._uri, self._name, self._log = root, uri, name, log
        self._open = None if fresh else self._opened()

    def _opened(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["virsh", "-q", "-c", self._uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self) -> float:
        """Milliseconds from the command to the first byte of the program."""
        first = FirstByte(self._root)
        try:
            with self._started():
                return first.wait()
        except TimeoutError as error:
            said = self._log.read_text().strip()
            raise RuntimeError(f"libvirt started nothing: {said}") from error
        finally:
            _virsh(self._uri, "destroy", self._name, check=False)  # what did not start has no end

    @contextmanager
    def _started(self) -> Iterator[None]:
        if self._open and self._open.stdin:
            self._open.stdin.write(f"start {self._name}\n")
            self._open.stdin.flush()
            yield
        else:
            with subprocess.Popen(["virsh", "-q", "-c", self._uri, "start", self._name]):
                yield

    def close(self) -> None:
        """Let go of the connection."""
        if self._open:
            self._open.communicate(timeout=_LONGEST_END)


def _virsh(uri: str, *command: str | Path, check: bool = True) -> None:
    subprocess.run(
        ["virsh", "-q", "-c", uri, *command],
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=_LONGEST_CALL,
    )


@contextmanager
def private_libvirt(root: Path, folder: Path, name: str) -> Iterator[dict[str, Libvirt]]:
    """Both ways to start `root`; the daemon is gone afterwards, its control groups stay."""
    _make_partition(name)
    _prepare(folder, root, name)
    uri, log = f"lxc+unix:///system?socket={folder}/libvirt-sock", folder / "log"
    with _daemon(folder):
        _virsh(uri, "net-define", folder / "network.xml")
        _virsh(uri, "net-start", "default")
        _virsh(uri, "define", folder / "domain.xml")
        connected = Libvirt(root, uri, name, log, fresh=False)
        try:
            fresh = Libvirt(root, uri, name, log, fresh=True)
            yield {"libvirt, connected": connected, "virsh start": fresh}
        finally:
            connected.close()


def _make_partition(name: str) -> None:
    for tree in filter(Path.is_mount, _CGROUPS.iterdir()):
        (tree / partition(name)).mkdir()
    for file in ("cpuset.cpus", "cpuset.mems"):
        inherited = (_CGROUPS / "cpuset" / file).read_text()
        (_CGROUPS / "cpuset" / partition(name) / file).write_text(inherited)


def _prepare(folder: Path, root: Path, name: str) -> None:
    drivers = folder / "drivers"
    drivers.mkdir(parents=True)
    for path in _installed_drivers().values():
        (drivers / path.name).symlink_to(path)
    init, *rest = PROGRAM
    arguments = "".join(f"<initarg>{argument}</initarg>" for argument in rest)
    domain = _DOMAIN.format(name=name, init=init, arguments=arguments, root=quoteattr(str(root)))
    (folder / "domain.xml").write_text(domain)
    (folder / "network.xml").write_text(_NETWORK)
    (folder / "libvirtd.conf").write_text(_CONFIGURATION.format(folder=folder))


@contextmanager
def _daemon(folder: Path) -> Iterator[None]:
    namespaces = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"]
    log = folder / "log"
    with (
        log.open("ab") as complaints,
        subprocess.Popen(
            [*namespaces, "sh", "-e", "-c", _SCRIPT, "sh", folder],
            env={**os.environ, "LIBVIRT_DRIVER_DIR": str(folder / "drivers")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as outer,
    ):
        try:
            if not outer.stdout or outer.stdout.readline() != "ready\n":
                raise RuntimeError(f"libvirtd did not start: {log.read_text().strip()}")
            yield
        finally:
            _end_namespace(outer)


def _end_namespace(outer: subprocess.Popen[str]) -> None:
    with suppress(FileNotFoundError):
        for pid in Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    outer.wait(_LONGEST_END)
