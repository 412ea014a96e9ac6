"""What is written in a text dialect reads back as it was meant, and the second time to the byte."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.unit.definition.dialects.conf_reading import (
    codes,
    conf,
    lxc,
    lxc_specs,
    meant,
    native,
    vz,
    vz_specs,
)
from tests.unit.definition.dialects.reading import sample

from cloche_engine.definition.dialects.lxc_conf.write import write as write_lxc
from cloche_engine.definition.dialects.openvz_conf.write import write as write_vz
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
    Rlimit,
)


@settings(max_examples=60, deadline=None)
@given(lxc_specs())
def test_what_lxc_can_hold_comes_back(spec: ContainerSpec) -> None:
    if not spec.interfaces and spec.network_isolated is None:
        spec = replace(spec, network_isolated=True)  # what silence means to LXC is written out
    reading = lxc(write_lxc(spec))
    assert reading.errors == ()
    assert reading.spec == spec
    assert write_lxc(meant(reading)) == write_lxc(spec)


@settings(max_examples=60, deadline=None)
@given(vz_specs())
def test_what_openvz_can_hold_comes_back(spec: ContainerSpec) -> None:
    reading = vz(write_vz(spec))
    assert reading.errors == ()
    assert reading.spec == spec
    assert write_vz(meant(reading)) == write_vz(spec)


@pytest.mark.parametrize("name", ["old.conf", "busybox.conf", "proxmox.conf"])
def test_real_files_of_lxc_are_fixed_points_from_the_second_time_on(name: str) -> None:
    first = lxc(sample(f"lxc/{name}"))
    again = lxc(write_lxc(meant(first)))
    assert again.errors == ()
    assert again.spec == first.spec
    assert write_lxc(meant(again)) == write_lxc(meant(first))


@pytest.mark.parametrize("name", ["ubc.conf", "vswap.conf"])
def test_real_files_of_openvz_are_fixed_points_from_the_second_time_on(name: str) -> None:
    first = vz(sample(f"openvz/{name}"), "105")
    again = vz(write_vz(meant(first)), "105")
    assert again.errors == ()
    assert again.spec == first.spec
    assert write_vz(meant(again)) == write_vz(meant(first))


HARD = "a\nb"
UNHOLDABLE = ContainerSpec(
    "one",
    uuid="no uuid",
    title=HARD,
    description='say "hi"\nthere',
    hostname=HARD,
    filesystems=(
        Filesystem(FilesystemKind.TEMPLATE, HARD, "/"),
        Filesystem(FilesystemKind.RAM, "", "/run"),
        Filesystem(FilesystemKind.FILE, "/a.img", "/a", options=("a b", "a,b")),
        Filesystem(FilesystemKind.MOUNT, HARD, HARD),
    ),
    interfaces=tuple(Interface(kind, HARD) for kind in InterfaceKind),
    program=("/bin/a", "'\""),
    environment=(("A", HARD),),
    user="root",
    cpu=Cpu(1, 1, None, HARD, HARD, 3),
    memory=Memory(1, 2, 0, 3),
    capabilities=Capabilities(keep=("new_one",), drop=("chown", "new_two")),
    arch="new",
    opaque=(
        Opaque("domain/clock", "<clock/>"),
        Opaque("lxc.hook.start", "lxc.hook.start = a\nlxc.hook.stop = b"),
        Opaque("lxc.net.99.mtu", "lxc.net.99.mtu = 1500"),
        Opaque("lxc.net.x", "lxc.net.x"),
        Opaque("lxc.kmsg", "lxc.kmsg = 0"),
        Opaque("FOO", 'FOO="a"\nNAME="b"'),
        Opaque("FOO", 'NAME="b"'),
    ),
)


def test_nothing_that_is_kept_or_cannot_be_written_adds_a_line_to_a_file() -> None:
    for text in (write_lxc(UNHOLDABLE).decode(), write_vz(UNHOLDABLE).decode()):
        for line in text.splitlines():
            assert line.startswith(("lxc.", "#")) or '="' in line, line
            assert not line.startswith(("lxc.hook.stop", "b", 'NAME="b"')), line
            assert "new" not in line
            assert "99" not in line
            assert "lxc.kmsg" not in line
    assert lxc(write_lxc(UNHOLDABLE)).spec is not None
    assert meant(vz(write_vz(UNHOLDABLE))).description == "say 'hi' there"


def test_limits_stand_for_both_versions_of_control_groups() -> None:
    spec = ContainerSpec(
        "one",
        cpu=Cpu(512, 50000),
        memory=Memory(65536, 32768, 98304),
        io_weight=250,
        processes=64,
        rlimits=(Rlimit("nofile", 1024, None),),
    )
    lines = write_lxc(spec).decode().splitlines()
    for line in (
        "lxc.cgroup.cpu.shares = 512",
        "lxc.cgroup.cpu.cfs_quota_us = 50000",
        "lxc.cgroup.memory.memsw.limit_in_bytes = 100663296",
        "lxc.cgroup.blkio.weight = 250",
        "lxc.cgroup2.cpu.weight = 50",
        "lxc.cgroup2.cpu.max = 50000 100000",
        "lxc.cgroup2.memory.high = 33554432",
        "lxc.cgroup2.memory.max = 67108864",
        "lxc.cgroup2.memory.swap.max = 33554432",
        "lxc.cgroup2.io.weight = 50",
        "lxc.cgroup.pids.max = 64",
        "lxc.cgroup2.pids.max = 64",
        "lxc.prlimit.nofile = 1024:unlimited",
    ):
        assert line in lines


@pytest.mark.parametrize("kind", [None, FilesystemKind.TEMPLATE, FilesystemKind.RAM])
def test_a_file_that_names_no_root_says_what_lxc_makes_of_that(kind: FilesystemKind | None) -> None:
    root = () if kind is None else (Filesystem(kind, "debian-12", "/"),)
    assert (
        "shares the root of this host" in write_lxc(ContainerSpec("a", filesystems=root)).decode()
    )


def test_lines_of_one_dialect_do_not_get_into_a_file_of_the_other() -> None:
    kept = (Opaque("lxc.autodev", "lxc.autodev=1"), Opaque("NUMPROC", 'NUMPROC="8:8"'))
    assert "NUMPROC" not in write_lxc(ContainerSpec("a", opaque=kept)).decode()
    assert "lxc" not in write_vz(ContainerSpec("a", opaque=kept)).decode()


def test_a_word_with_a_space_goes_to_the_command_that_takes_quotes() -> None:
    plain = write_lxc(ContainerSpec("one", program=("/bin/sh", "-x"))).decode()
    assert "lxc.init.cmd = /bin/sh -x" in plain
    quoted = write_lxc(ContainerSpec("one", program=("/bin/sh", "-c", "exit 1"))).decode()
    assert 'lxc.execute.cmd = /bin/sh -c "exit 1"' in quoted
    assert "# For lxc-execute" in quoted


def test_lxc_is_told_of_what_other_containers_have_anyway() -> None:
    text = write_lxc(ContainerSpec("one")).decode()
    assert "lxc.mount.auto = proc:mixed sys:mixed\nlxc.pty.max = 1024\n" in text
    assert meant(lxc(text)).opaque == ()
    kept = (Opaque("lxc.mount.entry", "lxc.mount.entry = proc proc proc defaults 0 0"),)
    assert "lxc.mount.auto" not in write_lxc(ContainerSpec("one", opaque=kept)).decode()
    shared = (Interface(InterfaceKind.HOST),)
    assert "= proc:mixed\n" in write_lxc(ContainerSpec("one", interfaces=shared)).decode()


def test_what_a_file_includes_does_not_override_its_own_lines() -> None:
    read = native("lxc.tty.max = 1", "lxc.include = /usr/share/lxc/config/common.conf")
    lines = write_lxc(meant(read)).decode().splitlines()
    assert lines[0].startswith("lxc.include")


def test_a_private_network_goes_to_the_bridge_of_lxcs_own_service() -> None:
    spec = ContainerSpec("one", interfaces=(Interface(addresses=("10.0.3.5/24",)),))
    text = write_lxc(spec).decode()
    assert "lxc.net.0.link = lxcbr0" in text
    assert "lxc.net.0.flags = up" in text


def test_lines_of_an_interface_keep_to_it_under_its_new_number() -> None:
    read = native(
        "lxc.net.7.type = veth",
        "lxc.net.7.mtu = 1400",
        "lxc.net.3.type = ipvlan",
        "lxc.net.3.link = eth0",
    )
    text = write_lxc(meant(read)).decode()
    assert "lxc.net.0.type = veth" in text
    assert "lxc.net.0.mtu = 1400" in text
    assert "lxc.net.1.type = ipvlan\nlxc.net.1.link = eth0" in text
    assert codes(lxc(text)) == []


def test_openvz_names_by_number_and_none_is_made_up() -> None:
    named = write_vz(ContainerSpec("web")).decode()
    assert 'NAME="web"' in named
    assert "NUMBER.conf" in named
    assert "VEID" not in named
    numbered = write_vz(ContainerSpec("105")).decode()
    assert numbered == 'VEID="105"\n'
    assert meant(vz(numbered)).name == "105"


def test_a_cpu_limit_that_is_no_whole_percent_is_rounded_up() -> None:
    text = write_vz(ContainerSpec("one", cpu=Cpu(quota_us=3333, period_us=10000))).decode()
    assert 'CPULIMIT="34"' in text


def test_the_lines_of_a_kept_parameter_give_way_to_what_was_set_since() -> None:
    read = conf('PHYSPAGES="0:262144"', 'PRIVVMPAGES="1000:2000"')
    spec = meant(read)
    assert spec.memory == Memory(1048576)
    assert [kept.path for kept in spec.opaque] == ["PRIVVMPAGES"]
    changed = write_vz(ContainerSpec("one", memory=Memory(8192, 4096), opaque=spec.opaque))
    assert changed.decode().count("PRIVVMPAGES") == 1
    assert meant(vz(changed)).memory == Memory(8192, 4096)
