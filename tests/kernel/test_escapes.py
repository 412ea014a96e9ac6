"""Ways out of containers that others have had: what goes in from outside, and what it leaves open.

Each attack has a control in the same run, in which it succeeds against something weakened.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.kernel.attacker import SPY
from tests.kernel.box import Box, Define, read_until
from tests.kernel.debian_root import PYTHON, USR, debian_root
from tests.kernel.test_isolation import status_of

import cloche_engine
from cloche_engine.api.errors import InvalidDefinitionError, StartFailedError
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel

HOST_PYTHON = Path(sys.executable).resolve()
SECONDS = 3
# A process that enters as a careless runtime does: it can be looked into while it waits.
CARELESS = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from cloche_engine.kernel.constants import CLONE_NEWPID, CLONE_NEWUSER
from cloche_engine.kernel.capabilities import keep_only
from cloche_engine.kernel.syscalls import prctl, setns
from cloche_engine.sandbox.plan.rights import ORDINARY
setns(os.pidfd_open(int(sys.argv[2])), CLONE_NEWUSER | CLONE_NEWPID)
child = os.fork()
if child == 0:
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    keep_only(ORDINARY.kept)
    prctl(4, 1)
    time.sleep(float(sys.argv[3]))
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.fixture
async def spied(define: Define, tmp_path: Path) -> Box:
    """A running container with a Python that looks into every process."""
    program = (PYTHON, "-c", SPY, str(SECONDS))
    box = await define(root=debian_root(tmp_path / "tree"), mounts=USR, program=program)
    await box.start()
    return box


async def achieved(box: Box) -> list[str]:
    """What the spy says at its end: attempts, and the names of what it could open."""
    with await box.engine.open_console(box.uuid, 24, 200) as console:
        said = await read_until(console, r"opened.*\n")
    words = said.split("attempts")[1].split()
    assert int(words[0]) > 100
    return words[2:]


def hashes() -> dict[Path, str]:
    """What a container could want to overwrite: the interpreter, and every file of ours."""
    ours = Path(cloche_engine.__file__).parent.rglob("*.py")
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in (HOST_PYTHON, *ours)}


async def test_e1_e9_nobody_looks_into_a_process_on_its_way_in(spied: Box) -> None:
    before = hashes()
    with await spied.engine.open_console(spied.uuid, 24, 200) as console:
        await read_until(console, "watching")
    entering = asyncio.ensure_future(achieved(spied))
    entered = 0
    while not entering.done():
        status = (await spied.now()).state.is_live and await _enter(spied)
        entered += status == 0
    assert entered > 5
    assert await entering == []
    assert hashes() == before


async def _enter(box: Box) -> int:
    try:
        return (await box.status("true"))[0]
    except Exception:  # noqa: BLE001 (it may end meanwhile)
        return -1


async def test_control_a_careless_process_is_looked_into(spied: Box) -> None:
    pid = str((await spied.now()).pid)
    folder = str(Path(cloche_engine.__file__).parent.parent)
    words = [str(HOST_PYTHON), "-I", "-c", CARELESS, folder, pid, str(SECONDS)]
    with subprocess.Popen(words) as careless:
        opened = await achieved(spied)
        careless.wait()
    assert {"exe", "environ", "ptrace"} <= set(opened)


@contextmanager
def left_open() -> Iterator[None]:
    """Descriptors that this process would pass on to every program it executes."""
    opened = [os.open("/", os.O_RDONLY) for _ in range(50)]
    for descriptor in opened:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 (the os module's own signature)
    try:
        yield
    finally:
        for descriptor in opened:
            os.close(descriptor)


async def test_e2_no_descriptor_of_the_host_gets_in(
    define: Define, root: Path, engine: LocalEngine
) -> None:
    with left_open():
        show = ("/bin/sh", "-c", "ls -l /proc/1/fd; exec cat")
        boxes = [await define(name=f"box{n}", root=root, program=show) for n in range(8)]
        await asyncio.gather(*(box.start() for box in boxes))
        leaked = subprocess.run(
            ["/bin/sh", "-c", "ls /proc/self/fd | wc -l"], close_fds=False, capture_output=True,
            check=True,
        )  # fmt: skip
        later = [await box.run("ls -l /proc/self/fd") for box in boxes]
    assert int(leaked.stdout) > 50, "the control: a child that closes nothing has them all"
    for box, said in zip(boxes, later, strict=True):
        inside = Path(f"/proc/{(await box.now()).pid}/fd")
        assert {link.name for link in inside.iterdir()} == {"0", "1", "2"}
        kinds = {line.split(" -> ")[1].split(":")[0] for line in said.splitlines() if "->" in line}
        assert kinds <= {"pipe", *(k for k in kinds if k.startswith("/proc/"))}, said
    assert engine is not None


async def test_e2_a_directory_by_descriptor_leads_nowhere(define: Define, root: Path) -> None:
    refused = []
    for number in range(3, 24):
        inside = f"<dir>/proc/self/fd/{number}</dir>"
        box = await define(name=f"box{number}", root=root, inside=inside)
        try:
            pid = (await box.start()).pid
        except StartFailedError as error:
            refused.append(error)
            continue
        where, its_root = Path(f"/proc/{pid}/cwd"), Path(f"/proc/{pid}/root")
        assert where.samefile(its_root) or where.readlink().parts[1] in {"dev", "proc", "sys"}
        await box.engine.kill(box.uuid)
    assert len(refused) > 10
    assert all("cannot be entered" in error.message for error in refused)


async def test_e2_a_directory_above_the_root_is_refused(define: Define, root: Path) -> None:
    with pytest.raises(InvalidDefinitionError, match="goes up"):
        await define(root=root, inside="<dir>/proc/1/cwd/../../..</dir>")


async def test_e6_a_tree_with_a_proc_of_its_own_is_not_believed(define: Define, root: Path) -> None:
    fake = {
        "self/attr/exec": "",
        "sys/net/ipv4/ping_group_range": "",
        "self/status": "CapEff:\t0\n",
    }
    for name, text in fake.items():
        (root / "proc" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "proc" / name).write_text(text)
    box = await define(root=root)
    await box.start()
    assert {name: (root / "proc" / name).read_text() for name in fake} == fake
    status = status_of((await box.now()).pid or 0)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert (await box.run("cat /proc/sys/net/ipv4/ping_group_range")).split() == ["0", "65535"]


@pytest.mark.parametrize("user", ["", "1000"])
async def test_e13_nothing_is_inherited_by_who_comes_later(box: Box, user: str) -> None:
    line = await box.run("grep -E 'Cap(Inh|Amb)' /proc/self/status", user=user)
    assert line.split() == ["CapInh:", "0" * 16, "CapAmb:", "0" * 16]
