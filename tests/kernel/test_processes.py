"""The list of processes: who they are on both sides, what they use, what holds them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define

from cloche_engine.api.model import ExecRequest, Process
from cloche_engine.host.cgroups.tree import detect

pytestmark = pytest.mark.kernel


async def named(box: Box, word: str) -> Process:
    (found,) = [each for each in await box.engine.processes(box.uuid) if word in each.command]
    return found


async def test_each_process_is_told_with_pids_user_time_and_memory(
    define: Define, root: Path
) -> None:
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("alice:x:1000:100::/:/bin/sh\n")
    box = await define(root=root)
    await box.start()
    busy = ("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 600")
    for user, argv in (("alice", ("sleep", "601")), ("4242", busy)):
        (await box.engine.exec(box.uuid, ExecRequest(argv, user=user, terminal=True))).close()

    async def used() -> Process:
        return await named(box, "-lt 200000")

    while (await used()).cpu_seconds == 0:
        pass
    sleeper, worker = await named(box, "sleep 601"), await used()
    assert (sleeper.user, worker.user) == ("alice", "4242")
    assert sleeper.inside in {2, 3}
    assert Path(f"/proc/{sleeper.pid}/cmdline").read_bytes() == b"sleep\x00601\x00"
    assert sleeper.memory_bytes > 0
    assert abs(sleeper.started - time.time()) < 60
    assert not sleeper.escaped


async def test_a_process_outside_of_the_group_is_called_escaped(box: Box) -> None:
    (await box.engine.exec(box.uuid, ExecRequest(("sleep", "601"), terminal=True))).close()
    stray = await named(box, "sleep 601")
    for tree in detect().hierarchies:
        (tree.path / "cgroup.procs").write_text(str(stray.pid))
    assert (await named(box, "sleep 601")).escaped
    assert not (await named(box, "/bin/sh")).escaped
    await box.engine.kill(box.uuid)  # the end of its pid namespace ends it all the same
    assert not Path(f"/proc/{stray.pid}").exists()


async def test_one_that_has_ended_and_is_not_reaped_is_not_called_escaped(box: Box) -> None:
    careless = ("sh", "-c", "true & exec sleep 602")
    (await box.engine.exec(box.uuid, ExecRequest(careless, terminal=True))).close()
    ended: list[Process] = []
    while not ended:
        ended = [each for each in await box.engine.processes(box.uuid) if each.state == "Z"]
    assert [each.escaped for each in ended] == [False]
