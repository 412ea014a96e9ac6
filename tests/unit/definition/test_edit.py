"""How an edit is written down: in the form, the place and the layout that are found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.definition.samples import PROGRAM, RFC_LITERAL, domain, example

from cloche_engine.definition import edit
from cloche_engine.definition.document import Document
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Interface, InterfaceKind

NESTED = "rfc-2008-nested.xml"
FLAT = "rfc-2008-flat.xml"
NEW = Filesystem(FilesystemKind.MOUNT, "/a", "/b")
RAM = Filesystem(FilesystemKind.RAM, "", "/scratch", size_kib=2048)


def present(document: Document) -> tuple[Filesystem, ...]:
    assert document.spec is not None
    return document.spec.filesystems


def interface(document: Document) -> Interface:
    assert document.spec is not None
    return document.spec.interfaces[0]


def added_lines(before: Document, after: Document) -> list[str]:
    kept = before.text.splitlines()
    return [line for line in after.text.splitlines() if line not in kept]


def test_a_broken_document_is_not_edited() -> None:
    with pytest.raises(DefinitionError):
        edit.set_name(Document.parse(RFC_LITERAL), "new")


def test_a_new_element_stands_on_its_own_line_behind_its_neighbour() -> None:
    before = example(NESTED)
    after = edit.set_title(before, "Brown & dog")
    uuid = "  <uuid>8dfd44b31e76d8d335150a2d98211ea0</uuid>\n"
    title = "  <title>Brown &amp; dog</title>\n"
    assert after.text == before.text.replace(uuid, uuid + title)


def test_a_comment_behind_an_element_stays_with_it() -> None:
    before = Document.parse(
        b"<domain type='linuxcontainer'>\n <name>a</name> <!-- mine -->\n</domain>"
    )
    after = edit.set_uuid(before, "0" * 32)
    assert "<name>a</name> <!-- mine -->\n <uuid>" in after.text


def test_a_document_on_one_line_stays_on_one_line() -> None:
    before = Document.parse(b"<domain type='linuxcontainer'><name>a</name></domain>")
    after = edit.set_program(before, ("/bin/sh", "-c"))
    inside = "<application>/bin/sh</application><arg>-c</arg>"
    assert after.text == before.text.replace(
        "</domain>", f"<container>{inside}</container></domain>"
    )


def test_a_self_closed_parent_is_opened() -> None:
    before = Document.parse(b"<domain type='linuxcontainer'>\n  <container />\n</domain>\n")
    after = edit.set_program(before, ("/a",))
    inside = "<container>\n    <application>/a</application>\n  </container>"
    assert after.text == before.text.replace("<container />", inside)


def test_space_and_comments_in_a_text_stay() -> None:
    before = domain(name="<name>\n  one <!-- first --></name>")
    assert "<name>\n  two <!-- first --></name>" in edit.set_name(before, "two").text


def test_a_text_in_cdata_is_replaced_as_a_whole() -> None:
    before = domain(name="<name><![CDATA[one]]></name>")
    assert "<name>two</name>" in edit.set_name(before, "two").text


def test_a_name_in_two_pieces_becomes_one() -> None:
    before = domain(name="<name>o<!-- x -->ne</name>")
    assert edit.set_name(before, "two").compiled().name == "two"


def test_dashes_in_a_uuid_are_kept() -> None:
    before = domain(rest="<uuid>8DFD44B3-1E76-D8D3-3515-0A2D98211EA0</uuid>")
    assert edit.set_uuid(before, "8dfd44b31e76d8d335150a2d98211ea0") is before
    after = edit.set_uuid(before, "0123456789abcdef0123456789abcdef")
    assert "<uuid>01234567-89ab-cdef-0123-456789abcdef</uuid>" in after.text


@pytest.mark.parametrize(
    ("memory", "kib", "written"),
    [
        ("<memory unit='MiB'>64</memory>", 131072, "<memory unit='MiB'>128</memory>"),
        ("<memory unit='MiB'>64</memory>", 1000, "<memory>1000</memory>"),
        ("<memory unit='KiB'>64000</memory>", 1000, "<memory unit='KiB'>1000</memory>"),
        ("<memory unit='KB'>64</memory>", 125000, "<memory unit='KB'>128000</memory>"),
        ("<memory unit='pages'>64</memory>", 1000, "<memory>1000</memory>"),
        ("<memory>64000</memory>", 1000, "<memory>1000</memory>"),
        ("<memory unit='MiB'>64</memory>", 65536, "<memory unit='MiB'>64</memory>"),
    ],
)
def test_memory_keeps_its_unit_where_the_size_is_whole_in_it(
    memory: str, kib: int, written: str
) -> None:
    after = edit.set_memory_kib(domain(rest=memory), kib)
    assert written in after.text
    assert after.compiled().memory.max_kib == kib


def test_user_and_group_are_set_together() -> None:
    one = edit.set_user(domain(), "web:www")
    assert "<user>web:www</user>" in one.text
    two = edit.set_user(domain(f"{PROGRAM}<user>a</user><group>b</group>"), "web:www")
    assert "<user>web</user><group>www</group>" in two.text
    assert edit.set_user(two, "web").compiled().group is None
    assert edit.set_user(two, None).compiled().user is None


def test_a_hostname_that_goes_leaves_the_addresses() -> None:
    before = example(FLAT)
    after = edit.set_hostname(before, None)
    assert after.text == before.text.replace("<network hostname='browndog'>", "<network>")


# Mounts


def test_a_mount_added_to_the_rfcs_list_takes_its_form() -> None:
    before = example(NESTED)
    after = edit.set_filesystems(before, (*present(before), NEW))
    assert added_lines(before, after) == [
        '              <source dir="/a"/>',
        '              <target dir="/b"/>',
    ]
    assert after.text.count("<mount>") == 3


def test_a_mount_added_to_typed_ones_is_typed() -> None:
    before = example("system.xml")
    after = edit.set_filesystems(before, (*present(before), NEW))
    assert added_lines(before, after) == ["      <source dir='/a'/>", "      <target dir='/b'/>"]
    assert after.text.count("<filesystem type='mount'>") == 3


def test_a_first_mount_is_typed() -> None:
    before = example("shell.xml")
    after = edit.set_filesystems(before, (NEW,))
    assert "<container>\n    <filesystem type='mount'>\n      <source dir='/a'/>" in after.text


def test_an_empty_list_of_the_rfc_is_used_again() -> None:
    before = example(NESTED)
    empty = edit.set_filesystems(before, ())
    assert "<filesystem>\n      </filesystem>" in empty.text
    assert edit.set_filesystems(empty, (NEW,)).text.count("<mount>") == 1


def test_a_memory_filesystem_between_two_of_a_list_keeps_the_order() -> None:
    before = example(NESTED)
    etc, var = present(before)
    after = edit.set_filesystems(before, (etc, RAM, var))
    assert [entry.target for entry in present(after)] == ["/etc", "/scratch", "/var"]
    assert after.problems == ()
    assert after.text.count("<mount>") == 2


def test_a_mount_that_becomes_another_kind_is_rewritten() -> None:
    for name in (NESTED, "system.xml"):
        before = example(name)
        first, *others = present(before)
        after = edit.set_filesystems(before, (replace(RAM, target=first.target), *others))
        kinds = [entry.kind for entry in present(after)]
        assert kinds == [FilesystemKind.RAM, *[entry.kind for entry in others]]
        assert after.problems == ()


def test_mounts_that_change_places_keep_their_bytes() -> None:
    first = (
        "<filesystem type='mount'> <!-- 1 --> <source dir='/a'/><target  dir='/x/'/></filesystem>"
    )
    second = '<filesystem type="mount"><source dir="/b"/><target dir="/y"/></filesystem>'
    before = domain(f"\n{first}\n{second}\n{PROGRAM}")
    after = edit.set_filesystems(before, present(before)[::-1])
    assert after.text == domain(f"\n{second}\n{first}\n{PROGRAM}").text


def test_only_the_attribute_of_a_changed_mount_changes() -> None:
    before = example("system.xml")
    root, data, ram = present(before)
    moved = (root, replace(data, source="/srv/other"), replace(ram, size_kib=131072))
    after = edit.set_filesystems(before, moved)
    wanted = before.text.replace("/srv/data", "/srv/other").replace("usage='64'", "usage='128'")
    assert after.text == wanted


def test_readonly_comes_and_goes_on_its_own_line() -> None:
    before = example("system.xml")
    root, data, ram = present(before)
    after = edit.set_filesystems(before, (root, replace(data, readonly=False), ram))
    assert after.text == before.text.replace("      <readonly/>\n", "")
    assert edit.set_filesystems(after, present(before)).data == before.data


def test_a_wrong_mount_can_be_corrected() -> None:
    before = domain(f"<filesystem type='mount'><source dir='x'/></filesystem>{PROGRAM}")
    after = edit.set_filesystems(before, (NEW,))
    assert after.errors == ()


def test_a_template_keeps_its_spelling() -> None:
    before = domain(f"<filesystem><template>old</template></filesystem>{PROGRAM}")
    (template,) = present(before)
    after = edit.set_filesystems(before, (replace(template, source="new"),))
    assert after.text == before.text.replace("old", "new")


# Network


def test_a_container_moves_to_a_bridge_and_back() -> None:
    before = example(NESTED)
    private = interface(before)
    bridged = replace(private, kind=InterfaceKind.BRIDGE, source="br0")
    after = edit.set_interface(before, bridged)
    assert added_lines(before, after) == [
        "      <interface type='bridge'>",
        "          <source bridge='br0'/>",
        "      </interface>",
    ]
    assert edit.set_interface(after, private).data == before.data


def test_a_new_address_is_written_as_the_old_one_was() -> None:
    for name, old, new in (
        (NESTED, '"192.168.1.110" netmask="255.255.255.0"', '"10.0.0.2" netmask="255.255.0.0"'),
        ("bridge.xml", "'192.168.1.20' prefix='24'", "'10.0.0.2' prefix='16'"),
    ):
        before = example(name)
        wanted = replace(interface(before), addresses=("10.0.0.2/16",), gateway="10.0.0.1")
        after = edit.set_interface(before, wanted)
        text = before.text.replace(old, new)
        quote = old[0]
        gateway = f"<gateway address={quote}{{}}{quote}/>"
        text = text.replace(gateway.format("192.168.1.1"), gateway.format("10.0.0.1"))
        assert after.text == text


def test_a_gateway_goes_into_the_address_that_reaches_it() -> None:
    before = example(NESTED)
    two = ("192.168.1.110/24", "10.0.0.2/16")
    after = edit.set_interface(
        before, replace(interface(before), addresses=two, gateway="10.0.0.1")
    )
    assert after.errors == ()
    assert interface(after).gateway == "10.0.0.1"


def test_isolating_keeps_hostname_and_nameservers() -> None:
    for name in (NESTED, FLAT):
        after = edit.set_interface(example(name), None)
        spec = after.compiled()
        assert (spec.interfaces, spec.hostname) == ((), "browndog")
        assert spec.nameservers == ("192.168.1.1",)


def test_a_first_network_is_written_for_a_container_without() -> None:
    wanted = Interface(addresses=("10.0.0.2/24", "fd00::2/64"), gateway="10.0.0.1")
    after = edit.set_nameservers(edit.set_interface(example("shell.xml"), wanted), ("9.9.9.9",))
    assert after.problems == ()
    assert replace(interface(after), location=None) == wanted
    assert "      <ip address='fd00::2' prefix='64'/>" in after.text


def test_a_bridge_gets_and_loses_name_and_mac() -> None:
    before = example("bridge.xml")
    plain = edit.set_interface(before, replace(interface(before), mac=None, name=None))
    assert added_lines(before, plain) == []
    assert (interface(plain).mac, interface(plain).name) == (None, None)
    assert edit.set_interface(plain, interface(before)).compiled() == before.compiled()


def test_a_gateway_written_as_text_stays_a_text() -> None:
    ip = "<ip address='10.0.0.2' prefix='24'/>"
    before = domain(f"{PROGRAM}<network>{ip}<gateway>10.0.0.1</gateway></network>")
    after = edit.set_interface(before, replace(interface(before), gateway="10.0.0.9"))
    assert after.text == before.text.replace("10.0.0.1<", "10.0.0.9<")


@pytest.mark.parametrize(
    "wanted",
    [
        Interface(InterfaceKind.MACVLAN, "eth0"),
        Interface(InterfaceKind.HOST),
        Interface(),
        Interface(addresses=("10.0.0.2/24",), up=False),
    ],
)
def test_what_a_definition_has_no_place_for_is_refused(wanted: Interface) -> None:
    with pytest.raises(ValueError, match=r"cannot be written yet|needs an address"):
        edit.set_interface(domain(), wanted)


def test_one_of_several_interfaces_is_not_taken_away_blindly() -> None:
    bridge = "<interface type='bridge'><source bridge='br{}'/></interface>"
    before = domain(PROGRAM + bridge.format(0) + bridge.format(1))
    with pytest.raises(ValueError, match="several interfaces"):
        edit.set_interface(before, None)


def test_nameservers_stay_where_they_are() -> None:
    nested = edit.set_nameservers(example(NESTED), ("1.1.1.1", "192.168.1.1"))
    flat = edit.set_nameservers(example(FLAT), ("1.1.1.1", "192.168.1.1"))
    assert nested.text.index("1.1.1.1") < nested.text.index("</ip>")
    assert (
        nested.compiled().nameservers == flat.compiled().nameservers == ("1.1.1.1", "192.168.1.1")
    )
