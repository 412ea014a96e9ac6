"""Limits that are saved while a container runs, and how it says that it ended."""

from __future__ import annotations

from cloche_engine.api.client import Engine
from cloche_engine.api.model import End, State

LIMITS = b"""<cpushare>512</cpushare><memory>65536</memory><processes>64</processes>
<cputune><period>50000</period><quota>25000</quota></cputune>
<memtune><soft_limit>32768</soft_limit><swap_hard_limit>98304</swap_hard_limit></memtune>"""


async def test_saved_limits_are_those_of_the_running_container(
    engine: Engine, running: str
) -> None:
    stored = await engine.definition(running)
    await engine.define(stored.text.replace(b"</domain>", LIMITS + b"</domain>"), stored.etag)
    stats = await engine.stats(running)
    assert (stats.cpu_shares, stats.processes_limit) == (512, 64)
    assert (stats.cpu_quota_usec, stats.cpu_period_usec) == (25000, 50000)
    assert stats.memory_limit_bytes == 64 << 20
    assert stats.memory_soft_bytes == 32 << 20
    assert stats.memory_swap_limit_bytes == 96 << 20


async def test_an_end_that_somebody_wanted_is_told_as_such(engine: Engine, running: str) -> None:
    assert (await engine.container(running)).ended is None
    stopped = await engine.stop(running, 0)
    assert (stopped.state, stopped.ended) == (State.STOPPED, End.STOP)
    assert stopped.ended_at is not None
    assert (await engine.start(running)).ended is None
    assert (await engine.kill(running)).ended is End.STOP
