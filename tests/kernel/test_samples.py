"""Samples of the real engine: from files that stay open while somebody watches, where they may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, type_in

from cloche_engine.api.model import Sample, Samples
from cloche_engine.core import usage

pytestmark = [pytest.mark.kernel, pytest.mark.v2]


def open_files() -> int:
    """How many files of control groups this process has open."""
    found = (str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return sum(name.startswith("/sys/fs/cgroup/") for name in found)


async def watched(box: Box, until: Callable[[Samples], bool]) -> tuple[Samples, int]:
    """Samples that are as wanted, and how many files are kept open for them."""
    seen: asyncio.Queue[tuple[Samples, int]] = asyncio.Queue()
    end = await box.engine.watch(lambda found: seen.put_nowait((found, open_files())), 0.1)
    try:
        async with asyncio.timeout(20):
            while not until((found := await seen.get())[0]):
                pass
    finally:
        end()
    await asyncio.sleep(0)
    return found


async def test_files_stay_open_for_as_long_as_somebody_watches(box: Box) -> None:
    _, kept = await watched(box, bool)
    assert kept > 3
    await asyncio.sleep(0)  # the watch ends when its turn comes
    assert open_files() == 0


async def test_where_too_few_files_may_be_open_none_is_kept(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_OTHERS", 1 << 40)
    found, kept = await watched(box, lambda found: found[0].cpu_usec > 0)
    assert kept == 0
    assert found[0].processes == 1


async def test_work_throttling_and_memory_are_seen(define: Define, root: Path) -> None:
    quota = "<cputune><period>10000</period><quota>1000</quota></cputune>"
    box = await define(root=root, around=f"{quota}<memory>65536</memory>")
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        type_in(console, "while :; do :; done\n")

        def works(found: Samples) -> bool:
            return any(_is_throttled(sample) for sample in found)

        ((sample, *_), _) = await watched(box, works)
    assert sample.memory_bytes > 0
    assert sample.uuid == box.uuid


def _is_throttled(sample: Sample) -> bool:
    return sample.throttled_periods > 2 and sample.throttled_usec > 0 and sample.cpu_usec > 0
