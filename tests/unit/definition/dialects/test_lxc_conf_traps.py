"""The traps of the dialects and the list of what is refused, for LXC's own configuration."""

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

from cloche_engine.definition.spec import IdMap, IdRange

HEAD = "lxc.uts.name = one\nlxc.rootfs.path = /srv/one\n"


def test_t5_the_source_of_a_mount_stands_first() -> None:
    spec = meant(native("lxc.mount.entry = /srv/data var/data none bind 0 0"))
    assert (spec.filesystems[1].source, spec.filesystems[1].target) == ("/srv/data", "/var/data")


def test_t6_a_mount_that_hides_an_earlier_one_is_refused() -> None:
    reading = native("lxc.mount.entry = /a a/b none bind", "lxc.mount.entry = /b a none bind")
    assert codes(reading) == ["hidden-mount"]
    assert "line 3" in the_error(reading).reason


def test_t7_targets_are_compared_without_slashes_too_many() -> None:
    reading = native("lxc.mount.entry = /a a/ none bind", "lxc.mount.entry = /b .//a none bind")
    assert codes(reading) == ["same-target"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("a a none bind 0 0", "path"),
        ("../a a none bind 0 0", "path"),
        ("/a/../b a none bind 0 0", "path"),
        ("/ a none bind 0 0", "root-source"),
        ("/a ../a none bind 0 0", "path"),
        ("/a a/../../b none bind 0 0", "path"),
        ("/a\\012b a none bind 0 0", "path"),
        ("/a . none bind 0 0", "same-target"),
        ("/a /srv/one none bind 0 0", None),
        ("tmpfs a tmpfs defaults 0 0", "usage"),
        ("tmpfs a tmpfs size=50% 0 0", "usage"),
        ("tmpfs a tmpfs size= 0 0", "usage"),
        ("/a a none", "mount"),
        ("/a", "mount"),
    ],
)
def test_t8_paths_that_could_leave_the_container_and_mounts_without_end_are_refused(
    line: str, code: str | None
) -> None:
    assert codes(native(f"lxc.mount.entry = {line}")) == ([code] if code else [])


def test_t8_a_relative_target_begins_at_the_root() -> None:
    assert meant(native("lxc.mount.entry = /a a none bind")).filesystems[1].target == "/a"


def test_a_tmpfs_without_size_gets_one_by_its_fix() -> None:
    for options in ("defaults,create=dir", "size=50%,noexec"):
        text = f"{HEAD}lxc.mount.entry = shm dev/shm tmpfs {options} 0 0\n"
        problem = the_error(lxc(text))
        assert (problem.line, problem.column) == (3, 37)
        better = lxc(mended(text, problem, "size"))
        assert better.problems == ()
        assert meant(better).filesystems[1].size_kib == 65536


def test_t10_a_gateway_outside_every_subnet_is_refused() -> None:
    reading = native(
        "lxc.net.0.type = veth",
        "lxc.net.0.ipv4.address = 10.0.0.2/24",
        "lxc.net.0.ipv4.gateway = 10.0.1.1",
    )
    assert codes(reading) == ["gateway-outside"]


