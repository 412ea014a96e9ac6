"""Ports of the host that lead into a container: read, written, edited, and what is no such port."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.definition.samples import PROGRAM, codes, domain

from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.create import new_definition
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.network import set_interface
from cloche_engine.definition.planning.plan import make_plan
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind, PortForward

WEB = PortForward("tcp", 8080, 8080, 80)
LOCAL = PortForward("udp", 5000, 5009, 5000, "127.0.0.1")
LINK = Interface(InterfaceKind.NETWORK, "default", forwards=(WEB, LOCAL))
DEFAULT = "<source network='default'/>"


def link(inside: str, kind: str = "network", source: str = DEFAULT) -> Document:
    return domain(f"{PROGRAM}<interface type='{kind}'>{source}{inside}</interface>")


def forward(range_: str, more: str = "") -> str:
    return f"<portForward proto='tcp'{more}><range {range_}/></portForward>"


def only(document: Document) -> tuple[PortForward, ...]:
    return document.compiled().interfaces[0].forwards


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("start='8080' to='80'", WEB),
        ("start='80'", PortForward("tcp", 80, 80, 80)),
        ("start='80' end='89'", PortForward("tcp", 80, 89, 80)),
        ("start='80' end='89' to='8000'", PortForward("tcp", 80, 89, 8000)),
    ],
)
def test_a_range_is_read_in_libvirts_spelling(written: str, wanted: PortForward) -> None:
    assert only(link(forward(written))) == (wanted,)
    assert only(link(forward(written), "nat", "")) == (wanted,)


def test_several_ranges_of_one_address_are_read_in_order() -> None:
    inside = (
        "<portForward proto='udp' address='127.0.0.1'><range start='5'/><range start='7' to='9'/>"
        "</portForward>"
    )
    first, second = (PortForward("udp", *ports, "127.0.0.1") for ports in ((5, 5, 5), (7, 7, 9)))
    assert only(link(inside)) == (first, second)


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (forward("start='90' end='80'"), "port-range"),
        (forward("start='65000' end='65535' to='65001'"), "port-range"),
        (forward("start='1' end='2000' to='3000'"), "port-range"),
        (forward("start='80'") * 2, "duplicate"),
        (forward("start='80'", " address='::1'"), "address"),
        (forward("start='80'", " address='::'"), "address"),
        (forward("start='80'", " address='0.0.0.0'"), "address"),
    ],
)
def test_what_is_no_port_of_the_host_is_refused(inside: str, code: str) -> None:
    assert codes(link(inside)) == [code]


@pytest.mark.parametrize("written", ["start='0'", "start='65536'", "start='x'", "to='5'"])
def test_ports_are_whole_numbers_from_1_to_65535(written: str) -> None:
    assert link(forward(written)).errors


def test_only_the_managed_network_is_reached_by_ports() -> None:
    bridged = link(forward("start='80'"), "bridge", "<source bridge='br0'/>")
    assert codes(bridged) == ["contradiction"]


def test_what_is_written_is_read_back() -> None:
    spec = ContainerSpec("box", program=("/bin/sh",), interfaces=(LINK,))
    assert only(Document.parse(new_definition(spec))) == LINK.forwards


def test_an_edit_changes_the_forwards_alone() -> None:
    document = link("<!-- mine -->" + forward("start='8080' to='80'"))
    other = set_interface(document, replace(LINK, forwards=(LOCAL,)))
    assert only(other) == (LOCAL,)
    assert "<!-- mine -->" in other.text
    assert "portForward" not in set_interface(other, replace(LINK, forwards=())).text


def test_a_change_is_told_in_a_sentence() -> None:
    plan = make_plan(link(""), link(forward("start='8080' to='80'")), running=True)
    assert [step.sentence for step in plan.steps] == [
        "Network interface eth0, ports forwarded: tcp 8080 to 80."
    ]


@pytest.mark.parametrize("target", [each for each in Dialect if each is not Dialect.LINUXCONTAINER])
def test_other_dialects_say_that_they_forward_nothing(target: Dialect) -> None:
    spec = ContainerSpec("box105", program=("/bin/sh",), interfaces=(LINK,))
    lost = convert(new_definition(spec), target).losses
    assert [loss for loss in lost if loss.path.startswith("interfaces") and loss.why]
