"""The RFC's own example: refused as it stands, mended in both ways, and run as it asks."""

from __future__ import annotations

import ipaddress
import re
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.bus.world import REPOSITORY
from tests.system import rfc
from tests.system.host import (
    BRIDGE_ADDRESS,
    Host,
    bridge_ports,
    group_path,
    ip,
    limit_of,
    own_host,
    shares_of,
    started,
)

pytestmark = [pytest.mark.kernel, pytest.mark.bus]

PORT = 7007
INIT = """\
#!/bin/sh
trap 'echo "init of $(hostname) ends"; exit 0' TERM
echo "init of $(hostname) runs"
while :; do sleep 1000 & wait $!; done
"""
SERVE = f"""
echo "I am $(hostname)" | busybox nc -l -p {PORT} &
until grep -q ':{PORT:04X} 0*:0000 0A' /proc/net/tcp /proc/net/tcp6; do sleep 0.02; done
echo listening
wait
"""
# Of /var what is small and not deep: a desktop keeps whole disks of data there.
SMALL = "-maxdepth 3 ( -type d -o -type l -o -type f -size -64k )"


@dataclass(frozen=True, slots=True)
class Running:
    """The example, running; `shown` is what `clochectl --json show` said after its start."""

    host: Host
    shown: dict[str, Any]
    folder: Path

    @property
    def pid(self) -> int:
        """Its init on the host."""
        return int(self.shown["pid"])

    def inside(self, *program: str) -> str:
        """What a program prints inside."""
        return self.host.inside(rfc.NAME, *program)