@pytest.mark.parametrize(
    ("line", "guess"),
    [
        ("ipv4.address = 10.0.0.2", "10.0.0.2/8"),
        ("ipv4.address = 172.16.0.2", "172.16.0.2/16"),
        ("ipv4 = 192.168.0.2", "192.168.0.2/24"),
        ("ipv6.address = fd00::2", "fd00::2/64"),
    ],
)
def test_t12_an_address_without_prefix_is_refused_and_what_lxc_guesses_is_a_fix(
    line: str, guess: str
) -> None:
    text = f"{HEAD}lxc.net.0.type = veth\nlxc.net.0.{line}\n"
    problem = the_error(lxc(text))
    assert problem.code == "address"
    better = lxc(mended(text, problem, "prefix"))
    assert better.errors == ()
    assert meant(better).interfaces[0].addresses == (guess,)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ipv4.address = 192.168.001.1/24", "address"),
        ("ipv4.address = 10.0.0.1/33", "prefix"),
        ("ipv4.address = 10.0.0.1/255.255.255.0", "prefix"),
        ("ipv4.address = fd00::1/64", "family"),
        ("ipv6.address = 10.0.0.1/24", "family"),
        ("ipv4.gateway = 10.0.0.1/24", "address"),
        ("ipv6.gateway = 10.0.0.1", "family"),
        ("hwaddr = 01:00:00:00:00:01", "mac"),
        ("name = a/b", "device"),
        ("foo = 1", "unknown-key"),
        ("link.foo = 1", "unknown-key"),
    ],
)
def test_t12_what_is_no_address_or_no_key_of_a_network_is_refused(line: str, code: str) -> None:
    assert codes(native("lxc.net.0.type = veth", f"lxc.net.0.{line}")) == [code]


def test_an_unknown_key_of_a_network_is_mended_by_name() -> None:
    text = f"{HEAD}lxc.net.0.type = veth\nlxc.net.0.linc = br0\n"
    better = lxc(mended(text, the_error(lxc(text)), "did-you-mean"))
    assert better.errors == ()
    assert meant(better).interfaces[0].source == "br0"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("lxc.net.0.link = br0",), "missing"),
        (("lxc.net.0.type = macvlan",), "missing"),
        (("lxc.net.0.type = phys",), "missing"),
        (("lxc.net.0.type = vlan", "lxc.net.0.link = eth0"), "missing"),
        (("lxc.net.0.type = tun",), "network-type"),
        (("lxc.net.0.type = macvlan", "lxc.net.0.link = a", "lxc.net.0.macvlan.mode = x"), "mode"),
    ],
)
def test_a_network_that_lacks_what_its_type_needs_is_refused(
    lines: tuple[str, ...], code: str
) -> None:
    assert codes(native(*lines)) == [code]


def test_t13_silence_about_the_network_is_loopback_alone() -> None:
    spec = meant(native())
    assert spec.interfaces == ()
    assert spec.network_isolated is True


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("lxc.cgroup.memory.limit_in_bytes = 64MB",), "memory"),
        (("lxc.cgroup.memory.limit_in_bytes = -2",), "memory"),
        (("lxc.cgroup.memory.limit_in_bytes = 1.5G",), "memory"),
        (("lxc.cgroup2.memory.max = 1k",), "memory"),
        (("lxc.cgroup2.memory.max = 64M", "lxc.cgroup2.memory.high = 65M"), "memory"),
        (("lxc.cgroup.memory.limit_in_bytes = 64M", "lxc.cgroup.memory.memsw.limit_in_bytes = 1M"),
         "memory"),
    ],
)  # fmt: skip
def test_t14_sizes_that_cannot_be_are_refused(lines: tuple[str, ...], code: str) -> None:
    assert codes(native(*lines)) == [code]


def test_t14_sizes_are_rounded_up_and_no_limit_is_none() -> None:
    assert meant(native("lxc.cgroup2.memory.max = 1048577")).memory.max_kib == 1025
    assert meant(native(f"lxc.cgroup2.memory.max = {2**63 - 1}")).memory.max_kib is None
    assert meant(native("lxc.cgroup.memory.limit_in_bytes = 8E")).memory.max_kib is None


@pytest.mark.parametrize("shares", ["1", "262145", "-1", "1.5", "x", ""])
def test_t15_shares_out_of_their_range_are_refused(shares: str) -> None:
    expected = ["cpushare"] if shares else []
    assert codes(native(f"lxc.cgroup.cpu.shares = {shares}")) == expected


@pytest.mark.parametrize(
    ("line", "quota"),
    [
        ("lxc.cgroup.cpu.cfs_quota_us = -1", None),
        ("lxc.cgroup.cpu.cfs_quota_us = 0", None),
        ("lxc.cgroup.cpu.cfs_quota_us = 1000", 1000),
        ("lxc.cgroup2.cpu.max = max", None),
    ],
)
def test_t16_less_than_nothing_is_no_quota(line: str, quota: int | None) -> None:
    reading = native(line)
    assert reading.errors == ()
    assert meant(reading).cpu.quota_us == quota


