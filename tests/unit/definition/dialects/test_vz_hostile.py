"""OpenVZ and Linux-VServer documents made to hurt: told in sentences, quickly, never raised."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.definition.dialects.reading import Read, codes, openvz, sample, vserver
from tests.unit.definition.effort import FAR_TOO_LONG, effort

from cloche_engine.definition.checking.listing import MAX_PROBLEMS
from cloche_engine.definition.dialects.openvz.write import write as write_openvz
from cloche_engine.definition.dialects.vserver.write import write as write_vserver
from cloche_engine.definition.spec import ContainerSpec, Cpu
from cloche_engine.definition.text.source import MAX_BYTES, RefusedTextError
from cloche_engine.definition.text.tree import MAX_ELEMENTS, NotWellFormedError

FULL = MAX_ELEMENTS - 100


def many(unit: str, head: str, tail: str) -> str:
    """As many of a unit as a document may hold."""
    room = MAX_BYTES - len(head) - len(tail)
    elements = unit.count("<") - unit.count("</")
    count = min(room // (len(unit) + 4), FULL // elements)
    return head + "".join(unit.replace("#", str(n)) for n in range(count)) + tail


VZ = "<domain type='openvz'><name>105</name>"
VS = "<domain type='vserver'><name>a</name>"

OPENVZ = {
    "ips": many(
        "<ip address='10.0.0.#' defgw='1.1.1.1'/>", f"{VZ}<network>", "</network></domain>"
    ),
    "nameservers": many("<nameserver>x</nameserver>", f"{VZ}<network>", "</network></domain>"),
    "unknown": many("<x#/>", VZ, "</domain>"),
    "deep": VZ + "<x>" * 50 + "</x>" * 50 + "</domain>",
    "quotas": many(
        "<quota level='user'>1</quota>",
        f"{VZ}<container><filesystem><template>a</template>",
        "</filesystem></container></domain>",
    ),
    "mounts": many(
        "<filesystem><source dir='/a'/><target dir='/a/b/c/#'/></filesystem>",
        f"{VZ}<devices>",
        "</devices></domain>",
    ),
    "links": many(
        "<interface type='ethernet'><ip address='10.0.0.#'/></interface>",
        f"{VZ}<devices>",
        "</devices></domain>",
    ),
    "names": many("<name>b</name>", VZ, "</domain>"),
    "profile": f"{VZ}<profile>{'a' * 120_000}</profile></domain>",
    "long name": f"<domain type='openvz'><name>{'9' * 120_000}</name></domain>",
    "cpuset": f"{VZ}<vcpu cpuset='{'0-1023,' * 15_000}'>1</vcpu></domain>",
    "clock": many("<clock offset='utc'/>", VZ, "</domain>"),
    "attributes": VZ + "<vcpu " + " ".join(f"a{n}=''" for n in range(9000)) + ">1</vcpu></domain>",
}
VSERVER = {
    "cpus": many("<cpu id='#'/>", f"{VS}<scheduler>", "</scheduler></domain>"),
    "ips": many(
        "<ip family='IPv4' address='10.0.0.#' prefix='24'/>",
        f"{VS}<devices><interface type='vserver'>",
        "</interface></devices></domain>",
    ),
    "disks": many(
        "<disk type='path'><source path='/a'/><target path='/a/b/c/#/'/></disk>",
        f"{VS}<devices>",
        "</devices></domain>",
    ),
    "children first": many(
        "<disk type='path'><source path='/a'/><target path='/a/#'/></disk>",
        f"{VS}<devices>",
        "<disk type='path'><source path='/a'/><target path='/a'/></disk></devices></domain>",
    ),
    "unknown": many("<x#/>", VS, "</domain>"),
    "rates": f"{VS}<scheduler fill_rate1='{'9' * 120_000}' interval1='1'/></domain>",
}


@pytest.mark.parametrize("name", OPENVZ)
def test_no_openvz_document_takes_long(name: str) -> None:
    _check_quick(openvz, write_openvz, OPENVZ[name])


@pytest.mark.parametrize("name", VSERVER)
def test_no_vserver_document_takes_long(name: str) -> None:
    _check_quick(vserver, write_vserver, VSERVER[name])


def _check_quick(
    reader: Callable[[str], Read], writer: Callable[[ContainerSpec], bytes], text: str
) -> None:
    found: list[Read] = []
    assert effort(lambda: found.append(reader(text))) < FAR_TOO_LONG
    assert len(found[0].problems) <= 2 * MAX_PROBLEMS + 2
    assert all(problem.reason for problem in found[0].problems)
    assert effort(lambda: writer(found[0].spec)) < FAR_TOO_LONG


@pytest.mark.parametrize("cpuset", ["0-1023," * 15_000, "x", "0-99999999", "^1", "", "5-1"])
def test_a_cpuset_from_elsewhere_is_written_or_left_out(cpuset: str) -> None:
    spec = ContainerSpec("a", cpu=Cpu(cpuset=cpuset))
    assert effort(lambda: write_vserver(spec)) < FAR_TOO_LONG
    assert codes(vserver(write_vserver(spec))) == []


@pytest.mark.parametrize("write", [write_openvz, write_vserver])
def test_what_xml_cannot_carry_is_left_out(write: Callable[[ContainerSpec], bytes]) -> None:
    spec = ContainerSpec("105", description="a\x00b", hostname="a\x01", machine="\ufffe")
    reader = openvz if write is write_openvz else vserver
    assert reader(write(spec)).spec == ContainerSpec("105")


@pytest.mark.parametrize("kind", ["openvz", "vserver"])
def test_t23_a_doctype_is_refused(kind: str) -> None:
    text = f"<!DOCTYPE domain [<!ENTITY a 'b'>]><domain type='{kind}'><name>1</name></domain>"
    with pytest.raises(RefusedTextError):
        (openvz if kind == "openvz" else vserver)(text)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_one_byte_more_or_less_raises_nothing_but_that_it_is_no_xml(data: st.DataObject) -> None:
    name, reader = data.draw(
        st.sampled_from(
            [
                ("openvz/march-2007.xml", openvz),
                ("openvz/january-2008.xml", openvz),
                ("openvz/today.xml", openvz),
                ("vserver/november-2007.xml", vserver),
            ]
        )
    )
    whole = sample(name)
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.sampled_from(b"<>/='\"&a0-.: ").map(lambda number: bytes([number])))
    for changed in (whole[:at] + whole[at + 1 :], whole[:at] + byte + whole[at:]):
        try:
            read = reader(changed)
        except (RefusedTextError, NotWellFormedError, AssertionError):
            continue
        assert write_openvz(read.spec)
        assert write_vserver(read.spec)
