"""A template whose making is cancelled at its very end: whole or not there, and nothing beside."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbus_fast import Message
from tests.bus import world
from tests.contract.test_templates import archive

from cloche_engine.api.bus import BusEngine
from cloche_engine.api.bus_link import Request
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import NameTakenError
from cloche_engine.core.places import Places
from cloche_engine.core.templates.store import TemplateStore
from cloche_engine.host.ids import IdBlocks

pytestmark = [pytest.mark.kernel, pytest.mark.bus]

LIMIT = 20


class HeldStore(TemplateStore):
    """The store, with its thread held where everything is there but the name."""

    def __init__(self, places: Places, ids: IdBlocks) -> None:
        super().__init__(places, ids, lambda _: ())
        self.reached, self.go_on = asyncio.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()

    def _complete(self, *words: object) -> None:
        super()._complete(*words)  # type: ignore[arg-type]  # passed on as they are
        self._loop.call_soon_threadsafe(self.reached.set)
        assert self.go_on.wait(LIMIT)


@pytest.fixture
def tar(tmp_path: Path) -> Iterator[int]:
    number = os.open(archive(tmp_path / "tar", "one", "two"), os.O_RDONLY)
    yield number
    os.close(number)


async def held(tmp_path: Path) -> HeldStore:
    places = Places(tmp_path / "state", tmp_path / "run", "test")
    places.templates.parent.mkdir()
    return HeldStore(places, IdBlocks(tmp_path / "ids.json", []))


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_job_cancelled_while_its_tree_is_completed_leaves_nothing(
    tmp_path: Path, tar: int, cancelled: bool
) -> None:
    """And the control: not cancelled at the same point, it is made."""
    store = await held(tmp_path)
    job = asyncio.ensure_future(store.add("small", tar))
    await asyncio.wait_for(store.reached.wait(), LIMIT)
    if cancelled:
        job.cancel()
        for _ in range(100):  # whoever does not wait for the thread has let go of the name by now
            await asyncio.sleep(0)
        with pytest.raises(NameTakenError):
            await store.add("small", tar)
    store.go_on.set()
    (outcome,) = await asyncio.gather(job, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError) is cancelled
    left = sorted(each.name for each in (tmp_path / "state/templates").iterdir())
    assert left == ([] if cancelled else ["small"])


async def test_who_cancels_when_the_answer_is_there_keeps_nothing_either(
    tmp_path: Path, tar: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "x"
    with world.helper(directory, words=world.real_helper_words(directory)) as helper:
        engine = await connect(helper.target)
        assert isinstance(engine, BusEngine)
        call_as_ever = engine._link.call
        made: list[str] = []

        async def cancelled_then(request: Request) -> Message:
            reply = await call_as_ever(request)
            if request.member == "AddTemplate":
                made.append(reply.body[0][0])
                job.cancel()
            return reply

        monkeypatch.setattr(engine._link, "call", cancelled_then)
        job = asyncio.ensure_future(engine.templates.add("small", tar))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(job, LIMIT)
        assert made == ["small"]
        assert await engine.templates.all() == []
        await engine.close()
