"""Documents made to hurt: refused or read in a blink, never a traceback."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.definition.dialects.libvirt import HEAD, SCHEMA, domain, is_valid, lxc
from tests.unit.definition.dialects.reading import SAMPLES, warnings
from tests.unit.definition.effort import FAR_TOO_LONG, effort

from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.dialects.libvirt_lxc.write import write
from cloche_engine.definition.reading import read

SYSTEM = (SAMPLES / "libvirt" / "system.xml").read_bytes()
LIBVIRT = Dialect.LIBVIRT_LXC


def many(inside: Callable[[int], str], above: str) -> str:
    """As many as a document may hold of something, below these elements."""
    opened = "".join(f"<{name}>" for name in above.split())
    closed = "".join(f"</{name.partition(' ')[0]}>" for name in reversed(above.split()))
    count = min(120_000 // len(inside(9999)), 4800 // inside(0).count("<"))
    return HEAD + opened + "".join(map(inside, range(count))) + closed + "</domain>"


DOCUMENTS = {
    "links": many(lambda _: "<interface z='1'><mtu/></interface>", "devices"),
    "unknown": many(lambda n: f"<d{n}/>", "devices"),
    "capabilities": many(lambda n: f"<c{n}/>", "features capabilities"),
    "ids": many(lambda n: f"<uid start='{n}' target='{n}' count='1'/>", "idmap"),
    "routes": many(
        lambda n: (
            f"<ip address='10.{n >> 8}.{n & 255}.1' prefix='32'/>"
            f"<route address='10.{n >> 8}.{n & 255}.0' prefix='24' gateway='10.0.0.1'/>"
        ),
        "devices interface",
    ),
    "kept": many(lambda _: "<kept path='domain/devices/disk'><disk/></kept>", "metadata").replace(
        "<metadata>", "<metadata xmlns:k='urn:cloche:kept'>"
    ),
    "prefixes": HEAD.replace("type=", " ".join(f"xmlns:a{n}='b'" for n in range(2800)) + " type=")
    + "".join(f"<a{n}:x xmlns:c='d'><a1:y/></a{n}:x>" for n in range(1500))
    + "</domain>",
    "processors": f"{HEAD}<vcpu cpuset='0-16000{',^7' * 1000}'>1</vcpu></domain>",
    "path": f"{HEAD}<metadata><kept xmlns='urn:cloche:kept' path='{'a/' * 60000}'/></metadata>"
    "</domain>",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_takes_longer_than_a_blink(name: str) -> None:
    data = DOCUMENTS[name].encode()
    read(SYSTEM, LIBVIRT)
    assert effort(lambda: read(data, LIBVIRT)) < FAR_TOO_LONG
    reading = read(data, LIBVIRT)
    assert reading.spec is not None
    write(reading.spec)


_PIECES = st.sampled_from(
    [
        b"<",
        b">",
        b"'",
        b"/",
        b"",
        b"&amp;",
        b"0",
        b"-1",
        b"99999999999999999999",
        b"\xc3\xa4",
        b"x:",
    ]
    + [line.strip() for line in SYSTEM.splitlines()]
)
_EDITS = st.lists(
    st.tuples(st.integers(0, len(SYSTEM)), st.integers(0, 30), _PIECES), min_size=1, max_size=4
)


@settings(max_examples=150, deadline=None)
@given(_EDITS)
def test_a_damaged_document_is_told_or_read_and_what_is_read_can_be_written(
    edits: list[tuple[int, int, bytes]],
) -> None:
    data = SYSTEM
    for start, length, piece in edits:
        data = data[:start] + piece + data[start + length :]
    reading = read(data, LIBVIRT)
    assert reading.spec is not None or reading.errors
    if reading.spec is not None:
        lxc(write(reading.spec))
        clean = not reading.problems or {p.code for p in reading.problems} == {"not-supported-yet"}
        if clean and not reading.spec.opaque and SCHEMA.exists():
            assert is_valid(write(reading.spec))


def test_t23_a_document_type_is_refused() -> None:
    text = f"<!DOCTYPE domain [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>{HEAD}</domain>"
    reading = read(text.encode(), LIBVIRT)
    assert [problem.code for problem in reading.problems] == ["doctype"]


@pytest.mark.parametrize("kind", ["kvm", "xen", "qemu"])
def test_t24_a_machine_is_refused_by_its_name(kind: str) -> None:
    (problem,) = read(f"<domain type='{kind}'><name>a</name></domain>".encode()).problems
    assert problem.code == "domain-type"
    assert f"'{kind}'" in problem.reason


def test_t26_an_element_of_another_dialect_is_kept_with_a_warning() -> None:
    found = domain("<container><application>/bin/sh</application></container>")
    assert warnings(found) == ["unknown-element"]
    assert [entry.path for entry in found.spec.opaque] == ["domain/container"]
