"""LXC's own configuration: networks by number, and those of old that begin with their type."""

from __future__ import annotations

from tests.unit.definition.dialects.conf_reading import (
    meant,
    native,
    warnings,
)

from cloche_engine.definition.spec import (
    Interface,
    InterfaceKind,
)


def test_networks_are_grouped_by_their_numbers_in_the_order_of_these() -> None:
    reading = native(
        "lxc.net.9.type = phys",
        "lxc.net.2.type = macvlan",
        "lxc.net.9.link = eth1",
        "lxc.net.2.link = eth0",
        "lxc.net.2.macvlan.mode = vepa",
        "lxc.net.5.type = veth",
        "lxc.net.5.veth.pair = out0",
        "lxc.net.2.ipv4.address = 10.0.0.2/24 10.0.0.255",
        "lxc.net.2.ipv4.address = 10.0.1.2/24",
    )
    assert reading.errors == ()
    assert meant(reading).interfaces == (
        Interface(
            InterfaceKind.MACVLAN,
            "eth0",
            addresses=("10.0.0.2/24", "10.0.1.2/24"),
            up=False,
            mode="vepa",
        ),
        Interface(InterfaceKind.ETHERNET, up=False, host_name="out0"),
        Interface(InterfaceKind.PHYSICAL, "eth1", up=False),
    )


def test_old_networks_begin_with_their_type() -> None:
    reading = native(
        "lxc.network.type = veth",
        "lxc.network.link = br0",
        "lxc.network.type = vlan",
        "lxc.network.link = eth0",
        "lxc.network.vlan.id = 7",
    )
    assert [(each.kind.value, each.source) for each in meant(reading).interfaces] == [
        ("bridge", "br0"),
        ("physical", "eth0.7"),
    ]
    assert warnings(reading) == ["converted"]


def test_an_empty_network_key_takes_back_what_stood_before() -> None:
    assert meant(native("lxc.net.0.type = veth", "lxc.net =")).interfaces == ()
    reading = native("lxc.net.0.type = veth", "lxc.net.1.type = none", "lxc.net.0 =")
    assert meant(reading).interfaces == (Interface(InterfaceKind.HOST),)


def test_what_lxc_finds_out_itself_is_kept() -> None:
    reading = native(
        "lxc.net.4.type = veth",
        "lxc.net.4.hwaddr = 00:16:3e:xx:xx:xx",
        "lxc.net.4.ipv4.gateway = auto",
    )
    assert reading.errors == ()
    assert meant(reading).interfaces == (Interface(InterfaceKind.ETHERNET, up=False),)
    assert [kept.text for kept in meant(reading).opaque] == [
        "lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx",
        "lxc.net.0.ipv4.gateway = auto",
    ]
