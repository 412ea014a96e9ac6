"""A Debian made by mmdebstrap in a directory: what the RFC's example asks for, on its own root."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.apt import SOURCES, proxy
from tests.contract.viewer import Viewer
from tests.system import rfc
from tests.system.host import (
    BRIDGE_ADDRESS,
    Host,
    bridge_ports,
    group_path,
    limit_of,
    own_host,
    shares_of,
    started,
)

from cloche_engine.api.connect import connect
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.edit import set_filesystems, set_program
from cloche_engine.definition.spec import Filesystem, FilesystemKind

# The first of them waits for mmdebstrap, and so for the network.
pytestmark = [pytest.mark.kernel, pytest.mark.bus, pytest.mark.timeout(460)]

PORT = 7008


@dataclass(frozen=True, slots=True)
class Running:
    """The Debian, running; `shown` is what `clochectl --json show` said after its start."""

    host: Host
    shown: dict[str, Any]
    root: Path

    @property
    def pid(self) -> int:
        """Its bash on the host."""
        return int(self.shown["pid"])

    def bash(self, line: str) -> str:
        """What a line of bash prints inside."""
        return self.host.inside(rfc.NAME, "bash", "-c", line)


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A minimal system of this machine's release, from its own package sources."""
    sources = next((name for name in SOURCES if Path(name).exists()), None)
    if not shutil.which("mmdebstrap"):
        pytest.skip("mmdebstrap is not installed")
    if sources is None:
        pytest.skip("this machine has no package sources of Debian or Ubuntu")
    folder = tmp_path_factory.mktemp("debian")
    root = folder / "root"
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")
    # timeout(1) ends its whole process group, apt included.
    words = [
        "timeout",
        "400",
        "mmdebstrap",
        "--variant=minbase",
        "--include=systemd-sysv,dbus,sudo",
        *proxy(),
        suite,
        str(root),
        sources,
    ]
    try:
        made = subprocess.run(words, capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"mmdebstrap could not make a {suite}: {made.stderr[-500:]}")
        yield root
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def running(debian: Path) -> Iterator[Running]:
    """The RFC's example with this root and bash in place of its directories and script."""
    with (
        own_host(debian.parent / "helper") as host,
        started(host, definition(debian)) as shown,
    ):
        yield Running(host, shown, debian)


def definition(debian: Path) -> Path:
    """The file of its definition."""
    root = Filesystem(FilesystemKind.MOUNT, str(debian), "/")
    document = set_filesystems(Document.parse(rfc.on_bridge(rfc.nested())), (root,))
    file = debian.parent / "debian.xml"
    file.write_bytes(set_program(document, ("/bin/bash",)).data)
    return file


def test_only_the_root_and_the_program_differ_from_the_example(running: Running) -> None:
    stored = Document.parse(running.host.ok("xml", rfc.UUID).encode()).compiled()
    example = Document.parse(rfc.on_bridge(rfc.nested())).compiled()
    assert stored.program == ("/bin/bash",)
    assert [(each.source, each.target) for each in stored.filesystems] == [(str(running.root), "/")]
    same = {"uuid", "name", "hostname", "nameservers", "cpu", "memory"}
    assert {n: getattr(stored, n) for n in same} == {n: getattr(example, n) for n in same}
    ours, its = stored.interfaces[0], example.interfaces[0]
    assert replace(ours, location=None) == replace(its, location=None)


@asynccontextmanager
async def console(host: Host) -> AsyncIterator[Viewer]:
    """A viewer of its console."""
    engine = await connect(host.target)
    try:
        with await engine.open_console(rfc.UUID, 24, 80) as link:
            yield Viewer(link)
    finally:
        await engine.close()


async def test_its_bash_talks_on_the_console(running: Running) -> None:
    async with console(running.host) as viewer:
        viewer.enter('echo "$BASH $((6 * 7)) $$ on $HOSTNAME as $UID"; stty size\r')
        await viewer.until(f"/bin/bash 42 1 on {rfc.HOSTNAME} as 0\r\n24 80\r\n".encode())
        viewer.enter("read -p 'na''me? ' who; echo \"good day, ${who^^}\"\r")
        await viewer.until(b"name? ")
        viewer.enter("cloche\r")
        await viewer.until(b"good day, CLOCHE\r\n")
    assert "good day, CLOCHE" in running.host.ok("logs", rfc.NAME)


def test_it_is_a_debian_of_its_own_with_apt(running: Running) -> None:
    assert re.match(r"apt \d+\.\d+", running.bash("apt-get --version"))
    packages = running.bash("dpkg-query -W -f '${Package}\\n'").split()
    assert {"apt", "bash", "dpkg"} <= set(packages)
    assert running.bash("cat /etc/os-release") == (running.root / "etc/os-release").read_text()
    assert not running.shown["shares_host_root"]


