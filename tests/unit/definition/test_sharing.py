"""What a container shares with others, and what it then cannot have of its own."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM

from cloche_engine.definition.planning.differences import differences
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec, SharedNamespace

URI = "http://libvirt.org/schemas/domain/lxc/1.0"
IP = "<network hostname='own'><ip address='10.0.0.2' prefix='24'/></network>"


def ours(shared: str, inside: str = "") -> bytes:
    space = f"<l:namespace xmlns:l='{URI}'>{shared}</l:namespace>"
    container = f"<container>{PROGRAM}{inside}</container>"
    return f"<domain type='linuxcontainer'><name>one</name>{container}{space}</domain>".encode()


@pytest.mark.parametrize(
    ("shared", "codes"),
    [
        ("<l:sharenet type='netns' value='red'/>", ["contradiction"]),
        ("<l:shareuts type='name' value='web'/>", ["no-effect"]),
        ("<l:shareipc type='name' value='web'/>", []),
        ("<l:shareipc type='name' value='one'/>", ["contradiction"]),
    ],
)
def test_what_cannot_be_beside_it_is_told(shared: str, codes: list[str]) -> None:
    assert [problem.code for problem in read(ours(shared, IP)).problems] == codes


def test_a_network_of_anothers_is_not_the_hosts() -> None:
    spec = read(ours("<l:sharenet type='netns' value='red'/>")).spec
    assert spec is not None
    assert spec.shared_network == SharedNamespace("net", "netns", "red")
    assert not spec.shares_host_network


def test_a_plan_says_what_is_shared() -> None:
    shared = (SharedNamespace("net", "name", "web"),)
    (found,) = differences(ContainerSpec("one"), ContainerSpec("one", namespaces=shared))
    assert found.sentence == "Namespaces shared with others: net of name web."
    assert not found.live
