"""The configuration that is written, before the real LXC: it reads every line and runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests import terminals
from tests.kernel.box import busybox_root
from tests.unit.definition.dialects.conf_reading import lxc, lxc_specs

from cloche_engine.definition.dialects.lxc_conf.write import write
from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    IdMap,
    IdRange,
    Interface,
    InterfaceKind,
    Memory,
)

# LXC is nothing that Cloche needs, so that these are skipped where it is not, in CI as well.

NAME = f"cloche-test-{os.getpid()}"
FIRST = 100000
SYS_TIME = 1 << 25
PATIENCE = 20.0
FACTS = """
{
    hostname; echo "$1$WORDS"; pwd; cat /proc/self/uid_map /proc/self/gid_map
    grep CapBnd /proc/self/status; cat "/from outside/note"; touch "/from outside/x" || echo no
    grep " /scratch " /proc/mounts; ls /sys/class/net; ip addr show eth0
} >/out/facts 2>&1
mv /out/facts /out/ready
exec sleep 600
"""


def config(folder: Path, text: bytes) -> list[str]:
    """The arguments that name a container whose configuration this is."""
    place = folder / NAME
    place.mkdir(exist_ok=True)
    (place / "config").write_bytes(text)
    return ["-n", NAME, "-P", str(folder)]


def said(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A directory that the container's own root can enter too."""
    if not shutil.which("lxc-start"):
        pytest.skip("lxc is not installed, whose tools these files are tried with")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def pivots() -> set[Path]:
    """The groups to which LXC's monitors go at their end, and which it leaves."""
    found = Path("/sys/fs/cgroup")
    return {*found.glob("lxc.pivot"), *found.glob("*/lxc.pivot")}


def reads(folder: Path, text: bytes, *keys: str) -> list[str]:
    """What LXC understands by the keys; a file with one line that it refuses fails the test."""
    wanted = [word for key in keys for word in ("-c", key)]
    done = said(["lxc-info", *config(folder, text), *wanted])
    assert done.returncode == 0, f"{done.stderr}\n{text.decode()}"
    return done.stdout.splitlines()


@settings(max_examples=40, deadline=None)
@given(spec=lxc_specs())
def test_lxc_reads_every_file_that_is_written(folder: Path, spec: ContainerSpec) -> None:
    text = write(spec)
    assert f"lxc.uts.name = {spec.name}" in reads(folder, text, "lxc.uts.name")
    read = reads(folder, text, "lxc.idmap", "lxc.tty.max", "lxc.net.0.type")
    assert lxc(text).errors == ()
    for entry in spec.idmap.uid if spec.idmap else ():
        assert any(f"u {entry.inside} {entry.host} {entry.count}" in line for line in read)


def test_lxc_understands_by_the_lines_what_was_meant(folder: Path) -> None:
    spec = ContainerSpec(
        "one",
        filesystems=(
            Filesystem(FilesystemKind.MOUNT, "/srv/a", "/", readonly=True),
            Filesystem(FilesystemKind.MOUNT, "/srv/a b", "/b", readonly=True),
        ),
        program=("/bin/my app", "it's", "a b"),
        environment=(("A", " b "),),
        interfaces=(Interface(InterfaceKind.BRIDGE, "br0", addresses=("10.0.0.2/24",)),),
        capabilities=Capabilities(CapabilityPolicy.DENY, keep=("chown", "kill")),
        autostart=True,
        console_kib=512,
    )
    keys = (
        "lxc.rootfs.path",
        "lxc.rootfs.options",
        "lxc.mount.entry",
        "lxc.execute.cmd",
        "lxc.environment",
        "lxc.net.0.ipv4.address",
        "lxc.net.0.flags",
        "lxc.cap.keep",
        "lxc.start.auto",
        "lxc.console.buffer.size",
    )
    assert [line.strip() for line in reads(folder, write(spec), *keys) if line.strip()] == [
        "lxc.rootfs.path = /srv/a",
        "lxc.rootfs.options = ro",
        "lxc.mount.entry = /srv/a\\040b b none bind,ro,create=dir 0 0",
        'lxc.execute.cmd = "/bin/my app" it\'s "a b"',
        "lxc.environment = A= b",
        "lxc.net.0.ipv4.address = 10.0.0.2/24",
        "lxc.net.0.flags = up",
        "lxc.cap.keep = chown",
        "kill",
        "lxc.start.auto = 1",
        "lxc.console.buffer.size = 524288",
    ]


