"""OpenVZ's CTID.conf: what its parameters mean, how a line is cut, and what is refused."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects.conf_reading import (
    codes,
    conf,
    meant,
    mended,
    the_error,
    vz,
    warnings,
)
from tests.unit.definition.dialects.reading import sample

from cloche_engine.definition.dialects.openvz_conf.write import write
from cloche_engine.definition.spec import (
    Capabilities,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
    Opaque,
)

MAX = 2**63 - 1


def test_a_file_of_beancounters_is_read_as_libvirt_reads_it() -> None:
    reading = vz(sample("openvz/ubc.conf"), "105")
    spec = meant(reading)
    assert reading.errors == ()
    assert spec.name == "105"
    assert spec.memory == Memory(1480000, 1440000, None, 1440000)
    assert spec.filesystems == (
        Filesystem(
            FilesystemKind.TEMPLATE, "rhel-5-web", "/", size_kib=118506717, soft_kib=107733379
        ),
    )
    assert spec.interfaces == (Interface(InterfaceKind.ETHERNET, addresses=("192.0.2.88",)),)
    assert spec.nameservers == ("192.0.2.1", "192.0.2.2")
    assert spec.hostname == "web.example.org"
    assert spec.autostart is True
    assert spec.processes == 8000
    assert [kept.path for kept in spec.opaque] == [
        "AVNUMPROC", "KMEMSIZE", "OOMGUARPAGES", "LOCKEDPAGES", "DISKINODES",
        "DISKINODES", "QUOTATIME", "DISK_QUOTA",
    ]  # fmt: skip


def test_a_file_with_ram_and_swap_is_read_whole() -> None:
    reading = vz(sample("openvz/vswap.conf"), "105")
    spec = meant(reading)
    assert reading.errors == ()
    assert spec.uuid == "8dfd44b31e7646d3bd32c3fd3a8a4a21"
    assert spec.memory == Memory(524288, None, 1572864)
    assert spec.cpu == Cpu(1000, 150000, 100000, "0-1", None, 2)
    assert spec.filesystems == (
        Filesystem(
            FilesystemKind.MOUNT, "/vz/private/105", "/", size_kib=2306867, soft_kib=2097152
        ),
    )
    assert [interface.addresses for interface in spec.interfaces[:3]] == [
        ("192.0.2.7",),
        ("192.0.2.130/25",),
        ("2001:db8::7/64",),
    ]
    assert spec.interfaces[3:] == (
        Interface(
            InterfaceKind.BRIDGE, "vmbr0", "00:18:51:AA:BB:CC", "eth0", host_name="veth105.0"
        ),
    )
    assert spec.capabilities == Capabilities(keep=("net_admin",), drop=("sys_time",))
    assert spec.profile == "vswap-512m"
    assert spec.description == "Mail, and the list archive"


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ('DESCRIPTION="a b"', "a b"),
        ("DESCRIPTION=ab", "ab"),
        ('DESCRIPTION="a b', "a b"),
        ('DESCRIPTION="a" # "b"', "a"),
        ('DESCRIPTION="a\tb"', "a"),
        ('DESCRIPTION=""', None),
        ('  DESCRIPTION="a"', "a"),
        ('DESCRIPTION="a=#b"\r', "a=#b"),
    ],
)
def test_a_value_ends_at_a_quote_a_tab_or_the_end(line: str, means: str | None) -> None:
    assert meant(conf(line)).description == means


def test_the_last_value_that_is_not_empty_counts() -> None:
    reading = conf('HOSTNAME="a"', 'HOSTNAME="b"', 'HOSTNAME=""')
    assert meant(reading).hostname == "b"
    assert warnings(reading) == ["duplicate"]


def test_a_space_beside_the_equals_sign_is_told_with_its_mend() -> None:
    text = 'NAME="a"\nHOSTNAME = "b"\n'
    reading = vz(text)
    assert warnings(reading) == ["syntax"]
    assert meant(reading).hostname is None
    assert meant(vz(mended(text, reading.problems[0], "spaces"))).hostname == "b"


@pytest.mark.parametrize(
    ("lines", "memory"),
    [
        (['PHYSPAGES="0:131072"'], Memory(524288)),
        (['PHYSPAGES="131072"'], Memory(524288)),
        (['PHYSPAGES="0:512M"'], Memory(524288)),
        (['PHYSPAGES="0:1.5G"', 'SWAPPAGES="0:1g"'], Memory(1572864, None, 2621440)),
        (['PHYSPAGES="0:131072"', 'SWAPPAGES="0"'], Memory(524288, None, 524288)),
        (['PHYSPAGES="0:131072"', 'SWAPPAGES="0:unlimited"'], Memory(524288)),
        (['PHYSPAGES="0:unlimited"', 'PRIVVMPAGES="1000:2000"'], Memory(8000, 4000)),
        ([f'PHYSPAGES="0:{MAX}"', f'PRIVVMPAGES="{MAX}:{MAX}"'], Memory()),
        (['PHYSPAGES="0:2147483647"'], Memory()),
        (['PRIVVMPAGES="1000"'], Memory(4000)),
        ([f'VMGUARPAGES="1000:{MAX}"'], Memory(guarantee_kib=4000)),
        (['VMGUARPAGES="0:unlimited"'], Memory()),
    ],
)
def test_t14_memory_is_counted_in_pages(lines: list[str], memory: Memory) -> None:
    reading = conf(*lines)
    assert reading.errors == ()
    assert meant(reading).memory == memory


@pytest.mark.parametrize("size", ["x", "1:2:3", "-1", "1:", "1q", "1.", ":1"])
def test_t14_what_is_no_size_is_refused(size: str) -> None:
    assert codes(conf(f'PHYSPAGES="{size}"')) == ["memory"]


def test_t14_a_soft_limit_above_the_hard_one_is_refused() -> None:
    assert codes(conf('PRIVVMPAGES="2000:1000"')) == ["memory"]


@pytest.mark.parametrize(
    ("line", "cpu"),
    [
        ('CPUUNITS="1000"', Cpu(1000)),
        ('CPULIMIT="25"', Cpu(None, 25000, 100000)),
        ('CPULIMIT="250%"', Cpu(None, 250000, 100000)),
        ('CPULIMIT="0"', Cpu()),
        ('CPUMASK="0-3,7"', Cpu(cpuset="0-3,7")),
        ('CPUMASK="all"', Cpu()),
        ('NODEMASK="0"', Cpu(mems="0")),
        ('CPUS="4"', Cpu(count=4)),
        ('CPUS="unlimited"', Cpu()),
    ],
)
def test_t16_processors_are_limited_by_weight_percent_mask_and_number(line: str, cpu: Cpu) -> None:
    reading = conf(line)
    assert reading.errors == ()
    assert meant(reading).cpu == cpu


def test_t15_a_weight_is_taken_one_for_one_and_told() -> None:
    assert warnings(conf('CPUUNITS="1000"')) == ["converted"]
    beyond = conf('CPUUNITS="400000"')
    assert meant(beyond).cpu.shares is None
    assert warnings(beyond) == ["not-supported-yet"]
    assert [kept.path for kept in meant(beyond).opaque] == ["CPUUNITS"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('NETIF="ifname=eth0,mac=00:11"', "mac"),
        ('NETIF="ifname=a/b"', "device"),
        ('NETDEV="a/b"', "device"),
        ('NAMESERVER="a"', "address"),
        ('HOSTNAME="a_b"', "hostname"),
        ('CPUMASK="1-0"', "cpuset"),
        ('CPUS="many"', "vcpu"),
        ('CPULIMIT="some"', "quota"),
        ('CPUUNITS="-1"', "cpushare"),
        ('ONBOOT="maybe"', "onboot"),
        ('CAPABILITY="NET_ADMIN"', "capability"),
        ('OSTEMPLATE="../x"', "template"),
        ('VE_PRIVATE="private/105"', "path"),
        ('VE_PRIVATE="/vz/../etc"', "path"),
        ('VE_PRIVATE="/"', "path"),
        ('DISKSPACE="much"', "quota"),
        ("#UUID: 8dfd44b3", "uuid"),
        ("#UUID: {8dfd44b3-1e76-46d3-bd32-c3fd3a8a4a21}", "uuid"),
    ],
)
def test_what_is_refused_is_refused_by_name(line: str, code: str) -> None:
    reading = conf(line)
    assert codes(reading) == [code]
    assert reading.spec is not None


def test_who_moves_a_container_gets_its_files_and_no_fresh_copy_of_its_template() -> None:
    text = 'VE_PRIVATE="/vz/private/$VEID"\nOSTEMPLATE="debian-5.0-i386"\n'
    spec = meant(vz(text, "105"))
    assert spec.filesystems == (Filesystem(FilesystemKind.MOUNT, "/vz/private/105", "/"),)
    assert spec.opaque == (Opaque("OSTEMPLATE", 'OSTEMPLATE="debian-5.0-i386"'),)
    assert meant(vz(write(spec))) == spec


def test_a_directory_that_was_kept_beside_a_template_does_not_become_the_root() -> None:
    root = Filesystem(FilesystemKind.TEMPLATE, "debian-5.0-i386", "/")
    kept = (Opaque("VE_PRIVATE", 'VE_PRIVATE="/vz/private/105"'),)
    spec = ContainerSpec("105", filesystems=(root,), opaque=kept)
    assert meant(vz(write(spec))).filesystems == (root,)


@pytest.mark.parametrize(
    ("value", "processes", "told"),
    [
        ("240:240", 240, []),
        ("200:240", 240, []),
        ("240", 240, []),
        (f"{MAX}:{MAX}", None, []),
        ("unlimited", None, []),
        ("0:0", None, ["not-supported-yet"]),
        ("many", None, ["not-supported-yet"]),
    ],
)
def test_numproc_limits_processes(value: str, processes: int | None, told: list[str]) -> None:
    reading = conf(f'NUMPROC="{value}"')
    assert (meant(reading).processes, codes(reading), warnings(reading)) == (processes, [], told)
    assert [kept.path for kept in meant(reading).opaque] == ["NUMPROC"] * len(told)


def test_t18_a_uuid_stands_in_a_comment_whatever_its_version() -> None:
    spec = meant(conf("#UUID: 8DFD44B3-1e76-d6d3-0d32-c3fd3a8a4a21"))
    assert spec.uuid == "8dfd44b31e76d6d30d32c3fd3a8a4a21"


@pytest.mark.parametrize(
    ("lines", "number", "name"),
    [
        (['NAME="web"'], "105", "web"),
        (['ONBOOT="yes"'], "105", "105"),
        (['VEID="106"'], None, "106"),
        (['VE_PRIVATE="/vz/private/107"'], None, "107"),
        (['HOSTNAME="web"'], None, "web"),
    ],
)
def test_t19_the_name_is_named_or_numbered(lines: list[str], number: str | None, name: str) -> None:
    reading = vz("\n".join(lines), number)
    assert reading.errors == ()
    assert meant(reading).name == name


def test_t19_without_name_and_number_there_is_none() -> None:
    reading = vz('ONBOOT="yes"\nVE_PRIVATE="/vz/private/$VEID"\n')
    assert codes(reading) == []
    assert meant(reading).name == ""
    assert sorted(warnings(reading)) == ["missing", "path"]
    assert any("101.conf" in problem.reason for problem in reading.problems)


def test_t19_numbers_that_openvz_keeps_are_told_and_0_is_no_container() -> None:
    assert warnings(vz('ONBOOT="yes"', "100")) == ["name"]
    assert warnings(vz('ONBOOT="yes"', "101")) == []
    assert codes(vz('ONBOOT="yes"', "0")) == ["name"]


@pytest.mark.parametrize("number", ["$VEID", "${VEID}"])
def test_the_number_stands_in_a_path_as_the_shell_writes_it(number: str) -> None:
    text = f'VE_PRIVATE="/vz/private/{number}/fs"'
    assert meant(vz(text, "105")).filesystems[0].source == "/vz/private/105/fs"
    assert warnings(vz(f'{text}\nNAME="web"')) == ["path"]


def test_t19_a_name_that_cannot_be_gets_another_by_its_fix() -> None:
    text = 'NAME="my server"\n'
    problem = the_error(vz(text))
    assert problem.code == "name"
    assert meant(vz(mended(text, problem, "rename"))).name == "my-server"


@pytest.mark.parametrize("key", ["DEVICES", "DEVNODES", "PCI", "FEATURES"])
def test_a_kept_parameter_that_reaches_out_to_the_host_counts_as_root(key: str) -> None:
    reading = conf(f'{key}="x:rw"')
    assert warnings(reading) == ["privileged"]
    assert [kept.path for kept in meant(reading).opaque] == [key]


def test_an_unknown_parameter_is_kept_and_its_nearest_is_told() -> None:
    text = 'NAME="a"\nHOSTNAM="b"\nwords\n'
    reading = vz(text)
    assert warnings(reading) == ["unknown-key", "syntax"]
    assert [kept.text for kept in meant(reading).opaque] == ['HOSTNAM="b"', "words"]
    assert meant(vz(mended(text, reading.problems[0], "did-you-mean"))).hostname == "b"


def test_what_the_host_decides_is_kept() -> None:
    spec = meant(conf('NAMESERVER="inherit"', 'ONBOOT="auto"', 'CPUMASK="auto"'))
    assert (spec.nameservers, spec.autostart, spec.cpu.cpuset) == ((), None, None)
    assert [kept.path for kept in spec.opaque] == ["NAMESERVER", "ONBOOT", "CPUMASK"]


def test_a_text_without_any_parameter_of_openvz_is_refused() -> None:
    reading = vz("hello=world\n")
    assert reading.spec is None
    assert codes(reading) == ["foreign-root"]


@pytest.mark.parametrize("layout", ["ploop", "ploop:expanded:4"])
def test_files_in_a_ploop_image_are_told_with_the_way_out(layout: str) -> None:
    reading = conf('VE_PRIVATE="/vz/private/7"', f'VE_LAYOUT="{layout}"')
    (problem,) = reading.problems
    assert (problem.code, problem.is_error) == ("ploop", False)
    assert problem.reason.startswith("the files lie in a ploop image, which Cloche cannot mount: ")
    assert "/vz/private/7/root.hdd/DiskDescriptor.xml" in problem.hint
    assert problem.line == 3
    assert [kept.path for kept in meant(reading).opaque] == ["VE_LAYOUT"]


@pytest.mark.parametrize(
    "lines",
    [
        ('VE_PRIVATE="/vz/private/7"', 'VE_LAYOUT="simfs"'),
        ('OSTEMPLATE="debian"', 'VE_LAYOUT="ploop"'),
    ],
)
def test_a_layout_that_is_in_nobodys_way_is_only_kept(lines: tuple[str, ...]) -> None:
    reading = conf(*lines)
    assert reading.problems == ()
    assert [kept.path for kept in meant(reading).opaque] == ["VE_LAYOUT"]
