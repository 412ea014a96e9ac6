"""Names that containers and users without rights choose: of programs, groups and mount points."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define

from cloche_engine.host.cgroups.tree import detect, make, remove_upwards
from cloche_engine.monitor.record import start_time

pytestmark = pytest.mark.kernel

SYSTEM = "<features><system/></features>"
DEPTH, LONG = 40, "d" * 200
"""A path of groups that is longer than PATH_MAX."""
COUNT = "from cloche_engine.host.cgroups import tree; print(len(tree.detect().hierarchies))"


async def test_a_program_is_listed_whatever_bytes_its_name_has(define: Define, root: Path) -> None:
    """The control is a look at the same bytes as strict text, as it hid the program before."""
    name = b"\xff\r1 (x) R"
    program = root / "bin" / os.fsdecode(name)
    program.write_text("#!/bin/sh\nread wait\n")
    program.chmod(0o755)
    (root / "first").write_bytes(b"exec '/bin/" + name + b"'\n")
    box = await define(root=root, program=("/bin/sh", "/first"))
    pid = (await box.start()).pid
    assert pid is not None
    stat = Path(f"/proc/{pid}/stat")
    while name[:1] not in stat.read_bytes():
        pass
    with pytest.raises(UnicodeDecodeError):
        stat.read_text(encoding="utf-8")
    assert [each.pid for each in await box.engine.processes(box.uuid)] == [pid]
    assert start_time(pid) > 0


async def group_of(box: Box) -> Path:
    tree = detect().unified
    if tree is None:
        pytest.skip("this host has no unified tree")
    lines = Path(f"/proc/{(await box.now()).pid}/cgroup").read_text().splitlines()
    return tree.path / lines[-1].removeprefix("0::/")


async def test_a_program_in_a_group_of_any_name_is_listed_and_not_called_escaped(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around=SYSTEM)
    await box.start()
    name = b"a\xff\rb\x0c"
    group = await group_of(box) / os.fsdecode(name)
    group.mkdir()
    pid = (await box.now()).pid
    (group / "cgroup.procs").write_text(str(pid))
    told = Path(f"/proc/{pid}/cgroup").read_bytes()
    assert name in told  # the control: it is there, and no text
    assert len(told.decode(errors="replace").splitlines()) > told.count(b"\n")
    (found,) = await box.engine.processes(box.uuid)
    assert (found.pid, found.escaped) == (pid, False)


async def test_an_init_nests_groups_only_so_deep(define: Define, root: Path) -> None:
    """The control is the same container once the host has lifted the bound."""
    box = await define(root=root, around=SYSTEM)
    await box.start()
    group = await group_of(box)
    nest = f"cd /sys/fs/cgroup; i=0; while [ $i -lt {DEPTH} ] && mkdir d; do cd d; i=$((i+1)); done"
    assert "mkdir: can't create directory" in await box.run(nest)
    assert "denied" in await box.run("echo max >/sys/fs/cgroup/cgroup.max.depth")
    (group / "cgroup.max.depth").write_text("max")
    assert await box.run(f"mkdir /sys/fs/cgroup/e; {nest.replace('cgroup;', 'cgroup/e;')}") == ""
    await box.engine.kill(box.uuid)
    assert not group.exists()


def test_groups_are_removed_also_where_no_path_reaches(tmp_path: Path) -> None:
    """The control is the path, which the kernel refuses."""
    tree = detect().unified
    if tree is None:
        pytest.skip("this host has no unified tree")
    name = f"cloche/t-{os.getpid():x}-{tmp_path.stat().st_ino:x}"
    make(tree, name)
    here = os.open(tree.path / name, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(DEPTH):
        os.mkdir(LONG, dir_fd=here)
        above, here = here, os.open(LONG, os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(above)
    os.close(here)
    with pytest.raises(OSError, match="too long"):
        (tree.path / name / "/".join([LONG] * DEPTH)).stat()
    assert remove_upwards(tree.path, name)
    assert not (tree.path / name).exists()


@pytest.mark.parametrize("name", [b"\xff", b"a\rb", b"a\x0cb", "a\u2028b".encode()])
def test_a_mount_point_of_any_name_leaves_the_helper_its_groups(
    tmp_path: Path, name: bytes
) -> None:
    """Anybody may mount by FUSE on a folder of his, and name it as he likes."""
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    script = 'mount -t tmpfs none "$0" && cat /proc/self/mountinfo && exec "$1" -c "$2"'
    command = ["unshare", "-m", "sh", "-c", script, str(folder), sys.executable, COUNT]
    done = subprocess.run(command, check=True, capture_output=True)
    mounts, _, found = done.stdout.rstrip().rpartition(b"\n")
    assert name in mounts  # the control: so the kernel tells it
    assert int(found) == len(detect().hierarchies) > 0
