"""How an edit of the network is written: nested or flat, attribute or text, as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.definition.edited import added_lines, interface
from tests.unit.definition.samples import PROGRAM, domain, example

from cloche_engine.definition.create import without_places
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import Interface, InterfaceKind, Route

NESTED = "rfc-2008-nested.xml"
FLAT = "rfc-2008-flat.xml"


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
    bare = edit.set_interface(before, replace(interface(before), mac=None, name=None))
    assert added_lines(before, bare) == []
    assert (interface(bare).mac, interface(bare).name) == (None, None)
    assert edit.set_interface(bare, interface(before)).compiled() == before.compiled()


def test_a_gateway_written_as_text_stays_a_text() -> None:
    ip = "<ip address='10.0.0.2' prefix='24'/>"
    before = domain(f"{PROGRAM}<network>{ip}<gateway>10.0.0.1</gateway></network>")
    after = edit.set_interface(before, replace(interface(before), gateway="10.0.0.9"))
    assert after.text == before.text.replace("10.0.0.1<", "10.0.0.9<")


KINDS = [
    Interface(InterfaceKind.MACVLAN, "eth0", mode="bridge", name="lan", host_name="veth7"),
    Interface(InterfaceKind.HOST),
    Interface(InterfaceKind.NONE),
    Interface(),
    Interface(addresses=("10.0.0.2/24",), up=False, mac="52:54:00:12:34:56"),
    Interface(
        InterfaceKind.BRIDGE,
        "br0",
        addresses=("10.0.0.2/24", "fd00::2/64"),
        gateway="10.0.0.1",
        routes=(Route("10.9.0.0/16", "10.0.0.9"), Route("fd01::/64", "fd00::9", 7)),
    ),
    Interface(InterfaceKind.PHYSICAL, "eth1", addresses=("10.1.0.2/24",), gateway="10.1.0.1"),
    Interface(addresses=("10.5.0.2/24",), gateway="10.5.0.1"),
]


def plain(document: Document) -> tuple[Interface, ...]:
    assert document.spec is not None
    return without_places(document.spec).interfaces


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_every_interface_becomes_every_other(first: Interface, second: Interface) -> None:
    for name in (NESTED, FLAT, "bridge.xml", "shell.xml"):
        before = edit.set_nameservers(edit.set_interface(example(name), first), ("9.9.9.9",))
        after = edit.set_interface(before, second)
        assert plain(after) == (second,)
        assert edit.set_interface(after, second) is after
        assert after.spec is not None
        assert after.spec.nameservers == ("9.9.9.9",)


lists = st.lists(st.sampled_from(KINDS), max_size=4, unique=True).map(tuple)


@settings(max_examples=40, deadline=None)
@given(lists, lists, st.sampled_from([NESTED, FLAT, "bridge.xml", "shell.xml"]))
def test_lists_of_interfaces_become_each_other(
    one: tuple[Interface, ...], two: tuple[Interface, ...], name: str
) -> None:
    before = edit.set_interfaces(example(name), one)
    assert plain(before) == one
    after = edit.set_interfaces(before, two)
    assert plain(after) == two
    assert edit.set_interfaces(after, two) is after


def test_a_change_of_one_of_several_interfaces_leaves_the_others_bytes() -> None:
    bridge = "<interface  type='bridge' ><source bridge='br{}'/><!-- {} --></interface>"
    before = domain(PROGRAM + bridge.format(0, "a") + bridge.format(1, "b"))
    first, second = plain(before)
    after = edit.set_interfaces(before, (first, replace(second, source="br7")))
    assert after.text == before.text.replace("br1", "br7")
    assert edit.set_interface(before, None).text == before.text.replace(bridge.format(0, "a"), "")


def test_a_default_route_stays_a_route() -> None:
    before = domain(
        f"{PROGRAM}<interface type='bridge'><source bridge='b'/><ip address='10.0.0.2' prefix='8'/>"
        "<route address='0.0.0.0' prefix='0' gateway='10.0.0.1'/></interface>"
    )
    after = edit.set_interface(before, replace(interface(before), gateway="10.0.0.9"))
    assert after.text == before.text.replace("10.0.0.1'", "10.0.0.9'")


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
