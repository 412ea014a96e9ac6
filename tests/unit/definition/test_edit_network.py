"""How an edit of the network is written: nested or flat, attribute or text, as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.definition.samples import PROGRAM, domain, example

from cloche_engine.definition import edit
from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import Filesystem, Interface, InterfaceKind

NESTED = "rfc-2008-nested.xml"
FLAT = "rfc-2008-flat.xml"


def present(document: Document) -> tuple[Filesystem, ...]:
    assert document.spec is not None
    return document.spec.filesystems


def interface(document: Document) -> Interface:
    assert document.spec is not None
    return document.spec.interfaces[0]


def added_lines(before: Document, after: Document) -> list[str]:
    kept = before.text.splitlines()
    return [line for line in after.text.splitlines() if line not in kept]


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


def test_an_interface_as_it_was_read_changes_nothing() -> None:
    for name in (NESTED, FLAT, "bridge.xml", "system.xml"):
        before = example(name)
        assert edit.set_interface(before, interface(before)) is before
