"""Texts made to hurt: told in sentences, quickly and never raised, in both text dialects."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.definition.dialects.conf_reading import lxc, vz
from tests.unit.definition.dialects.reading import sample
from tests.unit.definition.effort import FAR_TOO_LONG, effort

from cloche_engine.definition.checking.listing import MAX_PROBLEMS
from cloche_engine.definition.conf.lines import MAX_ENTRIES
from cloche_engine.definition.dialects.dialect import Reading
from cloche_engine.definition.dialects.lxc_conf.write import write as write_lxc
from cloche_engine.definition.dialects.openvz_conf.write import write as write_vz
from cloche_engine.definition.text.source import MAX_BYTES

ROOM = 64 * 1024 * 1024

LXC = [
    "a", "\n", "a\n", "=\n", "\r", "é\n", "#\n", " ", "\"'",
    "lxc.x=1\n", "lxc.cgroup.x=1\n", "lxc.hook.start=/a\n", "lxc.utsname=a\nlxc.utsname=b\n",
    "lxc.net.0.foo=1\n", "lxc.net.#.type=veth\n", "lxc.network.type=veth\n",
    "lxc.net=\nlxc.net.0.type=veth\n", "lxc.net.0.ipv4.address=1.1.1.1\n",
    "lxc.net.0.ipv4.gateway=9.9.9.9\nlxc.net.0.ipv4.address=1.1.1.1/8\nlxc.net.0.type=veth\n",
    "lxc.mount.entry=/a # none bind\n", "lxc.mount.entry=tmpfs a/# tmpfs a\n",
    "lxc.idmap=u # 0 1\n", "lxc.idmap=u 0 # 65536\nlxc.idmap=g 0 # 65536\n",
    "lxc.cap.drop = #\n", "lxc.environment=a#=b\n", "lxc.cgroup2.cpu.max=#\n",
]  # fmt: skip
LXC_LINES = [
    ("lxc.mount.entry=/a ", "b/"), ("lxc.mount.entry=/a ", "\\040"), ("lxc.mount.entry=", "/a "),
    ("lxc.mount.entry=/a b none ", "a,"), ("lxc.mount.entry=/a b ", "é "),
    ("lxc.cap.drop=", "a "), ("lxc.cap.drop=", "é "), ("lxc.cap.drop=", "chown "),
    ("lxc.init.cmd=", "a "), ("lxc.init.cmd=", '" '), ("lxc.uts.name=", "é"),
    ("lxc.cgroup.cpuset.cpus=", "1,"), ("lxc.net.", "1"), ("lxc.", "a."), ("lxc.tty.max=", "9"),
]  # fmt: skip
VZ = [
    "a", "\n", "A=#\n", "é=1\n", "FOO=\n", "FOO = 1\n", '"', "\t", " ", "A", "ONBOOT=yes\n",
    "#UUID: ", "HOSTNAME=#\n",
]  # fmt: skip
VZ_LINES = [
    ('IP_ADDRESS="', "1 "), ('IP_ADDRESS="', "1.1.1.1 "), ('IP_ADDRESS="é ', "::# "),
    ('NETIF="', ";"), ('NETIF="', "a;"), ('NETIF="é', "a;"), ('NETIF="', "a=b,"),
    ('CAPABILITY="', "a:on "), ('CAPABILITY="', "é:on "), ('NAMESERVER="', "1 "),
    ('NETDEV="', "a "), ("PHYSPAGES=", "9"), ("DISKSPACE=1:", "1"), ("CPUMASK=", "0,"),
    ("VE_PRIVATE=/", "$VEID"), ("VE_PRIVATE=/", "/1"), ("UUID=", "f"), ("HOSTNAME=", "a."),
]  # fmt: skip


# As many interfaces as are read, each with words that are kept.
WORDY = 'NETIF="' + ";".join(
    f"ifname=e{at}," + ",".join(f"h{n}=1" for n in range(18)) for at in range(990)
)


def filled(unit: str, head: str = "") -> str:
    """As many of a unit as a text may hold, each with a number of its own where it has a #."""
    count = (MAX_BYTES - len(head.encode())) // (len(unit.encode()) + 4 * unit.count("#"))
    return head + "".join(unit.replace("#", str(at)) for at in range(count))


