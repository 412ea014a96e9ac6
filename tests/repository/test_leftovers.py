"""The watch for leftovers sees each kind of thing that a test could leave: planted leaks."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.leftovers import MARK, Snapshot, Watch

HIERARCHIES = [Path("/sys/fs/cgroup", name) for name in ("unified", "pids", ".")]


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


@contextmanager
def mount(folder: Path) -> Iterator[str]:
    run("mount", "-t", "tmpfs", "leak", folder)
    yield str(folder)
    run("umount", folder)


@contextmanager
def control_group(_: Path) -> Iterator[str]:
    hierarchy = next(path for path in HIERARCHIES if (path / "cgroup.procs").exists())
    group = hierarchy / f"cloche-leak-{os.getpid()}"
    group.mkdir()
    yield str(group)
    group.rmdir()


@contextmanager
def link(_: Path) -> Iterator[str]:
    name = f"clv{os.getpid()}"
    run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}p")
    yield name
    run("ip", "link", "delete", name)


@contextmanager
def named_network(_: Path) -> Iterator[str]:
    name = f"cloche-leak-{os.getpid()}"
    run("ip", "netns", "add", name)
    yield name
    run("ip", "netns", "delete", name)


@pytest.mark.kernel
@pytest.mark.parametrize(("maker", "seen"), [(1, False), (os.getpid(), True), (1 << 22, True)])
def test_an_empty_group_is_the_business_of_who_made_it(
    watch: Watch, maker: int, seen: bool
) -> None:
    """A neighbour's container that waits for its plan is in none of its groups yet."""
    hierarchy = next(path for path in HIERARCHIES if (path / "cgroup.procs").exists())
    watch = replace(watch, alone=False)
    before = watch.snapshot()
    parent = hierarchy / f"cloche-leak-{os.getpid()}"
    group = parent / f"{maker:x}-1"
    group.mkdir(parents=True)
    left = [thing.identity for thing in watch.remaining(before, seconds=0)]
    group.rmdir()
    parent.rmdir()
    assert (str(group) in left) is seen
    assert (str(parent) in left) is seen


@pytest.mark.kernel
@pytest.mark.parametrize("plant", [mount, control_group, link, named_network])
def test_a_thing_left_in_the_kernel_is_named_until_it_is_gone(
    watch: Watch, tmp_path: Path, plant: Callable[[Path], AbstractContextManager[str]]
) -> None:
    before = watch.snapshot()
    with plant(tmp_path) as name:
        assert name in described(watch, before)
    assert not watch.remaining(before)


def described(watch: Watch, before: Snapshot) -> str:
    return "; ".join(map(str, watch.remaining(before, seconds=0)))


@pytest.mark.kernel
def test_a_second_mount_on_the_same_place_is_seen(watch: Watch, tmp_path: Path) -> None:
    with mount(tmp_path):
        before = watch.snapshot()
        with mount(tmp_path):
            assert str(tmp_path) in described(watch, before)


def test_a_process_that_lost_its_parent_is_seen(watch: Watch) -> None:
    before = watch.snapshot()
    orphan = int(subprocess.check_output(["/bin/sh", "-c", "sleep 1000 >&- & echo $!"]))
    assert f"process {orphan} " in described(watch, before)
    os.kill(orphan, 9)
    assert not watch.remaining(before)


@pytest.mark.parametrize(("said", "seen"), [(f"{MARK}=another", False), ("A=b", True)])
def test_a_process_with_the_mark_of_another_run_is_that_runs_business(
    watch: Watch, tmp_path: Path, said: str, seen: bool
) -> None:
    program = tmp_path / "cloche/sleep"
    program.parent.mkdir()
    program.symlink_to("/bin/sleep")
    watch = replace(watch, alone=True)
    before = watch.snapshot()
    words: list[str | Path] = [
        "/bin/sh",
        "-c",
        'env -i "$0" "$1" 1000 >&- & echo $!',
        said,
        program,
    ]
    orphan = int(subprocess.check_output(words))
    told = described(watch, before)
    os.kill(orphan, 9)
    assert (f"process {orphan} " in told) is seen


def test_a_child_with_an_empty_environment_is_seen(watch: Watch) -> None:
    before = watch.snapshot()
    with subprocess.Popen(["/bin/sleep", "1000"], env={}) as child:
        assert f"process {child.pid} " in described(watch, before)
        child.kill()
    assert not watch.remaining(before)


def test_what_ends_by_itself_is_waited_for(watch: Watch) -> None:
    before = watch.snapshot()
    with subprocess.Popen(["/bin/sh", "-c", "read _; sleep 0.2"], stdin=subprocess.PIPE) as shell:
        assert described(watch, before)
        assert shell.stdin
        shell.stdin.close()
        assert not watch.remaining(before)


def test_a_child_of_a_running_fixture_is_the_fixtures_business(watch: Watch) -> None:
    with subprocess.Popen(
        ["/bin/sh", "-c", "read _; sleep 1000 & echo $!; wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as shell:
        assert shell.stdin
        assert shell.stdout
        before = watch.snapshot()
        shell.stdin.write(b"\n")
        shell.stdin.close()
        child = int(shell.stdout.readline())
        assert not watch.remaining(before)
        os.kill(child, 9)


def test_an_open_terminal_is_seen(watch: Watch) -> None:
    before = watch.snapshot()
    descriptors = pty.openpty()
    assert "terminal /dev/" in described(watch, before)
    for descriptor in descriptors:
        os.close(descriptor)
    assert not watch.remaining(before)


def test_a_held_namespace_is_seen(watch: Watch) -> None:
    before = watch.snapshot()
    held = os.open("/proc/self/ns/net", os.O_RDONLY)
    assert "held namespace net:[" in described(watch, before)
    os.close(held)
    assert not watch.remaining(before)


def test_a_child_of_a_lost_process_is_seen_whatever_its_environment(watch: Watch) -> None:
    before = watch.snapshot()
    script = "(env -i sleep 1000 >&- & echo $!; wait) & echo $!"
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout
        pids = [int(shell.stdout.readline()) for _ in range(2)]
        told = described(watch, before)
        for pid in pids:
            assert f"process {pid} " in told
            os.kill(pid, 9)
    assert not watch.remaining(before)
