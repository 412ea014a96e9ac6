"""The engine in memory: its demonstration, and what only it can do."""

from __future__ import annotations

import pytest

from cloche_engine.api.connect import connect
from cloche_engine.api.errors import EngineError, StartFailedError, UnavailableError
from cloche_engine.api.fake_demo import demo
from cloche_engine.api.model import State
from cloche_engine.definition.document import Document


async def test_the_demonstration_has_containers_in_many_states() -> None:
    engine = await connect("test:")
    containers = await engine.containers()
    assert len(containers) >= 6
    assert {State.RUNNING, State.STOPPED, State.PAUSED, State.FAILED} <= {
        one.state for one in containers
    }
    await engine.close()


async def test_every_definition_of_the_demonstration_is_flawless() -> None:
    engine = demo()
    for container in await engine.containers():
        stored = await engine.definition(container.uuid)
        assert Document.parse(stored.text).problems == ()


async def test_a_refused_start_leaves_a_failed_container_with_the_reason() -> None:
    engine = demo()
    engine.refuse_start("browndog", StartFailedError("no bridge br0", "make it"))
    with pytest.raises(StartFailedError):
        await engine.start("browndog")
    failed = await engine.container("browndog")
    assert (failed.state, failed.error, failed.hint) == (State.FAILED, "no bridge br0", "make it")
    engine.refuse_start("browndog", None)
    assert (await engine.start("browndog")).error == ""
    await engine.close()


async def test_a_lost_engine_tells_once_and_refuses_everything() -> None:
    engine, told = demo(), []
    engine.on_lost(lambda: told.append(1))
    engine.lose()
    engine.lose()
    assert told == [1]
    with pytest.raises(UnavailableError):
        await engine.containers()


@pytest.mark.parametrize("target", ["", "nonsense", "private:", "test"])
async def test_an_address_that_is_none_is_told(target: str) -> None:
    with pytest.raises(EngineError, match="is no address of a helper"):
        await connect(target)
