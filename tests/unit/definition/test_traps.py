"""What definitions get wrong in the field, each told with its place and cause."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM, codes, domain, warnings

from cloche_engine.definition.create import without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import Filesystem, FilesystemKind, InterfaceKind

SOURCE = "<source dir='/a'/>"


def mount(source: str, target: str, kind: str = "type='mount'") -> str:
    return f"<filesystem {kind}><source dir='{source}'/><target dir='{target}'/></filesystem>"


def mounts_of(container: str) -> list[Filesystem]:
    return list(without_places(domain(container + PROGRAM).compiled()).filesystems)


# Filesystems


def test_list_typed_and_untyped_mounts_mean_the_same() -> None:
    nested = mounts_of(
        "<filesystem><mount><source dir='/a'/><target dir='/b'/></mount></filesystem>"
    )
    assert nested == mounts_of(mount("/a", "/b")) == mounts_of(mount("/a", "/b", ""))
    assert nested == [Filesystem(FilesystemKind.MOUNT, "/a", "/b")]


def test_source_and_target_are_never_swapped_by_their_order() -> None:
    swapped = "<filesystem type='mount'><target dir='/b'/><source dir='/a'/></filesystem>"
    assert mounts_of(swapped) == [Filesystem(FilesystemKind.MOUNT, "/a", "/b")]


def test_a_list_and_a_mount_in_one_filesystem_are_refused() -> None:
    inside = f"<mount>{SOURCE}<target dir='/b'/></mount>{SOURCE}<target dir='/c'/>"
    assert "mixed-filesystem" in codes(domain(f"<filesystem>{inside}</filesystem>{PROGRAM}"))


def test_a_mount_written_as_text_is_refused_not_guessed() -> None:
    assert codes(domain(f"<filesystem>/etc = /srv/etc</filesystem>{PROGRAM}")) == ["filesystem"]


def test_mounts_keep_the_order_of_the_document() -> None:
    found = mounts_of(mount("/x", "/var") + mount("/y", "/a") + mount("/z", "/var/lib"))
    assert [entry.target for entry in found] == ["/var", "/a", "/var/lib"]


def test_a_parent_after_its_child_would_hide_it() -> None:
    document = domain(mount("/x", "/var/lib") + mount("/y", "/var") + PROGRAM)
    assert codes(document) == ["hidden-mount"]
    assert "/var would hide /var/lib" in document.errors[0].reason


def test_the_root_may_stand_anywhere() -> None:
    assert [fs.target for fs in mounts_of(mount("/x", "/var") + mount("/y", "/"))] == ["/var", "/"]


@pytest.mark.parametrize("other", ["/var", "/var/", "//var", "/./var/."])
def test_the_same_target_twice_is_refused_however_it_is_spelled(other: str) -> None:
    assert codes(domain(mount("/x", "/var") + mount("/y", other) + PROGRAM)) == ["same-target"]


@pytest.mark.parametrize("path", ["etc", "", "/a/../b", "/a&#9;b", "a/../../b"])
def test_paths_that_cannot_be_used_are_refused(path: str) -> None:
    assert codes(domain(mount("/x", path) + PROGRAM)) == ["path"]
    assert codes(domain(mount(path, "/x") + PROGRAM)) == ["path"]


@pytest.mark.parametrize("path", ["/", "//", "/."])
def test_the_hosts_root_cannot_be_mounted_and_the_hint_says_what_to_do(path: str) -> None:
    (problem,) = domain(mount(path, "/") + PROGRAM).errors
    assert problem.code == "root-source"
    assert "leave out the mount on /" in problem.hint


def test_memory_filesystems_have_a_size_in_kib_or_a_unit() -> None:
    ram = "<filesystem type='ram'><source usage='{}'{}/><target dir='/t'/></filesystem>"
    assert mounts_of(ram.format(1024, ""))[0].size_kib == 1024
    assert mounts_of(ram.format(1, " unit='MiB'"))[0].size_kib == 1024
    assert mounts_of(ram.format(1, " units='MiB'"))[0].size_kib == 1024


def test_a_memory_filesystem_without_size_is_refused() -> None:
    assert codes(domain(f"<filesystem type='ram'><target dir='/t'/></filesystem>{PROGRAM}")) == [
        "missing"
    ]


@pytest.mark.parametrize(
    ("kind", "attribute"), [("block", "dev"), ("file", "file"), ("bind", "dir")]
)
def test_kinds_that_cannot_be_started_yet_are_kept_with_a_warning(
    kind: str, attribute: str
) -> None:
    text = f"<filesystem type='{kind}'><source {attribute}='/x'/><target dir='/y'/></filesystem>"
    document = domain(text + PROGRAM)
    assert warnings(document) == ["not-supported-yet"]
    assert document.compiled().filesystems[0].kind == kind
    assert document.compiled().filesystems[0].source == "/x"


@pytest.mark.parametrize(
    "text",
    [
        "<filesystem type='template'><source name='debian-5.0-i386'/></filesystem>",
        "<filesystem><template>debian-5.0-i386</template></filesystem>",
    ],
)
def test_templates_have_a_name_with_dots_and_stand_on_the_root(text: str) -> None:
    found = domain(text + PROGRAM).compiled().filesystems[0]
    assert (found.kind, found.source, found.target) == ("template", "debian-5.0-i386", "/")


def test_a_template_is_no_path() -> None:
    text = "<filesystem type='template'><source name='../x'/></filesystem>"
    assert codes(domain(text + PROGRAM)) == ["name"]


def test_a_block_filesystem_without_its_source_is_refused() -> None:
    text = "<filesystem type='block'><target dir='/y'/></filesystem>"
    assert codes(domain(text + PROGRAM)) == ["missing"]


# Network


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


def test_an_interface_that_is_no_bridge_is_refused() -> None:
    assert "type" in codes(
        domain(f"{PROGRAM}<interface type='direct'><source bridge='b'/></interface>")
    )


# Numbers


@pytest.mark.parametrize(
    ("memory", "kib"),
    [
        ("<memory>65536</memory>", 65536),
        ("<memory> 65536\n</memory>", 65536),
        ("<memory unit='KiB'>1000</memory>", 1000),
        ("<memory unit='k'>1000</memory>", 1000),
        ("<memory unit='KB'>1024000</memory>", 1000000),
        ("<memory unit='KB'>1000</memory>", 977),
        ("<memory unit='bytes'>1048577</memory>", 1025),
        ("<memory unit='mib'>64</memory>", 65536),
        ("<memory unit='MB'>64</memory>", 62500),
        ("<memory unit='G'>1</memory>", 1048576),
        ("<memory>9007199254740991</memory>", None),
    ],
)
def test_memory_is_kib_unless_a_unit_says_otherwise(memory: str, kib: int | None) -> None:
    assert domain(rest=memory).compiled().memory.max_kib == kib


@pytest.mark.parametrize(
    "memory", ["-1", "64MiB", "1.5", "", "511", "0", "9007199254740992", "9" * 30, "0x10", "٣٣٣٣"]
)
def test_memory_that_is_no_usable_size_is_refused(memory: str) -> None:
    document = domain(rest=f"<memory>{memory}</memory>")
    assert codes(document) == ["memory"]
    assert "64 MiB" in document.errors[0].hint


def test_an_unknown_unit_is_refused() -> None:
    assert codes(domain(rest="<memory unit='pages'>65536</memory>")) == ["unit"]


@pytest.mark.parametrize("shares", ["1", "262145", "-5", "40%", ""])
def test_shares_outside_their_range_are_refused(shares: str) -> None:
    assert codes(domain(rest=f"<cpushare>{shares}</cpushare>")) == ["cpushare"]


@pytest.mark.parametrize("shares", ["2", "262144", " 40 "])
def test_shares_are_taken_as_written(shares: str) -> None:
    spec = domain(rest=f"<cpushare>{shares}</cpushare>").compiled()
    assert spec.cpu.shares == int(shares)


# Names and ids


@pytest.mark.parametrize(
    "uuid",
    [
        "8dfd44b31e76d8d335150a2d98211ea0",
        "8DFD44B3-1E76-D8D3-3515-0A2D98211EA0",
        "\n 8dfd44b31e76d8d335150a2d98211ea0 ",
    ],
)
def test_a_uuid_is_128_bits_however_it_is_written(uuid: str) -> None:
    spec = domain(rest=f"<uuid>{uuid}</uuid>").compiled()
    assert spec.uuid == "8dfd44b31e76d8d335150a2d98211ea0"


def test_the_nil_uuid_is_a_uuid() -> None:
    assert domain(rest=f"<uuid>{'0' * 32}</uuid>").compiled().uuid == "0" * 32


@pytest.mark.parametrize(
    "uuid", ["", "{%s}", "urn:uuid:%s", "%s0", "8dfd44b31e76d8d3-35150a2d98211ea0", "x" * 32]
)
def test_what_python_would_take_as_a_uuid_is_not_enough(uuid: str) -> None:
    text = uuid.replace("%s", "8dfd44b31e76d8d335150a2d98211ea0")
    assert codes(domain(rest=f"<uuid>{text}</uuid>")) == ["uuid"]


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "a/b", "a b", "a\nb", "ä", "a" * 64, "_a"])
def test_names_that_are_no_file_or_cgroup_name_are_refused(name: str) -> None:
    assert codes(domain(name=f"<name>{name}</name>")) == ["name"]


def test_a_name_is_trimmed() -> None:
    assert domain(name="<name>\n  one\n</name>").compiled().name == "one"


def test_the_id_of_a_running_domain_is_ignored() -> None:
    document = Document.parse(domain().data.replace(b"<domain", b"<domain id='7'"))
    assert document.problems == ()


# Program and console


def test_the_application_is_one_path_and_never_split() -> None:
    document = domain("<application> /bin/sh -c ls </application>")
    assert document.compiled().program == ("/bin/sh -c ls",)
    assert warnings(document) == ["application"]


def test_a_bare_name_is_a_program() -> None:
    assert domain("<application>dbserver</application>").compiled().program == ("dbserver",)


@pytest.mark.parametrize("path", ["", "./a", "a/b", "..", "/bin/", "/a\nb"])
def test_a_program_is_an_absolute_path_or_a_bare_name(path: str) -> None:
    assert codes(domain(f"<application>{path}</application>")) == ["application"]


def test_no_program_and_two_programs_are_refused() -> None:
    assert codes(domain("")) == ["missing"]
    assert codes(domain(PROGRAM * 2)) == ["duplicate"]


def test_arguments_and_values_keep_every_space() -> None:
    spec = domain(
        f"{PROGRAM}<arg> a\nb </arg><arg/><arg><![CDATA[<&]]></arg>"
        "<env name='A'> x </env><env name='B'/><dir> /srv </dir><user>web:www</user>"
    ).compiled()
    assert spec.program == ("/bin/sh", " a\nb ", "", "<&")
    assert spec.environment == (("A", " x "), ("B", ""))
    assert (spec.directory, spec.user, spec.group) == ("/srv", "web", "www")


@pytest.mark.parametrize("name", ["", "A=B", "A&#10;B"])
def test_names_of_variables_have_no_equals_sign(name: str) -> None:
    assert codes(domain(f"{PROGRAM}<env name='{name}'>x</env>")) == ["name"]


def test_a_variable_twice_is_refused() -> None:
    assert codes(domain(PROGRAM + "<env name='A'>x</env>" * 2)) == ["duplicate"]


def test_a_group_needs_a_user() -> None:
    assert codes(domain(f"{PROGRAM}<group>g</group>")) == ["group"]
    spec = domain(f"{PROGRAM}<user>u</user><group>g</group>").compiled()
    assert (spec.user, spec.group) == ("u", "g")


def test_a_console_is_counted_and_its_host_device_is_not_read() -> None:
    devices = "<devices><console tty='/dev/pts/4'/><console tty='/etc/passwd'/></devices>"
    assert domain(rest=devices).compiled().consoles == 2
    assert domain(rest="<devices/>").compiled().consoles == 1


# XML


@pytest.mark.parametrize("kind", ["qemu", "kvm", "lxc", "openvz", ""])
def test_other_kinds_of_domain_are_refused_by_their_name(kind: str) -> None:
    (problem,) = Document.parse(f"<domain type='{kind}'><name>a</name></domain>".encode()).errors
    assert problem.code == "domain-type"
    assert f"'{kind}'" in problem.reason


def test_a_domain_without_type_and_another_root_are_refused() -> None:
    assert codes(Document.parse(b"<domain/>")) == ["domain-type"]
    assert codes(Document.parse(b"<network/>")) == ["foreign-root"]
    assert codes(Document.parse(b"<domain xmlns='urn:x' type='linuxcontainer'/>")) == [
        "foreign-root"
    ]


def test_a_singleton_twice_is_refused_at_the_second() -> None:
    document = domain(rest="<uuid>x</uuid>\n<memory>65536</memory>\n<memory>65537</memory>")
    (problem,) = [p for p in document.errors if p.code == "duplicate"]
    assert (problem.line, problem.column) == (6, 1)
    assert "line 5" in problem.reason


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE domain>",
        "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE d [<!ENTITY a 'x'>]>",
        "<!DOCTYPE d [<!ENTITY % p SYSTEM 'http://127.0.0.1/'> %p;]>",
    ],
)
def test_a_doctype_is_refused_before_anything_is_read(text: str) -> None:
    document = Document.parse(text.encode() + domain().data)
    assert codes(document) == ["doctype"]
    assert document.spec is None


def test_an_unknown_entity_is_refused() -> None:
    document = domain(name="<name>&other;</name>")
    assert codes(document) == ["not-well-formed"]
    assert "&amp;" in document.errors[0].hint


def test_unknown_elements_and_attributes_warn_with_the_nearest_name() -> None:
    document = domain(f"{PROGRAM}<enw name='A'/><network hostnam='x'/>", "<memori>1</memori>")
    found = {problem.code: problem for problem in document.problems}
    hints = [problem.hint for problem in document.problems]
    assert set(found) == {"unknown-element", "unknown-attribute"}
    assert hints == ["did you mean <env>?", "did you mean hostname?", "did you mean <memory>?"]
    assert document.errors == ()


def test_a_known_element_in_the_wrong_place_is_told_where_it_belongs() -> None:
    document = domain(f"{PROGRAM}<cpushare>40</cpushare>")
    assert [problem.hint for problem in document.problems] == ["it belongs in <domain>"]


def test_other_peoples_namespaces_and_metadata_are_not_our_business() -> None:
    document = domain(
        rest="<metadata><x y='1'>z</x></metadata><q:a xmlns:q='urn:q' b='c'/>"
        "<z xmlns='urn:z'><y/></z>"
    )
    assert document.problems == ()


def test_all_problems_are_found_in_one_pass_in_order_of_place() -> None:
    document = domain(
        f"{mount('x', '/y')}\n<application>a/b</application>",
        "<memory>1</memory>",
        "<name>-</name>",
    )
    assert codes(document) == ["name", "path", "application", "memory"]
    places = [(problem.line, problem.column) for problem in document.problems]
    assert places == sorted(places)


def test_columns_count_characters_not_bytes() -> None:
    document = domain(rest="<!-- äöü€𝄞 --><memory>1</memory>")
    assert (document.errors[0].line, document.errors[0].column) == (4, 23)


def test_forms_can_show_what_is_readable_beside_the_errors() -> None:
    document = domain(rest="<memory>1</memory><cpushare>40</cpushare>", name="<name>a b</name>")
    assert document.spec is not None
    assert (document.spec.name, document.spec.cpu.shares) == ("a b", 40)
