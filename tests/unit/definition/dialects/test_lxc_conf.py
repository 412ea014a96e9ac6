"""LXC's own configuration: what its keys mean, old and new, and how liblxc reads a line."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.conf_reading import (
    codes,
    lxc,
    meant,
    mended,
    native,
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
    Rlimit,
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
        (("lxc.console.buffer.size = auto",), "console_kib", 128),
        (("lxc.console.buffer.size = 512KB",), "console_kib", 512),
        (("lxc.console.buffer.size = 3 mb",), "console_kib", 4096),
        (("lxc.console.buffer.size = 70000",), "console_kib", 128),
        (("lxc.console.buffer.size = 0",), "console_kib", 4),
        (("lxc.console.buffer.size = 1MB", "lxc.console.buffer.size ="), "console_kib", None),
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
        (("lxc.cgroup.pids.max = 99", "lxc.cgroup2.pids.max = 99"), "processes", 99),
        (("lxc.cgroup2.pids.max = max",), "processes", None),
        (("lxc.prlimit.nofile = 1024:4096",), "rlimits", (Rlimit("nofile", 1024, 4096),)),
        (("lxc.limit.core = unlimited",), "rlimits", (Rlimit("core", None, None),)),
        (("lxc.prlimit.nofile = 9", "lxc.prlimit.nofile ="), "rlimits", ()),
        (("lxc.prlimit.odd = 9",), "rlimits", ()),
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


def test_a_number_that_is_converted_is_told() -> None:
    reading = native("lxc.cgroup2.cpu.weight = 50", "lxc.cgroup2.io.weight = 50")
    assert warnings(reading) == ["converted", "converted"]
    assert meant(reading).cpu.shares == 512
    assert meant(reading).io_weight == 250


def test_a_text_without_any_key_of_lxc_is_refused() -> None:
    reading = lxc("hello = world\n")
    assert reading.spec is None
    assert codes(reading) == ["foreign-root"]
