"""Mounts and links of libvirt's containers: what is refused and what is kept."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.libvirt import again, devices
from tests.unit.definition.dialects.reading import codes, warnings

from cloche_engine.definition.spec import Filesystem, FilesystemKind, Interface, InterfaceKind


def mount(source: str, target: str = "/x", kind: str = " type='mount'", rest: str = "") -> str:
    return f"<filesystem{kind}><source {source}/><target dir='{target}'/>{rest}</filesystem>"


def link(inside: str, kind: str = "network") -> str:
    return f"<interface type='{kind}'><source network='n'/>{inside}</interface>"


def test_t4_a_filesystem_without_a_type_is_a_mount() -> None:
    found = devices(mount("dir='/a'", kind=""))
    assert found.spec.filesystems == (Filesystem(FilesystemKind.MOUNT, "/a", "/x"),)
    assert codes(found) == []


def test_t6_a_mount_that_hides_an_earlier_one_is_refused() -> None:
    assert codes(devices(mount("dir='/a'", "/x/y") + mount("dir='/b'", "/x"))) == ["hidden-mount"]
    assert codes(devices(mount("dir='/a'", "/x") + mount("dir='/b'", "/x/y"))) == []


def test_t7_targets_are_compared_without_their_slashes() -> None:
    found = devices(mount("dir='/a/'", "/etc//./") + mount("dir='/b'", "/etc"))
    assert [entry.target for entry in found.spec.filesystems] == ["/etc", "/etc"]
    assert found.spec.filesystems[0].source == "/a/"
    assert codes(found) == ["same-target"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (mount("dir='a'"), "path"),
        (mount("dir=''"), "path"),
        (mount("dir='/a/../b'"), "path"),
        (mount("dir='/a'", "x"), "path"),
        (mount("dir='/a'", "/../x"), "path"),
        (mount("dir='/a'", ""), "path"),
        (mount("file='/a'"), "missing"),
        (mount("dev='a'", kind=" type='block'"), "path"),
        (mount("dir='/a'", kind=" type='file'"), "missing"),
        (mount("", kind=" type='ram'"), "missing"),
        (mount("usage='x'", kind=" type='ram'"), "usage"),
        (mount("usage='1' units='parsec'", kind=" type='ram'"), "units"),
        (mount("name='/a'", kind=" type='template'"), "name"),
        (mount("dir='/a'", rest="<space_hard_limit>x</space_hard_limit>"), "space_hard_limit"),
        ("<filesystem><source dir='/a'/></filesystem>", "missing"),
        ("<filesystem><target dir='/a'/></filesystem>", "missing"),
    ],
)
def test_t8_mounts_that_cannot_be(text: str, code: str) -> None:
    assert code in codes(devices(text))


def test_t9_the_source_of_a_bind_is_a_path_inside_and_a_templates_a_name() -> None:
    found = devices(
        mount("dir='/in/side'", "/a", " type='bind'")
        + mount("name='debian-5.0-i386'", "/b", " type='template'")
    )
    assert [entry.source for entry in found.spec.filesystems] == ["/in/side", "debian-5.0-i386"]
    assert codes(found) == []


@pytest.mark.parametrize(
    ("usage", "kib"),
    [("usage='1024'", 1024), ("usage='1' units='MB'", 977), ("usage='2' unit='MiB'", 2048)],
)
def test_t14_memory_filesystems_are_counted_in_kib(usage: str, kib: int) -> None:
    found = devices(mount(usage, kind=" type='ram'"))
    assert found.spec.filesystems[0].size_kib == kib


def test_t14_limits_of_space_are_counted_in_bytes() -> None:
    rest = (
        "<space_hard_limit>1025</space_hard_limit><space_soft_limit unit='K'>1</space_soft_limit>"
    )
    found = devices(mount("dir='/a'", rest=rest))
    (entry,) = found.spec.filesystems
    assert (entry.size_kib, entry.soft_kib) == (2, 1)
    assert again(found.spec) == found.spec


def test_a_volume_is_kept_whole() -> None:
    text = mount("pool='p' volume='v'", kind=" type='volume'")
    found = devices(text + mount("dir='/a'", "/y", rest="<driver type='path'/>"))
    paths = [entry.path for entry in found.spec.opaque]
    assert paths == ["domain/devices/filesystem", "domain/devices/filesystem[1]/driver"]
    assert found.spec.opaque[0].text == text
    assert warnings(found) == ["not-supported-yet"]
    assert {*again(found.spec).opaque} == {*found.spec.opaque}


def test_what_is_kept_of_libvirts_own_says_what_to_write_for_it() -> None:
    pool = devices(mount("pool='p' volume='v'", kind=" type='volume'")).problems[0]
    assert "only libvirt knows where its pool 'p' has the volume 'v'" in pool.reason
    assert pool.hint == "virsh vol-path --pool p v tells; write type='mount' and that path"
    socket = devices(mount("socket='/run/v.sock'")).problems[0]
    assert "what serves it at that socket is not known" in socket.reason
    other = devices(mount("name='x'", kind=" type='user'")).problems[0]
    assert "a filesystem of type 'user' is kept as it is" in other.reason
    assert other.hint.startswith("possible: mount, template, block")
    slirp = devices("<interface type='user'/>").problems[0]
    assert "<interface type='network'>" in slirp.hint


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<ip address='192.168.001.1' prefix='24'/>", "address"),
        ("<ip address='10.0.0.5' prefix='33'/>", "netmask"),
        ("<ip address='10.0.0.5' family='ipv6' prefix='24'/>", "family"),
        ("<ip address='10.0.0.5' prefix='24'/>" * 2, "duplicate"),
        ("<route address='0.0.0.0' gateway='10.0.0.1'/>" * 2, "duplicate"),
        (
            "<ip address='10.0.0.5' prefix='24'/><route address='0.0.0.0' gateway='10.1.0.1'/>",
            "gateway-outside",
        ),
        ("<route address='10.1.0.0' netmask='255.0.255.0' gateway='10.0.0.1'/>", "netmask"),
        ("<mac address='01:00:00:00:00:00'/>", "address"),
        ("<target dev='a b'/>", "dev"),
        ("<link state='sideways'/>", "state"),
    ],
)
def test_t12_links_that_cannot_be(inside: str, code: str) -> None:
    assert code in codes(devices(link(inside)))


def test_t12_a_family_is_read_in_any_case() -> None:
    found = devices(link("<ip address='10.0.0.5' family='IPv4' prefix='8'/>"))
    assert found.spec.interfaces[0].addresses == ("10.0.0.5/8",)
    assert codes(found) == []


def test_target_is_the_hosts_end_and_guest_the_name_inside() -> None:
    found = devices(link("<target dev='veth7'/><guest dev='eth7'/>"))
    assert (found.spec.interfaces[0].host_name, found.spec.interfaces[0].name) == ("veth7", "eth7")


def test_a_network_device_of_the_host_is_a_physical_link() -> None:
    source = "<source><interface>eth1</interface></source>"
    text = f"<hostdev mode='capabilities' type='net'>{source}</hostdev>"
    found = devices(text + link(""))
    kinds = [(entry.kind, entry.source) for entry in found.spec.interfaces]
    assert kinds == [(InterfaceKind.PHYSICAL, "eth1"), (InterfaceKind.NETWORK, "n")]
    assert again(found.spec) == found.spec
    missing = devices("<hostdev mode='capabilities' type='net'><source/></hostdev>")
    assert codes(missing) == ["missing"]


def test_other_devices_of_the_host_are_kept_and_count_as_root_equivalent() -> None:
    found = devices("<hostdev mode='capabilities' type='storage'><source/></hostdev>")
    assert found.spec.interfaces == ()
    assert [entry.path for entry in found.spec.opaque] == ["domain/devices/hostdev"]
    assert "root-equivalent" in found.problems[0].reason


def test_links_that_no_container_has_are_kept() -> None:
    found = devices("<interface type='vhostuser'><source type='unix'/></interface>" + link(""))
    assert found.spec.interfaces == (Interface(InterfaceKind.NETWORK, "n"),)
    assert [entry.path for entry in found.spec.opaque] == ["domain/devices/interface"]
    assert "not-supported-yet" in warnings(found)


def test_what_belongs_to_one_link_stays_with_it() -> None:
    found = devices(
        link("") + link("<mtu size='9000'/><ip address='10.0.0.1' prefix='8' peer='10.0.0.2'/>")
    )
    paths = [entry.path for entry in found.spec.opaque]
    assert paths == ["domain/devices/interface[2]/mtu", "domain/devices/interface[2]/ip[1]/@peer"]
    assert {*again(found.spec).opaque} == {*found.spec.opaque}


def test_t10_two_links_share_one_way_to_everywhere() -> None:
    ip, way = (
        "<ip address='10.{}.0.5' prefix='24'/>",
        "<route address='0.0.0.0' gateway='10.{}.0.1'{}/>",
    )
    both = [link(ip.format(n) + way.format(n, "")) for n in (0, 1)]
    assert codes(devices("".join(both))) == ["duplicate"]
    metric = link(ip.format(1) + way.format(1, " metric='100'"))
    assert codes(devices(both[0] + metric)) == []


def test_t12_an_address_without_a_prefix_stays_one() -> None:
    found = devices(link("<ip address='10.0.0.5' family='ipv4'/>"))
    assert (codes(found), warnings(found)) == ([], ["netmask"])
    assert found.spec.interfaces[0].addresses == ("10.0.0.5",)
    assert again(found.spec).interfaces == found.spec.interfaces
    near = link("<ip address='10.0.0.5'/><route address='0.0.0.0' gateway='10.9.0.1'/>")
    assert codes(devices(near)) == []
