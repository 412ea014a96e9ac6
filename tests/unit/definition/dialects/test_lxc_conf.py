"""LXC's own configuration: what its keys mean, old and new, and how liblxc reads a line."""

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
from tests.unit.definition.dialects.reading import sample

from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    Cpu,
    Filesystem,
    FilesystemKind,
    IdRange,
    Interface,
    InterfaceKind,
    Memory,
    SharedNamespace,
)


def value(spec: object, path: str) -> object:
    found: object = spec
    for name in path.split("."):
        found = getattr(found, name)
    return found


@pytest.mark.parametrize(
    ("lines", "path", "means"),
    [
        (("lxc.execute.cmd = /bin/sh -c 'a b' \"c\"",), "program", ("/bin/sh", "-c", "a b", "c")),
        (("lxc.init.cmd = /bin/sh -c  'a b'",), "program", ("/bin/sh", "-c", "'a", "b'")),
        (("lxc.init_cmd = /sbin/init",), "program", ("/sbin/init",)),
        (("lxc.execute.cmd = /bin/top",), "program", ("/bin/top",)),
        (("lxc.execute.cmd = /bin/a", "lxc.init.cmd = /bin/b"), "program", ("/bin/b",)),
        (("lxc.init.cwd = /srv",), "directory", "/srv"),
        (("lxc.init.uid = 7", "lxc.init_gid = 8"), "user", "7"),
        (("lxc.init.uid = 7", "lxc.init_gid = 8"), "group", "8"),
        (("lxc.environment = A=b=c",), "environment", (("A", "b=c"),)),
        (("lxc.environment = A=b", "lxc.environment = A=c"), "environment", (("A", "c"),)),
        (("lxc.environment = A=b", "lxc.environment ="), "environment", ()),
        (("lxc.start.auto = 1",), "autostart", True),
        (("lxc.start.auto = 0",), "autostart", False),
        (("lxc.start.auto = 1", "lxc.start.auto ="), "autostart", None),
        (("lxc.arch = x86",), "arch", "i686"),
        (("lxc.arch = linux32",), "arch", "i686"),
        (("lxc.arch = linux64",), "arch", "x86_64"),
        (("lxc.arch = aarch64",), "arch", "aarch64"),
        (("lxc.tty = 4",), "consoles", 4),
        (("lxc.cgroup2.memory.max = 1G",), "memory", Memory(1048576)),
        (("lxc.cgroup2.memory.max = max",), "memory", Memory()),
        (("lxc.cgroup.memory.limit_in_bytes = -1",), "memory", Memory()),
        (("lxc.cgroup2.memory.max = 1025k", "lxc.cgroup2.memory.high = 1M"),
         "memory", Memory(1025, 1024)),
        (("lxc.cgroup2.memory.max = 64M", "lxc.cgroup2.memory.swap.max = 16M"),
         "memory", Memory(65536, None, 81920)),
        (("lxc.cgroup2.memory.min = 4M",), "memory", Memory(guarantee_kib=4096)),
        (("lxc.cgroup2.cpu.weight = 100",), "cpu", Cpu(1024)),
        (("lxc.cgroup2.cpu.weight = 10000",), "cpu", Cpu(102400)),
        (("lxc.cgroup2.cpu.max = 50000 200000",), "cpu", Cpu(None, 50000, 200000)),
        (("lxc.cgroup2.cpu.max = max 200000",), "cpu", Cpu(None, None, 200000)),
        (("lxc.cgroup2.cpu.max = 50000",), "cpu", Cpu(None, 50000)),
        (("lxc.cgroup2.cpuset.cpus = 0-1,4", "lxc.cgroup2.cpuset.mems = 0"),
         "cpu", Cpu(cpuset="0-1,4", mems="0")),
        (("lxc.cgroup.blkio.weight = 300",), "io_weight", 300),
        (("lxc.cgroup2.io.weight = default 100",), "io_weight", 500),
        (("lxc.cgroup2.io.weight = 8:16 100",), "io_weight", None),
        (("lxc.namespace.share.net = 42",), "namespaces", (SharedNamespace("net", "pid", "42"),)),
        (("lxc.namespace.share.uts = web",),
         "namespaces", (SharedNamespace("uts", "name", "web"),)),
        (("lxc.namespace.share.net = /run/netns/blue",),
         "namespaces", (SharedNamespace("net", "netns", "blue"),)),
        (("lxc.net.0.type = empty",), "network_isolated", True),
        (("lxc.net.0.type = none",), "interfaces", (Interface(InterfaceKind.HOST),)),
        ((), "interfaces", ()),
        ((), "network_isolated", True),
    ],
)  # fmt: skip
def test_a_key_means_what_the_manual_says(lines: tuple[str, ...], path: str, means: object) -> None:
    reading = native(*lines)
    assert reading.errors == ()
    assert value(meant(reading), path) == means


