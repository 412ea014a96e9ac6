"""LXC's own configuration: keys that are kept, unknown, or stand against each other."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.conf_reading import (
    codes,
    lxc,
    meant,
    mended,
    native,
    the_error,
    warnings,
)
from tests.unit.definition.samples import domain

from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.dialects.dialect import Dialect


@pytest.mark.parametrize(
    "line",
    [
        "lxc.hook.pre-start = /usr/bin/evil",
        "lxc.net.0.script.up = /usr/bin/evil",
        "lxc.cgroup2.devices.allow = a",
        "lxc.cgroup.devices.allow = c 1:1 rwm",
        "lxc.mount.auto = proc:rw",
        "lxc.aa_profile = unconfined",
        "lxc.namespace.keep = net user",
        "lxc.sysctl.kernel.core_pattern = |/bin/evil",
        "lxc.console.path = /dev/tty1",
    ],
)
def test_a_kept_line_that_reaches_out_to_the_host_counts_as_root(line: str) -> None:
    reading = native("lxc.net.0.type = veth", line)
    assert reading.errors == ()
    assert "privileged" in warnings(reading)
    assert len(meant(reading).opaque) == 1


@pytest.mark.parametrize(
    "line",
    [
        "lxc.cgroup.devices.allow = c *:* m",
        "lxc.cgroup2.devices.allow = c 1:3 rwm",
        "lxc.apparmor.profile = generated",
        "lxc.mount.auto = proc:mixed sys:ro",
        "lxc.hook.version = 1",
        "lxc.signal.halt = SIGUSR1",
        "lxc.cgroup2.hugetlb.2MB.max = 4194304",
    ],
)
def test_other_keys_of_lxc_are_kept_without_a_word(line: str) -> None:
    reading = native(line)
    assert reading.problems == ()
    assert [kept.text for kept in meant(reading).opaque] == [line]


def test_an_included_file_is_told_and_kept() -> None:
    reading = native("lxc.include = /usr/share/lxc/config/common.conf")
    assert warnings(reading) == ["include"]
    assert [kept.path for kept in meant(reading).opaque] == ["lxc.include"]


def test_words_behind_a_value_are_no_comment_and_can_be_made_one() -> None:
    text = "lxc.uts.name = a\nlxc.rootfs.path = /srv/a # the root\n"
    reading = lxc(text)
    assert warnings(reading) == ["comment"]
    (problem,) = reading.problems
    assert (problem.line, problem.column) == (2, 26)
    assert meant(reading).filesystems[0].source == "/srv/a # the root"
    better = mended(text, problem, "own-line")
    assert better == "lxc.uts.name = a\n# the root\nlxc.rootfs.path = /srv/a\n"
    assert lxc(better).problems == ()


@pytest.mark.parametrize("line", ["lxc.environment = A=b #c", "lxc.apparmor.raw = deny /x #y,"])
def test_a_value_that_may_hold_anything_may_hold_a_number_sign(line: str) -> None:
    assert "comment" not in warnings(native(line))


def test_an_unknown_key_is_kept_and_its_nearest_is_told() -> None:
    text = "lxc.uts.nmae = a\nlxc.uts.name = a\nlxc.rootfs.path = /a\nmy.key = 1\nwords\n"
    reading = lxc(text)
    assert warnings(reading) == ["unknown-key", "syntax", "syntax"]
    assert "did you mean lxc.uts.name?" in reading.problems[0].hint
    assert "root-equivalent" in reading.problems[0].reason
    assert [kept.text for kept in meant(reading).opaque] == [
        "lxc.uts.nmae = a",
        "my.key = 1",
        "words",
    ]
    assert mended(text, reading.problems[0], "did-you-mean").startswith("lxc.uts.name = a\n")


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("lxc.rotfs.path", "lxc.rootfs.path"),
        ("lxc.mount.aut", "lxc.mount.auto"),
        ("lxc.foo.bar", None),
        ("lxc.target.uid", None),
    ],
)
def test_what_all_keys_begin_with_makes_none_like_another(key: str, meant: str | None) -> None:
    (problem,) = native(f"{key} = 1").problems
    assert problem.hint == (f"did you mean {meant}?" if meant else "remove the line")


@pytest.mark.parametrize(("path", "found"), [("none", []), ("/dev/tty9", ["privileged"])])
def test_a_console_on_a_device_of_the_host_counts_as_root(path: str, found: list[str]) -> None:
    assert warnings(native(f"lxc.console.path = {path}")) == found


@pytest.mark.parametrize(
    ("size", "kib", "kept"),
    [("16MB", 16384, 0), ("17MB", None, 1), ("4GB", None, 1), ("128K", 4, 0), ("128B", 4, 0)],
)
def test_more_of_a_console_than_can_be_kept_stays_a_line(
    size: str, kib: int | None, kept: int
) -> None:
    reading = native(f"lxc.console.buffer.size = {size}")
    spec = meant(reading)
    assert (spec.console_kib, len(spec.opaque)) == (kib, kept)
    assert warnings(reading) == ["console_buffer"] * (kept or size == "128K")


def test_a_size_that_lxc_would_round_is_told_as_lost() -> None:
    for kib, told in ((512, []), (300, ["console_kib"])):
        text = domain(rest=f"<console_buffer>{kib}</console_buffer>").text
        done = convert(text.encode(), Dialect.LXC_CONF)
        assert f"lxc.console.buffer.size = {kib}KB".encode() in (done.text or b"")
        assert [loss.path for loss in done.losses if "console" in loss.path] == told


def test_a_key_that_stands_again_counts_as_liblxc_counts_it() -> None:
    reading = native("lxc.arch = i686", "lxc.arch = x86_64")
    assert warnings(reading) == ["duplicate"]
    assert meant(reading).arch == "x86_64"


def test_v1_and_v2_of_one_limit_have_to_agree_and_either_can_be_removed() -> None:
    assert native("lxc.cgroup.cpu.shares = 40", "lxc.cgroup2.cpu.weight = 4").problems == ()
    text = (
        "lxc.uts.name = a\nlxc.rootfs.path = /a\n"
        "lxc.cgroup.memory.limit_in_bytes = 64M\nlxc.cgroup2.memory.max = 128M\n"
    )
    problem = the_error(lxc(text))
    assert problem.code == "contradiction"
    assert meant(lxc(mended(text, problem, "remove"))).memory.max_kib == 65536
    assert meant(lxc(mended(text, problem, "remove-v1"))).memory.max_kib == 131072


@pytest.mark.parametrize(
    "lines",
    [
        ("lxc.cgroup.cpu.shares = 40", "lxc.cgroup2.cpu.weight = 9"),
        ("lxc.cgroup.cpu.cfs_quota_us = 40000", "lxc.cgroup2.cpu.max = 50000 100000"),
        ("lxc.cgroup.cpuset.cpus = 0", "lxc.cgroup2.cpuset.cpus = 1"),
        ("lxc.cgroup.blkio.weight = 500", "lxc.cgroup2.io.weight = 500"),
        ("lxc.cap.drop = chown", "lxc.cap.keep = chown"),
    ],
)
def test_what_contradicts_itself_is_refused(lines: tuple[str, ...]) -> None:
    assert codes(native(*lines)) == ["contradiction"]
