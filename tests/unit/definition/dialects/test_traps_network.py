"""The traps of addresses, T10 to T13, in `linuxcontainer`."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.parts import first
from tests.unit.definition.samples import PROGRAM, codes, domain

from cloche_engine.definition.document import Document


def net(inside: str) -> Document:
    return domain(f"{PROGRAM}<network>{inside}</network>")


def ip(address: str = "10.0.0.2", mask: str = "prefix='24'", inside: str = "") -> str:
    return f"<ip address='{address}' {mask}>{inside}</ip>"


def test_t10_nested_and_flat_mean_the_same() -> None:
    inside = "<gateway address='10.0.0.1'/><nameserver address='1.1.1.1'/>"
    nested, flat = net(ip(inside=inside)), net(ip() + inside)
    assert first(nested) == first(flat)
    assert nested.compiled().nameservers == flat.compiled().nameservers == ("1.1.1.1",)


def test_t10_a_flat_gateway_belongs_to_the_subnet_that_holds_it() -> None:
    two = ip() + ip("10.1.0.2")
    assert first(net(f"{two}<gateway address='10.1.0.1'/>")).gateway == "10.1.0.1"
    assert codes(net(f"{two}<gateway address='10.2.0.1'/>")) == ["gateway-outside"]
    assert codes(net(f"{two}<gateway address='10.0.0.1'/><gateway address='10.1.0.1'/>")) == [
        "duplicate"
    ]


def test_t11_an_address_stands_as_attribute_or_as_text_in_order() -> None:
    text = "<nameserver>9.9.9.9</nameserver><nameserver address='1.1.1.1'/>"
    document = net(f"{ip()}<gateway> 10.0.0.1 </gateway>{text}")
    assert document.compiled().nameservers == ("9.9.9.9", "1.1.1.1")
    assert first(document).gateway == "10.0.0.1"
    assert codes(net("<nameserver address='1.1.1.1'>1.1.1.2</nameserver>")) == ["contradiction"]


@pytest.mark.parametrize(
    ("mask", "code"),
    [
        ("netmask='255.0.255.0'", "netmask"),
        ("netmask='0.255.255.255'", "netmask"),
        ("", "netmask"),
        ("prefix='33'", "netmask"),
        ("prefix='24' netmask='255.255.0.0'", "netmask"),
    ],
)
def test_t12_masks_are_exact_and_never_guessed(mask: str, code: str) -> None:
    assert codes(net(ip(mask=mask))) == [code]


def test_t12_octal_looking_addresses_and_masks_of_ipv6_are_refused() -> None:
    assert codes(net(ip("192.168.001.1"))) == ["address"]
    assert codes(net(ip("fd00::2", "netmask='255.255.255.0'"))) == ["netmask"]
    assert first(net(ip(mask="prefix='24' family='IPv4'"))).addresses == ("10.0.0.2/24",)


def test_t13_without_a_network_there_is_loopback_alone() -> None:
    spec = domain().compiled()
    assert (spec.interfaces, spec.network_isolated) == ((), None)
