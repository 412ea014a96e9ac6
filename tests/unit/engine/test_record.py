"""How a container ended is on the disk whole, whenever its monitor is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from cloche_engine.monitor import record
from cloche_engine.monitor.record import Ending, write_ending
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.limits import Limits

OLD, NEW = Ending(1, out_of_memory=False, at=1.0), Ending(2, out_of_memory=False, at=2.0)


@pytest.fixture
def plan(tmp_path: Path) -> LaunchPlan:
    """A plan whose last run ended before."""
    plan = LaunchPlan(
        uuid="0" * 32, name="box", hostname="box", argv=("/bin/sh",), environment=(), directory="",
        user="", group="", root=None, mounts=(), links=(), nameservers=(), id_base=0, id_count=1,
        limits=Limits(), runtime=str(tmp_path / "run"), log=str(tmp_path / "log"),
        exit_record=str(tmp_path / "json"),
    )  # fmt: skip
    write_ending(plan, OLD, b"old words")
    return plan


def changes_files(event: str, argument: object) -> bool:
    """Whether a call may be one to the kernel; the others lie between two of these."""
    module, name = getattr(argument, "__module__", ""), getattr(argument, "__name__", "")
    return event == "c_call" and (module in {"posix", "io", "_io"} or name in {"write", "close"})


def killed_after(calls: int, work: Callable[[], None]) -> bool:
    """Do it in a process that is killed before its call number `calls`; whether it came so far."""
    child = os.fork()
    if child == 0:
        left = calls

        def count(_frame: FrameType, event: str, argument: object) -> None:
            nonlocal left
            left -= changes_files(event, argument)
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.setprofile(count)
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def seen(plan: LaunchPlan) -> tuple[int | None, bytes | None]:
    """The exit status that a helper finds, and the last words; None where there are none."""
    kept, log = Path(plan.exit_record), Path(plan.log)
    code = json.loads(kept.read_text())["code"] if kept.exists() else None
    return code, log.read_bytes() if log.exists() else None


def at_each_kill(plan: LaunchPlan) -> set[tuple[int | None, bytes | None]]:
    """What is found after a kill at each call of a writing, each after an old run."""
    found = set()
    calls = 0
    while killed_after(calls, lambda: write_ending(plan, NEW, b"new words")):
        found.add(seen(plan))
        write_ending(plan, OLD, b"old words")
        calls += 1
    assert calls > 5
    assert seen(plan) == (2, b"new words")
    return found


def test_a_killed_monitor_leaves_the_old_record_or_the_new_one_and_the_next_run_nothing_else(
    plan: LaunchPlan, tmp_path: Path
) -> None:
    assert at_each_kill(plan) == {(1, b"old words"), (1, b"new words"), (2, b"new words")}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["json", "log"]


def test_where_names_cannot_be_exchanged_a_record_is_replaced(
    plan: LaunchPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_one: str, _other: str) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(record, "exchange", refuse)
    write_ending(plan, NEW, b"new words")
    assert seen(plan) == (2, b"new words")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["json", "log"]


def test_control_a_writer_that_removes_the_old_one_first_leaves_none(
    plan: LaunchPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove_first(temporary: str, file: str) -> None:
        Path(file).unlink()
        Path(temporary).rename(file)
        Path(temporary).touch()

    monkeypatch.setattr(record, "exchange", remove_first)
    assert (None, b"new words") in at_each_kill(plan)
