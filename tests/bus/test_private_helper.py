"""A private helper: its start, its bus, its users, its end."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bus import world

from cloche_engine.api import private_start
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import RefusedError, UnavailableError

pytestmark = pytest.mark.bus


async def test_callers_are_told_that_the_helper_is_private(helper: world.Helper) -> None:
    engine = await connect(helper.target)
    about = await engine.about()
    assert about.private
    assert await engine.containers() == []
    await engine.close()


def test_only_root_can_look_into_the_state(helper: world.Helper) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in helper.directory.iterdir()}
    assert stat.S_IMODE(helper.directory.stat().st_mode) == 0o755
    assert modes["state"] == modes["run"] == modes["helper"] == 0o700


def test_a_second_start_is_ready_by_the_first_helper(helper: world.Helper) -> None:
    again = subprocess.run(
        world.helper_words(helper.directory), capture_output=True, timeout=30, check=False
    )
    assert (again.returncode, again.stdout) == (0, b"ready\n")
    assert helper.process.poll() is None


async def test_two_programs_that_start_at_once_share_one_helper(tmp_path: Path) -> None:
    target = f"private:{tmp_path / 'x'}"
    first, second = await asyncio.gather(
        *(connect(target, command=lambda path: world.helper_words(path, 0.3)) for _ in range(2))
    )
    made = await first.define(world.shell("shared"))
    assert (await second.container("shared")).uuid == made.uuid
    await first.close()
    await second.close()
    await _unlocked(tmp_path / "x")


async def test_a_directory_may_have_any_length(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    with world.helper(deep) as running:
        engine = await connect(running.target)
        assert await engine.containers() == []
        await engine.close()


async def test_kill_9_takes_the_bus_along_and_callers_hear_of_it(helper: world.Helper) -> None:
    engine = await connect(helper.target)
    lost = asyncio.Event()
    engine.on_lost(lost.set)
    bus = world.bus_pid(helper.process.pid)
    helper.kill()
    await asyncio.wait_for(lost.wait(), 30)
    world.gone(bus)
    with pytest.raises(UnavailableError, match="went away"):
        await engine.containers()
    await engine.close()


async def test_after_kill_9_the_next_start_works(helper: world.Helper) -> None:
    helper.kill()
    assert (helper.directory / "bus").exists()
    with world.helper(helper.directory) as again:
        engine = await connect(again.target)
        assert await engine.containers() == []
        await engine.close()


async def test_a_call_under_way_ends_with_a_typed_error_when_the_helper_dies(
    helper: world.Helper,
) -> None:
    engine = await connect(helper.target)
    os.kill(helper.process.pid, 19)
    call = asyncio.ensure_future(engine.containers())
    await asyncio.sleep(0)
    helper.kill()
    with pytest.raises(UnavailableError):
        await call
    await engine.close()


def test_a_polite_end_leaves_no_socket(helper: world.Helper) -> None:
    bus = world.bus_pid(helper.process.pid)
    helper.process.terminate()
    assert helper.process.wait(30) == 0
    world.gone(bus)
    assert not (helper.directory / "bus").exists()


def test_it_ends_when_nobody_needs_it(tmp_path: Path) -> None:
    with world.helper(tmp_path / "x", idle=0.2) as running:
        assert running.process.wait(30) == 0


async def test_it_stays_while_somebody_is_connected_or_something_runs(tmp_path: Path) -> None:
    with world.helper(tmp_path / "x", idle=0.2) as running:
        engine = await connect(running.target)
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.6)
        await engine.define(world.shell("one"))
        await engine.start("one")
        await engine.close()
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.6)
        engine = await connect(running.target)
        await engine.stop("one")
        await engine.close()
        assert running.process.wait(30) == 0


@pytest.mark.parametrize(
    ("user", "caller", "allowed"), [(65534, 65534, True), (65534, 1234, False), (None, 1234, False)]
)
def test_only_root_and_the_user_who_asked_may_connect(
    open_folder: Path, user: int | None, caller: int, allowed: bool
) -> None:
    with world.helper(open_folder / "x", user=user) as running:
        asked = _as_user(caller, running.target)
    assert ("allowed" in asked) is allowed, asked
    if not allowed:
        assert "RefusedError" in asked
        assert "another user" in asked


def test_a_directory_with_somebody_elses_files_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/letter").write_text("dear")
    os.chown(tmp_path / "theirs", 65534, 65534)
    tried = subprocess.run(
        world.helper_words(tmp_path / "theirs"), capture_output=True, text=True, check=False
    )
    assert tried.returncode == 1
    assert tried.stderr.count("\n") == 1
    assert (
        "belongs to user 65534 and is not empty, and not the directory of a helper;" in tried.stderr
    )


async def test_a_file_in_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="Not a directory"):
        await connect(f"private:{tmp_path / 'file'}")


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("exit 126", RefusedError, "dismissed"),
        ("echo 'No authentication agent found.' >&2; exit 127", RefusedError, "no polkit agent"),
        ("echo 'Not authorized' >&2; exit 127", RefusedError, "the password was wrong"),
        ("exit 127", RefusedError, "did not get permission"),
        ("echo 'cloched: no disk; buy one' >&2; exit 1", UnavailableError, "no disk .buy one."),
        ("exit 3", UnavailableError, "status 3 and said nothing"),
    ],
)
async def test_a_failed_start_says_why(
    tmp_path: Path, script: str, kind: type[Exception], words: str
) -> None:
    program = tmp_path / "pkexec"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(kind, match=words):
        await connect(f"private:{tmp_path / 'x'}", command=lambda _: [str(program)])


async def test_a_start_that_is_given_up_is_ended(tmp_path: Path) -> None:
    program, told = tmp_path / "pkexec", tmp_path / "pid"
    program.write_text(
        f"#!/bin/sh\necho $$ > {told}.new; mv {told}.new {told}; exec cat {told}.fifo\n"
    )
    program.chmod(0o755)
    os.mkfifo(f"{told}.fifo")
    task = asyncio.ensure_future(
        connect(f"private:{tmp_path / 'x'}", command=lambda _: [str(program)])
    )
    while not told.exists():  # noqa: ASYNC110  # another program makes it
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(world.gone, int(told.read_text()))


async def test_who_gave_up_hears_nothing_of_a_late_end(tmp_path: Path) -> None:
    """The loop may be closed by then, which Qt's does not survive."""
    waiting = private_start._Waiting()
    waiting.give_up()
    await asyncio.to_thread(waiting.tell, None)
    await asyncio.sleep(0)
    assert not waiting.outcome.done()


async def _unlocked(directory: Path) -> None:
    """Wait for the end of a helper that this test did not start itself."""
    process = int(
        subprocess.run(
            ["pgrep", "-f", f"tests.bus.helper {directory} "],
            capture_output=True, text=True, check=True,
        ).stdout.split()[0]
    )  # fmt: skip
    await asyncio.to_thread(world.gone, process)


def _as_user(user: int, target: str) -> str:
    asked = subprocess.run(
        [sys.executable, "-m", "tests.bus.caller", str(user), target, "containers"],
        capture_output=True, text=True, cwd=world.REPOSITORY, timeout=30, check=True,
    )  # fmt: skip
    return asked.stdout
