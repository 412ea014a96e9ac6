"""Routing on the host: on for the network that needs it, as it was after that, nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Define
from tests.kernel.outside import Answerer, Outside, ip, outside

from cloche_engine.core.engine import LocalEngine

pytestmark = [pytest.mark.timeout(30), pytest.mark.kernel, pytest.mark.usefixtures("own_network")]

MANAGED = "<interface type='network'><source network='default'/></interface>"
PRIVATE = (
    "<interface type='nat'><ip address='10.77.0.5' prefix='24'><gateway address='10.77.0.1'/></ip>"
    "</interface>"
)
ROUTING = Path("/proc/sys/net/ipv4/ip_forward")


@pytest.fixture(autouse=True)
def _off(own_network: None) -> None:
    """A namespace begins with the setting of the machine."""
    ROUTING.write_text("0")


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as found:
        found.has("203.0.113.1/24")
        found.run("ip", "route", "add", "10.0.0.0/8", "via", "203.0.113.2")
        ip("addr", "add", "203.0.113.2/24", "dev", found.link)
        yield found


async def run_once(engine: LocalEngine, define: Define, root: Path) -> str:
    """What routing was while a container ran; nobody is left then."""
    box = await define(root=root, inside=MANAGED)
    await box.start()
    meanwhile = ROUTING.read_text().strip()
    await engine.kill(box.uuid)
    await engine.close()
    return meanwhile


async def test_routing_is_off_again_where_it_was_off(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    assert await run_once(engine, define, root) == "1"
    assert ROUTING.read_text().strip() == "0"
    assert not list(Path("/run").glob("cloche-forwarding.*"))


async def test_routing_that_was_on_before_stays_on(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    ROUTING.write_text("1")
    assert await run_once(engine, define, root) == "1"
    assert ROUTING.read_text().strip() == "1"


async def test_routing_stays_while_another_bridge_has_addresses_and_then_goes(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, inside=MANAGED)
    await box.start()
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
    assert ROUTING.read_text().strip() == "0"


@pytest.mark.parametrize("first", ["private", "managed"])
async def test_a_private_bridge_leads_no_further_while_the_host_routes(
    define: Define, root: Path, there: Outside, first: str
) -> None:
    boxes = {
        "private": await define(name="private", root=root, inside=PRIVATE),
        "managed": await define(name="managed", root=root, inside=MANAGED),
    }
    for name in sorted(boxes, key=lambda name: name != first):
        await boxes[name].start()
    ask = "nc -w {} 203.0.113.1 7007 </dev/null"
    bridge = next(line.split()[1] for line in ip("-o", "addr").splitlines() if "10.77.0.1" in line)
    with there.within(lambda: Answerer("203.0.113.1")):
        assert await boxes["managed"].run(ask.format(5)) == "hello\n"
        assert (await boxes["private"].status(ask.format(1)))[0] != 0
        Path(f"/proc/sys/net/ipv4/conf/{bridge}/forwarding").write_text("1")
        assert await boxes["private"].run(ask.format(5)) == "hello\n"  # control