def test_what_root_writes_inside_belongs_to_root_on_the_disk(running: Running) -> None:
    running.bash("echo mine >/srv/file; mkdir /srv/folder; chown 1000:1000 /srv/folder")
    file, folder = (running.root / "srv/file").stat(), (running.root / "srv/folder").stat()
    assert (file.st_uid, file.st_gid) == (0, 0)
    assert (folder.st_uid, folder.st_gid) == (1000, 1000)
    assert (running.root / "srv/file").read_text() == "mine\n"


def test_control_that_root_is_nobody_on_the_host(running: Running) -> None:
    status = Path(f"/proc/{running.pid}/status").read_text()
    uids = re.search(r"^Uid:\s+(\d+)", status, re.MULTILINE)
    assert uids is not None
    assert int(uids[1]) >= 100_000
    inside, outside, _ = running.bash("cat /proc/self/uid_map").split()
    assert (inside, outside) == ("0", uids[1])


def test_it_has_the_hostname_the_address_and_the_nameserver(running: Running) -> None:
    assert running.bash("hostname; cat /etc/hostname") == f"{rfc.HOSTNAME}\n" * 2
    assert f"|-- {rfc.ADDRESS}\n" in running.bash("cat /proc/net/fib_trie")
    assert running.bash("cat /etc/resolv.conf") == f"nameserver {BRIDGE_ADDRESS}\n"
    assert running.bash("getent hosts browndog").split()[-1] == rfc.HOSTNAME
    assert running.shown["addresses"] == [f"{rfc.ADDRESS}/24"]
    assert len(bridge_ports()) == 1


def test_it_reaches_the_gateway_from_its_address(running: Running) -> None:
    rfc.expect_call_home(running.host, PORT)


def test_it_has_the_shares_and_the_memory(running: Running) -> None:
    assert abs(shares_of(running.pid) - rfc.SHARES) <= 5  # v2 counts in steps of ten shares
    memory = limit_of(running.pid, "memory", "memory.limit_in_bytes", "memory.max")
    assert memory == rfc.MEMORY_KIB * 1024
    groups = running.bash("cat /proc/self/cgroup")
    assert {group_path(groups, controller) for controller in ("cpu", "memory")} == {"/"}


def test_it_stops_and_its_tree_has_nothing_of_ours(debian: Path) -> None:
    before = sorted(path.name for path in debian.iterdir())
    with (
        own_host(debian.parent / "stopping") as host,
        started(host, definition(debian)) as shown,
    ):
        host.ok("stop", rfc.NAME)
        ended = host.json("show", rfc.NAME)
        assert (ended["state"], ended["pid"]) == ("stopped", None)
        assert not Path(f"/proc/{shown['pid']}").exists()
        assert bridge_ports() == []
    assert sorted(path.name for path in debian.iterdir()) == before


SYSTEM = """<domain type='linuxcontainer'><name>{name}</name><container>
<filesystem type='mount'><source dir='{root}'/><target dir='/'/></filesystem>
<application>{init}</application></container>{features}</domain>"""
A_SYSTEM = "<features><system/></features>"


def as_root(words: str) -> list[str]:
    """A line of bash as a user who may do everything by sudo."""
    return ["bash", "-c", f"sudo -n {words} 2>&1"]


@contextmanager
def defined(host: Host, debian: Path, name: str, init: str, features: str) -> Iterator[None]:
    """A container on this Debian, running, with a user in it who may become root."""
    file = debian.parent / f"{name}.xml"
    file.write_text(SYSTEM.format(name=name, root=debian, init=init, features=features))
    (debian / "etc/sudoers.d/guest").write_text("guest ALL=(ALL) NOPASSWD: ALL\n")
    (debian / "etc/sudoers.d/guest").chmod(0o440)
    with started(host, file):
        host.run("exec", name, "--", "useradd", "--create-home", "guest")
        yield


async def test_as_a_system_it_boots_to_its_login_and_its_users_have_sudo(debian: Path) -> None:
    with (
        own_host(debian.parent / "booting") as host,
        defined(host, debian, "whole", "/sbin/init", A_SYSTEM),
    ):
        engine = await connect(host.target)
        with await engine.open_console("whole", 24, 80) as link:
            await Viewer(link).until(b"login: ")
        await engine.close()
        state = host.run("exec", "whole", "--", "systemctl", "is-system-running", "--wait").stdout
        failed = host.inside("whole", "systemctl", "--failed", "--no-legend", "--plain")
        assert (state.strip(), failed) == (b"running", "")
        user = ("exec", "--user", "guest", "whole", "--")
        assert host.ok(*user, *as_root("id --user")) == "0\n"
        host.ok("stop", "whole")
        assert "Reached target" in host.ok("logs", "whole")
        assert host.json("show", "whole")["state"] == "stopped"


def test_as_an_application_its_users_have_no_sudo(debian: Path) -> None:
    with (
        own_host(debian.parent / "plain") as host,
        defined(host, debian, "plain", "/bin/bash", ""),
    ):
        refused = host.run("exec", "--user", "guest", "plain", "--", *as_root("id --user"))
        assert refused.returncode != 0
        assert b"no new privileges" in refused.stdout