@pytest.fixture
def tree(folder: Path) -> Iterator[Path]:
    """A busybox root that belongs to the container's root."""
    if os.geteuid() != 0:
        pytest.skip("no root: LXC needs it to start a container of this test")
    path = busybox_root(folder / "tree")
    for name in ("dev", "proc", "sys", "etc"):
        (path / name).mkdir()
    for entry in (path, *path.rglob("*")):
        os.chown(entry, FIRST, FIRST, follow_symlinks=False)
    before = pivots()
    try:
        with terminals.needed():
            _probe(folder, path)
            yield path
    finally:
        shutil.rmtree(path)
        for group in pivots() - before:
            group.rmdir()


def _probe(folder: Path, tree: Path) -> None:
    """Skip where LXC starts nothing at all, whoever wrote its file."""
    lines = (f"lxc.uts.name = a\nlxc.rootfs.path = dir:{tree}", "lxc.init.cmd = /bin/sh -c exit")
    done = said(["lxc-start", "-F", *config(folder, "\n".join((*lines, "")).encode())])
    if done.returncode:
        pytest.skip(f"LXC starts no container on this machine: {done.stderr.strip()[-300:]}")


@contextmanager
def running(folder: Path, text: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """The container while it runs; nothing of it is left."""
    arguments = config(folder, text)
    with subprocess.Popen(
        [*_owning_ids(folder), "lxc-start", "-F", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            yield process
        finally:
            said(["lxc-stop", "-k", *arguments])
            process.communicate(timeout=30)


def _owning_ids(folder: Path) -> list[str]:
    """Where newuidmap is installed, LXC asks it, also as root: what it reads is ours alone."""
    if shutil.which("newuidmap") is None:
        return []
    (own := folder / "subid").write_text(f"root:{FIRST}:65536\n")
    mounts = f"mount --bind {own} /etc/subuid && mount --bind {own} /etc/subgid"
    return ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh"]


def until(found: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(f"the container said nothing; LXC: {process.communicate()[0].decode()}")
        time.sleep(0.05)


def limit(pid: int, controller: str, file: str) -> str | None:
    """What a process's group of v1 says; None where the machine has v2 alone."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return Path(f"/sys/fs/cgroup/{controller}{path}/{file}").read_text().strip()
    return None


def test_lxc_runs_a_container_as_it_was_meant(folder: Path, tree: Path) -> None:
    (outside := folder / "from outside").mkdir()
    (outside / "note").write_text("a note\n")
    (tree / "facts").write_text(FACTS)
    (out := folder / "out").mkdir()
    out.chmod(0o777)
    part = (IdRange(0, FIRST, 65536),)
    spec = ContainerSpec(
        "one",
        filesystems=(
            Filesystem(FilesystemKind.MOUNT, str(tree), "/"),
            Filesystem(FilesystemKind.MOUNT, str(outside), "/from outside", readonly=True),
            Filesystem(FilesystemKind.MOUNT, str(out), "/out"),
            Filesystem(FilesystemKind.RAM, "", "/scratch", size_kib=1024),
        ),
        interfaces=(Interface(InterfaceKind.ETHERNET, name="eth0", addresses=("10.77.99.2/24",)),),
        program=("/bin/sh", "/facts", "it's"),
        environment=(("WORDS", " a  b "),),
        directory="/out",
        cpu=Cpu(shares=512),
        memory=Memory(max_kib=65536),
        idmap=IdMap(part, part),
        capabilities=Capabilities(CapabilityPolicy.ALLOW, drop=("sys_time",)),
    )
    with running(folder, write(spec)) as process:
        until((out / "ready").exists, process)
        facts = (out / "ready").read_text().splitlines()
        pid = int(said(["lxc-info", "-n", NAME, "-P", str(folder), "-pH"]).stdout)
        assert limit(pid, "memory", "memory.limit_in_bytes") in {"67108864", None}
        assert limit(pid, "cpu", "cpu.shares") in {"512", None}
    assert facts[:3] == ["one", "it's a  b ", "/out"]
    assert [line.split() for line in facts[3:5]] == [["0", str(FIRST), "65536"]] * 2
    assert not int(facts[5].split()[1], 16) & SYS_TIME
    assert facts[6] == "a note"
    assert any("Read-only" in line for line in facts[7:9])
    assert any("size=1024k" in line for line in facts)
    assert {"eth0", "lo"} <= set(facts)
    assert any("10.77.99.2/24" in line for line in facts)