def test_a_value_is_read_as_liblxc_reads_it() -> None:
    reading = lxc(
        "  lxc.uts.name=\t'one'  \r\n"
        "lxc.rootfs.path = /srv/a # b\n"
        '\tlxc.environment = "A= b "\n'
        "#lxc.uts.name = two"
    )
    spec = meant(reading)
    assert spec.name == "one"
    assert spec.filesystems[0].source == "/srv/a # b"
    assert spec.environment == (("A", " b "),)


def test_problems_stand_at_their_line_and_column_also_behind_other_letters() -> None:
    (problem,) = lxc(
        "lxc.uts.name = one\nlxc.rootfs.path=/ä\n\nlxc.environment = ü=1\nlxc.tty.max =  ä4\n"
    ).errors
    assert (problem.code, problem.line, problem.column) == ("consoles", 5, 16)


def test_old_keys_and_new_ones_may_stand_in_one_file() -> None:
    spec = meant(lxc(sample("lxc/old.conf")))
    assert spec.name == "backup"
    assert spec.interfaces == (
        Interface(
            InterfaceKind.BRIDGE,
            "virbr0",
            "02:00:15:8f:05:c1",
            "eth0",
            ("192.168.122.2/24",),
            gateway="192.168.122.1",
        ),
    )
    assert spec.consoles == 2
    assert spec.filesystems[1:] == (
        Filesystem(
            FilesystemKind.RAM, "", "/run", size_kib=8192, options=("mode=0755", "nodev", "nosuid")
        ),
        Filesystem(FilesystemKind.MOUNT, "/etc/resolv.conf", "/etc/resolv.conf", readonly=True),
    )
    assert spec.capabilities == Capabilities(
        CapabilityPolicy.ALLOW,
        drop=("sys_module", "mac_admin", "mac_override", "mknod", "sys_time"),
    )
    assert [kept.path for kept in spec.opaque] == [
        "lxc.mount.entry", "lxc.mount.entry", "lxc.autodev", "lxc.pty.max",
        "lxc.cgroup.devices.deny", "lxc.cgroup.devices.allow", "lxc.cgroup.devices.allow",
        "lxc.net.0.mtu",
    ]  # fmt: skip
    assert spec.opaque[3].text == "lxc.pty.max = 256"


def test_the_maps_of_proxmox_are_read_whole() -> None:
    idmap = meant(lxc(sample("lxc/proxmox.conf"))).idmap
    assert idmap is not None
    assert idmap.uid == idmap.gid
    assert idmap.uid == (
        IdRange(0, 100000, 1000),
        IdRange(1000, 1000, 1),
        IdRange(1001, 101001, 64535),
    )


@pytest.mark.parametrize(
    ("path", "kind", "source"),
    [
        ("/srv/a", FilesystemKind.MOUNT, "/srv/a"),
        ("dir:/srv/a", FilesystemKind.MOUNT, "/srv/a"),
        ("btrfs:/srv/a", FilesystemKind.MOUNT, "/srv/a"),
        ("/dev/vg/a", FilesystemKind.BLOCK, "/dev/vg/a"),
        ("lvm:/dev/vg/a", FilesystemKind.BLOCK, "/dev/vg/a"),
        ("loop:/srv/a.img", FilesystemKind.FILE, "/srv/a.img"),
        ("/srv/a:b", FilesystemKind.MOUNT, "/srv/a:b"),
    ],
)
def test_a_root_is_known_by_its_prefix(path: str, kind: FilesystemKind, source: str) -> None:
    reading = lxc(f"lxc.uts.name = one\nlxc.rootfs.path = {path}\nlxc.rootfs.options = ro,noatime")
    assert reading.errors == ()
    assert meant(reading).filesystems == (
        Filesystem(kind, source, "/", readonly=True, options=("noatime",)),
    )


