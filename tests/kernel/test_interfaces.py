"""Every kind of interface that needs no network of ours, with real packets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Define
from tests.kernel.outside import HELLO, Answerer, Outside, ip, outside

from cloche_engine.api.errors import EngineError, StartFailedError

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("own_network")]


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as found:
        yield found


def interface(kind: str, *parts: str) -> str:
    return f"<interface type='{kind}'>{''.join(parts)}</interface>"


def address(text: str) -> str:
    host, prefix = text.split("/")
    return f"<ip address='{host}' prefix='{prefix}'/>"


async def test_several_interfaces_each_with_its_addresses_and_routes(
    define: Define, root: Path
) -> None:
    ip("link", "add", "br7", "type", "bridge")
    ip("link", "set", "br7", "up")
    ip("addr", "add", "10.7.0.1/24", "dev", "br7")
    route = "<route address='10.99.0.0' prefix='16' gateway='10.7.0.1'/>"
    both = ("10.7.0.5/24", "fd07::5/64")
    inside = interface("bridge", "<source bridge='br7'/>", *map(address, both), route)
    inside += interface("nat", "<guest dev='lan0'/>", address("10.8.0.5/24"))
    box = await define(root=root, inside=inside)
    await box.start()
    shown = await box.run("ip -o addr")
    assert all(each in shown for each in (*both, "10.8.0.5/24"))
    assert "10.99.0.0/16 via 10.7.0.1 dev eth0" in await box.run("ip route")
    assert "lan0" in await box.run("ip -o link")
    with Answerer("10.7.0.1"):
        assert await box.run("nc 10.7.0.1 7007 </dev/null") == "hello\n"
    await box.engine.kill(box.uuid)
    assert "clv" not in ip("-o", "link")


async def test_a_macvlan_speaks_with_the_outside_and_not_with_the_host(
    define: Define, root: Path, there: Outside
) -> None:
    there.has("10.5.0.1/24")
    ip("addr", "add", "10.5.0.2/24", "dev", there.link)
    mac = "<mac address='52:54:00:12:34:56'/>"
    inside = interface("direct", mac, f"<source dev='{there.link}'/>", address("10.5.0.5/24"))
    box = await define(root=root, inside=inside)
    await box.start()
    with there.within(lambda: Answerer("10.5.0.1")):
        assert await box.run(HELLO.format("10.5.0.1")) == "hello\n"
    assert "52:54:00:12:34:56" in there.run("ip", "neigh")
    with Answerer("10.5.0.2") as host:
        await box.run("nc -w 1 10.5.0.2 7007 </dev/null")
    assert not host.callers
    await box.engine.kill(box.uuid)
    await box.start()  # at once: the old one with its hardware address is gone


@pytest.mark.parametrize("mode", ["private", "vepa", "bridge", "passthru"])
async def test_a_macvlan_has_the_mode_that_is_asked_for(
    define: Define, root: Path, there: Outside, mode: str
) -> None:
    source = f"<source dev='{there.link}' mode='{mode}'/>"
    box = await define(root=root, inside=interface("macvlan", source))
    container = await box.start()
    shown = Outside(container.pid or 0).run("ip", "-d", "link", "show", "eth0")
    assert f"macvlan mode {mode}" in shown


async def test_a_link_of_the_host_is_moved_in_and_given_back(
    define: Define, root: Path, there: Outside
) -> None:
    there.has("10.5.0.1/24")
    inside = interface("physical", f"<source dev='{there.link}'/>", address("10.5.0.5/24"))
    box = await define(root=root, inside=inside)
    for _ in range(2):
        await box.start()
        assert there.link not in ip("-o", "link")
        with there.within(lambda: Answerer("10.5.0.1")):
            assert await box.run(HELLO.format("10.5.0.1")) == "hello\n"
        await box.engine.kill(box.uuid)
        shown = ip("-d", "link", "show", there.link)
        assert "altname" not in shown


async def test_a_failing_program_gives_the_link_back(
    define: Define, root: Path, there: Outside
) -> None:
    inside = interface("physical", f"<source dev='{there.link}'/>")
    box = await define(root=root, program=("/bin/nope",), inside=inside)
    with pytest.raises(StartFailedError, match="does not exist"):
        await box.start()
    assert there.link in ip("-o", "link")


async def test_an_ethernet_pair_ends_in_the_name_that_was_chosen(
    define: Define, root: Path
) -> None:
    box = await define(
        root=root, inside=interface("ethernet", "<target dev='web0'/>", address("10.6.0.5/24"))
    )
    await box.start()
    ip("addr", "add", "10.6.0.1/24", "dev", "web0")
    with Answerer("10.6.0.1"):
        assert await box.run("nc 10.6.0.1 7007 </dev/null") == "hello\n"
    await box.engine.kill(box.uuid)
    assert "web0" not in ip("-o", "link")


async def test_a_link_that_is_down_at_the_start_carries_nothing(define: Define, root: Path) -> None:
    down = "<link state='down'/>"
    box = await define(root=root, inside=interface("nat", down, address("10.8.0.5/24")))
    await box.start()
    await box.until_shown("ip -o link show eth0", "NO-CARRIER")  # the kernel tells it later
    assert "10.8.0.5/24" in await box.run("ip -o addr")


NAMED = "<target dev='uplink'/>"


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (interface("ethernet", NAMED), "has a link named uplink already"),
        (interface("direct", "<source dev='nope'/>"), "there is no link nope"),
        (interface("direct", "<source dev='lo'/>"), "lo is no link that a container can have"),
        (interface("physical", "<source dev='uplink'/>"), "would be cut off"),
        (interface("direct", "<source dev='dark'/>"), "dark of this host is switched off"),
        (interface("physical", "<source dev='port'/>"), "port is on a bridge"),
        (interface("direct", "<source dev='port'/>"), "in use by something that wants it alone"),
    ],
)
async def test_what_the_host_needs_itself_is_refused_and_stays(
    define: Define, root: Path, there: Outside, inside: str, message: str
) -> None:
    ip("addr", "add", "10.5.0.2/24", "dev", there.link)
    ip("route", "add", "default", "via", "10.5.0.1")
    ip("link", "add", "dark", "type", "veth", "peer", "name", "port")
    ip("link", "add", "br7", "type", "bridge")
    ip("link", "set", "port", "up", "master", "br7")
    before = ip("-o", "-d", "link")
    box = await define(root=root, inside=inside)
    with pytest.raises(EngineError) as refused:
        await box.start()
    assert message in refused.value.message
    assert refused.value.hint
    assert refused.value.details["line"] == "1"
    assert [line.split()[1] for line in ip("-o", "link").splitlines()] == [
        line.split()[1] for line in before.splitlines()
    ]
    assert "default via 10.5.0.1" in ip("route")


def names_in(shown: str) -> list[str]:
    """The links of a brief listing."""
    return sorted(line.split()[0] for line in shown.splitlines())


async def test_e21_nobody_gets_a_link_or_a_bridge_that_another_container_has(
    define: Define, root: Path, there: Outside
) -> None:
    named = interface("ethernet", "<target dev='web0'/>", address("10.6.0.5/24"))
    bridged = interface("nat", address("10.7.0.5/24"))
    await (await define(name="one", root=root, inside=named)).start()
    await (await define(name="two", root=root, inside=bridged)).start()
    before, shown = ip("-br", "link"), ip("-o", "-d", "link")
    own = {word.rstrip(":").partition("@")[0] for word in shown.split() if word.startswith("cl")}
    attacks = [interface(kind, f"<source dev='{link}'/>")
               for kind in ("physical", "direct") for link in ("web0", *sorted(own))]  # fmt: skip
    attacks += [interface("bridge", f"<source bridge='{link}'/>") for link in sorted(own)]
    assert len(own) == 3, "the name beside web0, the port of the other and its bridge"
    for number, inside in enumerate(attacks):
        thief = await define(name=f"thief{number}", root=root, inside=inside)
        with pytest.raises(StartFailedError) as refused:
            await thief.start()
        assert refused.value.hint, refused.value.message
    assert names_in(ip("-br", "link")) == names_in(before)
    control = interface("physical", f"<source dev='{there.link}'/>")
    await (await define(name="three", root=root, inside=control)).start()
    assert there.link not in ip("-o", "link")
