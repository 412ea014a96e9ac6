"""Ports of the host that lead into a container, asked for from every side."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.outside import Answerer, Outside, ip, nft, outside, tables, until

from cloche_engine.api.errors import EngineError, StartFailedError
from cloche_engine.api.model import State

pytestmark = [
    pytest.mark.kernel, pytest.mark.usefixtures("own_network"),
]  # fmt: skip

HOST, OUTSIDE = "203.0.113.2", "203.0.113.1"
SERVE = ("/bin/sh", "-c", "while :; do echo hello | nc -l -p 7007; done")


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as found:
        found.has(f"{OUTSIDE}/24")
        ip("addr", "add", f"{HOST}/24", "dev", found.link)
        yield found


def managed(*forwards: str) -> str:
    inside = "<source network='default'/>" + "".join(forwards)
    return f"<interface type='network'>{inside}</interface>"


def forward(range_: str, more: str = "", proto: str = "tcp") -> str:
    return f"<portForward proto='{proto}'{more}><range {range_}/></portForward>"


def heard(address: str, port: int) -> str:
    """What a server says to the host itself; empty where nobody answers."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection((address, port), timeout=1) as link,
    ):
        return link.recv(100).decode()
    return ""


async def served(define: Define, root: Path, *forwards: str, name: str = "web") -> Box:
    box = await define(name=name, root=root, program=SERVE, inside=managed(*forwards))
    await box.start()
    return box


async def test_a_port_leads_in_from_outside_and_from_the_host_itself(
    define: Define, root: Path, there: Outside
) -> None:
    await served(define, root, forward("start='8080' to='7007'"))
    await until(lambda: heard("127.0.0.1", 8080) == "hello\n")
    await until(lambda: heard(HOST, 8080) == "hello\n")
    await until(lambda: there.within(lambda: heard(HOST, 8080)) == "hello\n")


async def test_a_port_of_one_address_is_none_of_the_others(
    define: Define, root: Path, there: Outside
) -> None:
    await served(define, root, forward("start='8080' to='7007'", " address='127.0.0.1'"))
    await until(lambda: heard("127.0.0.1", 8080) == "hello\n")
    assert not heard(HOST, 8080)
    assert not there.within(lambda: heard(HOST, 8080))


async def test_a_range_leads_to_the_same_ports_and_a_moved_one_to_others(
    define: Define, root: Path, there: Outside
) -> None:
    await served(
        define, root, forward("start='7000' end='7009'"), forward("start='80' end='89' to='7000'")
    )
    await until(lambda: there.within(lambda: heard(HOST, 7007)) == "hello\n")
    await until(lambda: there.within(lambda: heard(HOST, 87)) == "hello\n")


async def test_udp_is_forwarded_and_tcp_beside_it_is_not(
    define: Define, root: Path, there: Outside
) -> None:
    box = await define(
        root=root, inside=managed(forward("start='53' to='5353'", " address='203.0.113.2'", "udp"))
    )
    container = await box.start()

    def listen() -> socket.socket:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("", 5353))
        server.settimeout(10)
        return server

    def ask() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.settimeout(10)
            link.sendto(b"question", (HOST, 53))
            question, asker = server.recvfrom(100)
            server.sendto(question + b" heard", asker)
            return link.recv(100)

    with Outside(container.pid or 0).within(listen) as server:
        assert there.within(ask) == b"question heard"
    assert not there.within(lambda: heard(HOST, 53))


async def test_a_container_reaches_itself_and_its_neighbour_by_the_hosts_port(
    define: Define, root: Path, there: Outside
) -> None:
    web = await served(define, root, forward("start='8080' to='7007'"))
    other = await define(name="other", root=root, inside=managed())
    await other.start()
    ask = f"until nc -w 5 {HOST} 8080 </dev/null | grep hello; do sleep 0.05; done"
    assert await other.run(ask) == "hello\n"
    assert await web.run(ask) == "hello\n"


async def test_a_port_goes_with_its_container(define: Define, root: Path, there: Outside) -> None:
    web = await served(define, root, forward("start='8080' to='7007'"))
    await until(lambda: heard(HOST, 8080) == "hello\n")
    await web.engine.kill(web.uuid)
    await until(lambda: "8080" not in nft("list", "ruleset"))
    with Answerer(HOST):
        assert there.within(lambda: heard(HOST, 7007)) == "hello\n"


