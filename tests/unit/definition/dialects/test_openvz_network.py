"""The network of a configuration of OpenVZ: addresses, netif and netdev."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.conf_reading import (
    codes,
    conf,
    meant,
    mended,
    vz,
    warnings,
)

from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.dialects.openvz_conf.write import write
from cloche_engine.definition.spec import (
    ContainerSpec,
    Interface,
    InterfaceKind,
    Opaque,
)


def test_t12_an_address_without_mask_gets_none_and_its_own_by_a_fix() -> None:
    text = 'NAME="a"\nIP_ADDRESS="10.0.0.2 ::1"\n'
    reading = vz(text)
    assert warnings(reading) == ["netmask", "netmask"]
    assert [problem.column for problem in reading.problems] == [13, 22]
    better = meant(vz(mended(text, reading.problems[0], "prefix")))
    assert better.interfaces[0].addresses == ("10.0.0.2/32",)


def test_t12_masks_are_read_as_prefix_or_in_full_and_dummies_passed_over() -> None:
    spec = meant(conf('IP_ADDRESS="10.0.0.2/255.255.255.0 0.0.0.0 :: fd00::2/64"'))
    assert [interface.addresses for interface in spec.interfaces] == [
        ("10.0.0.2/24",),
        ("fd00::2/64",),
    ]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.0.0.2/255.0.255.0", "netmask"),
        ("10.0.0.2/33", "netmask"),
        ("fd00::2/129", "netmask"),
        ("192.168.001.1", "address"),
        ("web", "address"),
    ],
)
def test_t12_what_is_no_address_is_refused(address: str, code: str) -> None:
    assert codes(conf(f'IP_ADDRESS="{address}"')) == [code]


def test_devices_come_from_netif_and_netdev() -> None:
    reading = conf('NETIF="ifname=eth0,bridge=br0;ifname=eth1,mac_filter=off;"', 'NETDEV="eth2"')
    assert meant(reading).interfaces == (
        Interface(InterfaceKind.BRIDGE, "br0", name="eth0"),
        Interface(InterfaceKind.ETHERNET, name="eth1"),
        Interface(InterfaceKind.PHYSICAL, "eth2"),
    )
    assert warnings(reading) == ["no-effect"]
    assert "mac_filter" in reading.problems[0].reason


def test_what_netif_says_besides_is_kept_and_written_back() -> None:
    lines = ('OSTEMPLATE="x"', 'NETIF="ifname=eth0,host_mac=00:18:51:8F:D9:F3,bridge=br0"')
    before = meant(conf(*lines))
    kept = Opaque("NETIF/eth0/host_mac", "host_mac=00:18:51:8F:D9:F3")
    assert before.opaque == (kept,)
    assert meant(vz(write(before))) == before
    away = convert(write(before), Dialect.LXC_CONF, name="one")
    assert "NETIF/eth0/host_mac" in [loss.value for loss in away.losses]


def test_what_would_break_the_line_is_not_written_into_netif() -> None:
    link = Interface(InterfaceKind.BRIDGE, "br0", name="eth0")
    for text in ('host_mac=1";X="', "host_mac=1;ifname=eth1", "host_mac=1,mac=2"):
        spec = ContainerSpec(
            "105", interfaces=(link,), opaque=(Opaque("NETIF/eth0/host_mac", text),)
        )
        assert b"host_mac" not in write(spec)


def test_a_name_belongs_to_one_veth_and_a_hardware_address_should() -> None:
    assert codes(conf('NETIF="ifname=eth0;ifname=eth0"')) == ["duplicate"]
    same = conf('NETIF="mac=00:18:51:AA:BB:CC;mac=00:18:51:AA:BB:CC"')
    assert (codes(same), warnings(same)) == ([], ["duplicate"])
    assert codes(conf('NETIF="ifname=eth0;ifname=eth1"')) == []
