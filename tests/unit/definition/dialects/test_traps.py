"""The traps of the dialects, T1 to T26, where `linuxcontainer` can fall into them."""

from __future__ import annotations

import codecs

import pytest
from tests.unit.definition.samples import EXAMPLES, PROGRAM, RFC_LITERAL, codes, domain, warnings

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.create import new_definition, without_places
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    Memory,
)
from cloche_engine.definition.text.repair import DROP_END_TAG, OPEN_SELF_CLOSED, STRAY_NAME

PAIR = "<source dir='/srv/a'/><target dir='/a'/>"


def fs(inside: str, kind: str = " type='mount'") -> Document:
    return domain(f"<filesystem{kind}>{inside}</filesystem>{PROGRAM}")


def net(inside: str) -> Document:
    return domain(f"{PROGRAM}<network>{inside}</network>")


def ip(address: str = "10.0.0.2", mask: str = "prefix='24'", inside: str = "") -> str:
    return f"<ip address='{address}' {mask}>{inside}</ip>"


def mounts(document: Document) -> tuple[Filesystem, ...]:
    return without_places(document.compiled()).filesystems


def first(document: Document) -> Interface:
    return without_places(document.compiled()).interfaces[0]


# Malformed input


def test_t1_the_rfcs_own_example_is_refused_at_its_mistake() -> None:
    problem = Document.parse(RFC_LITERAL).errors[0]
    assert (problem.line, problem.column, problem.code) == (19, 48, "not-well-formed")


def test_t2_the_two_ways_to_mend_the_closed_ip_mean_the_same_for_one() -> None:
    meant = [mend(RFC_LITERAL, [STRAY_NAME, way]).data for way in (OPEN_SELF_CLOSED, DROP_END_TAG)]
    nested, flat = (without_places(Document.parse(data).compiled()) for data in meant)
    assert nested == flat
    assert meant[0] != meant[1]


def test_t2_with_two_addresses_the_ways_are_told_apart() -> None:
    two = (
        "<domain type='linuxcontainer'><name>a</name><container><application>/a</application>"
        "<network><ip address='10.0.0.2' prefix='24'/><gateway address='10.0.0.1'/></ip>"
        "<ip address='10.1.0.2' prefix='24'/></network></container></domain>"
    )
    opened = Document.parse(mend(two.encode(), [OPEN_SELF_CLOSED]).data)
    dropped = Document.parse(mend(two.encode(), [DROP_END_TAG]).data)
    assert "<ip address='10.0.0.2' prefix='24'><gateway" in opened.text
    assert "<ip address='10.0.0.2' prefix='24'/><gateway" in dropped.text
    assert first(opened) == first(dropped)


def test_t3_nothing_is_mended_that_was_not_asked_for() -> None:
    assert mend(RFC_LITERAL, []).data == RFC_LITERAL
    assert Document.parse(RFC_LITERAL).tree is None


# Filesystems


def test_t4_a_filesystem_without_a_type_is_what_its_children_say() -> None:
    kinds = {
        f"<mount>{PAIR}</mount>": FilesystemKind.MOUNT,
        "<template>debian-12</template>": FilesystemKind.TEMPLATE,
        PAIR: FilesystemKind.MOUNT,
    }
    for inside, kind in kinds.items():
        assert [entry.kind for entry in mounts(fs(inside, ""))] == [kind]
    assert codes(fs(f"<mount>{PAIR}</mount>{PAIR}", "")) == ["mixed-filesystem"]
    assert codes(fs(f"<mount>{PAIR}</mount>", " type='mount'")) == ["mixed-filesystem"]


