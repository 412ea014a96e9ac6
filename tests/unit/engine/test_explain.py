"""What people read when a start failed."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest
from tests.unit.engine.planned import plan_of

from cloche_engine.core.explaining.blame import where
from cloche_engine.core.explaining.failure import start_failed
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import MountPlan, SourceKind

PLAN = plan_of()


def sentence(number: int, plan: LaunchPlan = PLAN, **fields: object) -> tuple[str, str]:
    blame = {"errno": number, "text": os.strerror(number) if number else "", **fields}
    error = start_failed(blame, plan)
    return error.message, error.hint


@pytest.mark.parametrize(
    ("fields", "cause", "step"),
    [
        ({"number": errno.ENOSPC, "operation": "Launcher", "step": "make the namespaces"},
         "allows no further namespaces", "user.max_user_namespaces"),
        ({"number": errno.EPERM, "operation": "Launcher", "step": "make the namespaces"},
         "does not let root make user namespaces", "unprivileged_userns_clone"),
        ({"number": errno.EINVAL, "operation": "Launcher", "step": "make the namespaces"},
         "kernel is too old", "Linux 5.12"),
        ({"number": errno.EINVAL, "operation": "Launcher", "step": "open its trees"},
         "cannot be mapped to the container's users", "ext4, xfs or btrfs"),
        ({"number": errno.ENOSPC, "operation": "OpenConsole"},
         "no free pseudoterminal", "kernel.pty.max"),
        ({"number": errno.EACCES, "operation": "ChangeDirectory", "subject": "/x"},
         "/x cannot be entered: Permission denied", "<dir>"),
    ],
)  # fmt: skip
def test_a_cause_and_a_next_step(fields: dict[str, object], cause: str, step: str) -> None:
    message, hint = sentence(**fields)  # type: ignore[arg-type]
    assert message.startswith("box did not start: ")
    assert cause in message
    assert step in hint


def test_an_unknown_failure_still_says_step_reason_and_subject() -> None:
    message, hint = sentence(errno.EIO, step="mount proc on /proc", subject="proc")
    assert message == "box did not start: mount proc on /proc: Input/output error (proc)"
    assert hint


def test_the_place_in_the_definition_goes_along() -> None:
    error = start_failed({"errno": 2, "text": "x", "line": 7, "column": 3, "hint": "do"}, PLAN)
    assert (error.details["line"], error.details["column"]) == ("7", "3")


def test_what_a_template_lacks_is_missing_in_the_container_made_from_it() -> None:
    source = "/var/lib/cloche/templates/bbt/root"
    tree = MountPlan(source, "/", kind=SourceKind.TEMPLATE)
    assert where(replace(PLAN, root=tree)) == "box"
    assert where(replace(PLAN, root=replace(tree, kind=SourceKind.TREE))) == source