@pytest.mark.parametrize(
    "line",
    [
        "lxc.cgroup.cpu.cfs_quota_us = 999",
        "lxc.cgroup.cpu.cfs_quota_us = 17592186044416",
        "lxc.cgroup.cpu.cfs_period_us = 999",
        "lxc.cgroup.cpu.cfs_period_us = 1000001",
        "lxc.cgroup.cpu.cfs_period_us = x",
        "lxc.cgroup2.cpu.max = 999",
        "lxc.cgroup2.cpu.max = 5000 1000001",
        "lxc.cgroup2.cpu.max = -1",
    ],
)
def test_t16_quota_and_period_out_of_their_range_are_refused(line: str) -> None:
    assert codes(native(line)) == ["quota"]


def test_t17_the_order_of_lxc_is_taken_without_a_word() -> None:
    reading = native("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 200000 65536")
    assert reading.problems == ()
    part = IdRange(0, 100000, 65536), IdRange(0, 200000, 65536)
    assert meant(reading).idmap == IdMap((part[0],), (part[1],))


def test_t17_the_order_of_libvirt_is_told_by_its_zero_and_never_taken_in_silence() -> None:
    text = f"{HEAD}lxc.id_map = u 10000 0 2000\nlxc.id_map = g 10000 0 1000\n"
    reading = lxc(text)
    assert reading.errors == ()
    assert warnings(reading) == ["idmap"]
    assert meant(reading).idmap == IdMap((IdRange(0, 10000, 2000),), (IdRange(0, 10000, 1000),))
    better = mended(text, reading.problems[0], "swap-columns")
    assert "lxc.id_map = u 0 10000 2000" in better
    assert "lxc.id_map = g 0 10000 1000" in better
    assert lxc(better).problems == ()
    assert lxc(better).spec == reading.spec


def test_t17_root_of_the_host_inside_counts_as_root() -> None:
    reading = native("lxc.idmap = u 0 0 65536", "lxc.idmap = g 0 0 65536")
    assert reading.errors == ()
    assert warnings(reading) == ["privileged", "privileged"]


@pytest.mark.parametrize(
    "maps",
    [
        ["u 0 100000 65536"],
        ["g 0 100000 65536"],
        ["u 1 100000 10", "g 1 100000 10"],
        ["u 0 100000 10", "g 100000 0 10"],
        ["u 0 100000 0", "g 0 100000 10"],
        ["u 0 100000 10", "u 5 200000 10", "g 0 100000 10"],
        ["u 0 100000 10", "u 10 100005 10", "g 0 100000 10"],
        ["u 0 4294967290 10", "g 0 100000 10"],
        ["u 0 4294967295 1", "g 0 100000 1"],
        ["b 0 100000 10"],
        ["u 0 100000"],
        ["u 0 -1 10"],
    ],
)
def test_t17_maps_that_no_kernel_takes_are_refused(maps: list[str]) -> None:
    reading = native(*(f"lxc.idmap = {line}" for line in maps))
    assert set(codes(reading)) == {"idmap"}


def test_every_line_that_is_no_map_is_told_in_one_pass() -> None:
    maps = ["x 0 0 0", "u 0 100000 0", "g 1 2", "g 0 100000 0"]
    reading = native(*(f"lxc.idmap = {line}" for line in maps))
    assert [(each.code, each.line) for each in reading.errors] == [
        ("idmap", line) for line in (3, 4, 5, 6)
    ]


@pytest.mark.parametrize(
    ("name", "better"),
    [("a b", "a-b"), ("-a", "a"), ("a" * 64, "a" * 63), ("web/1", "web-1")],
)
def test_t19_a_name_that_cannot_be_gets_another_by_its_fix(name: str, better: str) -> None:
    text = f"lxc.uts.name = {name}\nlxc.rootfs.path = /a\n"
    problem = the_error(lxc(text))
    assert problem.code == "name"
    assert meant(lxc(mended(text, problem, "rename"))).name == better


