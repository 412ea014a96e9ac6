"""Routing on the host: on for the network that needs it, as it was after that, nobody else's."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.outside import Answerer, Outside, ip, nft, outside, tables

from cloche_engine.core.engine import LocalEngine

pytestmark = [pytest.mark.timeout(30), pytest.mark.kernel, pytest.mark.usefixtures("own_network")]

MANAGED = "<interface type='network'><source network='default'/></interface>"
PRIVATE = (
    "<interface type='nat'><ip address='10.7{0}.0.5' prefix='24'><gateway address='10.7{0}.0.1'/>"
    "</ip><ip address='fd7{0}::5' prefix='64'><gateway address='fd7{0}::1'/></ip></interface>"
)
FAR = ("203.0.113.1", "2001:db8::1")
SWITCHES_ON = """
import os, pathlib, sys
from cloche_engine.host.network.forwarding import switch_on
pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
assert switch_on(ipv6=False)
print(f"/run/cloche-forwarding.{os.stat('/proc/self/ns/net').st_ino}", flush=True)
sys.stdin.read()
"""
ROUTING = Path("/proc/sys/net/ipv4/ip_forward")


@pytest.fixture(autouse=True)
def _off(own_network: None) -> None:
    """A namespace begins with the setting of the machine."""
    ROUTING.write_text("0")


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as found:
        found.has("203.0.113.1/24")
        found.run("ip", "addr", "add", "2001:db8::1/64", "dev", found.far, "nodad")
        found.run("ip", "route", "add", "10.0.0.0/8", "via", "203.0.113.2")
        found.run("ip", "route", "add", "fd00::/8", "via", "2001:db8::2")
        ip("addr", "add", "2001:db8::2/64", "dev", found.link, "nodad")
        ip("addr", "add", "203.0.113.2/24", "dev", found.link)
        yield found


async def test_routing_that_was_on_before_stays_on(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    ROUTING.write_text("1")
    box = await define(root=root, inside=MANAGED)
    await box.start()
    await engine.kill(box.uuid)
    await engine.close()
    assert ROUTING.read_text().strip() == "1"


async def test_routing_stays_while_another_bridge_has_addresses_and_then_goes(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, inside=MANAGED)
    await box.start()
    note = Path(f"/run/cloche-forwarding.{Path('/proc/thread-self/ns/net').stat().st_ino}")
    assert (ROUTING.read_text().strip(), note.exists()) == ("1", True)
    ip("link", "add", "docker0", "type", "bridge")
    ip("addr", "add", "172.31.0.1/24", "dev", "docker0")
    await engine.kill(box.uuid)
    await engine.close()
    assert ROUTING.read_text().strip() == "1"
    ip("link", "del", "docker0")
    state = tmp_path / "state"
    later = await LocalEngine.open(state, state / "run", engine.places.instance)
    await later.start(box.uuid)
    await later.kill(box.uuid)
    await later.close()
    assert (ROUTING.read_text().strip(), note.exists()) == ("0", False)


async def test_the_note_of_a_killed_run_goes_with_its_namespace(
    engine: LocalEngine, tmp_path: Path
) -> None:
    """And the control: that of a namespace where somebody is stays."""
    notes = {}
    with contextlib.ExitStack() as held:
        for who in ("lives", "dead"):  # a number of one that is gone would be given again
            words = ["unshare", "--net", sys.executable, "-c", SWITCHES_ON]
            process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            held.enter_context(process)
            held.callback(process.kill)
            assert process.stdout is not None
            notes[who] = Path(process.stdout.readline().decode().strip())
            assert notes[who].exists()
            if who == "dead":
                process.kill()
                process.wait(20)
        state = tmp_path / "state"
        await engine.close()
        later = await LocalEngine.open(state, state / "run", engine.places.instance)
        await later.close()
        assert {who: note.exists() for who, note in notes.items()} == {"dead": False, "lives": True}
        notes["lives"].unlink()


async def test_private_bridges_lead_no_further_while_the_host_routes(
    define: Define, root: Path, there: Outside
) -> None:
    """Those of before the host routes, and those that come later."""
    boxes = [
        await define(name="before", root=root, inside=PRIVATE.format(7)),
        await define(name="managed", root=root, inside=MANAGED),
        await define(name="later", root=root, inside=PRIVATE.format(8)),
    ]
    for box in boxes:
        await box.start()
    before, managed, later = boxes
    with (
        there.within(lambda: Answerer(FAR[0])),
        there.within(lambda: Answerer(FAR[1])),
    ):
        for address in FAR:
            assert await managed.run(ask(address, 5)) == "hello\n"
        assert await answered([before, later], *FAR) == 0
        flush_routed(managed)
        assert await later.run(ask(FAR[1], 5)) == "hello\n"  # control
        assert await answered([before, later], FAR[0]) == 0
        for file in Path("/proc/sys/net/ipv4/conf").glob("clbp*/forwarding"):
            file.write_text("1")
        for box in (before, later):
            assert await box.run(ask(FAR[0], 5)) == "hello\n"  # control


async def answered(boxes: list[Box], *addresses: str) -> int:
    """How many of them get an answer within a second."""
    asking = (box.status(ask(address, 1)) for box in boxes for address in addresses)
    return sum(status == 0 for status, _ in await asyncio.gather(*asking))


def ask(address: str, seconds: int) -> str:
    return f"nc -w {seconds} {address} 7007 </dev/null"


def flush_routed(box: Box) -> None:
    """Let through what the firewall would not, and be not mended."""
    box.engine._network._rule_watch._lost = lambda: None  # type: ignore[union-attr]
    table = next(each for each in tables() if each.startswith("table inet "))
    nft("flush", "chain", *table.split()[1:], "routed")
