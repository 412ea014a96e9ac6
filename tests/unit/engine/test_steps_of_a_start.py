"""The list of steps of a start: what is done in which order, without doing it."""

from __future__ import annotations

from tests.unit.engine.planned import SCRATCH, SHARED, mount, plan_of

from cloche_engine.sandbox.init import ahead, before_trees, connected, environment, program, trees
from cloche_engine.sandbox.mounts import BindMount, MountNew, ProvideFiles
from cloche_engine.sandbox.operation import Operation
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import Surroundings
from cloche_engine.sandbox.seccomp import Filters


def names(plan: LaunchPlan, around: Surroundings) -> list[str]:
    return [type(step).__name__ for step in steps_of(plan, around)]


def steps_of(plan: LaunchPlan, around: Surroundings) -> list[Operation]:
    after = program(plan, Filters((), ()), unified=True)
    first = ahead(plan.rights.kept_ahead)
    return [*first, *before_trees(plan), *trees(plan, around), *connected(plan), *after]


def test_the_order_is_the_one_that_the_kernel_demands() -> None:
    steps = names(plan_of(filesystems=(mount("/"),)), Surroundings())
    assert steps == [
        "KeepMountsPrivate", "Stage", "Stage", "StageDev", "OpenPing", "SwitchLoopbackOn",
        "KeepAside", "MaskPaths",
        "MakeReadOnly", "LimitCapabilities",
        "BecomeContainerRoot", "OpenConsole", "WriteFiles", "SetHostname", "AllowPing",
        "NewKeyring", "LetGo", "LimitCapabilities", "LeaveHost",
        "AttachRoot", "MoveIn", "ProvideFiles", "MoveIn", "MoveIn", "EnterRoot",
        "TakeConsole", "JoinGroups", "SetIdentity", "ChangeDirectory", "SetRlimits", "Confine",
        "TellSteps", "Execute",
    ]  # fmt: skip


def test_a_system_gets_its_groups_and_settings_and_its_filter_while_it_may_take_one() -> None:
    plan = plan_of(filesystems=(mount("/"),), system=True)
    steps = names(plan, Surroundings(directories=(True,), creatable=(False,)))
    assert steps[steps.index("NewKeyring") : steps.index("AttachRoot")] == [
        "NewKeyring", "PutBack", "LimitCapabilities", "LeaveHost",
    ]  # fmt: skip
    assert steps[steps.index("JoinGroups") :] == [
        "JoinGroups", "MountOwnGroups", "Confine", "SetIdentity", "ChangeDirectory", "SetRlimits",
        "TellSteps", "Execute",
    ]  # fmt: skip


def test_without_a_root_the_hosts_is_shared_and_its_scratch_covered() -> None:
    plan = plan_of(filesystems=(mount("/work"),))
    steps = trees(plan, SHARED)
    kinds = [type(step).__name__ for step in steps]
    assert kinds[:2] == ["Skeleton", "MountNew"]
    covered = steps[1]
    assert isinstance(covered, MountNew)
    assert covered.target == SCRATCH


def test_declared_mounts_come_in_document_order_and_know_their_line() -> None:
    plan = plan_of(filesystems=(mount("/b"), mount("/"), mount("/a")))
    around = Surroundings(directories=(True, False), creatable=(False, False))
    binds = [step for step in trees(plan, around) if isinstance(step, BindMount)]
    assert [(step.target, step.directory, step.line) for step in binds] == [
        ("/b", True, 4), ("/a", False, 4),
    ]  # fmt: skip


def test_a_file_that_the_user_mounts_is_not_provided() -> None:
    plan = plan_of(filesystems=(mount("/"), mount("/etc/hosts")))
    around = Surroundings(directories=(False,), creatable=(False,))
    provided = next(s for s in trees(plan, around) if isinstance(s, ProvideFiles))
    assert provided.paths == ("/etc/hostname", "/etc/resolv.conf")


def test_every_step_describes_itself_in_words() -> None:
    plan = plan_of(filesystems=(mount("/work"),))
    for step in steps_of(plan, SHARED):
        assert step.describe()
        assert step.describe()[0].islower()


def test_the_definitions_variables_win_over_ours() -> None:
    variables = environment(plan_of(environment=(("TERM", "dumb"), ("A", "b"))))
    assert (variables["TERM"], variables["A"], variables["container"]) == ("dumb", "b", "cloche")