@pytest.mark.parametrize("backend", ["overlay:/a:/b", "zfs:tank/a", "nbd:/a:1", "rbd:pool/a"])
def test_another_backend_of_a_root_is_refused_by_name_and_kept(backend: str) -> None:
    reading = lxc(f"lxc.uts.name = one\nlxc.rootfs.path = {backend}\n")
    assert codes(reading) == ["rootfs"]
    assert backend.partition(":")[0] in the_error(reading).reason
    assert [kept.text for kept in meant(reading).opaque] == [f"lxc.rootfs.path = {backend}"]


def test_a_file_without_a_root_is_told_that_lxc_would_share_the_hosts() -> None:
    reading = lxc("lxc.uts.name = one\n")
    assert warnings(reading) == ["missing"]
    assert meant(reading).shares_host_root


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("/srv/my\\040data data none bind,create=dir 0 0",
         Filesystem(FilesystemKind.MOUNT, "/srv/my data", "/data")),
        ("/srv/a a none rbind,ro,optional,create=file 0 0",
         Filesystem(FilesystemKind.MOUNT, "/srv/a", "/a", readonly=True,
                    options=("rbind", "optional", "create=file"))),
        ("/srv/a /srv/one/a/ none bind", Filesystem(FilesystemKind.MOUNT, "/srv/a", "/a")),
        ("/dev/sdb1 data xfs ro 0 0",
         Filesystem(FilesystemKind.BLOCK, "/dev/sdb1", "/data", readonly=True,
                    options=("fstype=xfs",))),
        ("/dev/sdb1 data ext4 defaults 0 0",
         Filesystem(FilesystemKind.BLOCK, "/dev/sdb1", "/data")),
        ("/dev/dri dev/dri none bind,optional,create=dir",
         Filesystem(FilesystemKind.MOUNT, "/dev/dri", "/dev/dri", options=("optional",))),
        ("dev/null etc/mtab none bind,relative 0 0",
         Filesystem(FilesystemKind.BIND, "/dev/null", "/etc/mtab")),
        ("tmpfs\tcache  tmpfs\tsize=1m,noexec 0 0",
         Filesystem(FilesystemKind.RAM, "", "/cache", size_kib=1024, options=("noexec",))),
    ],
)  # fmt: skip
def test_a_mount_is_read_as_an_fstab_line(line: str, means: Filesystem) -> None:
    reading = native(f"lxc.mount.entry = {line}")
    assert reading.errors == ()
    assert meant(reading).filesystems[1] == means


@pytest.mark.parametrize("target", ["proc", "/sys", "proc/sys", "sys/fs/selinux"])
def test_basic_mounts_are_there_anyway_and_stay_in_the_file(target: str) -> None:
    reading = native(f"lxc.mount.entry = x {target} proc defaults 0 0")
    assert reading.problems == ()
    assert len(meant(reading).filesystems) == 1
    assert [kept.path for kept in meant(reading).opaque] == ["lxc.mount.entry"]


def test_a_target_that_lxc_would_overlook_is_told_with_its_mend() -> None:
    text = "lxc.uts.name = a\nlxc.rootfs.path = /srv/a\nlxc.mount.entry = /b /my\\040c none bind\n"
    reading = lxc(text)
    assert warnings(reading) == ["path"]
    better = lxc(mended(text, reading.problems[0], "relative"))
    assert better.problems == ()
    assert better.spec == reading.spec


def test_networks_are_grouped_by_their_numbers_in_the_order_of_these() -> None:
    reading = native(
        "lxc.net.9.type = phys",
        "lxc.net.2.type = macvlan",
        "lxc.net.9.link = eth1",
        "lxc.net.2.link = eth0",
        "lxc.net.2.macvlan.mode = vepa",
        "lxc.net.5.type = veth",
        "lxc.net.5.veth.pair = out0",
        "lxc.net.2.ipv4.address = 10.0.0.2/24 10.0.0.255",
        "lxc.net.2.ipv4.address = 10.0.1.2/24",
    )
    assert reading.errors == ()
    assert meant(reading).interfaces == (
        Interface(
            InterfaceKind.MACVLAN,
            "eth0",
            addresses=("10.0.0.2/24", "10.0.1.2/24"),
            up=False,
            mode="vepa",
        ),
        Interface(InterfaceKind.ETHERNET, up=False, host_name="out0"),
        Interface(InterfaceKind.PHYSICAL, "eth1", up=False),
    )