def test_t5_the_first_revision_names_the_target_first() -> None:
    for inside in ("<mount>/etc/ = /srv/etc</mount>", "/etc/ = /srv/etc"):
        (entry,) = mounts(fs(inside, ""))
        assert (entry.source, entry.target) == ("/srv/etc", "/etc")
    (entry,) = mounts(fs("<mount>/a=b = /c</mount>", ""))
    assert (entry.source, entry.target) == ("/c", "/a=b")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/etc", "filesystem"),
        ("/etc = ", "path"),
        ("/etc = srv", "path"),
        ("etc = /srv", "path"),
        ("/a/../b = /srv", "path"),
        ("/etc = /", "root-source"),
        ("/etc = /srv = /x", "filesystem"),
    ],
)
def test_t5_a_text_that_is_no_pair_of_paths_is_refused(text: str, code: str) -> None:
    assert set(codes(fs(f"<mount>{text}</mount>", ""))) == {code}


def test_t6_order_is_kept_and_a_parent_behind_its_child_refused() -> None:
    def pair(target: str) -> str:
        return f"<filesystem type='mount'><source dir='/x'/><target dir='{target}'/></filesystem>"

    assert [e.target for e in mounts(domain(pair("/b") + pair("/a") + PROGRAM))] == ["/b", "/a"]
    assert codes(domain(pair("/a/b") + pair("/a") + PROGRAM)) == ["hidden-mount"]
    assert codes(domain(pair("/a") + pair("//a/./") + PROGRAM)) == ["same-target"]
    assert codes(domain(pair("/") * 2 + PROGRAM)) == ["same-target"]


def test_t7_slashes_are_compared_away_and_written_back_as_read() -> None:
    before = fs("<source dir='/srv//a/'/><target dir='//a/./'/>")
    assert mounts(before) == (Filesystem(FilesystemKind.MOUNT, "/srv//a/", "/a"),)
    assert edit.set_filesystems(before, mounts(before)) is before


@pytest.mark.parametrize(
    ("inside", "kind", "code"),
    [
        ("<source dir='srv'/><target dir='/a'/>", "mount", "path"),
        ("<source dir='/srv'/><target dir='a'/>", "mount", "path"),
        ("<source dir='/srv'/><target dir='/a/../b'/>", "mount", "path"),
        ("<source dir='/srv'/><target dir=''/>", "mount", "path"),
        ("<source dir=''/><target dir='/a'/>", "mount", "path"),
        ("<source dir='/a&#10;b'/><target dir='/a'/>", "mount", "path"),
        ("<target dir='/a'/>", "mount", "missing"),
        ("<source dir='/a'/>", "mount", "missing"),
        ("<source/><target dir='/a'/>", "ram", "missing"),
        ("<source usage='many'/><target dir='/a'/>", "ram", "usage"),
        ("<source dir='/a'/><target dir='/a'/>", "file", "missing"),
        ("<source dir='/a'/><target dir='/a'/>", "block", "missing"),
        ("<source dev='sda'/><target dir='/a'/>", "block", "path"),
    ],
)
def test_t8_paths_that_lead_astray_are_refused(inside: str, kind: str, code: str) -> None:
    assert codes(fs(inside, f" type='{kind}'")) == [code]


def test_t9_templates_have_dots_and_are_no_paths() -> None:
    for name in ("debian-5.0-i386", "slackware-10.2-i386-minimal"):
        document = fs(f"<source name='{name}'/>", " type='template'")
        assert mounts(document) == (Filesystem(FilesystemKind.TEMPLATE, name, "/"),)
    for name in ("../etc", "a/b", "..", ""):
        assert "name" in codes(fs(f"<source name='{name}'/>", " type='template'"))


# Network


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


# Numbers


@pytest.mark.parametrize(
    ("written", "kib"),
    [
        ("<memory>65536</memory>", 65536),
        ("<memory unit='b'>1048577</memory>", 1025),
        ("<memory unit='KB'>1024</memory>", 1000),
        ("<memory unit='k'>1024</memory>", 1024),
        ("<memory unit='mib'>64</memory>", 65536),
        ("<memory unit='MB'>64</memory>", 62500),
        ("<memory unit='G'> 1 </memory>", 1 << 20),
        ("<memory>9007199254740991</memory>", None),
    ],
)
def test_t14_sizes_have_libvirts_units_and_are_rounded_up(written: str, kib: int | None) -> None:
    assert domain(rest=written).compiled().memory.max_kib == kib


