"""What definitions get wrong about the network, each told with its place and cause."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM, codes, domain

from cloche_engine.definition.create import without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import InterfaceKind, Route


def net(inside: str, more: str = "") -> Document:
    return domain(f"{PROGRAM}<network hostname='h'>{inside}</network>{more}")


IP = "<ip address='10.0.0.2' prefix='24'{}"
BRIDGE = "<interface type='bridge'><source bridge='br0'/></interface>"


def test_gateway_and_nameserver_nested_flat_and_as_text_mean_the_same() -> None:
    inside = "<gateway address='10.0.0.1'/><nameserver address='1.1.1.1'/>"
    text = "<gateway>10.0.0.1</gateway><nameserver> 1.1.1.1 </nameserver>"
    forms = [IP.format(f">{inside}</ip>"), IP.format("/>") + inside, IP.format("/>") + text]
    specs = {repr(without_places(net(form).compiled())) for form in forms}
    assert len(specs) == 1


def test_a_flat_gateway_goes_to_the_subnet_that_holds_it() -> None:
    spec = net(
        "<ip address='10.1.0.2' prefix='24'/>" + IP.format("/>") + "<gateway address='10.0.0.1'/>"
    ).compiled()
    assert spec.interfaces[0].gateway == "10.0.0.1"


def test_a_gateway_outside_every_subnet_is_refused() -> None:
    assert codes(net(IP.format("/><gateway address='10.9.0.1'/>"))) == ["gateway-outside"]
    assert codes(net(IP.format("><gateway address='10.9.0.1'/></ip>"))) == ["gateway-outside"]
    assert codes(net("<gateway address='10.9.0.1'/>")) == ["gateway-outside"]


def test_the_containers_own_address_is_no_gateway() -> None:
    assert codes(net(IP.format("/><gateway address='10.0.0.2'/>"))) == ["gateway-outside"]


def test_two_default_gateways_of_a_family_are_refused_one_of_each_is_fine() -> None:
    two = "/><gateway address='10.0.0.1'/><gateway address='10.0.0.3'/>"
    assert codes(net(IP.format(two))) == ["duplicate"]
    both = "<ip address='fd00::2' prefix='64'><gateway address='fd00::1'/></ip>"
    spec = net(IP.format("><gateway address='10.0.0.1'/></ip>") + both).compiled()
    assert (spec.interfaces[0].gateway, spec.interfaces[0].gateway6) == ("10.0.0.1", "fd00::1")


def test_attribute_and_text_that_disagree_are_refused() -> None:
    text = "<nameserver address='1.1.1.1'>1.1.1.2</nameserver>"
    assert codes(net(IP.format("/>") + text)) == ["contradiction"]


def test_nameservers_keep_their_order() -> None:
    text = "".join(f"<nameserver address='1.1.1.{n}'/>" for n in (3, 1, 2))
    assert net(IP.format(f">{text}</ip>")).compiled().nameservers == (
        "1.1.1.3",
        "1.1.1.1",
        "1.1.1.2",
    )


@pytest.mark.parametrize("mask", ["255.0.255.0", "255.255.255.1", "0.0.0.255"])
def test_masks_with_gaps_are_refused(mask: str) -> None:
    assert codes(net(f"<ip address='10.0.0.2' netmask='{mask}'/>")) == ["netmask"]


@pytest.mark.parametrize("length", range(33))
def test_every_mask_becomes_its_prefix(length: int) -> None:
    mask = ".".join(str(((0xFFFFFFFF << (32 - length)) >> at) & 255) for at in (24, 16, 8, 0))
    spec = net(f"<ip address='10.77.3.2' netmask='{mask}'/>").spec
    assert spec is not None
    assert spec.interfaces[0].addresses == (f"10.77.3.2/{length}",)


@pytest.mark.parametrize(
    "ip",
    [
        "<ip address='10.0.0.2'/>",
        "<ip address='10.0.0.2' prefix='33'/>",
        "<ip address='10.0.0.2' prefix='24' netmask='255.0.0.0'/>",
        "<ip address='fd00::1' netmask='255.0.0.0'/>",
    ],
)
def test_no_mask_is_guessed(ip: str) -> None:
    assert codes(net(ip)) == ["netmask"]


@pytest.mark.parametrize(
    "address", ["192.168.001.1", "10.0.0", "10.0.0.2/24", "fe80::1%eth0", "", "::ffff:1.2.3.4.5"]
)
def test_addresses_that_are_none_are_refused(address: str) -> None:
    assert codes(net(f"<ip address='{address}' prefix='24'/>")) == ["address"]


def test_leading_zeros_are_named_as_the_cause() -> None:
    (problem,) = net("<ip address='192.168.001.1' prefix='24'/>").errors
    assert "leading zeros" in problem.reason


@pytest.mark.parametrize("family", ["ipv4", "IPv4"])
def test_a_family_is_read_in_either_spelling(family: str) -> None:
    assert net(IP.format(f" family='{family}'/>")).problems == ()


def test_a_family_that_contradicts_its_address_is_refused() -> None:
    assert codes(net(IP.format(" family='ipv6'/>"))) == ["family"]


def test_without_network_the_container_is_isolated() -> None:
    assert domain().compiled().interfaces == ()


def test_a_network_with_only_a_hostname_is_isolated() -> None:
    spec = net("").compiled()
    assert (spec.interfaces, spec.hostname) == ((), "h")


def test_addresses_alone_are_on_a_private_bridge() -> None:
    (interface,) = net(IP.format("/>")).compiled().interfaces
    assert interface.kind is InterfaceKind.NAT


def test_a_bridge_takes_the_addresses_of_the_network() -> None:
    (interface,) = net(IP.format("/><gateway address='10.0.0.1'/>"), BRIDGE).compiled().interfaces
    assert (interface.kind, interface.source) == (InterfaceKind.BRIDGE, "br0")
    assert (interface.addresses, interface.gateway) == (("10.0.0.2/24",), "10.0.0.1")


def test_a_bridge_without_addresses_is_only_connected() -> None:
    (interface,) = domain(PROGRAM + BRIDGE).compiled().interfaces
    assert (interface.source, interface.addresses) == ("br0", ())


def test_a_bridge_with_addresses_of_its_own_leaves_the_networks_alone() -> None:
    own = BRIDGE.replace("</interface>", "<ip address='10.5.0.2' prefix='16'/></interface>")
    bridge, private = net(IP.format("/>"), own).compiled().interfaces
    assert bridge.addresses == ("10.5.0.2/16",)
    assert (private.kind, private.addresses) == (InterfaceKind.NAT, ("10.0.0.2/24",))


def test_an_address_twice_is_refused() -> None:
    assert codes(net(IP.format("/>") * 2)) == ["duplicate"]


@pytest.mark.parametrize("hostname", ["-a", "a-", "a_b", "a b", "", "a" * 64, "a..b"])
def test_host_names_follow_rfc_1123(hostname: str) -> None:
    assert codes(domain(f"{PROGRAM}<network hostname='{hostname}'/>")) == ["hostname"]


@pytest.mark.parametrize("type_name", ["user", "vhostuser", "", "Bridge"])
def test_an_interface_of_an_unknown_type_is_refused(type_name: str) -> None:
    inside = f"<interface type='{type_name}'><source bridge='b'/></interface>"
    assert "type" in codes(domain(PROGRAM + inside))


@pytest.mark.parametrize(
    ("inside", "wanted"),
    [
        ("type='direct'><source dev='eth0' mode='vepa'/>", (InterfaceKind.MACVLAN, "eth0", "vepa")),
        ("type='macvlan'><source dev='eth0'/>", (InterfaceKind.MACVLAN, "eth0", None)),
        ("type='physical'><source dev='eth1'/>", (InterfaceKind.PHYSICAL, "eth1", None)),
        ("type='network'><source network='a b'/>", (InterfaceKind.NETWORK, "a b", None)),
        ("type='ethernet'>", (InterfaceKind.ETHERNET, None, None)),
        ("type='nat'>", (InterfaceKind.NAT, None, None)),
        ("type='host'>", (InterfaceKind.HOST, None, None)),
        ("type='none'>", (InterfaceKind.NONE, None, None)),
    ],
)
def test_every_kind_of_interface_is_read(inside: str, wanted: tuple[object, ...]) -> None:
    document = domain(f"{PROGRAM}<interface {inside}</interface>")
    assert document.problems == ()
    (interface,) = document.compiled().interfaces
    assert (interface.kind, interface.source, interface.mode) == wanted


def test_guest_is_the_name_inside_and_target_the_hosts_end() -> None:
    ends = "<guest dev='lan'/><target dev='veth7'/><link state='down'/></interface>"
    document = domain(PROGRAM + BRIDGE.replace("</interface>", ends))
    (interface,) = document.compiled().interfaces
    assert (interface.name, interface.host_name, interface.up) == ("lan", "veth7", False)


@pytest.mark.parametrize("type_name", ["bridge", "direct", "physical", "network"])
def test_an_interface_that_leads_nowhere_is_refused(type_name: str) -> None:
    for source in ("", "<source/>"):
        assert codes(domain(f"{PROGRAM}<interface type='{type_name}'>{source}</interface>")) == [
            "missing"
        ]


def routed(route: str) -> Document:
    ip = "<ip address='10.0.0.2' prefix='24'/>"
    return domain(PROGRAM + BRIDGE.replace("</interface>", f"{ip}{route}</interface>"))


def test_a_route_to_everywhere_is_the_gateway_and_others_stay_routes() -> None:
    everywhere = "<route family='ipv4' address='0.0.0.0' gateway='10.0.0.1'/>"
    other = "<route address='10.9.0.0' netmask='255.255.0.0' gateway='10.0.0.9' metric='7'/>"
    (interface,) = routed(everywhere + other).compiled().interfaces
    assert interface.gateway == "10.0.0.1"
    assert interface.routes == (Route("10.9.0.0/16", "10.0.0.9", 7),)


@pytest.mark.parametrize(
    ("route", "code"),
    [
        ("<route address='10.9.0.1' prefix='16' gateway='10.0.0.1'/>", "address"),
        ("<route address='10.9.0.0' gateway='10.0.0.1'/>", "netmask"),
        ("<route address='10.9.0.0' prefix='16' gateway='10.1.0.1'/>", "gateway-outside"),
        ("<route address='fd00::' prefix='64' gateway='10.0.0.1'/>", "family"),
        ("<route address='10.9.0.0' prefix='16' gateway='10.0.0.1' metric='-1'/>", "metric"),
        ("<route address='10.9.0.0' prefix='16'/>", "missing"),
        (
            "<gateway address='10.0.0.1'/><route address='0.0.0.0' prefix='0' gateway='10.0.0.3'/>",
            "duplicate",
        ),
    ],
)
def test_a_route_that_cannot_be_set_is_refused(route: str, code: str) -> None:
    assert codes(routed(route)) == [code]


def test_two_interfaces_share_no_name_and_hardly_a_hardware_address() -> None:
    one = BRIDGE.replace("</interface>", "<guest dev='lan'/></interface>")
    two = BRIDGE.replace("<source", "<mac address='52:54:00:12:34:56'/><source")
    assert codes(domain(PROGRAM + one * 2)) == ["duplicate"]
    same = domain(PROGRAM + two * 2)
    assert (codes(same), [each.code for each in same.problems]) == ([], ["duplicate"])


def test_one_way_to_everywhere_is_all_that_a_container_has_on_all_interfaces() -> None:
    first = f"{BRIDGE[:-12]}{IP.format('/>')}<gateway address='10.0.0.1'/></interface>"
    second = first.replace("10.0.0", "10.1.0")
    (error,) = domain(f"{PROGRAM}{first}{second}").errors
    assert (error.code, "IPv4" in error.reason) == ("duplicate", True)
    third = (
        first.replace("10.0.0.2", "fd00::2").replace("'24'", "'64'").replace("10.0.0.1", "fd00::1")
    )
    assert codes(domain(f"{PROGRAM}{first}{third}")) == []
