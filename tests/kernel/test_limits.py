"""cpushare and memory: written, read back from the kernel, felt by the program, told at its end."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import pytest
from tests.kernel.box import GREEDY, Box, Define, read_until
from tests.system.host import group_path

from cloche_engine.api.console import encode_input
from cloche_engine.api.errors import ConflictError, EngineError, StartFailedError
from cloche_engine.api.model import State
from cloche_engine.core.store import Store, Stored
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.host.cgroups.v2 import weight_of

pytestmark = [pytest.mark.kernel, pytest.mark.v2]

LIMITS = "<cpushare>40</cpushare><memory>65536</memory>"


async def value_of(box: Box, controller: str, v1: str, v2: str) -> str:
    tree = detect().with_controller(controller)
    assert tree is not None
    path = group_path(Path(f"/proc/{(await box.now()).pid}/cgroup").read_text(), controller)
    return (tree.path / path.lstrip("/") / (v1 if tree.version == 1 else v2)).read_text().strip()


async def test_the_kernel_has_what_the_definition_says(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    await box.start()
    shares = await value_of(box, "cpu", "cpu.shares", "cpu.weight")
    assert shares in {"40", str(weight_of(40))}
    memory = await value_of(box, "memory", "memory.limit_in_bytes", "memory.max")
    assert memory == str(65536 * 1024)
    stats = await box.engine.stats(box.uuid)
    assert stats.memory_limit_bytes == 65536 * 1024
    assert stats.cpu_shares is not None
    assert abs(stats.cpu_shares - 40) <= 10
    assert stats.processes >= 1


async def redefine(box: Box, limits: str) -> None:
    """Save other limits while it runs."""
    stored = await box.engine.definition(box.uuid)
    bare = re.sub(rb"<(cpushare|memory)>.*?</.*?>", b"", stored.text)
    text = bare.replace(b"</domain>", limits.encode() + b"</domain>")
    await box.engine.define(text, stored.etag)


async def test_saved_limits_are_felt_at_once(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    await box.start()
    for kib in (131072, 32768):
        await redefine(box, f"<cpushare>2048</cpushare><memory>{kib}</memory>")
        memory = await value_of(box, "memory", "memory.limit_in_bytes", "memory.max")
        assert memory == str(kib * 1024)
        shares = await value_of(box, "cpu", "cpu.shares", "cpu.weight")
        assert shares in {"2048", str(weight_of(2048))}
    await redefine(box, "")
    usage = await box.engine.stats(box.uuid)
    assert usage.memory_limit_bytes is None
    assert usage.cpu_shares == 1024


HOLDS = ("/bin/sh", "-c", "x=$(head -c 20000000 /dev/zero | tr '\\0' x); echo full; cat; :")


async def test_a_limit_below_what_is_used_is_refused_and_nothing_changes(
    define: Define, root: Path
) -> None:
    box = await define(root=root, program=HOLDS, around=LIMITS)
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        await read_until(console, "full")
    before = await box.engine.definition(box.uuid)
    shares = await value_of(box, "cpu", "cpu.shares", "cpu.weight")
    with pytest.raises(EngineError, match="cannot be changed while it runs"):
        await redefine(box, "<cpushare>4096</cpushare><memory>4096</memory>")
    assert await box.engine.definition(box.uuid) == before
    assert await value_of(box, "cpu", "cpu.shares", "cpu.weight") == shares
    memory = await value_of(box, "memory", "memory.limit_in_bytes", "memory.max")
    assert memory == str(65536 * 1024)
    assert (await box.now()).state is State.RUNNING


async def test_limits_are_as_before_where_the_definition_cannot_be_saved(
    define: Define, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = await define(root=root, around=LIMITS)
    await box.start()

    def full(_store: Store, _stored: Stored) -> None:
        raise EngineError("the disk is full", "free some space")

    monkeypatch.setattr(Store, "save", full)
    with pytest.raises(EngineError, match="the disk is full"):
        await redefine(box, "<memory>131072</memory>")
    memory = await value_of(box, "memory", "memory.limit_in_bytes", "memory.max")
    assert memory == str(65536 * 1024)


async def test_a_limit_that_was_changed_is_named_when_it_is_outgrown(
    define: Define, root: Path
) -> None:
    waits = ("/bin/sh", "-c", "read go; x=a; while :; do x=$x$x; done")
    box = await define(root=root, program=waits, around="<memory>65536</memory>")
    await box.start()
    await redefine(box, "<memory>16384</memory>")
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        console.send(encode_input(b"go\r")[0])
        container = await box.ended()
    assert "killed for want of memory: limit 16 MiB, peak 16 MiB, at " in container.error


async def test_limits_saved_while_it_starts_are_felt(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    await asyncio.gather(box.start(), redefine(box, "<cpushare>2048</cpushare>"))
    shares = await value_of(box, "cpu", "cpu.shares", "cpu.weight")
    assert shares in {"2048", str(weight_of(2048))}


async def test_limits_saved_while_it_is_killed_are_kept(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    for shares in range(2000, 2010):
        await box.start()
        limits = f"<cpushare>{shares}</cpushare>"
        await asyncio.gather(redefine(box, limits), box.engine.kill(box.uuid))
        assert limits.encode() in (await box.engine.definition(box.uuid)).text


async def test_of_two_who_edit_the_same_text_only_one_saves(define: Define, root: Path) -> None:
    """One changes a limit, which takes a moment, the other something that nothing running feels."""
    box = await define(root=root, around=LIMITS)
    await box.start()
    stored = await box.engine.definition(box.uuid)
    limited = stored.text.replace(LIMITS.encode(), b"<memory>131072</memory>")
    titled = stored.text.replace(b"</domain>", b"<title>other</title></domain>")
    results = await asyncio.gather(
        box.engine.define(limited, stored.etag), box.engine.define(titled, stored.etag),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(result) for result in results].count(ConflictError) == 1
    memory = await value_of(box, "memory", "memory.limit_in_bytes", "memory.max")
    saved_first = not isinstance(results[0], ConflictError)
    assert memory == str((131072 if saved_first else 65536) * 1024)
    text = (await box.engine.definition(box.uuid)).text
    assert text == (limited if saved_first else titled)


async def test_a_limit_can_be_changed_while_it_is_paused(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    await box.start()
    if detect().unified is None:
        pytest.skip("this host cannot pause")
    await box.engine.pause(box.uuid)
    await redefine(box, "<memory>131072</memory>")
    memory = await value_of(box, "memory", "memory.limit_in_bytes", "memory.max")
    assert memory == str(131072 * 1024)


async def test_an_answer_that_nobody_waits_for_is_not_taken_for_the_next_one(box: Box) -> None:
    """Whoever gives up a question leaves the answer in the pipe."""
    asked = asyncio.ensure_future(box.engine.stats(box.uuid))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert isinstance(await box.engine.logs(box.uuid), bytes)
    assert (await box.engine.stats(box.uuid)).processes == 1


async def test_too_many_processes_are_refused(define: Define, root: Path) -> None:
    box = await define(root=root)
    await box.start()
    assert await value_of(box, "pids", "pids.max", "pids.max") == "2048"


async def test_a_program_that_outgrows_its_memory_ends_with_that_reason(
    define: Define, root: Path
) -> None:
    box = await define(root=root, program=GREEDY, around="<memory>16384</memory>")
    await box.start()
    container = await box.ended()
    assert container.state is State.FAILED
    assert container.exit_code == 137
    assert "killed for want of memory: limit 16 MiB, peak 16 MiB, at " in container.error
    assert "raise <memory>" in container.hint


async def test_memory_too_small_to_start_in_says_so(define: Define, root: Path) -> None:
    box = await define(root=root, program=GREEDY, around="<memory>512</memory>")
    with contextlib.suppress(StartFailedError):  # a small program comes to run before it ends
        await box.start()
    container = await box.ended()
    assert container.state is State.FAILED
    assert re.search("more memory than the 512 KiB|memory: limit 512 KiB", container.error)
    assert "raise <memory>" in container.hint