@pytest.mark.parametrize(
    "written",
    ["-1", "1.5", "64M", "", "99999999999999999999", "0x400", "٦٥٥٣٦", "9007199254740992"],
)
def test_t14_sizes_that_are_none_are_refused(written: str) -> None:
    assert codes(domain(rest=f"<memory>{written}</memory>")) == ["memory"]
    assert codes(domain(rest="<memory unit='parsec'>1</memory>")) == ["unit"]


def test_t14_space_is_in_bytes_and_memory_disks_in_kib() -> None:
    limits = "<space_hard_limit>1048576</space_hard_limit><space_soft_limit>1</space_soft_limit>"
    (entry,) = mounts(fs(PAIR + limits))
    assert (entry.size_kib, entry.soft_kib) == (1024, 1)
    (disk,) = mounts(fs("<source usage='64'/><target dir='/t'/>", " type='ram'"))
    assert disk.size_kib == 64


def test_t14_limits_that_contradict_each_other_are_refused() -> None:
    def tuned(inside: str) -> list[str]:
        return codes(domain(rest=f"<memory>65536</memory><memtune>{inside}</memtune>"))

    assert tuned("<hard_limit>65536</hard_limit>") == []
    assert tuned("<hard_limit unit='MiB'>64</hard_limit>") == []
    assert tuned("<hard_limit>65537</hard_limit>") == ["contradiction"]
    assert tuned("<soft_limit>65537</soft_limit>") == ["memory"]
    assert tuned("<swap_hard_limit>65535</swap_hard_limit>") == ["memory"]


@pytest.mark.parametrize("shares", ["1", "262145", "-5", "40%", "1e3"])
def test_t15_shares_are_those_of_cgroup_v1(shares: str) -> None:
    assert codes(domain(rest=f"<cpushare>{shares}</cpushare>")) == ["cpushare"]
    assert domain(rest="<cpushare>40</cpushare>").compiled().cpu.shares == 40


def test_t15_shares_and_their_twin_have_to_agree() -> None:
    twin = "<cpushare>40</cpushare><cputune><shares>{}</shares></cputune>"
    same = domain(rest=twin.format(40))
    assert same.compiled().cpu.shares == 40
    assert codes(domain(rest=twin.format(41))) == ["contradiction"]
    changed = edit.set_cpushare(same, 77)
    assert changed.text == same.text.replace("40", "77")
    assert edit.set_cpushare(changed, None).compiled().cpu == Cpu()


def test_t16_a_quota_may_be_without_end_or_unset() -> None:
    tune = "<cputune><period>{}</period><quota>{}</quota></cputune>"

    def cpu(period: object, quota: object) -> Cpu:
        return domain(rest=tune.format(period, quota)).compiled().cpu

    assert cpu(100000, 50000) == Cpu(quota_us=50000, period_us=100000)
    assert cpu(0, -1) == cpu(0, 0) == cpu(0, -17) == Cpu()
    for period, quota, code in ((999, 0, "period"), (1000001, 0, "period"), (0, 999, "quota")):
        assert codes(domain(rest=tune.format(period, quota))) == [code]


# Ids and names


def test_t17_a_map_starts_at_the_containers_root_and_does_not_overlap() -> None:
    def mapped(uid: str, gid: str = "<gid start='0' target='100000' count='65536'/>") -> list[str]:
        return codes(domain(rest=f"<idmap>{uid}{gid}</idmap>"))

    root = "<uid start='0' target='100000' count='65536'/>"
    assert mapped(root) == []
    assert mapped("<uid start='1' target='100000' count='10'/>") == ["idmap"]
    assert mapped(root, "") == mapped("") == ["idmap"]
    assert mapped(f"{root}<uid start='7' target='900000' count='1'/>") == ["idmap"]
    assert mapped("<uid start='0' target='100000' count='0'/>") == ["count"]


