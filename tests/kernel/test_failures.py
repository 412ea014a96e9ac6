"""Starts that fail say what, why and what to do, and leave nothing; ends are told apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests import terminals
from tests.kernel.box import Box, Define, Definition, read_until

from cloche_engine.api.errors import (
    ConflictError,
    InvalidArgumentError,
    InvalidDefinitionError,
    NameTakenError,
    NotFoundError,
    StartFailedError,
    UnsupportedError,
    WrongStateError,
)
from cloche_engine.api.model import ExecRequest, State
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel


async def failure(box: Box) -> StartFailedError:
    """The error of a start that must fail; the window shows the same sentence afterwards."""
    with pytest.raises(StartFailedError) as refused:
        await box.start()
    container = await box.now()
    assert (container.state, container.error) == (State.FAILED, refused.value.message)
    assert container.hint == refused.value.hint
    assert container.pid is None
    return refused.value


async def test_a_missing_source_is_named_with_its_line(define: Define, root: Path) -> None:
    box = await define(root=root, mounts=(("/not/there", "/data", False),))
    error = await failure(box)
    assert error.message == "box did not start: the source /not/there does not exist"
    assert "make the directory" in error.hint
    assert error.details["line"] == "1"


async def test_an_unknown_program_is_named(define: Define, root: Path) -> None:
    error = await failure(await define(root=root, program=("/bin/nope",)))
    assert error.message == f"box did not start: the program /bin/nope does not exist in {root}"


async def test_a_bare_name_that_is_in_no_path_is_named(define: Define, root: Path) -> None:
    error = await failure(await define(root=root, program=("nope",)))
    assert "the program nope does not exist" in error.message


async def test_a_missing_interpreter_is_told_apart(define: Define, root: Path) -> None:
    script = root / "bin/script"
    script.write_text("#!/usr/bin/python3\n")
    script.chmod(0o755)
    error = await failure(await define(root=root, program=("/bin/script",)))
    assert "exists, but its interpreter /usr/bin/python3 does not exist in" in error.message


async def test_a_file_that_is_not_executable_is_told_apart(define: Define, root: Path) -> None:
    (root / "bin/script").write_text("#!/bin/sh\n")
    error = await failure(await define(root=root, program=("/bin/script",)))
    assert "/bin/script is not executable (mode 0644)" in error.message
    assert "chmod +x" in error.hint


async def test_a_file_that_is_no_program_is_told_apart(define: Define, root: Path) -> None:
    (root / "bin/junk").write_text("hello")
    (root / "bin/junk").chmod(0o755)
    error = await failure(await define(root=root, program=("/bin/junk",)))
    assert "neither a program for this machine nor a script" in error.message


async def test_an_unknown_user_is_named(define: Define, root: Path) -> None:
    error = await failure(await define(root=root, inside="<user>nobody-knows</user>"))
    assert "nobody-knows: no such user in /etc/passwd" in error.message


@pytest.mark.parametrize("user", ["4294967295", "0:4294967295", "65536", "99999999999999999999"])
async def test_an_id_that_the_container_has_not_is_refused(
    define: Define, root: Path, user: str
) -> None:
    error = await failure(await define(root=root, inside=f"<user>{user}</user>"))
    assert "none of the container's" in error.message
    assert "0 to 65535" in error.hint


async def test_a_missing_directory_is_named(define: Define, root: Path) -> None:
    error = await failure(await define(root=root, inside="<dir>/not/there</dir>"))
    assert "/not/there cannot be entered: No such file or directory" in error.message


async def test_a_directory_that_leads_out_of_the_root_is_refused(
    define: Define, root: Path
) -> None:
    for way in ("/proc/self/fd/3", "/proc/self/fd/12"):
        box = await define(
            name=f"b{len(way)}", root=root, program=("/bin/ls", "/"), inside=f"<dir>{way}</dir>"
        )
        try:
            await box.start()
        except StartFailedError:
            continue
        assert "home" not in await box.said()


async def test_no_free_pty_is_said_in_words(define: Define, root: Path) -> None:
    box = await define(root=root)
    with terminals.none_free():
        error = await failure(box)
    assert "no free pseudoterminal" in error.message
    assert "sysctl kernel.pty.max" in error.hint


async def test_a_mount_over_proc_is_refused(define: Define, root: Path, tmp_path: Path) -> None:
    box = await define(root=root, mounts=((tmp_path, "/proc/self", False),))
    with pytest.raises(UnsupportedError, match="/proc and /sys are the container's own"):
        await box.start()


async def test_after_a_failure_the_mended_definition_starts(
    engine: LocalEngine, define: Define, root: Path
) -> None:
    box = await define(root=root, program=("/bin/nope",))
    await failure(box)
    stored = await engine.definition(box.uuid)
    await engine.define(stored.text.replace(b"/bin/nope", b"/bin/sh"), stored.etag)
    assert (await box.start()).state is State.RUNNING


async def test_a_name_or_uuid_already_taken_is_refused(engine: LocalEngine, define: Define) -> None:
    box = await define(name="first")
    with pytest.raises(NameTakenError, match="named 'first'"):
        await engine.define(Definition(name="first").text())
    again = (
        Definition(name="other")
        .text()
        .replace(b"<name>", f"<uuid>{box.uuid}</uuid><name>".encode())
    )
    with pytest.raises(NameTakenError, match="uuid is the one of 'first'"):
        await engine.define(again)


async def test_a_stale_edit_is_refused_and_changes_nothing(
    engine: LocalEngine, define: Define
) -> None:
    box = await define()
    stored = await engine.definition(box.uuid)
    newer = await engine.define(stored.text.replace(b"/bin/sh", b"/bin/ls"), stored.etag)
    assert newer.uuid == box.uuid
    with pytest.raises(ConflictError) as refused:
        await engine.define(stored.text.replace(b"/bin/sh", b"/bin/cat"), stored.etag)
    now = await engine.definition(box.uuid)
    assert refused.value.details["etag"] == now.etag
    assert b"/bin/ls" in now.text


@pytest.mark.parametrize(
    "text", [b"", b"<domain", b"<!DOCTYPE a><domain/>", b"<x/>", b"x" * 10_000_000]
)
async def test_bad_documents_are_refused_and_nothing_is_stored(
    engine: LocalEngine, text: bytes
) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        await engine.define(text)
    assert len(str(refused.value)) < 400
    assert await engine.containers() == []


async def test_what_does_not_fit_the_state_is_refused(box: Box) -> None:
    engine = box.engine
    with pytest.raises(WrongStateError, match="running and cannot be started"):
        await engine.start(box.uuid)
    with pytest.raises(WrongStateError, match="stop it first"):
        await engine.undefine(box.uuid)
    with pytest.raises(WrongStateError, match="cannot be resumed"):
        await engine.resume(box.uuid)
    with pytest.raises(InvalidArgumentError):
        await engine.kill(box.uuid, 99)
    with pytest.raises(NotFoundError):
        await engine.start("nobody")
    await engine.kill(box.uuid)
    with pytest.raises(WrongStateError, match="cannot be paused"):
        await engine.pause(box.uuid)
    with pytest.raises(WrongStateError, match="does not run"):
        await engine.stats(box.uuid)


async def test_only_pipes_may_be_handed_into_a_container(box: Box, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        stdio = (file.fileno(),) * 3
        with pytest.raises(InvalidArgumentError, match="only pipes"):
            await box.engine.exec(box.uuid, ExecRequest(("ls",), stdio=stdio))


async def test_exit_crash_and_kill_are_told_apart(define: Define, root: Path) -> None:
    exits = await define(name="exits", root=root, program=("/bin/sh", "-c", "exit 3"))
    await exits.start()
    ended = await exits.ended()
    assert (ended.state, ended.exit_code, ended.error) == (State.STOPPED, 3, "")
    crashes = await define(name="crashes", root=root, program=("/bin/sh", "-c", "sleep 100"))
    await crashes.start()
    await crashes.engine.kill(crashes.uuid, 9)
    killed = await crashes.now()
    assert (killed.state, killed.exit_code) == (State.STOPPED, 137)


async def test_last_words_can_be_read_after_a_short_life(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "echo last words"))
    for _ in range(10):
        await box.start()
        assert await box.said() == "last words\r\n"
        await box.ended()
    assert await box.engine.logs(box.uuid) == b"last words\r\n"


async def test_stop_waits_no_grace_for_a_program_that_hears_no_signal(
    define: Define, root: Path
) -> None:
    box = await define(root=root, program=("/bin/sleep", "1000"))
    await box.start()
    await asyncio.wait_for(box.engine.stop(box.uuid, grace=3600), 20)
    assert (await box.now()).state is State.STOPPED


async def test_stop_ends_a_shell_without_killing_it(define: Define) -> None:
    box = await define(program=("/bin/bash",))
    await box.start()
    link = await box.engine.open_console(box.uuid, 24, 80)
    with link:
        link.send(b"Itrap 'echo good''bye' EXIT; echo rea''dy\n")
        await read_until(link, "ready\r\n")
        await asyncio.wait_for(box.engine.stop(box.uuid, grace=3600), 20)
    assert b"goodbye" in await box.engine.logs(box.uuid)


async def start_and_hear(box: Box, words: str) -> None:
    """Start it and wait until its program has said these words."""
    await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as link:
        await read_until(link, words)


async def test_stop_lets_a_program_end_by_itself(define: Define, root: Path) -> None:
    polite = (
        "/bin/sh",
        "-c",
        "trap 'echo tidy; exit 5' TERM; echo up; while :; do sleep 0.01; done",
    )
    box = await define(root=root, program=polite)
    await start_and_hear(box, "up")
    assert (await box.engine.stop(box.uuid)).exit_code == 5


async def test_stop_kills_after_the_grace(define: Define, root: Path) -> None:
    stubborn = (
        "/bin/sh",
        "-c",
        "trap '' TERM HUP; trap : INT; trap 'echo no' TERM; echo up; while :; do sleep 1; done",
    )
    box = await define(root=root, program=stubborn)
    await start_and_hear(box, "up")
    assert (await box.engine.stop(box.uuid, grace=0.2)).exit_code == 137


async def test_a_console_may_be_opened_while_it_starts(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "echo first words; read line"))
    starting = asyncio.create_task(box.start())
    await box.until(lambda container: container.state is State.STARTING)
    with await box.engine.open_console(box.uuid, 24, 80) as link:
        assert "first words" in await read_until(link, "words")
    assert (await starting).state is State.RUNNING


async def test_a_console_opened_while_a_start_fails_is_hung_up(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/bin/nope",))
    starting = asyncio.create_task(box.start())
    await box.until(lambda container: container.state is State.STARTING)
    with await box.engine.open_console(box.uuid, 24, 80) as link:
        with pytest.raises(StartFailedError):
            await starting
        with pytest.raises(ConnectionError):
            await read_until(link, "anything")
