"""What dnsmasq and nft are told: addresses and single names, whatever a user calls a container."""

from __future__ import annotations

import ipaddress
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from cloche_engine.core.networks.dnsmasq import Member, files
from cloche_engine.core.networks.firewall import Forward, Rules, all_commands
from cloche_engine.core.networks.ports import Pool
from cloche_engine.host.network.overlap import collide
from cloche_engine.sandbox.plan.links import ForwardPlan

POOL = Pool.of(ipaddress.IPv4Network("10.64.16.0/20"), "test")
NAMES = st.one_of(
    st.text(max_size=70),
    st.sampled_from(["web\n10.0.0.1 evil", "a b", "deb.debian.org", "localhost", "-x", "a#b", "ä"]),
)


@given(names=st.lists(NAMES, max_size=3).map(tuple))
def test_no_text_of_a_user_gets_into_a_file(names: tuple[str, ...]) -> None:
    hosts, leases = files([Member("10.64.16.2", "02:c1:0a:40:10:02", names)])
    assert leases == "02:c1:0a:40:10:02,10.64.16.2\n"
    assert re.fullmatch(r"(10\.64\.16\.2( [A-Za-z0-9_-]+)+\n)?", hosts)
    assert "localhost" not in hosts


def test_names_of_one_label_are_told() -> None:
    members = [Member("10.0.0.2", "02:00:00:00:00:02", ("web", "shop", "web", "a.b"))]
    assert files(members)[0] == "10.0.0.2 web shop\n"


def test_every_port_has_an_address_a_name_and_a_hardware_address_of_its_own() -> None:
    ports = [POOL.port(number) for number in range(POOL.size)]
    for of in ("address", "mac", "outer"):
        assert len({getattr(port, of) for port in ports}) == POOL.size
    gateways = {bridge.gateway.ip for bridge in POOL.bridges}
    assert not gateways & {port.address.ip for port in ports}
    assert all(port.address.ip in port.bridge.gateway.network for port in ports)
    assert all(len(port.outer) <= 15 for port in ports)
    assert [POOL.number_of(port.address.ip) for port in ports] == list(range(POOL.size))
    assert POOL.number_of(ipaddress.IPv4Address("10.64.16.1")) is None
    assert POOL.number_of(ipaddress.IPv4Address("10.64.15.2")) is None


def test_rules_name_our_own_tables_alone() -> None:
    web = Forward(ForwardPlan("tcp", "", 8080, 8081, 80), "10.64.16.2")
    commands = all_commands(POOL, Rules(frozenset({0}), forwards=frozenset({web})))
    names = set(re.findall(r'"(?:table|name)": "([^"]*)"', json.dumps(commands)))
    assert {name for name in names if name.startswith("cloche_")} == {f"cloche_{POOL.word}"}
    for command in commands:
        (change,) = command.values()
        (what,) = change.values()
        assert f"cloche_{POOL.word}" in {what.get("table"), what.get("name")}


def test_a_forward_takes_from_another_where_they_meet() -> None:
    def forward(start: int, end: int, host: str = "", proto: str = "tcp", to: str = "2") -> Forward:
        return Forward(ForwardPlan(proto, host, start, end, start), f"10.64.16.{to}")

    web = forward(80, 89)
    assert forward(89, 99, to="3").takes_from(web)
    assert forward(85, 85, "127.0.0.1", to="3").takes_from(web)
    assert not forward(90, 99, to="3").takes_from(web)
    assert not forward(80, 80, proto="udp", to="3").takes_from(web)
    assert not forward(80, 80).takes_from(web)  # its own
    one, two = forward(80, 80, "127.0.0.1"), forward(80, 80, "127.0.0.2", to="3")
    assert not one.takes_from(two)


def test_link_local_networks_are_on_every_link_and_in_nobodys_way() -> None:
    local = ipaddress.ip_network("169.254.0.0/16")
    assert not collide(ipaddress.ip_network("169.254.0.0/20"), local)
    assert collide(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("10.64.0.0/20"))
