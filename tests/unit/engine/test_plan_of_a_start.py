"""The list of steps, and the plan behind it: what is done in which order, without doing it."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.core.compiling.ending import compile_ending
from cloche_engine.core.compiling.plan import compile_plan
from cloche_engine.core.networks.ports import Pool, Port
from cloche_engine.core.places import Places
from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    IdMap,
    IdRange,
    Interface,
    Location,
    Memory,
    SharedNamespace,
)
from cloche_engine.kernel.capabilities import NUMBERS
from cloche_engine.kernel.constants import CLONE_NEWNET, CLONE_NEWUSER, CLONE_NEWUTS
from cloche_engine.sandbox.init import (
    ahead,
    before_trees,
    connected,
    environment,
    program,
    trees,
)
from cloche_engine.sandbox.mounts import BindMount, MountNew, ProvideFiles
from cloche_engine.sandbox.operation import Operation
from cloche_engine.sandbox.plan.ending import EndingPlan
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import HostRoot, SourceKind, Surroundings
from cloche_engine.sandbox.plan.rights import APPLICATION_CAPABILITIES, Rights
from cloche_engine.sandbox.seccomp import Filters

SCRATCH = "/var/tmp"  # noqa: S108 (a path inside the container)
UUID = "8dfd44b31e76d8d335150a2d98211ea0"
PLACES = Places(Path("/state"), Path("/run/cloche"), "test")
SHARED = Surroundings(
    directories=(True,), creatable=(True,),
    host_root=HostRoot(("etc", "usr"), (("bin", "usr/bin"),), (("tmp", 0o1777),), (SCRATCH,)),
)  # fmt: skip


def mount(target: str, source: str = "/given") -> Filesystem:
    return Filesystem(FilesystemKind.MOUNT, source, target, location=Location(4, 7))


POOL = Pool.of(ipaddress.IPv4Network("10.64.16.0/20"), "test")


class Plugs:
    """Gives everybody the same port, but for those who name an address."""

    def port(self, _key: str, address: ipaddress.IPv4Interface | None, _mac: str | None) -> Port:
        return POOL.port((POOL.number_of(address.ip) or 0) if address else 5)


def plan_of(**parts: object) -> LaunchPlan:
    spec = dataclasses.replace(ContainerSpec("box", program=("/bin/sh",)), **parts)  # type: ignore[arg-type]
    return compile_plan(spec, UUID, 1_200_000_000, PLACES, Plugs())


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
        "NewKeyring", "LimitCapabilities",
        "AttachRoot", "MoveIn", "ProvideFiles", "MoveIn", "MoveIn", "PivotRoot",
        "TakeConsole", "JoinGroups", "SetIdentity", "ChangeDirectory", "SetRlimits", "Confine",
        "TellSteps", "Execute",
    ]  # fmt: skip


def test_a_system_gets_its_groups_and_settings_and_its_filter_while_it_may_take_one() -> None:
    plan = plan_of(filesystems=(mount("/"),), system=True)
    steps = names(plan, Surroundings(directories=(True,), creatable=(False,)))
    assert steps[steps.index("NewKeyring") : steps.index("AttachRoot")] == [
        "NewKeyring", "PutBack", "LimitCapabilities",
    ]  # fmt: skip
    assert steps[steps.index("JoinGroups") :] == [
        "JoinGroups", "MountOwnGroups", "Confine", "SetIdentity", "ChangeDirectory", "SetRlimits",
        "TellSteps", "Execute",
    ]  # fmt: skip


def test_a_system_has_an_empty_run_and_an_application_what_its_root_has() -> None:
    targets = [each.target for each in plan_of(filesystems=(mount("/"),), system=True).mounts]
    assert targets == ["/run"]
    given = plan_of(filesystems=(mount("/"), mount("/run")), system=True)
    assert [each.source for each in given.mounts] == ["/given"]
    assert plan_of(filesystems=(mount("/"),)).mounts == ()


def test_a_privileged_container_has_the_hosts_ids_and_a_root_of_its_own() -> None:
    plan = plan_of(filesystems=(mount("/"),), privileged=True)
    assert (plan.owner, plan.id_count) == ((0, 0), 2**32 - 1)
    assert not plan.rights.namespaces & CLONE_NEWUSER
    assert plan_of().rights.namespaces & CLONE_NEWUSER
    with pytest.raises(UnsupportedError, match="root would be yours") as refused:
        plan_of(privileged=True)
    assert refused.value.hint


IDS = IdMap((IdRange(0, 100000, 1000), IdRange(1000, 5000, 1)), (IdRange(0, 200000, 500),))


RED = (SharedNamespace("net", "netns", "red"), SharedNamespace("uts", "name", "web"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"namespaces": RED, "privileged": True, "filesystems": (mount("/"),)}, "would be root in"),
        ({"namespaces": RED, "system": True}, "as its own"),
        ({"namespaces": RED, "interfaces": (Interface(),)}, "no interface of its own"),
        ({"namespaces": (SharedNamespace("ipc", "name", "one"),), "name": "one"}, "with itself"),
        ({"capabilities": Capabilities(keep=("flying",))}, "no capability flying"),
        ({"idmap": IDS, "privileged": True, "filesystems": (mount("/"),)}, "has the host's ids"),
        ({"idmap": IdMap(IDS.uid, ())}, "users and groups or nothing"),
        ({"idmap": IdMap((IdRange(0, 0, 1),), IDS.gid)}, "root would be yours"),
    ],
)
def test_rights_that_cannot_be_given_are_refused_with_the_reason(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UnsupportedError, match=reason) as refused:
        plan_of(**fields)
    assert refused.value.hint


def test_what_is_shared_is_entered_and_never_made() -> None:
    rights = plan_of(namespaces=RED, network_isolated=False).rights
    assert rights.joined == ("net", "uts")
    assert not rights.shares_network
    assert not rights.namespaces & (CLONE_NEWNET | CLONE_NEWUTS)
    assert rights.entered & (CLONE_NEWNET | CLONE_NEWUTS) == CLONE_NEWNET | CLONE_NEWUTS
    assert not rights.is_ordinary
    assert Rights.from_json(rights.to_json()) == rights


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (Capabilities(), APPLICATION_CAPABILITIES),
        (Capabilities(keep=("net_raw",), drop=("kill",)),
         tuple(sorted({*APPLICATION_CAPABILITIES, "net_raw"} - {"kill"}))),
        (Capabilities(CapabilityPolicy.DENY, keep=("chown",)), ("chown",)),
        (Capabilities(CapabilityPolicy.ALLOW, drop=("chown",)),
         tuple(sorted({*NUMBERS} - {"chown"}))),
    ],
)  # fmt: skip
def test_capabilities_are_those_of_the_kind_all_or_none_and_what_is_named(
    named: Capabilities, kept: tuple[str, ...]
) -> None:
    assert plan_of(capabilities=named).rights.capabilities == kept


def test_ids_of_ones_own_choice_are_mapped_as_they_stand() -> None:
    plan = plan_of(idmap=IDS)
    assert plan.rights.uid_map == ((0, 100000, 1000), (1000, 5000, 1))
    assert plan.rights.gid_map == ((0, 200000, 500),)
    assert (plan.owner, plan.id_count, plan.groups) == ((100000, 200000), 1001, 500)


def test_a_plan_of_an_older_helper_is_that_of_an_application() -> None:
    fields = json.loads(plan_of().to_json())
    del fields["rights"]
    assert LaunchPlan.from_json(json.dumps(fields)) == plan_of()


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


def test_a_guarantee_of_memory_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="guarantee") as refused:
        plan_of(memory=Memory(guarantee_kib=64))
    assert "min_guarantee" in refused.value.hint


@pytest.mark.parametrize("target", ["/proc", "/proc/self", "/sys", "/sys/fs/cgroup"])
def test_nothing_is_mounted_over_the_kernels_own_files(target: str) -> None:
    with pytest.raises(UnsupportedError) as refused:
        plan_of(filesystems=(mount(target),))
    assert refused.value.details == {"line": "4", "column": "7"}


def test_a_template_is_the_engines_own_and_what_is_written_to_it_the_containers() -> None:
    one, other = (Filesystem(FilesystemKind.TEMPLATE, name, "/") for name in ("debian", "alpine"))
    plan = plan_of(filesystems=(one,))
    assert plan.root is not None
    assert plan.root.source == "/state/templates/debian/root"
    assert plan.root.upper.startswith(f"/state/copies/{UUID}/")
    another = plan_of(filesystems=(other,))
    assert another.root is not None
    assert another.root.upper != plan.root.upper


@pytest.mark.parametrize("name", ["..", ".new", "a/../b", ""])
def test_a_template_is_never_a_path(name: str) -> None:
    with pytest.raises(UnsupportedError, match="no name of a template"):
        plan_of(filesystems=(Filesystem(FilesystemKind.TEMPLATE, name, "/"),))


@pytest.mark.parametrize("kind", [FilesystemKind.RAM, FilesystemKind.BIND])
def test_what_is_empty_at_the_start_is_no_root(kind: FilesystemKind) -> None:
    with pytest.raises(UnsupportedError, match="cannot be the root"):
        plan_of(filesystems=(Filesystem(kind, "/a", "/", size_kib=1024),))


def test_a_filesystem_in_memory_may_have_the_mode_that_it_has_anyway() -> None:
    options = ("mode=0755", "nosuid")
    memory = Filesystem(FilesystemKind.RAM, "", "/run", size_kib=8192, options=options)
    (planned,) = plan_of(filesystems=(mount("/"), memory)).mounts
    assert planned.target == "/run"
    with pytest.raises(UnsupportedError, match="unknown option 'mode=1777'"):
        plan_of(filesystems=(dataclasses.replace(memory, options=("mode=1777",)),))
    with pytest.raises(UnsupportedError, match="unknown option 'mode=0755'"):
        plan_of(filesystems=(Filesystem(FilesystemKind.MOUNT, "/a", "/b", options=options),))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("dev",), "'dev'"),
        (("suid",), "'suid'"),
        (("sync",), "unknown option 'sync'"),
        (("exec,noexec",), "contradict"),
    ],
)
def test_options_that_a_mount_cannot_have_are_refused_by_name(
    options: tuple[str, ...], reason: str
) -> None:
    mounted = Filesystem(FilesystemKind.MOUNT, "/a", "/b", options=options, location=Location(4, 7))
    with pytest.raises(UnsupportedError, match=reason) as refused:
        plan_of(filesystems=(mounted,))
    assert refused.value.hint
    assert refused.value.details == {"line": "4", "column": "7"}


def test_a_plan_of_an_older_helper_still_reads() -> None:
    fields = json.loads(plan_of().to_json())
    older = {"target": "/a", "readonly": True, "size_kib": 0, "line": 1, "column": 2}
    fields |= {"root": "/srv/box", "root_readonly": True}
    fields["mounts"] = [{**older, "source": "/given"}, {**older, "source": "", "size_kib": 64}]
    plan = LaunchPlan.from_json(json.dumps(fields))
    assert plan.root is not None
    assert (plan.root.source, plan.root.readonly) == ("/srv/box", True)
    assert [mount.kind for mount in plan.mounts] == [SourceKind.TREE, SourceKind.RAM]


@pytest.mark.parametrize(
    ("kind", "limits", "reason", "hint"),
    [
        (FilesystemKind.MOUNT, {"size_kib": 1024}, "not of a folder", "truncate -s 1024K FILE"),
        (FilesystemKind.TEMPLATE, {"soft_kib": 1024}, "not of a folder", "type='file'"),
        (FilesystemKind.FILE, {"size_kib": 1024}, "has its own size", "remove its limits"),
        (FilesystemKind.RAM, {"size_kib": 64, "soft_kib": 32}, "no soft", "<space_soft_limit>"),
    ],
)
def test_a_limit_of_space_is_refused_with_what_to_do_instead(
    kind: FilesystemKind, limits: dict[str, Any], reason: str, hint: str
) -> None:
    with pytest.raises(UnsupportedError, match=reason) as refused:
        plan_of(filesystems=(Filesystem(kind, "/a", "/b", **limits),))
    assert hint in refused.value.hint


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


def test_a_group_alone_is_the_group_of_root() -> None:
    plan = plan_of(group="www")
    assert (plan.user, plan.group) == ("0", "www")


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
