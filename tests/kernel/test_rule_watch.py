"""Whose change of the rules it was, also when more happened than the kernel could tell."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator

import pytest
from tests.kernel.outside import nft

from cloche_engine.core.networks import watching
from cloche_engine.core.networks.watching import RuleWatch

pytestmark = [
    pytest.mark.kernel, pytest.mark.usefixtures("own_network"),
]  # fmt: skip

TABLE = "cloche_test"
PORTS = ", ".join(str(port) for port in range(1, 4000, 2))
OURS = f"""
add table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
    set ports {{
        type inet_service
        elements = {{ {PORTS} }}
    }}
}}
"""


class Watched:
    """A watch on a table, and how often it was told of a loss."""

    def __init__(self) -> None:
        self.losses = 0
        self.watch = RuleWatch(TABLE, self._lost)

    def _lost(self) -> None:
        self.losses += 1

    async def change(self, meanwhile: str = "") -> None:
        """Make the table anew, and have somebody else do something before that is heard."""
        await self.watch.while_changing(self._changed(meanwhile))

    async def _changed(self, meanwhile: str) -> int:
        nft_pid = _told_to_nft(OURS)
        if meanwhile:
            nft(*meanwhile.split())
        return nft_pid


def _told_to_nft(text: str) -> int:
    process = subprocess.Popen(["nft", "-f", "-"], stdin=subprocess.PIPE, text=True)
    process.communicate(text)
    assert process.returncode == 0
    return process.pid


@pytest.fixture(params=["all is told", "too much to be told"])
async def watched(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watched]:
    if request.param == "too much to be told":
        monkeypatch.setattr(watching, "_ROOM", 8192)
    watched = Watched()
    yield watched
    watched.watch.close()


async def test_what_we_change_ourselves_is_no_loss(watched: Watched) -> None:
    for _ in range(3):
        await watched.change()
    assert watched.losses == 0


async def test_what_another_takes_away_at_the_same_time_is_one(watched: Watched) -> None:
    await watched.change()
    await watched.change(f"delete table inet {TABLE}")
    assert watched.losses == 1


def test_each_transaction_is_a_generation() -> None:
    first = watching.generation()
    nft("add", "table", "inet", "other")
    assert watching.generation() == first + 1
