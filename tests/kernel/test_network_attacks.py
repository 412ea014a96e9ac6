"""What somebody inside tries with the network, as root of the container's own namespace."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.outside import Answerer, Outside, ip, nft, outside, tables

pytestmark = [
    pytest.mark.kernel, pytest.mark.usefixtures("own_network"),
]  # fmt: skip

MANAGED = "<interface type='network'><source network='default'/></interface>"


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as found:
        yield found


async def running(define: Define, root: Path, name: str) -> tuple[Box, Outside, str]:
    """A container, its namespace with all rights that one can have there, and its address."""
    box = await define(name=name, root=root, inside=MANAGED)
    container = await box.start()
    address = container.addresses[0].partition("/")[0]
    return box, Outside(container.pid or 0), address


def without_filter(box: Box) -> None:
    """The control: the same with nobody watching."""
    box.engine._network._rule_watch._lost = lambda: None  # type: ignore[union-attr]
    table = next(each for each in tables() if each.startswith("table bridge "))
    nft("flush", "chain", *table.split()[1:], "honest")


def reaches(inside: Outside, server: str) -> bool:
    def ask() -> bool:
        try:
            with socket.create_connection((server, 7007), timeout=0.5) as link:
                return link.recv(10) == b"hello\n"
        except OSError:
            return False

    return inside.within(ask)


async def test_nobody_takes_anothers_address(define: Define, root: Path) -> None:
    box, inside, address = await running(define, root, "thief")
    gateway = (await box.run("cat /etc/resolv.conf")).split()[1]
    with Answerer(gateway) as host:
        assert reaches(inside, gateway)  # control: under its own address it does
        taken = f"{address.rpartition('.')[0]}.200/22"
        inside.run("ip", "addr", "del", f"{address}/22", "dev", "eth0")
        inside.run("ip", "addr", "add", taken, "dev", "eth0")
        assert not reaches(inside, gateway)
        without_filter(box)
        # Its neighbour did not answer a moment ago, and is not asked again at once (arp(7)).
        assert any(reaches(inside, gateway) for _ in range(20))
        assert (host.callers[0], host.callers[-1]) == (address, taken.partition("/")[0])


async def test_nobody_takes_anothers_hardware_address(define: Define, root: Path) -> None:
    box, inside, _ = await running(define, root, "thief")
    gateway = (await box.run("cat /etc/resolv.conf")).split()[1]
    inside.run("ip", "link", "set", "eth0", "address", "02:c1:0a:00:00:99")
    with Answerer(gateway):
        assert not reaches(inside, gateway)
        without_filter(box)
        assert reaches(inside, gateway)


def claim(inside: Outside, address: str, victim: str) -> None:
    """Tell everybody by ARP that the victim's address is here (RFC 826)."""
    with inside.within(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)) as link:
        inside.within(lambda: link.bind(("eth0", 0)))
        own = link.getsockname()[4]
        reply = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + own + socket.inet_aton(victim)
        reply += b"\xff" * 6 + socket.inet_aton(address)
        link.send(b"\xff" * 6 + own + struct.pack("!H", 0x0806) + reply)


async def test_nobody_says_to_be_the_gateway(define: Define, root: Path) -> None:
    box, inside, _ = await running(define, root, "thief")
    victim, there, address = await running(define, root, "victim")
    gateway = (await victim.run("cat /etc/resolv.conf")).split()[1]
    quick = Path("/proc/sys/net/ipv4/neigh/eth0/locktime")  # believe also what comes soon after
    there.within(lambda: quick.write_text("0"))
    with Answerer(gateway):
        assert reaches(there, gateway)
        known = there.run("ip", "neigh", "show", gateway).split()[4]
        claim(inside, address, gateway)
        assert reaches(there, gateway)
        assert there.run("ip", "neigh", "show", gateway).split()[4] == known
        without_filter(box)
        claim(inside, address, gateway)
        assert there.run("ip", "neigh", "show", gateway).split()[4] != known


async def test_nobody_becomes_the_hosts_router(define: Define, root: Path) -> None:
    """A router advertisement on a private bridge moves nothing of the host (CVE-2020-13401)."""
    network = "<network><ip address='10.77.0.5' netmask='255.255.255.0'>"
    box = await define(root=root, inside=f"{network}<gateway address='10.77.0.1'/></ip></network>")
    inside = Outside((await box.start()).pid or 0)
    bridge = next(
        line.split()[1].rstrip(":") for line in ip("-o", "link").splitlines() if "clb" in line
    )
    inside.run("ip", "addr", "add", "fe80::66/64", "dev", "eth0", "nodad")

    def advertise() -> None:
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as link:
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            scope = socket.if_nametoindex("eth0")
            link.bind(("fe80::66", 0, 0, scope))
            link.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0),
                        ("ff02::1", 0, 0, scope))  # fmt: skip

    await asyncio.to_thread(inside.within, advertise)
    await asyncio.sleep(0.1)
    assert "default" not in ip("-6", "route")
    Path(f"/proc/sys/net/ipv6/conf/{bridge}/accept_ra").write_text("2")
    for _ in range(100):  # control: the host's end may still look whether its address is free
        inside.within(advertise)
        if "default" in ip("-6", "route"):
            break
        await asyncio.sleep(0.05)
    assert "default" in ip("-6", "route")


async def test_whoever_asks_by_dhcp_gets_the_address_that_is_its_own(
    define: Define, root: Path
) -> None:
    _, inside, address = await running(define, root, "asker")
    script = "/bin/true"
    said = inside.run("sh", "-c", f"busybox udhcpc -i eth0 -n -q -f -s {script} 2>&1")
    assert f"lease of {address} obtained" in said


async def test_a_name_claimed_by_dhcp_is_not_believed(define: Define, root: Path) -> None:
    box, inside, _ = await running(define, root, "asker")
    ask = "busybox udhcpc -i eth0 -n -q -f -s /bin/true -x hostname:stolen -F stolen 2>&1"
    assert "obtained" in inside.run("sh", "-c", ask)
    assert "NXDOMAIN" in await box.run("nslookup stolen")
    assert "Address" in await box.run("nslookup asker")  # control
