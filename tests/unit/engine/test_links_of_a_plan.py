"""The interfaces of a plan, which a definition of every kind of network becomes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.unit.engine.planned import PLACES, UUID, Plugs, plan_of

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.core.compiling.plan import compile_plan
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind
from cloche_engine.kernel.constants import CLONE_NEWNET
from cloche_engine.sandbox.plan.links import LinkKind, LinkPlan

BRIDGE = InterfaceKind.BRIDGE
MANAGED = Interface(InterfaceKind.NETWORK, "default")
NAT = Interface(addresses=("10.0.0.2/24",))


def test_a_private_bridge_carries_the_gateway_with_the_prefix_of_its_network() -> None:
    interface = Interface(addresses=("192.168.1.110/24",), gateway="192.168.1.1")
    (link,) = plan_of(interfaces=(interface,)).links
    assert link.private
    assert link.gateway_addresses == ("192.168.1.1/24",)
    assert [(route.to, route.via) for route in link.routes] == [("0.0.0.0/0", "192.168.1.1")]
    assert len(link.outer) <= 15
    assert len(link.bridge) <= 15


def test_each_of_several_interfaces_has_names_of_its_own() -> None:
    other = dataclasses.replace(NAT, addresses=("10.9.0.2/24",), name="eth0")
    links = plan_of(interfaces=(NAT, other, dataclasses.replace(NAT, kind=BRIDGE))).links
    assert [link.inner for link in links] == ["eth1", "eth0", "eth2"]
    assert len({link.outer for link in links}) == 3


@pytest.mark.parametrize(
    "parts",
    [{"network_isolated": False}, {"interfaces": (Interface(InterfaceKind.HOST),)}],
)
def test_the_hosts_network_is_shared_where_the_definition_says_so(parts: dict[str, Any]) -> None:
    plan = plan_of(**parts)
    assert plan.rights.shares_network
    assert not plan.rights.namespaces & CLONE_NEWNET
    assert not plan.rights.is_ordinary
    assert plan.links == ()
    assert plan_of().rights.namespaces & CLONE_NEWNET


def test_a_whole_system_does_not_share_the_hosts_network() -> None:
    with pytest.raises(UnsupportedError, match="set up the host's network"):
        plan_of(network_isolated=False, system=True)


def test_a_link_plan_of_an_older_helper_still_reads() -> None:
    fields = {
        "outer": "clv1", "inner": "eth0", "bridge": "clb1", "private": True,
        "gateway_addresses": ["10.0.0.1/24"], "addresses": ["10.0.0.2/24"], "mac": "", "line": 4,
        "routes": [{"to": "0.0.0.0/0", "via": "10.0.0.1", "metric": None}], "column": 7,
    }  # fmt: skip
    read = LinkPlan.from_fields(fields)
    assert (read.kind, read.up, read.routes[0].via) == (LinkKind.VETH, True, "10.0.0.1")


def test_containers_of_one_gateway_share_a_bridge_and_other_engines_do_not() -> None:
    one = Interface(addresses=("10.0.0.2/24",), gateway="10.0.0.1")
    two = Interface(addresses=("10.0.0.3/24",), gateway="10.0.0.1")
    bridges = [plan_of(interfaces=(each,)).links[0].bridge for each in (one, two)]
    assert bridges[0] == bridges[1]
    other = compile_plan(
        ContainerSpec("box", program=("/x",), interfaces=(one,)), UUID, 0,
        dataclasses.replace(PLACES, instance="other"), Plugs(),
    )  # fmt: skip
    assert other.links[0].bridge != bridges[0]


@pytest.mark.parametrize("interface", [Interface(), MANAGED])
def test_a_managed_interface_has_all_from_its_port(interface: Interface) -> None:
    plan = plan_of(interfaces=(interface,))
    (link,) = plan.links
    assert (link.addresses, link.gateway_addresses) == (("10.64.16.7/22",), ("10.64.16.1/22",))
    assert [(route.to, route.via) for route in link.routes] == [("0.0.0.0/0", "10.64.16.1")]
    assert plan.nameservers == ("10.64.16.1",)
    assert link.private
    assert link.lasting
    assert max(len(link.outer), len(link.bridge)) <= 15


def test_the_way_out_is_the_one_that_the_definition_names() -> None:
    other = Interface(addresses=("10.9.0.2/24",), gateway="10.9.0.1")
    plan = plan_of(interfaces=(MANAGED, other), nameservers=("10.9.0.53",))
    assert [len(link.routes) for link in plan.links] == [0, 1]
    assert plan.nameservers == ("10.9.0.53",)


def test_of_two_managed_interfaces_the_first_is_the_way_out() -> None:
    assert [len(link.routes) for link in plan_of(interfaces=(MANAGED, MANAGED)).links] == [1, 0]


@pytest.mark.parametrize(
    ("interfaces", "reason"),
    [
        ((Interface(InterfaceKind.HOST), NAT), "beside the host's own network"),
        ((Interface(InterfaceKind.HOST, mac="52:54:00:00:00:01"),), "leave|has its names"),
        ((Interface(InterfaceKind.NETWORK, "web"),), "there is no network 'web'"),
        (
            (dataclasses.replace(MANAGED, gateway="10.0.0.1"),),
            "the gateway of the network is 10.64",
        ),
        ((dataclasses.replace(MANAGED, addresses=("fd::1/64",)),), "one IPv4 address"),
        ((dataclasses.replace(NAT, name="lo"),), "loopback"),
        ((dataclasses.replace(NAT, host_name="clb1"),), "Cloche gives itself"),
        ((Interface(InterfaceKind.MACVLAN, "eth0", host_name="a"),), "no end on the host"),
        ((Interface(InterfaceKind.PHYSICAL, "eth0", mac="52:54:00:00:00:01"),), "hardware address"),
    ],
)
def test_networks_that_cannot_be_made_yet_are_refused_with_the_next_step(
    interfaces: tuple[Interface, ...], reason: str
) -> None:
    with pytest.raises(UnsupportedError, match=reason) as refused:
        plan_of(interfaces=interfaces)
    assert refused.value.hint
