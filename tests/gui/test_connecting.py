"""What the window knows after it has connected."""

from __future__ import annotations

import asyncio

import pytest
from tests.bus.world import shell

from cloche_engine.api.fake import FakeEngine
from cloche_engine.api.model import Container
from cloche_gui.models.containers import ContainersModel
from cloche_gui.services.engine import EngineService

pytestmark = pytest.mark.screen


class Busy(FakeEngine):
    """An engine in which a container is made while the list is on its way."""

    async def containers(self) -> list[Container]:
        answer = await super().containers()
        if not answer:
            await self.define(shell("meanwhile"))
        return answer


async def test_a_container_that_is_made_while_the_list_is_read_is_not_missed() -> None:
    engine = Busy()
    listed = asyncio.Event()

    async def connector() -> FakeEngine:
        return engine

    service, model = EngineService(connector), ContainersModel()
    service.changed.connect(model.hear)
    service.listed.connect(model.reset)
    service.listed.connect(lambda _: listed.set())
    connection = asyncio.create_task(service.run())
    async with asyncio.timeout(30):
        await listed.wait()

    assert [container.name for container in model.containers] == ["meanwhile"]
    connection.cancel()
    await asyncio.gather(connection, return_exceptions=True)
