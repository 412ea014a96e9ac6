"""Processors are kept awake for a start, and only for it."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloche_engine.core.wakefulness import Wakefulness

AT_ONCE, WHENEVER = struct.pack("=i", 0), struct.pack("=i", 2_000_000_000)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A FIFO in the place of the kernel's device."""
    path = tmp_path / "latency"
    os.mkfifo(path)
    return path


@pytest.fixture
def kernel(device: Path) -> Iterator[int]:
    """What hears the words, one after another."""
    ear = os.open(device, os.O_RDWR)
    yield ear
    os.close(ear)


async def word(kernel: int) -> bytes:
    async with asyncio.timeout(20):
        return await asyncio.to_thread(os.read, kernel, len(AT_ONCE))


async def test_a_start_asks_once_and_it_ends_by_itself(device: Path, kernel: int) -> None:
    wakefulness = Wakefulness(device)
    wakefulness.ask()
    wakefulness.ask()
    assert [await word(kernel), await word(kernel)] == [AT_ONCE, WHENEVER]
    wakefulness.ask()
    assert [await word(kernel), await word(kernel)] == [AT_ONCE, WHENEVER]
    wakefulness.close()


async def test_a_helper_that_ends_asks_no_more(device: Path, kernel: int) -> None:
    wakefulness = Wakefulness(device)
    wakefulness.close()
    wakefulness.close()
    wakefulness.ask()
    os.write(kernel, WHENEVER)
    assert await word(kernel) == WHENEVER


async def test_a_machine_without_the_device_starts_as_well(tmp_path: Path) -> None:
    wakefulness = Wakefulness(tmp_path / "missing")
    wakefulness.ask()
    wakefulness.close()
