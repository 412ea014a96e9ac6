"""The empty cells of the mapping table: all that a dialect cannot say is told, and nothing else."""

from __future__ import annotations

import re

import pytest

from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.dialects import rooms
from cloche_engine.definition.dialects.dialect import TEXTS, Dialect
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    IdMap,
    IdRange,
    Interface,
    InterfaceKind,
    IoDevice,
    Memory,
    Opaque,
    Rlimit,
    Route,
    SharedNamespace,
)

RANGES = (IdRange(0, 100000, 65536),)
FULL = ContainerSpec(
    name="105",
    uuid="8dfd44b31e7646d3bd32c3fd3a8a4a21",
    title="a title",
    description="notes",
    hostname="web.example.org",
    filesystems=(
        Filesystem(FilesystemKind.MOUNT, "/srv/root", "/", size_kib=1024, soft_kib=512),
        Filesystem(FilesystemKind.MOUNT, "/srv/a", "/a", readonly=True, options=("nodev",)),
    ),
    interfaces=(
        Interface(
            InterfaceKind.BRIDGE,
            "br0",
            "52:54:00:12:34:56",
            "eth0",
            ("10.0.0.2/24",),
            (Route("10.9.0.0/16", "10.0.0.1", 5),),
            "10.0.0.1",
            host_name="v0",
        ),
    ),
    nameservers=("1.1.1.1",),
    program=("/bin/sh", "-c"),
    environment=(("A", "b"),),
    directory="/srv",
    user="www",
    group="www",
    cpu=Cpu(512, 20000, 50000, "0-1", "0", 2),
    memory=Memory(65536, 32768, 131072, 16384),
    consoles=2,
    console_ttys=("/dev/pts/4", "/dev/pts/5"),
    io_weight=500,
    processes=100,
    console_kib=1024,
    io_devices=(IoDevice("/dev/sda", 200, 4096),),
    rlimits=(Rlimit("nofile", 1024, 4096),),
    idmap=IdMap(RANGES, RANGES),
    capabilities=Capabilities(CapabilityPolicy.DENY, keep=("chown",)),
    namespaces=(SharedNamespace("ipc", "name", "web"),),
    on_poweroff="destroy",
    on_reboot="restart",
    on_crash="destroy",
    autostart=True,
    arch="x86_64",
    machine="pc",
    profile="vps.basic",
    stop_signal="SIGINT",
    stop_grace=3,
    system=True,
    privileged=False,
    opaque=(Opaque("domain/clock", "<clock offset='utc'/>"),),
)
PROGRAM = "program environment directory user group"
ENDS = "on_poweroff on_reboot on_crash"
LINK = "interfaces.kind interfaces.source interfaces.mac interfaces.name interfaces.host_name"
KIND = "system privileged stop_signal stop_grace"
RIGHTS = f"idmap capabilities namespaces {KIND}"
EACH = "processes rlimits console_kib"
LIMITS = f"memory.soft_kib memory.swap_kib memory.guarantee_kib io_weight io_devices {EACH}"

LOST = {
    Dialect.LINUXCONTAINER: "",
    Dialect.LINUXCONTAINER_V1: f"title description {PROGRAM} filesystems.readonly {LINK} {ENDS}"
    f" filesystems.options filesystems.size_kib filesystems.soft_kib interfaces.routes {RIGHTS}"
    f" cpu.quota_us cpu.period_us cpu.cpuset cpu.mems cpu.count {LIMITS} autostart arch machine"
    " profile",
    Dialect.LIBVIRT_LXC: "hostname nameservers filesystems.options autostart machine profile"
    f" console_ttys {KIND} {EACH}",
    Dialect.OPENVZ: f"title hostname nameservers {PROGRAM} filesystems.options cpu.mems {RIGHTS}"
    f" memory.swap_kib consoles console_ttys io_weight io_devices {EACH} autostart machine profile",
    Dialect.VSERVER: f"uuid title description {PROGRAM} filesystems.readonly filesystems.options"
    f" filesystems.size_kib filesystems.soft_kib {LINK} interfaces.routes interfaces.gateway"
    f" nameservers cpu.shares cpu.mems cpu.count {LIMITS} consoles {RIGHTS} {ENDS} autostart arch"
    " console_ttys profile",
}


@pytest.mark.parametrize("target", LOST)
def test_what_a_dialect_has_no_place_for_is_lost_and_told(target: Dialect) -> None:
    conversion = convert(rooms.writer(Dialect.LINUXCONTAINER).write(FULL), target)
    assert conversion.errors == ()
    lost = {re.sub(r"\[[0-9]+\]", "", loss.path) for loss in conversion.losses}
    assert lost == set(LOST[target].split())
    assert all(loss.why and loss.value is not None for loss in conversion.losses)


@pytest.mark.parametrize("target", LOST)
def test_what_was_lost_once_is_not_lost_again(target: Dialect) -> None:
    first = convert(rooms.writer(Dialect.LINUXCONTAINER).write(FULL), target)
    again = convert(first.text or b"", target)
    assert again.losses == ()
    assert again.text == first.text


@pytest.mark.parametrize("target", sorted(set(Dialect) - TEXTS))
def test_what_is_not_understood_is_kept_in_every_dialect_that_is_xml(target: Dialect) -> None:
    conversion = convert(rooms.writer(Dialect.LINUXCONTAINER).write(FULL), target)
    back = read(conversion.text or b"", target, overrides=True).spec
    assert back is not None
    assert set(FULL.opaque) <= set(back.opaque)
