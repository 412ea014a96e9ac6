"""Programs looked at from outside: no file and no tree, however hostile, costs more than a look."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.planned import mount, plan_of

from cloche_engine.host.programs.causes import Cause, missing_library, why_not_run
from cloche_engine.host.programs.elf import Needs, read_needs
from cloche_engine.host.programs.inside import Inside, UnseenError

PROGRAM = Path("/bin/true").read_bytes()


def needs_of(content: bytes) -> Needs | None:
    file = os.memfd_create("program")
    try:
        os.write(file, content)
        return read_needs(file)
    finally:
        os.close(file)


def inside_of(root: Path) -> Inside:
    return Inside(plan_of(filesystems=(mount("/", str(root)),)))


def test_a_program_says_what_loads_it_and_what_it_is_linked_with() -> None:
    needs = needs_of(PROGRAM)
    assert needs is not None
    assert needs.interpreter.startswith("/lib")
    assert "libc.so.6" in needs.libraries


@given(st.integers(0, len(PROGRAM)), st.integers(0, 4096), st.binary(max_size=64))
def test_a_torn_or_forged_program_is_read_without_an_error(
    cut: int, at: int, forged: bytes
) -> None:
    assert needs_of(PROGRAM[:cut]) is None or cut > 64
    needs_of(PROGRAM[:at] + forged + PROGRAM[at + len(forged) :])
    needs_of(b"\x7fELF\x02\x01" + forged)
    needs_of(b"\x7fELF\x01\x02" + forged)


def test_links_that_lead_in_circles_or_out_find_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("/a")
    (tmp_path / "out").symlink_to("../" * 40 + "etc/passwd")
    inside = inside_of(tmp_path)
    assert not inside.exists("/a")
    assert not inside.exists("/out")
    finding = why_not_run(inside, "/out", 0)
    assert finding is not None
    assert finding.cause is Cause.MISSING


def test_a_tree_whose_ways_are_long_is_given_up_soon(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "lib").symlink_to("x/../" * 800 + "lib2")
    (tmp_path / "lib2").symlink_to("x/../" * 800 + "lib")
    inside = inside_of(tmp_path)
    with pytest.raises(UnseenError):
        any(inside.exists("/lib/libc.so.6") for _ in range(100))
    assert missing_library(inside, "/lib/program") is None


def test_a_fifo_or_a_device_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    finding = why_not_run(inside_of(tmp_path), "/fifo", 0)
    assert finding is not None
    assert finding.cause is Cause.NO_FILE


def test_what_is_bound_inside_itself_ends(tmp_path: Path) -> None:
    plan = plan_of(filesystems=(mount("/", str(tmp_path)),))
    assert plan.root is not None
    bound = dataclasses.replace(
        plan.root, source="/a/b", target="/a", kind=type(plan.root.kind).INSIDE
    )
    assert not Inside(dataclasses.replace(plan, mounts=(bound,))).exists("/a/b/c")
