"""The last start as a list of steps; causes of failed ones told apart by a look at the program."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.conftest import instance_of

from cloche_engine.api.errors import StartFailedError, UnsupportedError, WrongStateError
from cloche_engine.api.model import StartReport, State
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel


async def report(box: Box) -> StartReport:
    return await box.engine.explain(box.uuid)


async def refused(box: Box) -> StartFailedError:
    with pytest.raises(StartFailedError) as caught:
        await box.start()
    return caught.value


def dynamic_true(root: Path) -> None:
    """The host's `true` and all that it is loaded with."""
    shutil.copy("/bin/true", root / "bin/linked")
    said = subprocess.run(["ldd", "/bin/true"], check=True, capture_output=True, text=True).stdout
    for word in said.split():
        if word.startswith("/"):
            target = root / word.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(word, target)


async def test_a_start_is_told_step_by_step_with_times_and_last_words(
    define: Define, root: Path
) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "echo up; echo down; read line"))
    with pytest.raises(WrongStateError, match="never started"):
        await report(box)
    await box.engine.warm_up()
    await box.start()
    link = await box.engine.open_console(box.uuid, 24, 80)
    with link:
        while b"down" not in link.recv(40000):
            pass
    told = await report(box)
    names = [step.name for step in told.steps]
    assert names.index("compile the definition") < names.index("map its users")
    assert names.index("map its users") < names.index("pivot_root")
    assert names.index("change to /") < names.index("load the seccomp filters")
    inside = {step.name for step in told.steps if step.inside}
    assert {"make proc", "open the console", "pivot_root", "change to /"} <= inside
    assert "open its trees" not in inside
    assert all(step.took_ms >= 0 for step in told.steps)
    begun = [step.begun_ms for step in told.steps]
    assert begun == sorted(begun)
    assert (told.error, told.details) == ("", ())
    assert told.console == b"up\r\ndown\r\n"


