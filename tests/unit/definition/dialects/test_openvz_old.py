"""The two old shapes of OpenVZ's XML: the proposal of March 2007, and January 2008's driver."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.reading import Read, codes, openvz, sample, warnings

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Interface

MASKED = "<ipaddress>10.0.0.5</ipaddress><netmask>255.255.255.0</netmask>"


def january(network: str = "", filesystem: str = "", name: str = "105") -> Read:
    inside = f"<template>debian-5.0-i386</template>{filesystem}"
    return openvz(
        f"<domain type='openvz'><name>{name}</name><container>"
        f"<filesystem>{inside}</filesystem><profile>vps.basic</profile>"
        f"<network>{network}</network></container></domain>"
    )


def march(inside: str, name: str = "<name>demo</name>") -> Read:
    return openvz(f"<domain type='openvz'>{name}{inside}</domain>")


def test_the_proposal_of_march_2007_is_read_whole() -> None:
    read = openvz(sample("openvz/march-2007.xml"))
    assert (codes(read), warnings(read)) == ([], [])
    spec = read.spec
    assert (spec.name, spec.uuid) == ("openvzdemo", "2b41e8c051f74a0d9c337f0a6d1e9b52")
    assert (spec.profile, spec.autostart) == ("vps.basic", True)
    assert spec.filesystems == (
        Filesystem(FilesystemKind.TEMPLATE, "slackware-10.2-i386-minimal", "/"),
    )
    assert spec.hostname == "openvzhost"
    assert spec.interfaces == (Interface(addresses=("192.168.1.110/24",), gateway="192.168.1.1"),)
    assert spec.nameservers == ("192.168.1.2", "192.168.1.3")
    assert [entry.path for entry in spec.opaque] == ["domain/vpsid"]


def test_t11_gateway_and_name_server_may_be_attributes_as_in_the_rfc() -> None:
    way = "<gateway address='10.0.0.1'/>"
    asked = "<nameserver address='10.0.0.2'/><nameserver>10.0.0.3</nameserver>"
    read = january(MASKED + way + asked)
    assert (codes(read), warnings(read)) == ([], [])
    assert read.spec.interfaces[0].gateway == "10.0.0.1"
    assert read.spec.nameservers == ("10.0.0.2", "10.0.0.3")
    assert read.spec.opaque == ()


@pytest.mark.parametrize("name", ["gateway", "nameserver"])
def test_t11_attribute_and_text_that_differ_are_refused(name: str) -> None:
    read = january(f"{MASKED}<{name} address='10.0.0.1'>10.0.0.2</{name}>")
    assert "contradiction" in codes(read)
    assert codes(january(f"{MASKED}<{name} address='10.0.0.1'>10.0.0.1</{name}>")) == []


def test_a_vpsid_beside_a_name_is_kept() -> None:
    read = march("<vpsid>101</vpsid><os template='a'/>")
    assert [entry.text for entry in read.spec.opaque] == ["<vpsid>101</vpsid>"]


def test_a_proposal_without_a_name_takes_its_vpsid() -> None:
    read = march("<vpsid>101</vpsid><os template='a'/>", name="")
    assert (read.spec.name, codes(read)) == ("101", [])
    assert codes(march("<os template='a'/>", name="")) == ["missing"]


def test_t13_an_empty_address_warns_and_the_rest_is_read() -> None:
    read = openvz(sample("openvz/march-2007-empty.xml"))
    assert codes(read) == []
    assert warnings(read) == ["address", "nameserver", "nameserver"]
    assert (read.spec.interfaces, read.spec.nameservers) == ((), ())
    assert (read.spec.hostname, read.spec.autostart) == ("openvzhost", False)


def test_several_addresses_of_the_proposal_are_of_one_link() -> None:
    two = "<ip address='10.0.0.2' netmask='255.0.0.0'/><ip address='fd00::2' defgw='fd00::1'/>"
    (link,) = march(f"<vpsid>7</vpsid><network>{two}</network>").spec.interfaces
    assert link.addresses == ("10.0.0.2/8", "fd00::2")
    assert (link.gateway, link.gateway6) == (None, "fd00::1")


def test_january_2008_is_read_whole() -> None:
    read = openvz(sample("openvz/january-2008.xml"))
    assert codes(read) == []
    assert warnings(read) == ["quota"]
    spec = read.spec
    assert (spec.name, spec.profile) == ("105", "vps.basic")
    assert spec.filesystems == (
        Filesystem(FilesystemKind.TEMPLATE, "gentoo-20060317-i686-stage3", "/", size_kib=102400),
    )
    assert spec.interfaces == (Interface(addresses=("192.168.1.105/24",), gateway="192.168.1.1"),)
    assert (spec.hostname, spec.nameservers) == ("fedora105", ("192.168.1.2",))
    assert [entry.path for entry in spec.opaque] == ["domain/container/filesystem/quota"]
    assert "username='root'" in spec.opaque[0].text


def test_t4_a_filesystem_with_a_template_is_one_also_without_a_type() -> None:
    assert january().spec.root == Filesystem(FilesystemKind.TEMPLATE, "debian-5.0-i386", "/")


def test_t9_a_template_is_a_name_with_dots_and_no_path() -> None:
    for name in ("/vz/template", "..", "a/b"):
        text = f"<filesystem><template>{name}</template></filesystem><profile>p</profile>"
        read = openvz(
            f"<domain type='openvz'><name>105</name><container>{text}</container></domain>"
        )
        assert codes(read) == ["template"], name


def test_a_container_needs_a_template_and_should_have_a_profile() -> None:
    read = openvz("<domain type='openvz'><name>105</name><container/></domain>")
    assert codes(read) == ["missing"]
    assert warnings(read) == ["missing"]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("<ipaddress>192.168.001.1</ipaddress>", "address"),
        ("<ipaddress>10.0.0.5/24</ipaddress>", "address"),
        ("<ipaddress>224.0.0.1</ipaddress>", "address"),
        ("<ipaddress>10.0.0.5</ipaddress><netmask>255.0.255.0</netmask>", "netmask"),
        ("<ipaddress>fd00::5</ipaddress><netmask>255.255.255.0</netmask>", "netmask"),
        (f"{MASKED}<gateway>10.0.1.1</gateway>", "gateway-outside"),
        ("<hostname>a_b</hostname>", "hostname"),
        ("<nameserver>x</nameserver>", "nameserver"),
        ("<ipaddress>10.0.0.5</ipaddress><ipaddress>10.0.0.6</ipaddress>", "duplicate"),
    ],
)
def test_t10_t12_what_is_wrong_with_the_old_network_is_refused(network: str, expected: str) -> None:
    read = january(network)
    assert codes(read) == [expected]
    assert all(problem.reason and problem.line == 1 for problem in read.problems)


def test_t12_a_missing_netmask_is_not_guessed() -> None:
    read = january("<ipaddress>192.168.1.5</ipaddress><gateway>192.168.1.1</gateway>")
    assert codes(read) == []
    assert warnings(read) == ["netmask"]
    (link,) = read.spec.interfaces
    assert (link.addresses, link.gateway) == (("192.168.1.5",), "192.168.1.1")


@pytest.mark.parametrize(
    ("netmask", "prefix"),
    [("192.0.0.0", 2), ("128.0.0.0", 1), ("255.255.255.0", 24), ("255.255.255.255", 32)],
)
def test_t12_a_netmask_becomes_its_prefix_exactly(netmask: str, prefix: int) -> None:
    (link,) = january(
        f"<ipaddress>10.0.0.5</ipaddress><netmask>{netmask}</netmask>"
    ).spec.interfaces
    assert link.addresses == (f"10.0.0.5/{prefix}",)


def test_t11_nameservers_keep_their_order() -> None:
    text = "".join(f"<nameserver> 1.1.1.{n} </nameserver>" for n in (3, 1, 2))
    assert january(text).spec.nameservers == ("1.1.1.3", "1.1.1.1", "1.1.1.2")


def test_t10_a_second_gateway_of_the_proposal_is_refused() -> None:
    ip = "<ip address='10.0.0.{0}' netmask='255.255.255.0' defgw='10.0.0.{1}'/>"
    text = ip.format(2, 1) + ip.format(3, 9)
    assert codes(march(f"<vpsid>7</vpsid><network>{text}</network>")) == ["duplicate"]


@pytest.mark.parametrize(("fix", "kept", "gone"), [("keep-first", 1, 9), ("keep-second", 9, 1)])
def test_either_of_two_gateways_of_the_proposal_can_be_kept(fix: str, kept: int, gone: int) -> None:
    ip = "<ip address='10.0.0.{0}' netmask='255.255.255.0' defgw='10.0.0.{1}'/>"
    inside = f"<network>{ip.format(2, 1)}{ip.format(3, 9)}</network>"
    text = f"<domain type='openvz'><name>demo</name>{inside}</domain>"
    mended = mend(text.encode(), [fix])
    assert mended.data.decode() == text.replace(f" defgw='10.0.0.{gone}'", "")
    assert codes(openvz(mended.data.decode())) == []
    assert openvz(mended.data.decode()).spec.interfaces[0].gateway == f"10.0.0.{kept}"
    assert mended.applied[0].fix.description.startswith(f"keep defgw='10.0.0.{kept}'")


def test_t24_two_of_what_stands_once_are_refused() -> None:
    assert codes(march("<vpsid>7</vpsid><profile>a</profile><profile>b</profile>")) == ["duplicate"]
    assert codes(january(filesystem="<template>b</template>")) == ["duplicate"]
    two = "<quota level='vm'>1</quota><quota level='vm'>2</quota>"
    assert codes(january(filesystem=two)) == ["duplicate"]


def test_two_shapes_in_one_document_are_refused() -> None:
    text = (
        "<domain type='openvz'><name>105</name><container><filesystem><template>a</template>"
        "</filesystem><profile>p</profile></container><devices><filesystem type='template'>"
        "<source name='b'/><target dir='/'/></filesystem></devices></domain>"
    )
    assert codes(openvz(text)) == ["contradiction", "same-target"]


@pytest.mark.parametrize("value", ["maybe", "2", "true false"])
def test_onboot_is_true_or_false(value: str) -> None:
    assert codes(march(f"<vpsid>7</vpsid><onboot>{value}</onboot>")) == ["onboot"]


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "9" * 30])
def test_a_quota_is_a_number_of_blocks(value: str) -> None:
    assert codes(january(filesystem=f"<quota level='vm'>{value}</quota>")) == ["quota"]