def copy_of(source: str, target: Path, only: str = "( -type d -o -type l -o -type f )") -> None:
    """Files of the host with owners and modes, less sockets and what is mounted there."""
    target.mkdir()
    found = subprocess.run(
        ["find", ".", "-xdev", *only.split(), "-print0"],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    names = ["--null", "--no-recursion", "--ignore-failed-read", "-T", "-"]
    packed = subprocess.run(
        ["tar", "-C", source, *names, "-cf", "-"],
        input=found.stdout, check=False, capture_output=True,
    )  # fmt: skip
    assert packed.returncode in {0, 1}, packed.stderr  # 1: a log grew while it was read
    subprocess.run(["tar", "-C", target, "-xpf", "-"], input=packed.stdout, check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The RFC's folder of directories, made from this machine's, and its init."""
    made = tmp_path_factory.mktemp("lxc_files")
    copy_of("/etc", made / "etc")
    copy_of("/var", made / "var", SMALL)
    init = made / "usr/sbin/container_init"
    init.parent.mkdir(parents=True)
    init.write_text(INIT)
    init.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module", params=[rfc.nested, rfc.flat], ids=["nested", "flat"])
def running(request: pytest.FixtureRequest, folder: Path) -> Iterator[Running]:
    """The mended example on the bridge."""
    mended: Callable[[], bytes] = request.param
    way = mended.__name__
    file = folder / f"{way}.xml"
    file.write_bytes(rfc.with_folders(rfc.on_bridge(mended()), folder))
    with own_host(folder / way, usr=folder / "usr") as host, started(host, file) as shown:
        yield Running(host, shown, folder)


def validate(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        Host(Path("/nowhere")).words("validate", str(file)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_literal_text_is_refused_with_its_place_and_the_way_to_mend_it() -> None:
    done = validate(rfc.LITERAL)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    first = done.stdout.splitlines()[0]
    assert f"{rfc.LITERAL}:19:48: error: not-well-formed: <nameserver ...> ends in " in first
    assert "; write '/>' in place of '/nameserver>'" in first


def test_who_follows_that_advice_is_told_the_second_mistake_with_both_ways(tmp_path: Path) -> None:
    file = tmp_path / "half.xml"
    file.write_bytes(rfc.half_mended())
    done = validate(file)
    assert done.returncode == 1
    assert f"{file}:20:11: " in done.stdout
    assert "end line 17 with '>'" in done.stdout
    assert "drop the </ip> in line 20" in done.stdout


@pytest.mark.parametrize("mended", [rfc.nested, rfc.flat])
def test_mended_either_way_it_is_valid_and_the_example_we_ship(
    mended: Callable[[], bytes], tmp_path: Path
) -> None:
    file = tmp_path / "mended.xml"
    file.write_bytes(mended())
    done = validate(file)
    assert (done.returncode, done.stdout) == (0, f"{file}: valid\n")
    shipped = REPOSITORY / f"resources/examples/rfc-2008-{mended.__name__}.xml"
    assert shipped.read_bytes().strip() == mended().strip()


def test_the_uuid_of_the_document_is_kept_and_finds_it(running: Running) -> None:
    assert running.shown["uuid"] == rfc.UUID
    dashed = "8dfd44b3-1e76-d8d3-3515-0a2d98211ea0"
    for ref in (rfc.UUID, rfc.UUID.upper(), dashed, rfc.NAME):
        assert running.host.json("show", ref) == running.shown, ref
    assert (running.shown["name"], running.shown["state"]) == (rfc.NAME, "running")
    assert f"<uuid>{rfc.UUID}</uuid>" in running.host.ok("xml", rfc.UUID)


def test_its_init_is_the_script_of_the_document(running: Running) -> None:
    words = Path(f"/proc/{running.pid}/cmdline").read_bytes().split(b"\0")
    assert b"/usr/sbin/container_init" in words
    assert running.inside("cat", "/proc/1/cmdline").encode().split(b"\0") == words
    assert running.inside("cat", "/usr/sbin/container_init") == INIT
    assert f"init of {rfc.HOSTNAME} runs" in running.host.ok("logs", rfc.NAME)


def test_the_script_is_nowhere_on_this_machine(running: Running) -> None:
    """A control for the overlay: it exists for the helper and its containers alone."""
    outside = (running.folder / "usr/sbin/container_init").stat()
    within = Path(f"/proc/{running.pid}/root/usr/sbin/container_init").stat()
    assert (within.st_size, within.st_mode) == (outside.st_size, outside.st_mode)
    found = Path("/usr/sbin/container_init")
    assert not found.exists() or found.read_text() != INIT


def test_it_has_the_hostname_inside_and_not_outside(running: Running) -> None:
    assert running.inside("hostname") == f"{rfc.HOSTNAME}\n"
    assert running.inside("cat", "/etc/hostname") == f"{rfc.HOSTNAME}\n"
    assert socket.gethostname() != rfc.HOSTNAME
    ours, theirs = (Path(f"/proc/{who}/ns/uts").readlink() for who in ("self", running.pid))
    assert ours != theirs


def test_it_has_the_address_the_gateway_and_the_nameserver(running: Running) -> None:
    assert f"inet {rfc.ADDRESS}/24 " in running.inside("ip", "-oneline", "address", "show", "eth0")
    routes = running.inside("ip", "route")
    assert f"default via {BRIDGE_ADDRESS} dev eth0" in routes
    assert "192.168.1.0/24 dev eth0" in routes
    assert running.inside("cat", "/etc/resolv.conf") == f"nameserver {BRIDGE_ADDRESS}\n"
    assert running.shown["addresses"] == [f"{rfc.ADDRESS}/24"]


def test_the_kernel_has_the_address_and_the_default_route(running: Running) -> None:
    assert f"|-- {rfc.ADDRESS}\n" in Path(f"/proc/{running.pid}/net/fib_trie").read_text()
    _, *rows = Path(f"/proc/{running.pid}/net/route").read_text().splitlines()
    gateways = [row.split()[2] for row in rows if row.split()[1] == "00000000"]
    little = int.from_bytes(ipaddress.ip_address(BRIDGE_ADDRESS).packed, "little")
    assert gateways == [f"{little:08X}"]


def test_its_veth_is_the_one_port_of_the_bridge(running: Running) -> None:
    (port,) = bridge_ports()
    assert port["operstate"] == "UP"
    inner = re.match(r"(\d+): eth0@if(\d+):", running.inside("ip", "-o", "link", "show", "eth0"))
    assert inner is not None
    assert (port["link_index"], port["ifindex"]) == (int(inner[1]), int(inner[2]))


def test_a_call_from_the_bridge_is_answered(running: Running) -> None:
    with running.host.running("exec", rfc.NAME, "--", "sh", "-c", SERVE) as said:
        assert said.readline() == b"listening\n"
        source = (BRIDGE_ADDRESS, 0)
        with socket.create_connection((rfc.ADDRESS, PORT), 20, source_address=source) as link:
            with link.makefile("rb") as answers:
                assert answers.readline() == f"I am {rfc.HOSTNAME}\n".encode()
            link.sendall(b"heard\n")
        assert said.read() == b"heard\n"


def test_a_call_to_the_bridge_comes_from_its_address(running: Running) -> None:
    rfc.expect_call_home(running.host, PORT)


def test_the_kernel_has_40_shares_and_64_mib(running: Running) -> None:
    assert abs(shares_of(running.pid) - rfc.SHARES) <= 5  # v2 counts in steps of ten shares
    memory = limit_of(running.pid, "memory", "memory.limit_in_bytes", "memory.max")
    assert memory == rfc.MEMORY_KIB * 1024
    stats = running.host.json("stats", rfc.NAME)
    assert stats["memory_limit_bytes"] == memory
    assert stats["cpu_shares"] == shares_of(running.pid)


def test_inside_its_own_group_is_the_top_and_everything_is_in_it(running: Running) -> None:
    groups = running.inside("cat", "/proc/1/cgroup")
    assert {group_path(groups, controller) for controller in ("cpu", "memory")} == {"/"}
    assert running.inside("cat", "/proc/self/cgroup") == groups


def test_its_etc_and_var_are_the_copies_and_the_rest_is_the_hosts(running: Running) -> None:
    etc, var = running.folder / "etc", running.folder / "var"
    assert running.inside("cat", "/etc/passwd") == (etc / "passwd").read_text()
    shadow = (etc / "shadow").stat()
    seen = running.inside("stat", "-c", "%u %g %a", "/etc/shadow")
    assert seen == f"{shadow.st_uid} {shadow.st_gid} {stat.S_IMODE(shadow.st_mode):o}\n"
    running.inside("sh", "-c", "echo ours >/etc/made-inside; echo ours >/var/made-inside")
    for place in (etc, var):
        made = place / "made-inside"
        assert (made.read_text(), made.stat().st_uid) == ("ours\n", 0)
        assert not Path("/", place.name, "made-inside").exists()
    refused = running.host.run("exec", rfc.NAME, "--", "touch", "/usr/made-inside")
    assert refused.returncode == 1
    assert b"Read-only file system" in refused.stderr


def test_it_ends_as_its_init_wants_and_leaves_the_bridge(folder: Path) -> None:
    file = folder / "ending.xml"
    file.write_bytes(rfc.with_folders(rfc.on_bridge(rfc.nested()), folder))
    with own_host(folder / "ending", usr=folder / "usr") as host, started(host, file) as shown:
        host.ok("stop", rfc.NAME)
        ended = host.json("show", rfc.NAME)
        assert (ended["state"], ended["exit_code"], ended["pid"]) == ("stopped", 0, None)
        assert f"init of {rfc.HOSTNAME} ends" in host.ok("logs", rfc.NAME)
        assert bridge_ports() == []
        assert BRIDGE_ADDRESS in ip("address")
        assert not Path(f"/proc/{shown['pid']}").exists()


def test_a_program_that_wants_more_than_64_mib_is_ended(folder: Path) -> None:
    file = folder / "greedy.xml"
    file.write_bytes(rfc.with_folders(rfc.on_bridge(rfc.nested()), folder))
    with own_host(folder / "greedy", usr=folder / "usr") as host, started(host, file):
        buffer = ("exec", rfc.NAME, "--", "dd", "if=/dev/zero", "of=/dev/null", "count=1")
        assert host.run(*buffer, "bs=32M").returncode == 0
        assert host.run(*buffer, "bs=96M").returncode != 0  # on v2 its init goes with it
