"""The plan of a start: limits, the end, and how it travels and is read by another helper."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.planned import SHARED, mount, plan_of

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.core.compiling.ending import compile_ending
from cloche_engine.definition.spec import Capabilities, ContainerSpec, Cpu, Interface, Memory
from cloche_engine.sandbox.plan.ending import EndingPlan
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import SourceKind, Surroundings


def test_a_plan_of_an_older_helper_is_that_of_an_application() -> None:
    fields = json.loads(plan_of().to_json())
    del fields["rights"]
    assert LaunchPlan.from_json(json.dumps(fields)) == plan_of()


def test_limits_keep_the_units_of_the_kernel() -> None:
    limits = plan_of(cpu=Cpu(shares=40), memory=Memory(max_kib=65536)).limits
    assert (limits.cpu_shares, limits.memory) == (40, 64 << 20)


def test_all_limits_of_the_definition_are_planned() -> None:
    limits = plan_of(
        cpu=Cpu(quota_us=50000, period_us=20000, cpuset="3,0-1", mems="0"),
        memory=Memory(max_kib=64, soft_kib=32, swap_kib=128),
        io_weight=500,
    ).limits
    assert (limits.cpu_quota, limits.cpu_period, limits.cpus) == (50000, 20000, "0-1,3")
    assert (limits.memory_soft, limits.memory_swap) == (32 << 10, 128 << 10)
    assert (limits.mems, limits.io_weight) == ("0", 500)


def test_most_of_memory_and_swap_holds_the_memory_alone_too() -> None:
    assert plan_of(memory=Memory(swap_kib=64)).limits.memory == 64 << 10


def test_a_guarantee_of_memory_is_planned() -> None:
    assert plan_of(memory=Memory(guarantee_kib=64)).limits.memory_guarantee == 64 << 10


def test_a_plan_of_an_older_helper_still_reads() -> None:
    fields = json.loads(plan_of().to_json())
    older = {"target": "/a", "readonly": True, "size_kib": 0, "line": 1, "column": 2}
    fields |= {"root": "/srv/box", "root_readonly": True}
    fields["mounts"] = [{**older, "source": "/given"}, {**older, "source": "", "size_kib": 64}]
    plan = LaunchPlan.from_json(json.dumps(fields))
    assert plan.root is not None
    assert (plan.root.source, plan.root.readonly) == ("/srv/box", True)
    assert [mount.kind for mount in plan.mounts] == [SourceKind.TREE, SourceKind.RAM]


def test_what_is_so_anyway_is_no_hindrance() -> None:
    plain = plan_of()
    assert plain == plan_of(
        network_isolated=True,
        cpu=Cpu(count=1),
        capabilities=Capabilities(),
        on_poweroff="destroy",
        on_reboot="restart",
        on_crash="destroy",
        autostart=True,
        profile="basic",
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    argv=st.lists(TEXT, min_size=1).map(tuple), variables=st.lists(st.tuples(TEXT, TEXT)).map(tuple)
)
def test_a_plan_comes_back_from_json_as_it_was(
    argv: tuple[str, ...], variables: tuple[tuple[str, str], ...]
) -> None:
    interface = Interface(gateway="10.0.0.1", addresses=("10.0.0.2/8",))
    made = plan_of(filesystems=(mount("/"), mount("/a")), interfaces=(interface,))
    plan = dataclasses.replace(made, argv=argv, environment=variables)
    assert LaunchPlan.from_json(plan.to_json()) == plan
    assert Surroundings.from_json(SHARED.to_json()) == SHARED


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, EndingPlan(0, 10, "destroy", "restart", "destroy")),
        ({"system": True}, EndingPlan(37)),
        ({"system": True, "stop_signal": "SIGPWR"}, EndingPlan(30)),
        ({"stop_signal": "SIGINT", "stop_grace": 3}, EndingPlan(2, 3)),
        ({"on_reboot": "destroy"}, EndingPlan(0, 10, "destroy", "destroy")),
        ({"on_crash": "restart"}, EndingPlan(0, 10, "destroy", "restart", "restart")),
        ({"on_poweroff": "preserve"}, EndingPlan()),
    ],
)  # fmt: skip
def test_how_it_ends_and_what_follows(said: dict[str, object], meant: EndingPlan) -> None:
    spec = dataclasses.replace(ContainerSpec("box", program=("/bin/sh",)), **said)  # type: ignore[arg-type]
    assert compile_ending(spec) == meant


@pytest.mark.parametrize(
    "said", [{"on_crash": "coredump-restart"}, {"on_reboot": "rename-restart"}]
)
def test_what_cannot_follow_an_end_is_refused_by_its_name(said: dict[str, str]) -> None:
    ((name, action),) = said.items()
    with pytest.raises(UnsupportedError, match=f"<{name}>{action}</{name}> cannot be done"):
        plan_of(**said)


def test_a_plan_of_an_older_helper_ends_as_it_did() -> None:
    fields = json.loads(plan_of().to_json())
    del fields["ending"]
    assert LaunchPlan.from_json(json.dumps(fields)).ending == EndingPlan()