def test_old_networks_begin_with_their_type() -> None:
    reading = native(
        "lxc.network.type = veth",
        "lxc.network.link = br0",
        "lxc.network.type = vlan",
        "lxc.network.link = eth0",
        "lxc.network.vlan.id = 7",
    )
    assert [(each.kind.value, each.source) for each in meant(reading).interfaces] == [
        ("bridge", "br0"),
        ("physical", "eth0.7"),
    ]
    assert warnings(reading) == ["converted"]


def test_an_empty_network_key_takes_back_what_stood_before() -> None:
    assert meant(native("lxc.net.0.type = veth", "lxc.net =")).interfaces == ()
    reading = native("lxc.net.0.type = veth", "lxc.net.1.type = none", "lxc.net.0 =")
    assert meant(reading).interfaces == (Interface(InterfaceKind.HOST),)


def test_what_lxc_finds_out_itself_is_kept() -> None:
    reading = native(
        "lxc.net.4.type = veth",
        "lxc.net.4.hwaddr = 00:16:3e:xx:xx:xx",
        "lxc.net.4.ipv4.gateway = auto",
    )
    assert reading.errors == ()
    assert meant(reading).interfaces == (Interface(InterfaceKind.ETHERNET, up=False),)
    assert [kept.text for kept in meant(reading).opaque] == [
        "lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx",
        "lxc.net.0.ipv4.gateway = auto",
    ]


@pytest.mark.parametrize(
    ("lines", "means"),
    [
        (("lxc.cap.drop = chown kill", "lxc.cap.drop = kill mknod"),
         Capabilities(CapabilityPolicy.ALLOW, drop=("chown", "kill", "mknod"))),
        (("lxc.cap.drop = chown", "lxc.cap.drop =", "lxc.cap.drop = mknod"),
         Capabilities(CapabilityPolicy.ALLOW, drop=("mknod",))),
        (("lxc.cap.drop = chown", "lxc.cap.drop ="), Capabilities(CapabilityPolicy.ALLOW)),
        (("lxc.cap.keep = chown", "lxc.cap.keep = kill"),
         Capabilities(CapabilityPolicy.DENY, keep=("chown", "kill"))),
        (("lxc.cap.keep = chown none",), Capabilities(CapabilityPolicy.DENY)),
        (("lxc.cap.keep = chown", "lxc.cap.keep ="), None),
        ((), None),
    ],
)  # fmt: skip
def test_capabilities_add_up_and_an_empty_line_takes_them_back(
    lines: tuple[str, ...], means: Capabilities | None
) -> None:
    assert meant(native(*lines)).capabilities == means


def test_a_capability_that_lxc_would_not_know_is_told_with_its_mend() -> None:
    text = "lxc.uts.name = a\nlxc.rootfs.path = /a\nlxc.cap.drop = mknod CAP_SYS_TIME net_ram\n"
    reading = lxc(text)
    assert warnings(reading) == ["capability", "capability"]
    assert "did you mean net_raw?" in reading.problems[1].hint
    better = mended(text, reading.problems[0], "did-you-mean")
    assert "mknod sys_time net_ram" in better


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
        "lxc.cgroup2.pids.max = 100",
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


def test_a_number_that_is_converted_is_told() -> None:
    reading = native("lxc.cgroup2.cpu.weight = 50", "lxc.cgroup2.io.weight = 50")
    assert warnings(reading) == ["converted", "converted"]
    assert meant(reading).cpu.shares == 512
    assert meant(reading).io_weight == 250


def test_a_text_without_any_key_of_lxc_is_refused() -> None:
    reading = lxc("hello = world\n")
    assert reading.spec is None
    assert codes(reading) == ["foreign-root"]
