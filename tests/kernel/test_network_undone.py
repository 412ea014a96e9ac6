"""A start that fails at any message to the kernel about its network leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, left_in
from tests.kernel.outside import Outside, ip, outside

from cloche_engine.api.errors import EngineError
from cloche_engine.core import spawner
from cloche_engine.core.engine import LocalEngine
from cloche_engine.kernel.link_end import remove_link
from cloche_engine.kernel.netlink import Netlink
from cloche_engine.kernel.rtnetlink import RouteSocket

pytestmark = [
    pytest.mark.kernel, pytest.mark.usefixtures("own_network"),
]  # fmt: skip

FAILING = """
import mmap, os, sys; sys.path.insert(0, sys.argv.pop(1))
from cloche_engine.kernel.rtnetlink import RouteSocket
wanted = mmap.mmap(os.open({file!r}, os.O_RDWR), 1)
send, sent = RouteSocket._send, [0]
def failing(self, kind, flags, body):
    sent[0] += 1
    if sent[0] == wanted[0]:
        raise OSError(5, "injected")
    send(self, kind, flags, body)
RouteSocket._send = failing
from cloche_engine.monitor.spawner import main
main()
"""
"""The spawner, whose children fail at the n-th message that each of them sends.

n is the byte of a file, which those see as well that have another root by then.
"""

PRIVATE = (
    "<interface type='nat'><ip address='10.77.0.5' prefix='24'><gateway address='10.77.0.1'/></ip>"
    "<ip address='fd77::5' prefix='64'/><target dev='web0'/></interface>"
)
MOVED = "<interface type='physical'><source dev='uplink'/></interface>"
ON_IT = "<interface type='direct'><source dev='uplink'/></interface>"
MANAGED = "<interface type='network'><source network='default'/></interface>"


@pytest.fixture
def there() -> Iterator[Outside]:
    with outside() as found:
        yield found


class Saboteur:
    """Says at which message a start fails."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(b"\0")
        self._file = file.open("r+b", buffering=0)

    def fail_at(self, message: int) -> None:
        """From now on at this one; 0 for none."""
        self._file.seek(0)
        self._file.write(bytes([message]))

    def close(self) -> None:
        """It is over."""
        self._file.close()


@pytest.fixture
def saboteur(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: Outside) -> Iterator[Saboteur]:
    file = tmp_path / "fail-at"
    monkeypatch.setattr(spawner, "_PROGRAM", FAILING.format(file=str(file)))
    found = Saboteur(file)
    yield found
    found.close()


def links() -> set[str]:
    return {line.split()[1].partition("@")[0].rstrip(":") for line in ip("-o", "link").splitlines()}


@pytest.mark.parametrize("inside", [PRIVATE + MOVED, ON_IT, MANAGED])
async def test_a_message_that_fails_undoes_the_start(
    define: Define, root: Path, tmp_path: Path, saboteur: Saboteur, inside: str
) -> None:
    box = await define(root=root, inside=inside)
    await box.start()  # what comes with the first start and stays is there now
    await box.engine.kill(box.uuid)
    before = links()
    failed = 0
    for message in range(2, 40):
        saboteur.fail_at(message)
        trouble = await trouble_of(box)
        if not trouble:
            break
        failed += 1
        assert "injected" in trouble or "died" in trouble  # where undoing it failed as well
        assert links() == before
        left = left_in(tmp_path / "state" / "run")
        assert set(left) <= {"links.lock", "trees.lock", "network.json", "dnsmasq.json"}
    saboteur.fail_at(0)
    assert failed >= 2
    await box.engine.kill(box.uuid)
    await box.start()
    await box.engine.kill(box.uuid)
    assert links() == before


async def trouble_of(box: Box) -> str:
    """Why it did not start; empty where it did."""
    try:
        await box.start()
    except EngineError as error:
        return error.message
    return ""


async def test_a_message_of_the_helper_that_fails_leaves_no_network(
    engine: LocalEngine, define: Define, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = await define(root=root, inside=MANAGED)
    send, messages = RouteSocket._send, [0, 0]

    def broken(self: RouteSocket, kind: int, flags: int, body: bytes) -> None:
        messages[0] += 1
        if messages[0] == messages[1]:
            raise OSError(5, "injected")
        send(self, kind, flags, body)

    monkeypatch.setattr(RouteSocket, "_send", broken)
    failed = 0
    for message in range(1, 40):
        messages[:] = [0, message]
        if not await trouble_of(box):
            break
        failed += 1
        assert not [name for name in links() if name.startswith("clm")]
    messages[1] = 0
    assert failed >= 3
    await engine.kill(box.uuid)
    await engine.close()
    assert not [name for name in links() if name.startswith("cl")]


def test_a_removed_link_is_gone_at_once_and_its_name_is_free() -> None:
    with Netlink() as netlink:
        for number in range(20):
            netlink.add_bridge("again0")
            remove_link("again0")
            assert netlink.link("again0") is None, number
    remove_link("again0")


def test_a_link_that_cannot_be_removed_is_told() -> None:
    with pytest.raises(OSError, match="not supported"):
        remove_link("lo")
