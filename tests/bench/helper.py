"""A private helper's time to `ready`, and what a huge body on its bus costs other callers.

The body is a dictionary of 300,000 entries, 9 MiB, which would take half a second to read; the
helper drops it unread. What is measured is the longest call of somebody else meanwhile.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

from dbus_fast import Message, Variant
from tests.bench import figures, private
from tests.bus.vanishing_caller import hello, marshalled

from cloche_engine.api.client import Engine
from cloche_engine.api.names import BUS_NAME, MANAGER, ROOT_PATH

_STARTS, _ROUNDS = 5, 5
_ENTRIES = 300_000
_READY, _FLOOR = "cloched until it is ready", "python -c pass"
_ALONE, _BESIDE = "a call with nothing beside it", "the longest call beside a huge body"


def measure() -> figures.Report:
    """Both on helpers of their own."""
    found = asyncio.run(_measure())
    notes = ("the goal beside a huge body is 250 ms",)
    return figures.Report(found, frozenset({_FLOOR, _ALONE}), notes)


async def _measure() -> tuple[figures.Figure, ...]:
    with private.folder() as folder:
        contenders: dict[str, figures.Sample] = {
            _READY: lambda: _until_ready(folder / "started"),
            _FLOOR: _interpreter,
        }
        started = await figures.interleave("ready", contenders, _STARTS)
        async with private.private_engine(folder / "state") as engine:
            huge = await asyncio.to_thread(_huge_call)
            calls: dict[str, figures.Sample] = {
                _BESIDE: lambda: _longest_beside(engine, folder / "state/bus", huge),
                _ALONE: lambda: _one_call(engine),
            }
            return started + await figures.interleave("huge body", calls, _ROUNDS)


def _until_ready(directory: Path) -> float:
    words = [sys.executable, "-I", "-m", "cloche_engine.daemon", "--private", str(directory)]
    begun = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the helper did not become ready")
        took = figures.milliseconds(begun)
        process.terminate()
    return took


def _interpreter() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return figures.milliseconds(begun)


async def _one_call(engine: Engine) -> float:
    begun = time.perf_counter()
    await engine.about()
    return figures.milliseconds(begun)


async def _longest_beside(engine: Engine, bus: Path, huge: bytes) -> float:
    sending = asyncio.create_task(asyncio.to_thread(_answer_to, bus, huge))
    longest = 0.0
    while not sending.done():
        longest = max(longest, await _one_call(engine))
    if b"LimitsExceeded" not in sending.result():
        raise RuntimeError("the huge body was not refused")
    return longest


def _answer_to(bus: Path, huge: bytes) -> bytes:
    """What the helper says to it; sent by hand, so that nothing here has to pack it meanwhile."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(bus))
        link.sendall(b"\0AUTH EXTERNAL 30\r\n")
        link.recv(4096)
        link.sendall(b"BEGIN\r\n" + marshalled(hello()))
        said = link.recv(4096)
        link.sendall(huge)
        while b"LimitsExceeded" not in said and (more := link.recv(4096)):
            said += more
    return said


def _huge_call() -> bytes:
    body = {f"key {number}": Variant("u", number) for number in range(_ENTRIES)}
    call = Message(BUS_NAME, ROOT_PATH, MANAGER, "Define", signature="a{sv}", body=[body], serial=2)
    return marshalled(call)
