"""The new-container form: enough defaults, and errors in words where they belong."""

from __future__ import annotations

import pytest

from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import InterfaceKind
from cloche_gui.presenters.creation import (
    Field,
    NewContainer,
    default_memory_kib,
    default_program,
    definition,
    errors,
    free_name,
    memory_note,
)
from cloche_gui.presenters.mounts import Mount
from cloche_gui.presenters.network import Mode, Network, suggested
from cloche_gui.presenters.root import Origin, Root


def test_a_name_is_enough() -> None:
    form = NewContainer(free_name(set()))

    assert errors(form, set()) == {}
    spec = Document.parse(definition(form)).compiled()
    assert spec.name == "container-1"
    assert spec.program == ("/bin/sh",)
    assert spec.shares_host_root


def test_the_offered_name_is_free_and_the_shell_is_there() -> None:
    assert free_name({"container-1", "container-2"}) == "container-3"
    assert default_program({"/bin/bash", "/bin/sh"}) == "/bin/bash"
    assert default_program({"/bin/sh"}) == "/bin/sh"


@pytest.mark.parametrize(
    ("form", "field", "word"),
    [
        (NewContainer(""), Field.NAME, "name"),
        (NewContainer("taken"), Field.NAME, "already"),
        (NewContainer("a/b"), Field.NAME, "a-z"),
        (NewContainer("x", program=""), Field.PROGRAM, "program"),
        (NewContainer("x", program="sh 'open"), Field.PROGRAM, "quote"),
        (NewContainer("x", root=Root(Origin.DIRECTORY)), Field.ROOT, "directory"),
        (NewContainer("x", root=Root(Origin.DIRECTORY, "srv")), Field.ROOT, "absolute"),
        (NewContainer("x", mounts=(Mount("/srv", ""),)), Field.MOUNTS, "Mount 1"),
        (NewContainer("x", mounts=(Mount("srv", "/a"),)), Field.MOUNTS, "absolute"),
        (NewContainer("x", network=Network(Mode.PRIVATE)), Field.NETWORK, "address"),
        (NewContainer("x", network=Network(Mode.BRIDGE)), Field.NETWORK, "bridge"),
        (
            NewContainer("x", network=Network(Mode.PRIVATE, address="10.0.0.2", netmask="9.9.9.9")),
            Field.NETWORK,
            "netmask",
        ),
        (
            NewContainer(
                "x", network=Network(Mode.PRIVATE, address="10.0.0.2", gateway="10.9.0.1")
            ),
            Field.NETWORK,
            "gateway",
        ),
        (NewContainer("x", memory_kib=1), Field.LIMITS, "memory"),
    ],
)
def test_each_mistake_stands_under_its_field(form: NewContainer, field: Field, word: str) -> None:
    found = errors(form, {"taken"})

    assert set(found) == {field}
    assert word.lower() in found[field].lower()


def test_everything_said_is_in_the_definition() -> None:
    form = NewContainer(
        "full",
        program="/sbin/init --log 'two words'",
        root=Root(Origin.DIRECTORY, "/srv/debian"),
        mounts=(Mount("/srv/www", "/var/www", readonly=True),),
        network=Network(
            Mode.BRIDGE, "br0", "192.168.1.9", "24", "192.168.1.1", "192.168.1.1, 9.9.9.9"
        ),
        cpushare=512,
        memory_kib=65536,
    )

    assert errors(form, set()) == {}
    spec = Document.parse(definition(form)).compiled()
    assert spec.program == ("/sbin/init", "--log", "two words")
    assert [(fs.source, fs.target) for fs in spec.filesystems] == [
        ("/srv/debian", "/"),
        ("/srv/www", "/var/www"),
    ]
    assert spec.interfaces[0].source == "br0"
    assert spec.interfaces[0].addresses == ("192.168.1.9/24",)
    assert spec.nameservers == ("192.168.1.1", "9.9.9.9")
    assert (spec.cpu.shares, spec.memory.max_kib) == (512, 65536)


def test_a_new_container_is_in_the_network_that_the_engine_manages() -> None:
    (interface,) = Document.parse(definition(NewContainer("plain"))).compiled().interfaces

    assert (interface.kind, interface.source) == (InterfaceKind.NETWORK, "default")
    alone = NewContainer("alone", network=Network(Mode.ISOLATED))
    assert Document.parse(definition(alone)).compiled().interfaces == ()


def test_an_address_is_offered_that_no_container_has() -> None:
    private = Network(Mode.PRIVATE)

    assert suggested(private).address == "10.90.0.2"
    second = suggested(private, ["10.90.0.2/24", "fd00::7/64"])
    assert (second.address, second.gateway) == ("10.90.0.3", "10.90.0.1")
    full = [f"10.90.0.{host}" for host in range(2, 255)]
    next_net = suggested(private, full)
    assert (next_net.address, next_net.gateway) == ("10.90.1.2", "10.90.1.1")


def test_an_address_that_was_typed_is_not_replaced() -> None:
    typed = Network(Mode.PRIVATE, address="10.90.0.2")
    assert suggested(typed, ["10.90.0.2/24"]) == typed


def test_the_memory_limit_begins_at_about_half_of_the_host_and_says_so() -> None:
    gib = 1024 * 1024

    assert default_memory_kib(int(23.5 * gib)) == 11 * gib
    assert default_memory_kib(1900 * 1024) == 950 * 1024
    assert default_memory_kib(None) is None
    assert "half of this computer's 23.5 GiB" in memory_note(int(23.5 * gib))
