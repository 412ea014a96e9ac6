"""The network that the engine manages itself: addresses, names, the way out and what is kept in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.outside import HELLO, Answerer, Outside, ip, nft, outside, tables, until

from cloche_engine.api.errors import EngineError
from cloche_engine.cli import neighbours
from cloche_engine.core.engine import LocalEngine
from cloche_engine.definition.document import Document

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("own_network")]

MANAGED = "<interface type='network'><source network='default'/></interface>"
OUTSIDE = "203.0.113.1"


@pytest.fixture
def there() -> Iterator[Outside]:
    """A neighbour that knows no way to the containers."""
    with outside() as found:
        found.has(f"{OUTSIDE}/24")
        ip("addr", "add", "203.0.113.2/24", "dev", found.link)
        yield found


@pytest.fixture
async def web(define: Define, root: Path) -> Box:
    """A container that says hello on port 7007."""
    serve = ("/bin/sh", "-c", "while :; do echo hello | nc -l -p 7007; done")
    box = await define(name="web", root=root, program=serve, inside=MANAGED)
    await box.start()
    return box


async def address_of(box: Box) -> str:
    return (await box.now()).addresses[0].partition("/")[0]


async def test_it_reaches_the_outside_under_the_hosts_address(
    define: Define, root: Path, there: Outside
) -> None:
    box = await define(root=root, inside=MANAGED)
    container = await box.start()
    assert "default via" in await box.run("ip route")
    with there.within(lambda: Answerer(OUTSIDE)) as server:
        assert await box.run(HELLO.format(OUTSIDE)) == "hello\n"
    assert server.callers == ["203.0.113.2"]
    assert container.addresses[0] in await box.run("ip -o addr show eth0")


async def test_the_outside_does_not_reach_it_uncalled(web: Box, there: Outside) -> None:
    there.run("ip", "route", "add", "10.0.0.0/8", "via", "203.0.113.2")
    address = await address_of(web)
    with pytest.raises(subprocess.CalledProcessError):
        there.run("busybox", "nc", "-w", "1", address, "7007")
    with Answerer("203.0.113.2"):  # control: the neighbour does reach the host
        assert there.run("busybox", "nc", "-w", "5", "203.0.113.2", "7007") == "hello\n"


async def test_containers_find_each_other_by_name(define: Define, root: Path, web: Box) -> None:
    other = await define(name="other", root=root, inside=MANAGED)
    await other.start()
    assert await other.run(HELLO.format("web")) == "hello\n"
    assert await address_of(web) in await other.run("nslookup web")
    refused = await other.run("nslookup nobody-is-called-so")
    assert "NXDOMAIN" in refused


async def test_a_new_name_is_known_at_once(define: Define, root: Path, web: Box) -> None:
    other = await define(name="other", root=root, inside=MANAGED)
    await other.start()
    stored = await web.engine.definition(web.uuid)
    text = stored.text.replace(b"<name>web</name>", b"<name>shop</name>")
    await web.engine.define(text, stored.etag)
    assert await web.run("hostname") == "web\n"  # until its next start
    assert await other.run(HELLO.format("shop")) == "hello\n"
    assert "NXDOMAIN" in await other.run("nslookup web")


async def test_an_address_stays_the_containers_own(define: Define, root: Path) -> None:
    one = await define(name="one", root=root, inside=MANAGED)
    two = await define(name="two", root=root, inside=MANAGED)
    for box in (one, two):
        await box.start()
    had = await address_of(one)
    assert had != await address_of(two)
    for box in (one, two):
        await box.engine.kill(box.uuid)
    await two.start()
    await one.start()
    assert await address_of(one) == had


def listens(pid: int) -> bool:
    """Whether a process is told of changes by the kernel: its socket is in a group (netlink(7))."""
    sockets = Path("/proc/thread-self/net/netlink").read_text().splitlines()[1:]
    return any(line.split()[2] == str(pid) and int(line.split()[3], 16) for line in sockets)


async def test_the_second_start_changes_no_rule(define: Define, root: Path, web: Box) -> None:
    heard = subprocess.Popen(["nft", "monitor"], stdout=subprocess.PIPE, text=True)
    try:
        await until(lambda: listens(heard.pid))
        box = await define(name="second", root=root, inside=MANAGED)
        await box.start()
        nft("add", "table", "ip", "last")
        assert heard.stdout is not None
        assert heard.stdout.readline() == "add table ip last\n"
    finally:
        heard.kill()
        heard.communicate()


async def test_rules_that_a_firewall_reload_takes_away_come_back(
    define: Define, root: Path, there: Outside
) -> None:
    box = await define(root=root, inside=MANAGED)
    await box.start()
    before = nft("-s", "list", "ruleset")
    nft("flush", "ruleset")
    await until(lambda: nft("-s", "list", "ruleset") == before)
    with there.within(lambda: Answerer(OUTSIDE)):
        assert await box.run(HELLO.format(OUTSIDE)) == "hello\n"


async def test_others_tables_stay_as_they_are(
    define: Define, root: Path, engine: LocalEngine
) -> None:
    nft("add", "table", "ip", "theirs")
    nft("add", "chain", "ip", "theirs", "c", "{ type filter hook input priority 0; }")
    nft("add", "rule", "ip", "theirs", "c", "tcp", "dport", "9", "drop")
    before = nft("list", "table", "ip", "theirs")
    box = await define(root=root, inside=MANAGED)
    await box.start()
    assert len(tables()) == 2
    await engine.kill(box.uuid)
    await engine.close()
    assert nft("list", "ruleset") == before
    assert "clb" not in ip("-o", "link")


async def test_a_helper_that_comes_later_goes_on_with_it(
    web: Box, engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    had = await address_of(web)
    state = tmp_path / "state"
    await engine.close()
    assert tables()
    later = await LocalEngine.open(state, state / "run", engine._places.instance)
    again = Box(later, await later.container(web.uuid))
    assert await address_of(again) == had
    nft("flush", "ruleset")
    await until(lambda: len(tables()) == 2)
    await later.kill(web.uuid)
    await later.close()
    assert not tables()


async def test_what_nobody_needs_any_more_is_taken_away_by_the_next_helper(
    web: Box, engine: LocalEngine, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    pid = (await web.now()).pid
    await engine.close()
    assert tables()
    os.kill(pid or 0, signal.SIGKILL)
    await until(lambda: not (state / "run" / web.uuid).exists())
    later = await LocalEngine.open(state, state / "run", engine._places.instance)
    assert not tables()
    assert "clb" not in ip("-o", "link")
    await later.close()


async def test_its_range_is_none_that_the_host_has(define: Define, root: Path) -> None:
    for network in ("10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/17"):
        ip("route", "add", network, "dev", "lo")
    box = await define(root=root, inside=MANAGED)
    container = await box.start()
    assert container.addresses[0].startswith("192.168.")
    assert int(container.addresses[0].split(".")[2]) >= 128


async def test_a_range_that_the_host_took_meanwhile_is_refused(
    define: Define, root: Path, web: Box
) -> None:
    address = await address_of(web)
    box = await define(name="late", root=root, inside=MANAGED)
    ip("route", "add", f"{address.rsplit('.', 1)[0]}.64/26", "dev", "lo")
    with pytest.raises(Exception, match="now, where the network default has"):
        await box.start()
    ip("route", "del", f"{address.rsplit('.', 1)[0]}.64/26", "dev", "lo")
    await box.start()


async def test_a_chosen_address_and_hardware_address_are_given(
    define: Define, root: Path, web: Box, tmp_path: Path
) -> None:
    pool = json.loads((tmp_path / "state" / "network.json").read_text())["pool"]
    wanted = f"{pool.rsplit('.', 1)[0]}.77"
    inside = MANAGED.replace(
        "<source", f"<mac address='52:54:00:aa:bb:cc'/><ip address='{wanted}' prefix='22'/><source"
    )
    box = await define(name="chosen", root=root, inside=inside)
    await box.start()
    assert await address_of(box) == wanted
    assert "52:54:00:aa:bb:cc" in await box.run("ip link show eth0")
    assert await box.run(HELLO.format("web")) == "hello\n"
    rival = await define(name="rival", root=root, inside=inside.replace("aa:bb:cc", "aa:bb:cd"))
    with pytest.raises(Exception, match="another container has the address"):
        await rival.start()


async def test_what_a_start_will_say_of_an_address_is_said_when_it_is_defined(
    define: Define, root: Path, web: Box
) -> None:
    address = await address_of(web)
    await web.engine.kill(web.uuid)
    last = f"{address.rpartition('.')[0]}.88"
    for wanted, known in ((address, True), ("10.255.255.9", True), (last, False)):
        inside = MANAGED.replace("<source", f"<ip address='{wanted}' prefix='22'/><source")
        box_name = f"b{wanted[-1]}"
        box = await define(name=box_name, root=root, inside=inside)
        spec = Document.parse((await box.engine.definition(box.uuid)).text).compiled()
        said = [f"{each.reason}: {each.hint}" for each in await neighbours.here(box.engine, spec)]
        if not known:
            assert (await box.start()).pid
            assert said == []
            continue
        with pytest.raises(EngineError) as refused:
            await box.start()
        at_start = refused.value.message.removeprefix(f"{box_name} did not start: ")
        assert said == [f"{at_start}: {refused.value.hint}"]


async def test_a_firewall_that_forbids_forwarding_is_told_of(
    define: Define, root: Path, engine: LocalEngine
) -> None:
    nft("add", "table", "ip", "filter")
    drop = "{ type filter hook forward priority 0; policy drop; }"  # what Docker makes
    nft("add", "chain", "ip", "filter", "FORWARD", drop)
    box = await define(root=root, inside=MANAGED)
    await box.start()
    (said,) = engine._network.trouble
    assert "filter FORWARD drops" in said
    assert "containers may not reach others" in said
