"""Addresses, gateway and nameserver of a definition, with real packets, in an own network."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kernel.box import Define
from tests.kernel.outside import Answerer, ip

from cloche_engine.api.errors import StartFailedError, UnsupportedError

pytestmark = [pytest.mark.kernel, pytest.mark.v2, pytest.mark.usefixtures("own_network")]


def network(address: str, gateway: str = "", nameserver: str = "") -> str:
    return (
        f"<network><ip address='{address}' netmask='255.255.255.0'>"
        + (f"<gateway address='{gateway}'/>" if gateway else "")
        + (f"<nameserver address='{nameserver}'/>" if nameserver else "")
        + "</ip></network>"
    )


def bridged(bridge: str) -> str:
    return f"<interface type='bridge'><source bridge='{bridge}'/></interface>"


async def test_without_a_network_there_is_only_loopback(define: Define, root: Path) -> None:
    box = await define(root=root)
    await box.start()
    assert [line.split()[1] for line in (await box.run("ip -o link")).splitlines()] == ["lo:"]
    assert "65535" in await box.run("cat /proc/sys/net/ipv4/ping_group_range")


async def test_a_private_bridge_carries_the_gateway(define: Define, root: Path) -> None:
    inside = network("10.77.0.5", "10.77.0.1", "10.77.0.1")
    box = await define(root=root, inside=inside)
    await box.start()
    assert "10.77.0.5/24" in await box.run("ip -o addr show eth0")
    assert "default via 10.77.0.1" in await box.run("ip route")
    assert await box.run("cat /etc/resolv.conf") == "nameserver 10.77.0.1\n"
    with Answerer("10.77.0.1"):
        assert await box.run("nc 10.77.0.1 7007 </dev/null") == "hello\n"
    assert "10.77.0.1/24" in ip("-o", "addr")


async def test_containers_of_one_gateway_reach_each_other_and_the_bridge_goes_with_the_last(
    define: Define, root: Path
) -> None:
    serve = ("/bin/sh", "-c", "while :; do echo hello | nc -l -p 7007; done")
    one = await define(name="one", root=root, inside=network("10.77.0.5", "10.77.0.1"))
    two = await define(
        name="two", root=root, program=serve, inside=network("10.77.0.6", "10.77.0.1")
    )
    await one.start()
    await two.start()
    heard = await one.run("until nc 10.77.0.6 7007 </dev/null | grep hello; do sleep 0.05; done")
    assert heard.splitlines()[-1] == "hello"
    await one.engine.kill(one.uuid)
    assert "clb" in ip("-o", "link")
    await two.engine.kill(two.uuid)
    assert "clb" not in ip("-o", "link")
    assert "clv" not in ip("-o", "link")


async def test_a_named_bridge_is_used_and_stays(define: Define, root: Path) -> None:
    ip("link", "add", "br7", "type", "bridge")
    ip("addr", "add", "192.168.1.1/24", "dev", "br7")
    ip("link", "set", "br7", "up")
    inside = network("192.168.1.110", "192.168.1.1") + bridged("br7")
    box = await define(root=root, inside=inside)
    await box.start()
    with Answerer("192.168.1.1"):
        assert await box.run("nc 192.168.1.1 7007 </dev/null") == "hello\n"
    assert "master br7" in ip("-o", "link")
    await box.engine.kill(box.uuid)
    assert "br7" in ip("-o", "link")


async def test_a_missing_bridge_is_refused_with_a_way_out(define: Define, root: Path) -> None:
    box = await define(root=root, inside=network("192.168.1.110") + bridged("br9"))
    with pytest.raises(StartFailedError) as refused:
        await box.start()
    assert "there is no bridge br9 on this host" in refused.value.message
    assert "ip link add br9 type bridge" in refused.value.hint


async def test_a_network_that_is_none_is_named_with_the_container(define: Define) -> None:
    inside = "<interface type='network'><source network='defualt'/></interface>"
    box = await define(inside=inside)
    with pytest.raises(UnsupportedError, match="box did not start: there is no network 'defualt'"):
        await box.start()


async def test_a_link_that_is_no_bridge_is_not_called_missing(define: Define, root: Path) -> None:
    box = await define(root=root, inside=network("192.168.1.110") + bridged("lo"))
    with pytest.raises(StartFailedError, match="lo of this host is no bridge") as refused:
        await box.start()
    assert "ip link add" not in refused.value.hint


@pytest.mark.parametrize(
    "taken",
    [
        ("addr", "add", "10.77.0.200/16", "dev", "lo"),
        ("route", "add", "10.77.0.64/26", "dev", "lo"),
    ],
)
async def test_a_network_that_the_host_has_already_is_refused(
    define: Define, root: Path, taken: tuple[str, ...]
) -> None:
    ip(*taken)
    box = await define(root=root, inside=network("10.77.0.5", "10.77.0.1"))
    with pytest.raises(StartFailedError) as refused:
        await box.start()
    assert "the network 10.77.0.0/24 overlaps" in refused.value.message
    assert "choose addresses" in refused.value.hint
    assert "clb" not in ip("-o", "link")


async def test_control_without_an_overlap_the_same_network_is_made(
    define: Define, root: Path
) -> None:
    ip("addr", "add", "10.78.0.200/16", "dev", "lo")
    box = await define(root=root, inside=network("10.77.0.5", "10.77.0.1"))
    await box.start()
    assert "10.77.0.1/24" in ip("-o", "addr")


async def test_ipv6_works_at_once(define: Define, root: Path) -> None:
    inside = (
        "<network><ip address='fd77::5' prefix='64'><gateway address='fd77::1'/></ip></network>"
    )
    box = await define(root=root, inside=inside)
    await box.start()
    assert "fd77::5/64" in await box.run("ip -o addr show eth0")
    with Answerer("fd77::1"):
        assert await box.run("nc fd77::1 7007 </dev/null") == "hello\n"


async def test_a_failing_program_leaves_no_link(define: Define, root: Path) -> None:
    inside = network("10.77.0.5", "10.77.0.1")
    box = await define(root=root, program=("/bin/nope",), inside=inside)
    with pytest.raises(StartFailedError):
        await box.start()
    assert ip("-o", "link").count("\n") == 1
