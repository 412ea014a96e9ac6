"""The traps of numbers, names, programs and consoles, T14 to T22, in `linuxcontainer`."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.parts import PAIR, fs, mounts
from tests.unit.definition.samples import PROGRAM, codes, domain, warnings

from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
)


@pytest.mark.parametrize(
    ("written", "kib"),
    [
        ("<memory>65536</memory>", 65536),
        ("<memory unit='b'>1048577</memory>", 1025),
        ("<memory unit='KB'>1024</memory>", 1000),
        ("<memory unit='k'>1024</memory>", 1024),
        ("<memory unit='mib'>64</memory>", 65536),
        ("<memory unit='MB'>64</memory>", 62500),
        ("<memory unit='G'> 1 </memory>", 1 << 20),
        ("<memory>9007199254740991</memory>", None),
    ],
)
def test_t14_sizes_have_libvirts_units_and_are_rounded_up(written: str, kib: int | None) -> None:
    assert domain(rest=written).compiled().memory.max_kib == kib


@pytest.mark.parametrize(
    "written",
    ["-1", "1.5", "64M", "", "99999999999999999999", "0x400", "٦٥٥٣٦", "9007199254740992"],
)
def test_t14_sizes_that_are_none_are_refused(written: str) -> None:
    assert codes(domain(rest=f"<memory>{written}</memory>")) == ["memory"]
    assert codes(domain(rest="<memory unit='parsec'>1</memory>")) == ["unit"]


def test_t14_space_is_in_bytes_and_memory_disks_in_kib() -> None:
    limits = "<space_hard_limit>1048576</space_hard_limit><space_soft_limit>1</space_soft_limit>"
    (entry,) = mounts(fs(PAIR + limits))
    assert (entry.size_kib, entry.soft_kib) == (1024, 1)
    (disk,) = mounts(fs("<source usage='64'/><target dir='/t'/>", " type='ram'"))
    assert disk.size_kib == 64


def test_t14_limits_that_contradict_each_other_are_refused() -> None:
    def tuned(inside: str) -> list[str]:
        return codes(domain(rest=f"<memory>65536</memory><memtune>{inside}</memtune>"))

    assert tuned("<hard_limit>65536</hard_limit>") == []
    assert tuned("<hard_limit unit='MiB'>64</hard_limit>") == []
    assert tuned("<hard_limit>65537</hard_limit>") == ["contradiction"]
    assert tuned("<soft_limit>65537</soft_limit>") == ["memory"]
    assert tuned("<swap_hard_limit>65535</swap_hard_limit>") == ["memory"]


@pytest.mark.parametrize("shares", ["1", "262145", "-5", "40%", "1e3"])
def test_t15_shares_are_those_of_cgroup_v1(shares: str) -> None:
    assert codes(domain(rest=f"<cpushare>{shares}</cpushare>")) == ["cpushare"]
    assert domain(rest="<cpushare>40</cpushare>").compiled().cpu.shares == 40


def test_t15_shares_and_their_twin_have_to_agree() -> None:
    twin = "<cpushare>40</cpushare><cputune><shares>{}</shares></cputune>"
    same = domain(rest=twin.format(40))
    assert same.compiled().cpu.shares == 40
    assert codes(domain(rest=twin.format(41))) == ["contradiction"]
    changed = edit.set_cpushare(same, 77)
    assert changed.text == same.text.replace("40", "77")
    assert edit.set_cpushare(changed, None).compiled().cpu == Cpu()


def test_t16_a_quota_may_be_without_end_or_unset() -> None:
    tune = "<cputune><period>{}</period><quota>{}</quota></cputune>"

    def cpu(period: object, quota: object) -> Cpu:
        return domain(rest=tune.format(period, quota)).compiled().cpu

    assert cpu(100000, 50000) == Cpu(quota_us=50000, period_us=100000)
    assert cpu(0, -1) == cpu(0, 0) == cpu(0, -17) == Cpu()
    for period, quota, code in ((999, 0, "period"), (1000001, 0, "period"), (0, 999, "quota")):
        assert codes(domain(rest=tune.format(period, quota))) == [code]


def test_t17_a_map_starts_at_the_containers_root_and_does_not_overlap() -> None:
    def mapped(uid: str, gid: str = "<gid start='0' target='100000' count='65536'/>") -> list[str]:
        return codes(domain(rest=f"<idmap>{uid}{gid}</idmap>"))

    root = "<uid start='0' target='100000' count='65536'/>"
    assert mapped(root) == []
    assert mapped("<uid start='1' target='100000' count='10'/>") == ["idmap"]
    assert mapped(root, "") == mapped("") == ["idmap"]
    assert mapped(f"{root}<uid start='7' target='900000' count='1'/>") == ["idmap"]
    assert mapped("<uid start='0' target='100000' count='0'/>") == ["count"]


@pytest.mark.parametrize(
    "uuid",
    [
        "8dfd44b31e76d8d335150a2d98211ea0",
        "8DFD44B3-1E76-D8D3-3515-0A2D98211EA0",
        " 8dfd44b3-1e76-d8d3-3515-0a2d98211ea0\n",
    ],
)
def test_t18_a_uuid_is_128_bits_of_any_version(uuid: str) -> None:
    spec = domain(name=f"<name>a</name><uuid>{uuid}</uuid>").compiled()
    assert spec.uuid == "8dfd44b31e76d8d335150a2d98211ea0"
    nil = domain(name=f"<name>a</name><uuid>{'0' * 32}</uuid>")
    assert nil.compiled().uuid == "0" * 32


@pytest.mark.parametrize(
    "uuid",
    [
        "{8dfd44b3-1e76-d8d3-3515-0a2d98211ea0}",
        "urn:uuid:8dfd44b3-1e76-d8d3-3515-0a2d98211ea0",
        "8dfd44b31e76d8d335150a2d98211ea",
        "8dfd44b31e76d8d335150a2d98211ea00",
        "8dfd44b3-1e76d8d3-3515-0a2d98211ea0",
        "8dfd44b31e76d8d335150a2d98211eag",
    ],
)
def test_t18_what_only_looks_like_a_uuid_is_refused(uuid: str) -> None:
    assert codes(domain(name=f"<name>a</name><uuid>{uuid}</uuid>")) == ["uuid"]


def test_t19_a_name_of_another_dialect_gets_a_rename() -> None:
    for name in ("a+b", "-a", "with space", "a/b", "_x"):
        (problem,) = domain(name=f"<name>{name}</name>").errors
        assert problem.code == "name"
        assert [fix.name for fix in problem.fixes] == ["rename"]


def test_t20_the_id_of_a_run_is_not_read() -> None:
    spec = Document.parse(
        b"<domain type='linuxcontainer' id='32'><name>a</name>"
        b"<container><application>/a</application></container></domain>"
    )
    assert spec.problems == ()
    assert spec.compiled() == replaced_id(spec)


def replaced_id(document: Document) -> ContainerSpec:
    return Document.parse(document.data.replace(b" id='32'", b"        ")).compiled()


def test_t21_an_application_is_one_path_however_it_looks() -> None:
    document = domain("<application> /opt/my program </application>")
    assert document.compiled().program == ("/opt/my program",)
    assert warnings(document) == ["application"]
    assert domain("<application>dbserver</application>").compiled().program == ("dbserver",)
    assert codes(domain(PROGRAM * 2)) == ["duplicate"]


def test_t21_two_ways_to_name_the_program_have_to_agree() -> None:
    assert domain(rest="<os><init>/bin/sh</init></os>").errors == ()
    assert codes(domain(rest="<os><init>/sbin/init</init></os>")) == ["contradiction"]
    assert codes(domain("")) == ["missing"]


def test_t22_the_tty_of_a_console_is_never_opened_nor_lost() -> None:
    before = domain(rest="<devices><console tty='/etc/shadow'/></devices>")
    assert before.compiled().consoles == 1
    assert before.compiled().console_ttys == ("/etc/shadow",)
    assert "tty='/etc/shadow'" in edit.set_name(before, "two").text


ONE, TTY = ("consoles", 1), ("console_ttys[0]", "/dev/pts/4")


@pytest.mark.parametrize(
    ("target", "lost"),
    [
        (Dialect.LINUXCONTAINER, []),
        (Dialect.LINUXCONTAINER_V1, []),
        (Dialect.LIBVIRT_LXC, [TTY]),
        (Dialect.OPENVZ, [ONE, TTY]),
        (Dialect.OPENVZ_CONF, [ONE, TTY]),
        (Dialect.VSERVER, [ONE, TTY]),
        (Dialect.LXC_CONF, [TTY]),
    ],
)
def test_t22_a_conversion_says_which_tty_of_a_console_is_lost(
    target: Dialect, lost: list[tuple[str, object]]
) -> None:
    document = domain(rest="<devices><console tty='/dev/pts/4'/></devices>")
    done = convert(document.data, target)
    told = [loss for loss in done.losses if loss.path.startswith("console")]
    assert [(loss.path, loss.value) for loss in told] == lost
    assert all(loss.why for loss in told)