def test_t21_what_runs_is_split_as_lxc_splits_it() -> None:
    reading = native("""lxc.execute.cmd = "'/bin/my app' -a="b c" d'" """)
    assert meant(reading).program == ("/bin/my app", '-a="b', 'c"', "d'")
    assert reading.problems == ()
    reading = native('lxc.init.cmd = /bin/sh -c "exit 1"')
    assert meant(reading).program == ("/bin/sh", "-c", '"exit', '1"')
    assert warnings(reading) == ["application"]
    assert codes(native("lxc.init.cmd = bin/sh")) == ["application"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("lxc.mount = /etc/fstab.one",), "fstab"),
        (("lxc.mount.fstab = /etc/fstab.one",), "fstab"),
        (("lxc.uts.name =",), "missing"),
        (("lxc.tty.max = -1",), "consoles"),
        (("lxc.tty.max = 1000000",), "consoles"),
        (("lxc.console.buffer.size = much",), "console_buffer"),
        (("lxc.console.buffer.size = 64XB",), "console_buffer"),
        (("lxc.console.buffer.size = -4KB",), "console_buffer"),
        (("lxc.init.uid = root",), "user"),
        (("lxc.start.auto = yes",), "autostart"),
        (("lxc.init.cwd = srv",), "path"),
        (("lxc.cgroup.cpuset.cpus = 3-1",), "cpuset"),
        (("lxc.cgroup2.io.weight = 0",), "io-weight"),
        (("lxc.environment = =b",), "environment"),
        (("lxc.tty.max",), "syntax"),
    ],
)
def test_what_is_refused_is_refused_by_name(lines: tuple[str, ...], code: str) -> None:
    reading = native(*lines)
    assert codes(reading) == [code]
    assert reading.spec is not None


def test_t10_two_gateways_of_a_family_are_refused_one_taken_back_is_none() -> None:
    link = ("lxc.net.0.type = veth", "lxc.net.0.ipv4.address = 10.0.0.2/24")
    one, other = (f"lxc.net.0.ipv4.gateway = 10.0.0.{n}" for n in (1, 3))
    assert codes(native(*link, one, other)) == ["duplicate"]
    assert codes(native(*link, one, one)) == []
    assert codes(native(*link, one, "lxc.net.0.ipv4.gateway =", other)) == []


@pytest.mark.parametrize(
    "twice",
    ["name = eth0", "ipv4.address = 10.0.0.2/24"],
)
def test_what_one_interface_has_no_other_has(twice: str) -> None:
    lines = [f"lxc.net.{n}.{line}" for n in (0, 1) for line in ("type = veth", twice)]
    assert codes(native(*lines)) == ["duplicate"]


def test_two_interfaces_with_one_hardware_address_are_told() -> None:
    each = ("type = veth", "hwaddr = 02:00:15:8f:05:c1")
    reading = native(*(f"lxc.net.{n}.{line}" for n in (0, 1) for line in each))
    assert (codes(reading), warnings(reading)) == ([], ["duplicate"])


def test_t10_two_interfaces_share_one_way_to_everywhere() -> None:
    lines = [
        f"lxc.net.{n}.{line.format(n)}"
        for n in (0, 1)
        for line in ("type = veth", "ipv4.address = 10.{}.0.2/24", "ipv4.gateway = 10.{}.0.1")
    ]
    assert codes(native(*lines)) == ["duplicate"]


@pytest.mark.parametrize("value", ["many", "9:8", "unlimited:8", "-1", ":8", "1:2:3", "1.5"])
def test_a_limit_of_processes_that_is_none_is_refused(value: str) -> None:
    reading = native(f"lxc.prlimit.nofile = {value}")
    assert codes(reading) == ["rlimit"]
    assert the_error(reading).hint
