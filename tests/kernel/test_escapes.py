"""Ways out of containers that others have had: what goes in from outside, and what it leaves open.

Each attack has a control in the same run, in which it succeeds against something weakened.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.kernel.attacker import BECOME, SPY
from tests.kernel.box import Box, Define, read_until
from tests.kernel.debian_root import PYTHON, USR, debian_root
from tests.kernel.test_isolation import status_of

import cloche_engine
from cloche_engine.api.errors import EngineError, InvalidDefinitionError, StartFailedError
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel

HOST_PYTHON = Path(sys.executable).resolve()
CATCHES = 12
# A monitor of the test's own, whose programs wait at their first step inside until they are caught.
ENTERING = """
import json, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import detect
from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor import enter
from cloche_engine.monitor.launch import LaunchFailedError
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.seccomp import compile_filters

def wait_and_run(self, context, run=enter.EnterGroupNamespace.run):
    os.kill(os.getpid(), signal.SIGSTOP)
    run(self, context)

enter.EnterGroupNamespace.run = wait_and_run
if sys.argv[3] == "careless":
    enter.prctl = lambda option, value: None
runtime = Path(sys.argv[2])
plan = json.loads((runtime / "state.json").read_text())["plan"]
init = json.loads((runtime / "init.json").read_text())
name_process("cloche:box")
entrance = enter.Entrance(
    LaunchPlan.from_json(json.dumps(plan)), os.pidfd_open(init["pid"]),
    Group(detect(), init["group"]), compile_filters(),
)
while True:
    reading, writing = os.pipe()
    request = enter.Request(("true",), (), "", "", False)
    entering = entrance.begin(request, [reading, writing, writing])
    try:
        while not entering.hear():
            pass
    except LaunchFailedError:
        break
    entering.kill()
    os.waitid(os.P_PIDFD, entering.pidfd, os.WEXITED)
    for each in (reading, writing, entering.pidfd):
        os.close(each)
"""


@pytest.fixture
async def spied(define: Define, tmp_path: Path) -> Box:
    """A running container with a Python that looks into every process, and may trace."""
    program = (PYTHON, "-c", SPY, str(CATCHES))
    around = "<features><capabilities><sys_ptrace/></capabilities></features>"
    box = await define(
        root=debian_root(tmp_path / "tree"), mounts=USR, program=program, around=around
    )
    await box.start()
    return box


async def achieved(box: Box) -> list[str]:
    """What the spy says at its end: how often it caught somebody, and what it could open."""
    with await box.engine.open_console(box.uuid, 24, 200) as console:
        said = await read_until(console, r"opened.*\n")
    words = said.split("caught")[1].split()
    assert int(words[0]) == CATCHES
    return words[2:]


def hashes() -> dict[Path, str]:
    """What a container could want to overwrite: the interpreter, and every file of ours."""
    ours = Path(cloche_engine.__file__).parent.rglob("*.py")
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in (HOST_PYTHON, *ours)}


async def test_e1_e9_nobody_looks_into_a_process_on_its_way_in(spied: Box) -> None:
    """It shares memory with the monitor, the page in which the kernel tells its pid (Birth)."""
    before = hashes()
    with await spied.engine.open_console(spied.uuid, 24, 200) as console:
        await read_until(console, "watching")
    entering = asyncio.ensure_future(achieved(spied))
    while not entering.done():
        await _enter(spied)
    assert await entering == []
    assert hashes() == before


async def _enter(box: Box) -> None:
    with contextlib.suppress(EngineError, ConnectionError):  # it may end meanwhile
        await box.status("true")


@pytest.mark.parametrize(
    ("how", "opened"),
    [
        ("guarded", set()),
        ("careless", {*"exe cwd root ptrace process_vm_writev pidfd_getfd".split()}),
    ],
)
async def test_e9_it_is_the_guard_that_keeps_them_out(
    spied: Box, tmp_path: Path, how: str, opened: set[str]
) -> None:
    """The control: the same program, stopped at the same step, with its guard and without."""
    folder = str(Path(cloche_engine.__file__).parent.parent)
    runtime = str(tmp_path / "state/run" / spied.uuid)
    words = [str(HOST_PYTHON), "-I", "-c", ENTERING, folder, runtime, how]
    with subprocess.Popen(words) as monitor:
        try:
            found = set(await achieved(spied))
        finally:
            monitor.kill()
    assert found >= opened
    assert bool(found) == bool(opened)


OWNER = 61234
"""A user of the host whose ids the container has: nobody else's processes are stopped."""
MAPPED = f"""<idmap><uid start='0' target='{OWNER}' count='1'/><gid start='0' target='{OWNER}'
count='1'/></idmap>"""
LIKE_AN_INIT = """
import time
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
with open("/proc/self/comm", "w") as name:
    name.write("cloche-init")
print("named", flush=True)
time.sleep(600)
"""


@contextmanager
def spy_of_the_owner(catches: int) -> Iterator[subprocess.Popen[str]]:
    """It stops what it may of the host's processes."""
    words = [sys.executable, "-c", BECOME + SPY, str(OWNER), str(catches)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as spy:
        try:
            assert spy.stdout is not None
            assert spy.stdout.readline() == "watching\n"
            yield spy
        finally:
            spy.kill()


def told_by(spy: subprocess.Popen[str]) -> list[str]:
    """What it could open."""
    assert spy.stdout is not None
    return spy.stdout.readline().partition("opened")[2].split()


async def test_e9_the_owner_of_its_ids_does_not_look_into_an_init_to_be(
    define: Define, root: Path
) -> None:
    """Its memory is that of its holder, which is the host's root."""
    box = await define(root=root, around=MAPPED)
    with spy_of_the_owner(3) as spy:
        told = asyncio.ensure_future(asyncio.to_thread(told_by, spy))
        while not told.done():
            with contextlib.suppress(EngineError):  # one that was stopped is ended
                await box.start()
                await box.engine.kill(box.uuid)
        assert await told == []


def test_control_the_owner_looks_into_a_process_that_was_always_its_own() -> None:
    words = [sys.executable, "-c", f"{BECOME}\n{LIKE_AN_INIT}", str(OWNER)]
    with spy_of_the_owner(1) as spy:
        weak = subprocess.Popen(words)
        try:
            assert {"exe", "environ", "mem", "ptrace", "process_vm_writev"} <= set(told_by(spy))
        finally:
            weak.kill()
            weak.wait()


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