def cost(read: Callable[[str], Reading], text: str) -> float:
    """Its processor time; what is told of it can be shown."""
    reading = read(text)
    for problem in reading.problems:
        assert problem.render("a").isprintable()
    assert len(reading.problems) <= 2 * MAX_PROBLEMS + 2
    return effort(lambda: read(text))


@pytest.mark.parametrize("unit", LXC)
def test_many_lines_of_lxc_are_answered_in_time(unit: str) -> None:
    assert cost(lxc, filled(unit, "lxc.uts.name=one\nlxc.rootfs.path=/a\n")) < FAR_TOO_LONG


@pytest.mark.parametrize(("head", "unit"), LXC_LINES)
def test_one_long_line_of_lxc_is_answered_in_time(head: str, unit: str) -> None:
    assert cost(lxc, filled(unit, head)) < FAR_TOO_LONG


@pytest.mark.parametrize("unit", VZ)
def test_many_lines_of_openvz_are_answered_in_time(unit: str) -> None:
    assert cost(vz, filled(unit, "NAME=a\n")) < FAR_TOO_LONG


@pytest.mark.parametrize(("head", "unit"), VZ_LINES)
def test_one_long_line_of_openvz_is_answered_in_time(head: str, unit: str) -> None:
    assert cost(vz, filled(unit, head)) < FAR_TOO_LONG


def test_lines_without_end_are_refused() -> None:
    for read in (lxc, vz):
        reading = read(filled("a\n"))
        assert "too-many-lines" in [problem.code for problem in reading.errors]
        assert len(reading.spec.opaque if reading.spec else ()) <= MAX_ENTRIES


@pytest.mark.parametrize(("read", "unit"), [(lxc, "lxc.x=1\n"), (vz, "FOO=1\n")])
def test_little_memory_is_enough(read: Callable[[str], Reading], unit: str) -> None:
    text = filled(unit)
    tracemalloc.start()
    try:
        read(text)
        assert tracemalloc.get_traced_memory()[1] < ROOM
    finally:
        tracemalloc.stop()


SAMPLES = [
    *(sample(f"lxc/{name}.conf") for name in ("old", "busybox", "proxmox")),
    *(sample(f"openvz/{name}.conf") for name in ("ubc", "vswap")),
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_few_bytes_more_or_less_raise_nothing(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    end = at + data.draw(st.integers(0, 12))
    put = data.draw(st.text('=."#:/,;$ \t\r\n\0é019axlc', max_size=5)).encode()
    changed = whole[:at] + put + whole[end:]
    for read, write in ((lxc, write_lxc), (vz, write_vz)):
        reading = read(changed)
        for problem in reading.problems:
            assert problem.line >= 1
            assert all(edit.end <= len(changed) for fix in problem.fixes for edit in fix.edits)
        if reading.spec is not None:
            assert read(write(reading.spec)).spec is not None


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["lxc.uts.name", "lxc.mount.entry", "lxc.idmap", "lxc.init.cmd"]),
    st.text("=\"' \t\\0149/aubg,:é\0\r", max_size=30),
)
def test_any_value_of_a_key_is_answered(key: str, value: str) -> None:
    assert lxc(f"{key} = {value}\n").problems


def test_words_of_many_interfaces_are_written_back_quickly() -> None:
    spec = vz(WORDY).spec
    assert spec is not None
    assert len(spec.opaque) == 990 * 18
    assert effort(lambda: write_vz(spec)) < FAR_TOO_LONG
    assert vz(write_vz(spec).decode()).spec == spec