@pytest.mark.parametrize(
    "uuid",
    [
        "8dfd44b31e76d8d335150a2d98211ea0",
        "8DFD44B3-1E76-D8D3-3515-0A2D98211EA0",
        " 8dfd44b3-1e76-d8d3-3515-0a2d98211ea0\n",
    ],
)
def test_t18_a_uuid_is_128_bits_of_any_version(uuid: str) -> None:
    spec = domain(name=f"<name>a</name><uuid>{uuid}</uuid>").compiled()
    assert spec.uuid == "8dfd44b31e76d8d335150a2d98211ea0"
    nil = domain(name=f"<name>a</name><uuid>{'0' * 32}</uuid>")
    assert nil.compiled().uuid == "0" * 32


@pytest.mark.parametrize(
    "uuid",
    [
        "{8dfd44b3-1e76-d8d3-3515-0a2d98211ea0}",
        "urn:uuid:8dfd44b3-1e76-d8d3-3515-0a2d98211ea0",
        "8dfd44b31e76d8d335150a2d98211ea",
        "8dfd44b31e76d8d335150a2d98211ea00",
        "8dfd44b3-1e76d8d3-3515-0a2d98211ea0",
        "8dfd44b31e76d8d335150a2d98211eag",
    ],
)
def test_t18_what_only_looks_like_a_uuid_is_refused(uuid: str) -> None:
    assert codes(domain(name=f"<name>a</name><uuid>{uuid}</uuid>")) == ["uuid"]


def test_t19_a_name_of_another_dialect_gets_a_rename() -> None:
    for name in ("a+b", "-a", "with space", "a/b", "_x"):
        (problem,) = domain(name=f"<name>{name}</name>").errors
        assert problem.code == "name"
        assert [fix.name for fix in problem.fixes] == ["rename"]


def test_t20_the_id_of_a_run_is_not_read() -> None:
    spec = Document.parse(
        b"<domain type='linuxcontainer' id='32'><name>a</name>"
        b"<container><application>/a</application></container></domain>"
    )
    assert spec.problems == ()
    assert spec.compiled() == replaced_id(spec)


def replaced_id(document: Document) -> ContainerSpec:
    return Document.parse(document.data.replace(b" id='32'", b"        ")).compiled()


# Program and console


def test_t21_an_application_is_one_path_however_it_looks() -> None:
    document = domain("<application> /opt/my program </application>")
    assert document.compiled().program == ("/opt/my program",)
    assert warnings(document) == ["application"]
    assert domain("<application>dbserver</application>").compiled().program == ("dbserver",)
    assert codes(domain(PROGRAM * 2)) == ["duplicate"]


def test_t21_two_ways_to_name_the_program_have_to_agree() -> None:
    assert domain(rest="<os><init>/bin/sh</init></os>").errors == ()
    assert codes(domain(rest="<os><init>/sbin/init</init></os>")) == ["contradiction"]
    assert codes(domain("")) == ["missing"]


def test_t22_the_tty_of_a_console_is_never_opened_nor_lost() -> None:
    before = domain(rest="<devices><console tty='/etc/shadow'/></devices>")
    assert before.compiled().consoles == 1
    assert before.compiled().console_ttys == ("/etc/shadow",)
    assert "tty='/etc/shadow'" in edit.set_name(before, "two").text


ONE, TTY = ("consoles", 1), ("console_ttys[0]", "/dev/pts/4")


