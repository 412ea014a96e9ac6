"""What the plan of a start lets a container do, and whose ids it has."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.engine.planned import mount, plan_of

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    IdMap,
    IdRange,
    Interface,
    SharedNamespace,
)
from cloche_engine.kernel.capabilities import NUMBERS
from cloche_engine.kernel.constants import CLONE_NEWNET, CLONE_NEWUSER, CLONE_NEWUTS
from cloche_engine.sandbox.plan.rights import APPLICATION_CAPABILITIES, Rights


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


def test_a_group_alone_is_the_group_of_root() -> None:
    plan = plan_of(group="www")
    assert (plan.user, plan.group) == ("0", "www")
