"""The networks of an engine before anybody is in them, the same for every engine."""

from __future__ import annotations

from cloche_engine.api.client import Engine
from cloche_engine.api.networks import Network


async def test_the_managed_network_is_shown_before_it_is_made(engine: Engine) -> None:
    assert await engine.networks() == [Network("default")]