@pytest.mark.parametrize(
    ("target", "lost"),
    [
        (Dialect.LINUXCONTAINER, []),
        (Dialect.LINUXCONTAINER_V1, []),
        (Dialect.LIBVIRT_LXC, [TTY]),
        (Dialect.OPENVZ, [ONE, TTY]),
        (Dialect.OPENVZ_CONF, [ONE, TTY]),
        (Dialect.VSERVER, [ONE, TTY]),
        (Dialect.LXC_CONF, [TTY]),
    ],
)
def test_t22_a_conversion_says_which_tty_of_a_console_is_lost(
    target: Dialect, lost: list[tuple[str, object]]
) -> None:
    document = domain(rest="<devices><console tty='/dev/pts/4'/></devices>")
    done = convert(document.data, target)
    told = [loss for loss in done.losses if loss.path.startswith("console")]
    assert [(loss.path, loss.value) for loss in told] == lost
    assert all(loss.why for loss in told)


# XML


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE domain>",
        "<!DOCTYPE domain [<!ENTITY a 'b'>]>",
        "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>",
        "<?xml version='1.0'?><!-- x --><!DOCTYPE domain [<!ENTITY % p SYSTEM 'http://x/'>%p;]>",
    ],
)
def test_t23_a_doctype_is_refused_before_anything_is_read(head: str) -> None:
    text = head + "<domain type='linuxcontainer'><name>&a;</name></domain>"
    document = Document.parse(text.encode())
    assert codes(document) == ["doctype"]
    assert document.spec is None


def test_t24_a_second_of_what_there_is_one_is_refused() -> None:
    for twice in ("<uuid>8dfd44b31e76d8d335150a2d98211ea0</uuid>", "<memory>65536</memory>"):
        assert codes(domain(rest=twice * 2)) == ["duplicate"]
    assert codes(domain(name="<name>a</name><name>b</name>")) == ["duplicate"]


@pytest.mark.parametrize("kind", ["kvm", "qemu", "xen", "openvz", "vserver", "lxc"])
def test_t24_another_kind_of_domain_is_refused_by_name(kind: str) -> None:
    document = Document.parse(f"<domain type='{kind}'><name>a</name></domain>".encode())
    assert codes(document) == ["domain-type"]
    assert f"'{kind}'" in document.errors[0].reason
    convertible = kind in {"openvz", "vserver", "lxc"}
    assert ("clochectl convert" in document.errors[0].hint) is convertible


def test_t25_space_around_values_is_no_part_of_them() -> None:
    document = domain(name="<name>\n  a\n</name>", rest="<memory> 65536\t</memory>")
    assert document.compiled().name == "a"
    assert document.compiled().memory == Memory(65536)
    assert codes(domain(name="<name>a\nb</name>")) == ["name"]


TEXT = (
    "<domain type='linuxcontainer'><name><![CDATA[a]]></name><title>&#252;&amp;ü</title>"
    "<container><application>/bin/<!-- x -->sh<?y z?></application></container></domain>"
)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        b"<?xml version='1.0' encoding='ISO-8859-1'?>" + TEXT.encode("latin-1"),
        ("<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n" + TEXT).encode(),
    ],
)
def test_t25_entities_cdata_marks_and_encodings_are_read_and_kept(data: bytes) -> None:
    document = Document.parse(data)
    spec = document.compiled()
    assert (spec.name, spec.title, spec.program) == ("a", "ü&ü", ("/bin/sh",))
    there = edit.set_directory(document, "/srv")
    assert edit.set_directory(there, None).data == data


def test_t26_the_shape_counts_more_than_the_type() -> None:
    text = (
        "<domain type='lxc'><name>a</name><container><application>/a</application></container>"
        "</domain>"
    )
    document = Document.parse(text.encode())
    assert (codes(document), warnings(document)) == ([], ["domain-type"])
    assert document.compiled().program == ("/a",)
    mended = mend(text.encode(), ["rename"]).data
    assert mended == text.replace("'lxc'", "'linuxcontainer'").encode()
    assert Document.parse(mended).problems == ()


def test_t26_what_is_written_anew_is_the_typed_form() -> None:
    for path in sorted(EXAMPLES.glob("*.xml")):
        spec = Document.parse(path.read_bytes()).compiled()
        assert b"<mount>" not in new_definition(spec)
