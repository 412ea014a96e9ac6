"""What of its network a container feels while it runs, and what it keeps where that is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.outside import HELLO, Answerer, Outside, ip, outside

from cloche_engine.api.errors import EngineError
from cloche_engine.core.engine import LocalEngine
from cloche_engine.definition.document import Document
from cloche_engine.definition.planning.plan import make_plan

pytestmark = [
    pytest.mark.kernel, pytest.mark.usefixtures("own_network"),
]  # fmt: skip


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as found:
        yield found


def nat(inside: str) -> str:
    return f"<interface type='nat'>{inside}</interface>"


FIRST = "<ip address='10.8.0.5' prefix='24'><gateway address='10.8.0.1'/></ip>"
SECOND = "<ip address='10.9.0.5' prefix='24'><gateway address='10.9.0.1'/></ip>"


async def change(box: Box, old: str, new: str) -> None:
    """Save the definition with other words, which is felt at once."""
    stored = await box.engine.definition(box.uuid)
    wanted = stored.text.replace(old.encode(), new.encode())
    assert wanted != stored.text
    plan = make_plan(Document.parse(stored.text), Document.parse(wanted), running=True)
    assert not plan.later
    await box.engine.define(wanted, stored.etag)


async def test_another_address_and_gateway_are_felt_at_once(define: Define, root: Path) -> None:
    box = await define(root=root, inside=nat(FIRST))
    await box.start()
    await change(box, FIRST, SECOND)
    shown = await box.run("ip -o addr show eth0; ip route")
    assert "10.9.0.5/24" in shown
    assert "default via 10.9.0.1" in shown
    assert "10.8.0" not in shown
    with Answerer("10.9.0.1"):
        assert await box.run(HELLO.format("10.9.0.1")) == "hello\n"
    assert "10.8.0.1" not in ip("-o", "addr")
    assert (await box.now()).addresses == ("10.9.0.5/24",)
    await box.engine.kill(box.uuid)
    ended = await box.now()
    assert (ended.addresses, ended.static_addresses) == ((), ("10.9.0.5/24",))
    assert "clb" not in ip("-o", "link")


async def test_a_further_address_and_a_route_come_and_go(define: Define, root: Path) -> None:
    box = await define(root=root, inside=nat(FIRST))
    await box.start()
    more = "<ip address='10.8.0.6' prefix='24'/><ip address='fd08::6' prefix='64'/>"
    more += "<route address='10.99.0.0' prefix='16' gateway='10.8.0.9'/>"
    await change(box, FIRST, FIRST + more)
    shown = await box.run("ip -o addr; ip route")
    wanted = ("10.8.0.5/24", "10.8.0.6/24", "fd08::6/64", "10.99.0.0/16 via 10.8.0.9")
    assert [each for each in wanted if each not in shown] == []
    kept = "<ip address='10.8.0.6' prefix='24'><gateway address='10.8.0.1'/></ip>"
    await change(box, FIRST + more, kept)
    shown = await box.run("ip -o addr; ip route")
    assert [each for each in wanted if each in shown] == ["10.8.0.6/24"]
    assert "default via 10.8.0.1" in shown


async def test_a_link_is_switched_off_and_on(define: Define, root: Path) -> None:
    box = await define(root=root, inside=nat("<link state='up'/>" + FIRST))
    await box.start()
    await change(box, "state='up'", "state='down'")
    await box.until_shown("ip -o link show eth0", "NO-CARRIER")  # the kernel tells it later
    await change(box, "state='down'", "state='up'")
    with Answerer("10.8.0.1"):
        assert await box.run(HELLO.format("10.8.0.1")) == "hello\n"


async def test_a_macvlan_that_was_off_gets_its_routes_when_it_is_switched_on(
    define: Define, root: Path, there: Outside
) -> None:
    there.has("10.8.0.1/24")
    inside = f"<source dev='{there.link}'/><link state='down'/>{FIRST}"
    box = await define(root=root, inside=f"<interface type='direct'>{inside}</interface>")
    await box.start()
    assert "default" not in await box.run("ip route")
    await change(box, "state='down'", "state='up'")
    assert "default via 10.8.0.1" in await box.run("ip route")
    with there.within(lambda: Answerer("10.8.0.1")):
        assert await box.run(HELLO.format("10.8.0.1")) == "hello\n"


async def test_ports_are_forwarded_and_closed_while_it_runs(define: Define, root: Path) -> None:
    serve = ("/bin/sh", "-c", "while :; do echo hello | nc -l -p 7007; done")
    managed = "<interface type='network'><source network='default'/>{}</interface>"
    box = await define(root=root, program=serve, inside=managed.format(""))
    await box.start()
    plain, forward = managed.format(""), managed.format(
        "<portForward proto='tcp'><range start='8080' to='7007'/></portForward>"
    )  # fmt: skip
    await change(box, plain, forward)
    gateway = (await box.run("cat /etc/resolv.conf")).split()[1]
    ask = f"until nc -w 5 {gateway} 8080 </dev/null | grep hello; do sleep 0.05; done"
    assert await box.run(ask) == "hello\n"
    await change(box, forward, plain)
    assert "refused" in await box.run(f"nc -w 5 {gateway} 8080 </dev/null")


async def test_what_the_host_refuses_is_not_saved_and_changes_nothing(
    define: Define, root: Path
) -> None:
    ip("addr", "add", "10.9.0.77/16", "dev", "lo")
    box = await define(root=root, inside=nat(FIRST))
    await box.start()
    stored = await box.engine.definition(box.uuid)
    shown = "ip -4 -o addr; ip route"  # by IPv6 the kernel goes on for two seconds by itself
    before = await box.run(shown)
    with pytest.raises(EngineError, match=r"the network 10\.9\.0\.0/24 overlaps"):
        await change(box, FIRST, SECOND)
    assert await box.engine.definition(box.uuid) == stored
    assert await box.run(shown) == before
    with Answerer("10.8.0.1"):
        assert await box.run(HELLO.format("10.8.0.1")) == "hello\n"


async def test_what_changes_more_than_that_waits_for_the_next_start(
    define: Define, root: Path
) -> None:
    box = await define(root=root, inside=nat(FIRST))
    await box.start()
    stored = await box.engine.definition(box.uuid)
    wanted = stored.text.replace(FIRST.encode(), b"<guest dev='lan0'/>" + SECOND.encode())
    plan = make_plan(Document.parse(stored.text), Document.parse(wanted), running=True)
    assert not plan.now
    await box.engine.define(wanted, stored.etag)
    assert "10.8.0.5/24" in await box.run("ip -o addr show eth0")


async def test_a_helper_that_comes_later_knows_what_was_changed(
    define: Define, root: Path, engine: LocalEngine, tmp_path: Path
) -> None:
    box = await define(root=root, inside=nat(FIRST))
    await box.start()
    await change(box, FIRST, SECOND)
    state = tmp_path / "state"
    plan = json.loads((state / "run" / box.uuid / "state.json").read_text())["plan"]
    assert plan["links"][0]["addresses"] == ["10.9.0.5/24"]
    await engine.close()
    later = await LocalEngine.open(state, state / "run", engine._places.instance)
    assert (await later.container(box.uuid)).addresses == ("10.9.0.5/24",)
    await later.kill(box.uuid)
    await later.close()
