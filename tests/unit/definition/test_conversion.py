"""From one dialect to another: the meaning stays, and what does not is told."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.unit.definition.samples import EXAMPLES, RFC_LITERAL

from cloche_engine.definition.checking.fixing import AmbiguousFixError, mend
from cloche_engine.definition.converting.conversion import Conversion, convert, converted
from cloche_engine.definition.converting.spec_json import Json, to_json
from cloche_engine.definition.dialects import rooms
from cloche_engine.definition.dialects.dialect import Dialect, Reading, Reason
from cloche_engine.definition.dialects.rooms import Writer
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec, IdMap
from cloche_engine.definition.text.source import MAX_BYTES

SAMPLES = sorted((EXAMPLES.parents[1] / "tests/unit/definition/samples").glob("*/*"))
NESTED = (EXAMPLES / "rfc-2008-nested.xml").read_bytes()
FAMILY = (Dialect.LINUXCONTAINER, Dialect.LINUXCONTAINER_V1)
"""A document of few words is of all revisions, and so of the last."""
SILENT = b"""<domain type='linuxcontainer'><name>one</name>
<container><application>/bin/sh</application></container></domain>"""
LIBVIRT = b"""<domain type='lxc'><name>one</name><memory>65536</memory>
<os><type>exe</type><init>/bin/sh</init></os></domain>"""
DIRECT = LIBVIRT.replace(
    b"</domain>",
    b"<devices><interface type='direct'><source dev='eth0'/></interface></devices></domain>",
)
MACVLAN = b"lxc.uts.name = a\nlxc.net.0.type = macvlan\nlxc.net.0.link = eth0\n"
PRIVATE = LIBVIRT.replace(b"</domain>", b"<features><privnet/></features></domain>")


def lost(done: Conversion) -> dict[str, object]:
    return {loss.path: loss.value for loss in done.losses}


def spec_of(done: Conversion, dialect: Dialect) -> ContainerSpec:
    assert done.text is not None
    spec = read(done.text, dialect).spec
    assert spec is not None
    return spec


def test_a_document_with_errors_is_not_converted() -> None:
    done = convert(RFC_LITERAL, Dialect.LXC_CONF)
    assert done.text is None
    assert [problem.line for problem in done.errors] == [19, 20]
    assert done.dialect is Dialect.LINUXCONTAINER


def test_warnings_stay_beside_the_document() -> None:
    done = convert(SILENT.replace(b"</domain>", b"<initt/></domain>"), Dialect.LINUXCONTAINER)
    assert done.text is not None
    assert [problem.code for problem in done.problems] == ["unknown-element"]


def test_what_is_not_understood_is_kept_in_xml_and_told_elsewhere() -> None:
    text = LIBVIRT.replace(b"</domain>", b"<clock offset='utc'><x y='1'/></clock></domain>")
    for target in (Dialect.LINUXCONTAINER, Dialect.LIBVIRT_LXC):
        done = convert(text, target)
        assert b"<clock offset='utc'><x y='1'/></clock>" in (done.text or b"")
        assert not any(loss.path.startswith("opaque") for loss in done.losses)
    assert lost(convert(text, Dialect.LXC_CONF))["opaque[0]"] == "domain/clock"


# What silence means


def test_t13_a_network_that_was_the_hosts_is_told_where_it_is_not_any_more() -> None:
    for target in set(Dialect) - {Dialect.LIBVIRT_LXC}:
        done = convert(LIBVIRT, target)
        (loss,) = (loss for loss in done.losses if loss.path == "interfaces")
        assert "shares the host's network" in loss.why
        assert not any(loss.path == "interfaces" for loss in convert(PRIVATE, target).losses)
    assert convert(LIBVIRT, Dialect.LIBVIRT_LXC).losses == ()


def test_t13_loopback_alone_is_said_where_silence_would_share_the_hosts_network() -> None:
    done = convert(SILENT, Dialect.LIBVIRT_LXC)
    assert b"<privnet/>" in (done.text or b"")
    (loss,) = done.losses
    assert (loss.path, loss.is_added, loss.now) == ("network_isolated", True, True)
    back = convert(done.text or b"", Dialect.LINUXCONTAINER)
    assert spec_of(back, Dialect.LINUXCONTAINER).interfaces == ()


@pytest.mark.parametrize(
    "text",
    [
        b"lxc.uts.name = one\nlxc.rootfs.path = /srv/one\n",
        b'NAME="one"\nVE_PRIVATE="/vz/private/101"\n',
        b"<domain type='vserver'><name>one</name></domain>",
    ],
)
def test_the_program_that_silence_means_is_said_where_it_has_to_be(text: bytes) -> None:
    done = convert(text, Dialect.LINUXCONTAINER)
    assert spec_of(done, Dialect.LINUXCONTAINER).program == ("/sbin/init",)
    assert [(loss.path, loss.is_added) for loss in done.losses] == [("program", True)]
    assert read(done.text or b"").errors == ()


def test_the_hosts_whole_root_is_left_out_where_nothing_mounts_it() -> None:
    mount = b"<filesystem><source dir='/'/><target dir='/'/></filesystem>"
    text = PRIVATE.replace(b"</domain>", b"<devices>" + mount + b"</devices></domain>")
    done = convert(text, Dialect.LINUXCONTAINER)
    (loss,) = done.losses
    assert loss.path == "filesystems[0]"
    assert "sees the host's files, read-only" in loss.why
    assert done.refused == ()
    assert convert(text, Dialect.LIBVIRT_LXC).losses == ()


# Names and numbers


def test_t19_openvz_is_given_no_number_that_nobody_chose() -> None:
    done = convert(NESTED, Dialect.OPENVZ)
    assert b"<name>" not in (done.text or b"")
    assert lost(done)["name"] == "Container123"
    assert [problem.code for problem in done.refused] == ["missing"]
    numbered = convert(NESTED, Dialect.OPENVZ, name="105")
    assert b"<name>105</name>" in (numbered.text or b"")
    assert "name" not in lost(numbered)


def test_t19_the_number_of_a_file_is_the_container() -> None:
    text = b'OSTEMPLATE="debian-12"\n'
    spec = read(text, number="105").spec
    assert spec is not None
    assert spec.name == "105"
    unnamed = read(text)
    assert unnamed.spec is not None
    assert to_json(unnamed.spec)["name"] is None
    assert "missing" in {problem.code for problem in unnamed.problems}


def test_t14_what_is_rounded_is_told() -> None:
    text = NESTED.replace(b">65536<", b">65537<")
    done = convert(text, Dialect.OPENVZ_CONF, name="105")
    (loss,) = (loss for loss in done.losses if loss.path == "memory.max_kib")
    assert (loss.value, loss.now) == (65537, 65540)


def test_t17_an_lxc_file_keeps_its_order_of_ids() -> None:
    text = b"lxc.uts.name = a\nlxc.rootfs.path = /x\nlxc.idmap = u 0 100000 65536\n"
    text += b"lxc.idmap = g 0 100000 65536\n"
    done = convert(text, Dialect.LINUXCONTAINER)
    idmap = spec_of(done, Dialect.LINUXCONTAINER).idmap
    assert isinstance(idmap, IdMap)
    assert [(each.inside, each.host) for each in idmap.uid] == [(0, 100000)]
    again = convert(done.text or b"", Dialect.LXC_CONF)
    assert b"lxc.idmap = u 0 100000 65536\n" in (again.text or b"")


# Writers that fail


def _writer(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    made = Writer(lambda _: text, (Reason("memory", "it has none"),))
    monkeypatch.setattr(rooms, "writer", lambda _: made)


def test_what_cannot_be_read_back_is_no_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    _writer(monkeypatch, b"<domain")
    done = convert(NESTED, Dialect.VSERVER)
    assert done.text is None
    assert [problem.code for problem in done.errors] == ["unwritable"]


def test_whatever_a_writer_leaves_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _writer(monkeypatch, b"<domain type='vserver'><name>Container123</name></domain>")
    done = convert(NESTED, Dialect.VSERVER)
    assert {"uuid", "hostname", "filesystems[0]", "interfaces[0]", "program"} <= set(lost(done))
    (memory,) = (loss for loss in done.losses if loss.path == "memory.max_kib")
    assert memory.why == "it has none"


# The samples of every dialect


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
@pytest.mark.parametrize("target", Dialect)
def test_every_sample_goes_into_every_dialect(sample: object, target: Dialect) -> None:
    data = sample.read_bytes()  # type: ignore[attr-defined]
    source = read(data, number="105")
    assert source.spec is not None
    assert source.errors == ()
    done = converted(source, target, "105")
    assert done.text is not None
    assert [problem.code for problem in done.refused if problem.is_error] == []
    found = read(done.text).dialect
    assert found is target or (found, target) == FAMILY


def _keys(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def test_the_json_has_the_keys_that_others_build_on() -> None:
    keys = """name uuid title description hostname filesystems interfaces nameservers program
    environment directory user group cpu memory consoles idmap capabilities network_isolated
    on_poweroff on_reboot on_crash autostart opaque""".split()
    spec = read(NESTED).spec
    assert spec is not None
    made = to_json(spec)
    assert [*made][: len(keys)] == keys
    mounts, links = made["filesystems"], made["interfaces"]
    assert isinstance(mounts, list)
    assert isinstance(links, list)
    assert [*_keys(mounts[0])][:5] == "kind source target readonly size_kib".split()
    wanted = "kind source mac name addresses routes gateway gateway6 up".split()
    assert [*_keys(links[0])][: len(wanted)] == wanted


def test_a_file_system_in_memory_has_no_source_in_the_json() -> None:
    ram = b"<filesystem type='ram'><source usage='64'/><target dir='/run'/></filesystem>"
    spec = read(SILENT.replace(b"<application>", ram + b"<application>")).spec
    assert spec is not None
    mounts = to_json(spec)["filesystems"]
    assert isinstance(mounts, list)
    assert (_keys(mounts[0])["source"], _keys(mounts[0])["size_kib"]) == (None, 64)


@pytest.mark.parametrize(
    ("source", "target", "mode"),
    [
        (MACVLAN, "libvirt-lxc", "private"),
        (DIRECT, "lxc-conf", "vepa"),
        (DIRECT, "linuxcontainer", "vepa"),
    ],
)
def test_a_macvlan_keeps_the_mode_that_silence_means(source: bytes, target: str, mode: str) -> None:
    done = convert(source, Dialect(target))
    assert spec_of(done, Dialect(target)).interfaces[0].mode == mode
    (added,) = (loss for loss in done.losses if loss.path == "interfaces[0].mode")
    assert (added.value, added.now) == (None, mode)


def test_a_macvlan_of_the_same_dialect_stays_silent() -> None:
    done = convert(DIRECT, Dialect.LIBVIRT_LXC)
    assert spec_of(done, Dialect.LIBVIRT_LXC).interfaces[0].mode is None
    assert done.losses == ()


def test_a_network_shared_with_the_host_is_what_libvirt_means_by_silence() -> None:
    shared = b"lxc.uts.name = a\nlxc.net.0.type = none\n"
    done = convert(shared, Dialect.LIBVIRT_LXC)
    assert done.losses == ()
    assert spec_of(done, Dialect.LIBVIRT_LXC).network_isolated is None


# Documents that were torn and pasted together


_PIECES = [path.read_bytes() for path in SAMPLES] + [NESTED, RFC_LITERAL]
_FIXES = ["remove", "did-you-mean", "rename", "stray-name-before-gt", "drop-end-tag", "add-type"]


@st.composite
def _torn(draw: st.DrawFn) -> bytes:
    """A sample with some bytes of it or of another one lost, doubled or put elsewhere."""
    data = draw(st.sampled_from(_PIECES))
    for _ in range(draw(st.integers(1, 4))):
        other = draw(st.sampled_from(_PIECES) | st.binary(max_size=4))
        start, end = sorted((draw(st.integers(0, len(other))), draw(st.integers(0, len(other)))))
        at = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 60))
        data = data[:at] + other[start:end] + data[at + cut :]
    return data[:MAX_BYTES]


def _checked(reading: Reading) -> None:
    for problem in reading.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.reason
        assert "\n" not in problem.reason + problem.hint
    assert reading.spec is not None or reading.errors


@settings(max_examples=150, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(_torn(), st.sampled_from(Dialect), st.none() | st.sampled_from(Dialect))
def test_torn_documents_raise_nothing_and_take_no_time(
    data: bytes, target: Dialect, named: Dialect | None
) -> None:
    began = time.process_time()
    _checked(read(data, named))
    done = convert(data, target, named)
    assert (done.text is None) == bool(done.errors)
    with contextlib.suppress(AmbiguousFixError):
        _checked(read(mend(data, _FIXES).data))
    assert time.process_time() - began < 5