async def test_a_start_that_fails_keeps_no_port(define: Define, root: Path) -> None:
    port = managed(forward("start='8080' to='7007'"))
    broken = await define(name="broken", root=root, program=("/bin/missing",), inside=port)
    with pytest.raises(StartFailedError, match="missing"):
        await broken.start()
    web = await served(define, root, forward("start='8080' to='7007'"))
    await until(lambda: heard("127.0.0.1", 8080) == "hello\n")
    await web.engine.kill(web.uuid)
    await until(lambda: "8080" not in nft("list", "ruleset"))
    with pytest.raises(StartFailedError, match="missing"):
        await broken.start()
    await until(lambda: "8080" not in nft("list", "ruleset"))


async def test_the_end_of_one_takes_no_port_from_one_that_is_starting(
    define: Define, root: Path
) -> None:
    other = await served(define, root, forward("start='8081' to='7007'"), name="other")
    ends: list[asyncio.Task[object]] = []

    def end_the_other(change: object) -> None:
        if getattr(change, "state", None) is State.STARTING and not ends:
            ends.append(asyncio.ensure_future(other.engine._network.settle()))
            ends.append(asyncio.ensure_future(other.engine.kill(other.uuid)))

    forget = other.engine.subscribe(end_the_other)
    await served(define, root, forward("start='8080' to='7007'"))
    forget()
    await asyncio.gather(*ends)
    await until(lambda: "8081" not in nft("list", "ruleset"))
    assert "8080" in nft("list", "ruleset")
    await until(lambda: heard("127.0.0.1", 8080) == "hello\n")


async def test_a_port_that_another_container_has_is_refused_by_its_name(
    define: Define, root: Path
) -> None:
    web = await served(define, root, forward("start='8080' to='7007'"))
    late = await define(name="late", root=root, inside=managed(forward("start='8000' end='8100'")))
    with pytest.raises(EngineError, match="leads to web already"):
        await late.start()
    await web.engine.kill(web.uuid)
    await late.start()


async def test_a_port_that_a_program_of_the_host_uses_is_refused(
    define: Define, root: Path
) -> None:
    box = await define(root=root, inside=managed(forward("start='7007'")))
    with Answerer("127.0.0.1"), pytest.raises(EngineError, match="uses the tcp port 7007"):
        await box.start()
    await box.start()


async def test_a_port_of_the_networks_own_dnsmasq_is_called_so(define: Define, root: Path) -> None:
    """Also while it does not run: the first of the network brings it."""
    plain = await define(name="plain", root=root, inside=managed())
    for turn in ("first", "late"):
        for proto, port in (("tcp", 53), ("udp", 67)):
            ports = forward(f"start='{port}' end='{port + 2}'", proto=proto)
            box = await define(name=f"{turn}-{proto}", root=root, inside=managed(ports))
            with pytest.raises(EngineError, match=f"default itself needs the {proto} port {port} "):
                await box.start()
        if turn == "first":
            await plain.start()


async def test_services_of_the_hosts_loopback_stay_out_of_reach(define: Define, root: Path) -> None:
    """A forward from 127.0.0.1 needs route_localnet, which is no way back (CVE-2020-8558)."""
    box = await define(root=root, inside=managed(forward("start='8080'", " address='127.0.0.1'")))
    container = await box.start()
    inside = Outside(container.pid or 0)
    gateway = (await box.run("cat /etc/resolv.conf")).split()[1]
    inside.run("ip", "addr", "flush", "dev", "lo")
    inside.run("ip", "route", "add", "127.0.0.1", "via", gateway)
    inside.within(lambda: Path("/proc/sys/net/ipv4/conf/eth0/route_localnet").write_text("1"))
    with Answerer("127.0.0.1"):
        assert not inside.within(lambda: heard("127.0.0.1", 7007))
        table = next(each for each in tables() if each.startswith("table inet "))
        box.engine._network._rule_watch._lost = lambda: None  # type: ignore[union-attr]
        nft("flush", "chain", *table.split()[1:], "loopback")
        assert inside.within(lambda: heard("127.0.0.1", 7007)) == "hello\n"  # control
        await box.engine._network._repair()
        assert not inside.within(lambda: heard("127.0.0.1", 7007))


async def test_the_network_shows_who_is_in_it(define: Define, root: Path) -> None:
    web = await served(define, root, forward("start='8080' to='7007'", " address='127.0.0.1'"))
    addresses = sorted(each.partition("/")[0] for each in (await web.now()).addresses)
    (network,) = await web.engine.networks()
    assert network.containers == tuple(("web", address) for address in addresses)
    assert network.forwards == ("tcp 127.0.0.1:8080 to 7007 of web",)
    assert network.subnet.endswith("/20")
    assert [name for name in network.bridges if name in ip("-o", "link")] == [*network.bridges]
    assert len(network.bridges) == 1
