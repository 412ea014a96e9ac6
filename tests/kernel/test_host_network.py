"""A container that shares the host's network, because its definition says so."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.kernel.box import Define
from tests.kernel.outside import HELLO, Answerer, ip

from cloche_engine.api.errors import EngineError

pytestmark = [
    pytest.mark.kernel, pytest.mark.usefixtures("own_network"),
]  # fmt: skip

HOST = "<interface type='host'/>"
SILENT = "<features><privnet state='off'/></features>"


@pytest.mark.parametrize(("inside", "around"), [(HOST, ""), ("", SILENT)])
async def test_it_has_the_hosts_links_and_services(
    define: Define, root: Path, inside: str, around: str
) -> None:
    ip("link", "add", "mine", "type", "bridge")
    box = await define(root=root, inside=inside, around=around)
    container = await box.start()
    assert container.shares_host_network
    assert "mine" in await box.run("ip -o link")
    with Answerer("127.0.0.1"):
        assert await box.run(HELLO.format("127.0.0.1")) == "hello\n"
    resolvers = [
        line for line in Path("/etc/resolv.conf").read_text().splitlines()
        if line.startswith("nameserver")
    ]  # fmt: skip
    assert (await box.run("cat /etc/resolv.conf")).splitlines() == resolvers


async def test_it_is_confined_in_all_else(define: Define, root: Path) -> None:
    ip("link", "add", "mine", "type", "bridge")
    box = await define(root=root, inside=HOST)
    await box.start()
    assert (await box.status("ip link set mine up"))[0] != 0
    assert (await box.status("ip addr add 10.1.1.1/24 dev mine"))[0] != 0
    assert (await box.status("echo 1 > /proc/sys/net/ipv4/ip_forward"))[0] != 0
    assert (await box.status("echo x > /sys/class/net/mine/ifalias"))[0] != 0
    assert "ro," in await box.run("grep ' /sys ' /proc/self/mounts")
    assert await box.run("ls /sys/fs/cgroup /sys/firmware") == "/sys/firmware:\n\n/sys/fs/cgroup:\n"
    own = Path("/proc/self/ns/user").readlink()
    assert (await box.run("readlink /proc/self/ns/user")).strip() != str(own)
    assert (await box.run("hostname")).strip() == "box"


async def test_nobody_of_ours_listens_at_an_abstract_socket(define: Define, root: Path) -> None:
    """They belong to the network namespace: who shares it reaches them (CVE-2020-15257)."""
    box = await define(root=root, inside=HOST)
    with socket.socket(socket.AF_UNIX) as known:
        known.bind("\0cloche-control")
        await box.start()
        seen = await box.run("cat /proc/net/unix")
    abstract = [line.split()[7] for line in seen.splitlines()[1:] if "@" in line]
    assert "@cloche-control" in abstract
    assert [name for name in abstract if "cloche" in name and name != "@cloche-control"] == []


async def test_beside_it_there_is_no_other_network(define: Define, root: Path) -> None:
    nat = "<interface type='nat'><ip address='10.8.0.5' prefix='24'/></interface>"
    box = await define(root=root, inside=HOST + nat)
    with pytest.raises(EngineError, match="beside the host's own network"):
        await box.start()
