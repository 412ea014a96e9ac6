"""IPv6 in the managed network: an own prefix, the way out, ports of the host, and who lies."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.outside import HELLO, Answerer, Outside, ip, nft, outside, tables, until

from cloche_engine.core.engine import LocalEngine
from cloche_engine.core.networks.leases import Leases

pytestmark = [pytest.mark.timeout(60), pytest.mark.kernel, pytest.mark.usefixtures("own_network")]

MANAGED = "<interface type='network'><source network='default'/>{}</interface>"
SERVE = ("/bin/sh", "-c", "while :; do echo hello | nc -l -p 7007; done")
HOST, OUTSIDE = "2001:db8::2", "2001:db8::1"
SETTINGS = Path("/proc/sys/net/ipv6/conf")


@pytest.fixture
def there() -> Iterator[Outside]:
    """A neighbour that would know a way to the containers."""
    with outside() as found:
        found.run("ip", "addr", "add", f"{OUTSIDE}/64", "dev", found.far, "nodad")
        found.run("ip", "route", "add", "fd00::/8", "via", HOST)
        ip("addr", "add", f"{HOST}/64", "dev", found.link, "nodad")
        yield found


async def started(
    define: Define, root: Path, name: str, forwards: str = "", serves: bool = False
) -> tuple[Box, Outside, str]:
    """A container, its network namespace, and its IPv6 address."""
    program = SERVE if serves else ("/bin/sh",)
    box = await define(name=name, root=root, program=program, inside=MANAGED.format(forwards))
    container = await box.start()
    (own,) = (each.partition("/")[0] for each in container.addresses if ":" in each)
    return box, Outside(container.pid or 0), own


def heard(address: str, port: int = 7007) -> str:
    with (
        contextlib.suppress(OSError),
        socket.create_connection((address, port), timeout=1) as link,
    ):
        return link.recv(100).decode()
    return ""


async def test_it_reaches_the_outside_under_the_hosts_address_and_nobody_comes_in_uncalled(
    define: Define, root: Path, there: Outside
) -> None:
    box, _, own = await started(define, root, "web", serves=True)
    with there.within(lambda: Answerer(OUTSIDE)) as server:
        assert await box.run(HELLO.format(OUTSIDE)) == "hello\n"
    assert server.callers == [HOST]
    await until(lambda: heard(own) == "hello\n")  # control: the host itself is answered
    assert not there.within(lambda: heard(own))


async def test_containers_find_each_other_by_name(define: Define, root: Path) -> None:
    _, _, own = await started(define, root, "web", serves=True)
    other, _, _ = await started(define, root, "other")
    assert own in await other.run("nslookup -type=aaaa web")
    assert await other.run(HELLO.format(own)) == "hello\n"


async def test_ports_lead_in_from_everywhere(define: Define, root: Path, there: Outside) -> None:
    ports = (
        "<portForward proto='tcp'><range start='8080' to='7007'/></portForward>"
        f"<portForward proto='tcp' address='{HOST}'><range start='8081' to='7007'/></portForward>"
    )
    box, _, _ = await started(define, root, "web", ports, serves=True)
    await until(lambda: heard(HOST, 8080) == "hello\n")
    await until(lambda: heard(HOST, 8081) == "hello\n")
    await until(lambda: heard("127.0.0.1", 8080) == "hello\n")
    with pytest.raises(ConnectionRefusedError):  # at once, so that a client goes on to 127.0.0.1
        socket.create_connection(("::1", 8080), timeout=20)
    await until(lambda: there.within(lambda: heard(HOST, 8080)) == "hello\n")
    ask = f"until nc -w 5 {HOST} 8080 </dev/null | grep hello; do sleep 0.05; done"
    assert await box.run(ask) == "hello\n"  # itself
    (network,) = await box.engine.networks()
    assert f"tcp [{HOST}]:8081 to 7007 of web" in network.forwards


async def test_the_range_is_kept_and_shown(
    define: Define, root: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    _, _, own = await started(define, root, "web")
    (network,) = await engine.networks()
    subnet = ipaddress.IPv6Network(network.subnet6)
    assert ipaddress.IPv6Address(own) in subnet
    assert subnet.subnet_of(ipaddress.IPv6Network("fd00::/8"))
    assert Leases(tmp_path / "state/network.json").network6 == subnet


@pytest.fixture
def _no_ipv6(own_network: None) -> None:
    (SETTINGS / "all/disable_ipv6").write_text("1")


@pytest.mark.usefixtures("_no_ipv6")
async def test_a_host_without_ipv6_has_none_in_its_network(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    box = await define(root=root, inside=MANAGED.format(""))
    assert len((await box.start()).addresses) == 1
    (network,) = await engine.networks()
    assert network.subnet6 == ""


async def test_the_host_keeps_its_own_router_while_it_routes(
    engine: LocalEngine, define: Define, root: Path, there: Outside
) -> None:
    heeds = SETTINGS / there.link / "accept_ra"
    before = (heeds.read_text(), (SETTINGS / "all/forwarding").read_text())
    assert before == ("1\n", "0\n")
    announce = announcer("fe80::66", there.far)
    there.run("ip", "addr", "add", "fe80::66/64", "dev", there.far, "nodad")
    await until(lambda: there.within(announce) and "default via fe80::66" in ip("-6", "route"))
    box, _, _ = await started(define, root, "web")
    assert (SETTINGS / "all/forwarding").read_text() == "1\n"
    assert "default via fe80::66" in ip("-6", "route")
    await engine.kill(box.uuid)
    await engine.close()
    assert (heeds.read_text(), (SETTINGS / "all/forwarding").read_text()) == before


def announcer(source: str, link: str) -> Callable[[], bool]:
    """Sends a router advertisement (RFC 4861, 4.2) wherever it is called."""

    def announce() -> bool:
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sender:
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            scope = socket.if_nametoindex(link)
            sender.bind((source, 0, 0, scope))
            words = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
            sender.sendto(words, ("ff02::1", 0, 0, scope))
        return True

    return announce


def without_filter(box: Box) -> None:
    """The control: the same with nobody watching."""
    box.engine._network._rule_watch._lost = lambda: None  # type: ignore[union-attr]
    table = next(each for each in tables() if each.startswith("table bridge "))
    nft("flush", "chain", *table.split()[1:], "honest")


async def test_nobody_takes_anothers_address(define: Define, root: Path) -> None:
    box, inside, own = await started(define, root, "thief")
    gateway = f"{own.rpartition(':')[0]}:1"
    taken = f"{own.rpartition(':')[0]}:77"
    with Answerer(gateway) as host:
        assert inside.within(lambda: heard(gateway)) == "hello\n"  # control: under its own
        inside.run("ip", "addr", "add", f"{taken}/64", "dev", "eth0", "nodad")
        inside.run("ip", "addr", "del", f"{own}/64", "dev", "eth0")
        assert not inside.within(lambda: heard(gateway))
        without_filter(box)
        await until(lambda: inside.within(lambda: heard(gateway)) == "hello\n")
        assert (host.callers[0], host.callers[-1]) == (own, taken)


def claim(inside: Outside, source: str, victim: str) -> None:
    """Tell everybody that the victim's address is here, over what they know (RFC 4861, 4.4)."""

    def tell() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as card:
            card.bind(("eth0", 0))
            mac = card.getsockname()[4]
        words = struct.pack("!BBHI", 136, 0, 0, 0x20000000)
        words += socket.inet_pton(socket.AF_INET6, victim) + b"\2\1" + mac
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as link:
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            link.bind((source, 0))
            link.sendto(words, ("ff02::1", 0, 0, socket.if_nametoindex("eth0")))

    inside.within(tell)


async def test_nobody_says_to_be_the_gateway_or_a_router(define: Define, root: Path) -> None:
    box, inside, own = await started(define, root, "thief")
    _, victim, _ = await started(define, root, "victim")
    gateway = f"{own.rpartition(':')[0]}:1"
    inside.run("ip", "addr", "add", "fe80::66/64", "dev", "eth0", "nodad")
    victim.within(lambda: (SETTINGS / "eth0/accept_ra").write_text("2"))

    def believed() -> tuple[bool, bool]:
        """Lie, and look whether the victim takes the thief for the gateway and for a router."""
        claim(inside, own, gateway)
        for source in (own, "fe80::66"):
            inside.within(announcer(source, "eth0"))
        now = victim.run("ip", "neigh", "show", gateway).split()[4]
        return now != known, victim.run("ip", "-6", "route", "show", "proto", "ra") != ""

    with Answerer(gateway):
        assert victim.within(lambda: heard(gateway)) == "hello\n"
        known = victim.run("ip", "neigh", "show", gateway).split()[4]
        assert believed() == (False, False)
        assert victim.within(lambda: heard(gateway)) == "hello\n"
        without_filter(box)
        await until(lambda: believed() == (True, True))