async def test_a_failed_start_names_step_call_errno_and_place(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/bin/nope",))
    error = await refused(box)
    assert error.details["step"] == "execute /bin/nope"
    assert error.details["call"] == 'execve("/bin/nope", ["/bin/nope"], ...)'
    assert error.details["name"] == "ENOENT"
    text = (await box.engine.definition(box.uuid)).text.decode()
    assert error.details["line"] == "1"
    assert text[int(error.details["column"]) - 1 :].startswith("<application>")
    told = await report(box)
    assert (told.error, told.hint) == (error.message, error.hint)
    assert dict(told.details) == error.details
    assert "pivot_root" in {step.name for step in told.steps}
    assert told.console == b""


async def test_what_was_told_of_a_start_outlives_the_helper(
    engine: LocalEngine, define: Define, root: Path, tmp_path: Path
) -> None:
    box = await define(root=root, program=("/bin/nope",))
    await refused(box)
    before = await report(box)
    await engine.close()
    again = await LocalEngine.open(
        tmp_path / "state", tmp_path / "state/run", instance_of(tmp_path)
    )
    try:
        assert await again.explain(box.uuid) == before
        await again.undefine(box.uuid)
        assert list((tmp_path / "state/logs").iterdir()) == []
    finally:
        await again.close()


@pytest.mark.parametrize(
    ("inside", "part"),
    [
        ("<user>nobody-knows</user>", "<user>"),
        ("<dir>/not/there</dir>", "<dir>"),
    ],
)
async def test_the_node_to_blame_is_named(
    define: Define, root: Path, inside: str, part: str
) -> None:
    box = await define(root=root, inside=inside)
    error = await refused(box)
    text = (await box.engine.definition(box.uuid)).text.decode()
    assert text[int(error.details["column"]) - 1 :].startswith(part)


async def test_a_script_with_line_ends_of_windows_is_told_apart(define: Define, root: Path) -> None:
    (root / "bin/script").write_bytes(b"#!/bin/sh\r\necho hi\r\n")
    (root / "bin/script").chmod(0o755)
    error = await refused(await define(root=root, program=("/bin/script",)))
    assert "line ends of Windows" in error.message
    assert "sed" in error.hint


async def test_a_missing_loader_is_named(define: Define, root: Path) -> None:
    shutil.copy("/bin/true", root / "bin/linked")
    error = await refused(await define(root=root, program=("/bin/linked",)))
    assert "its loader /lib" in error.message
    assert "does not exist" in error.message


async def test_a_missing_library_is_named_after_the_loader_gave_up(
    define: Define, root: Path
) -> None:
    dynamic_true(root)
    box = await define(root=root, program=("/bin/linked",))
    await box.start()
    ended = await box.ended()
    assert (ended.state, ended.exit_code, ended.error) == (State.STOPPED, 0, "")
    libc = next(root.rglob("libc.so.6"))
    libc.rename(libc.with_name("gone"))
    await box.start()
    ended = await box.ended()
    assert (ended.state, ended.exit_code) == (State.FAILED, 127)
    assert f"needs the library libc.so.6, which is nowhere in {root}" in ended.error
    assert ended.hint
    assert b"libc.so.6" in (await report(box)).console


async def test_a_program_that_says_127_itself_is_not_blamed_on_a_library(
    define: Define, root: Path
) -> None:
    box = await define(root=root, program=("/bin/sh", "-c", "exit 127"))
    await box.start()
    ended = await box.ended()
    assert (ended.state, ended.exit_code, ended.error) == (State.STOPPED, 127, "")


async def test_who_may_not_execute_it_and_why_is_told(define: Define, root: Path) -> None:
    folder = root / "opt"
    folder.mkdir(mode=0o700)
    shutil.copy(root / "bin/busybox", folder / "sh")
    mapped = await define(root=root, program=("/opt/sh",), inside="<user>1000</user>")
    error = await refused(mapped)
    assert "/opt belongs to user 0 inside and has mode 0700" in error.message
    assert error.details["name"] == "EACCES"


async def test_a_file_of_the_hosts_that_nobody_inside_may_read_is_told(define: Define) -> None:
    closed = Path("/var/lib/cloche-test-closed")
    closed.mkdir(mode=0o700)
    try:
        error = await refused(await define(name="shares", program=(f"{closed}/sh",)))
    finally:
        closed.rmdir()
    assert f"{closed} belongs to nobody inside and has mode 0700" in error.message


async def test_a_limit_that_the_kernel_refuses_names_its_node(define: Define, root: Path) -> None:
    box = await define(root=root, around="<vcpu cpuset='1000'>1</vcpu>")
    error = await refused(box)
    text = (await box.engine.definition(box.uuid)).text.decode()
    assert "for <vcpu" in error.message
    assert text[int(error.details["column"]) - 1 :].startswith("<vcpu")
    assert error.details["call"].startswith('write("/sys/fs/cgroup/')


async def test_a_program_for_another_processor_is_told_apart(define: Define, root: Path) -> None:
    strange = bytearray((root / "bin/busybox").read_bytes())
    strange[18:20] = (243).to_bytes(2, "little")  # RISC-V
    (root / "bin/strange").write_bytes(strange)
    (root / "bin/strange").chmod(0o755)
    error = await refused(await define(root=root, program=("/bin/strange",)))
    assert "built for another kind of processor" in error.message


async def test_a_link_out_of_the_root_is_not_followed_to_explain(
    define: Define, root: Path
) -> None:
    (root / "bin/out").symlink_to("/../../../../etc/passwd")
    error = await refused(await define(root=root, program=("/bin/out",)))
    assert f"/bin/out is a link that leads nowhere in {root}" in error.message


async def test_no_space_for_the_run_is_told_with_what_to_do(
    define: Define, root: Path, tmp_path: Path
) -> None:
    runtime = tmp_path / "state/run"
    box = await define(root=root)
    await box.engine.warm_up()
    spare = box.engine._spawner
    folder = runtime / "full"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "none", folder], check=True
    )
    try:
        (folder / "takes").write_bytes(b"x" * 4096)
        taken = await spare.take()
        moved = replace(taken, folder=folder)

        async def full(_rights: object, _joined: object) -> object:
            return moved

        spare.take = full  # type: ignore[method-assign,assignment]
        error = await refused(box)
        assert "there is no space left" in error.message
        assert "free some space" in error.hint
        assert error.details["name"] == "ENOSPC"
        del spare.take
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()
    assert (await box.start()).state is State.RUNNING


async def test_a_definition_that_cannot_be_run_is_explained_as_well(define: Define) -> None:
    box = await define(around="<on_crash>coredump-restart</on_crash>")
    with pytest.raises(UnsupportedError) as caught:
        await box.start()
    told = await report(box)
    assert told.error == caught.value.message
    assert dict(told.details)["step"] == "compile the definition"


async def test_a_full_filesystem_is_told_apart_from_a_forbidden_one(
    define: Define, tmp_path: Path
) -> None:
    root = tmp_path / "full"
    root.mkdir()
    options = "size=64k,nr_inodes=2,mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", root], check=True)
    try:
        (root / "bin").mkdir()
        error = await refused(await define(root=root, program=("/bin/sh",)))
    finally:
        subprocess.run(["umount", root], check=True)
    assert "cannot be made: No space left on device" in error.message
    assert "free some space" in error.hint
    assert error.details["name"] == "ENOSPC"
    assert error.details["call"].startswith("mkdir(")
