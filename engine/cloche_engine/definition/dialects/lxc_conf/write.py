"""Writes a configuration for LXC 3 and later.

Limits stand twice, for control groups of v1 and v2: LXC overlooks those of the version that a host
has not. Lines that are kept come first, so that what a file includes is overridden and not the
other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.conf.lines import Line
from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.dialects.lxc_conf import keys
from cloche_engine.definition.dialects.lxc_conf.capabilities import DROP, KEEP, NOTHING
from cloche_engine.definition.dialects.lxc_conf.console import console_size
from cloche_engine.definition.dialects.lxc_conf.mounts import ENTRY
from cloche_engine.definition.dialects.lxc_conf.program import EXECUTE, INIT
from cloche_engine.definition.dialects.lxc_conf.rlimits import rlimits
from cloche_engine.definition.dialects.lxc_conf.shared import NETNS, SHARE
from cloche_engine.definition.dialects.lxc_conf.text import (
    assignment,
    join_words,
    parse_line,
    split_at_spaces,
)
from cloche_engine.definition.dialects.lxc_conf.write_limits import limits
from cloche_engine.definition.dialects.lxc_conf.write_mounts import filesystems
from cloche_engine.definition.dialects.lxc_conf.write_net import network
from cloche_engine.definition.schema.domain import CAPABILITIES
from cloche_engine.definition.spec import CapabilityPolicy, ContainerSpec, IdMap, InterfaceKind

REASONS = (
    Reason("uuid", "LXC knows a container by its name alone"),
    Reason("title", "LXC keeps no title"),
    Reason("description", "LXC keeps no description"),
    Reason("hostname", "lxc.uts.name is the host name and the only name that a file has"),
    Reason("nameservers", "LXC leaves /etc/resolv.conf to the system inside"),
    Reason("program", "liblxc cannot quote a word with both kinds of quotes, or a line break"),
    Reason("environment", "a line of the file holds no line break"),
    Reason("user", "lxc.init.uid takes a number alone"),
    Reason("group", "lxc.init.gid takes a number alone"),
    Reason("filesystems", "lxc.mount.entry mounts directories, devices and tmpfs of a given size"),
    Reason("filesystems.size_kib", "LXC limits the size of a tmpfs alone"),
    Reason("filesystems.soft_kib", "LXC limits the size of a tmpfs alone"),
    Reason("filesystems.access", "LXC maps a mount as the container, or not at all"),
    Reason("filesystems.owner", "LXC maps no single owner of a mount"),
    Reason("interfaces", "LXC makes veth, macvlan and the devices that the host has"),
    Reason("interfaces.kind", "LXC makes no network; lxcbr0 is that of its service lxc-net"),
    Reason("interfaces.source", "LXC connects to a bridge or device of the host"),
    Reason("interfaces.addresses", "LXC takes addresses with a prefix alone"),
    Reason("interfaces.routes", "LXC sets the default route alone"),
    Reason("interfaces.forwards", "LXC forwards no ports"),
    Reason("interfaces.host_name", "lxc.net.N.veth.pair is there for veth alone"),
    Reason("interfaces.mode", "only macvlan has modes"),
    Reason("console_kib", "LXC takes a power of two and rounds up to it"),
    Reason("console_ttys", "LXC makes the terminals of consoles itself"),
    Reason("cpu.count", "LXC limits which CPUs and how much of them, not how many are seen"),
    Reason("cpu.shares", "lxc.cgroup.cpu.shares goes from 2 to 262144"),
    Reason("memory", "LXC writes limits of memory in bytes"),
    Reason("capabilities", "LXC either drops some capabilities of all or keeps some of them"),
    Reason("capabilities.policy", "LXC has no set of its own that a container begins with"),
    Reason("arch", "LXC reads nothing of a file with an architecture that it does not know"),
    Reason("machine", "LXC sets the personality by lxc.arch alone"),
    Reason("system", "LXC does not tell systems from applications"),
    Reason("privileged", "LXC says it by leaving lxc.idmap out"),
    Reason("stop_signal", "Cloche does not write lxc.signal.halt"),
    Reason("stop_grace", "lxc-stop is told how long to wait"),
    Reason("io_devices", "LXC names disks by their numbers, which other computers give anew"),
    Reason("rlimits", "the kernel has no limit of that name"),
    Reason("profile", "LXC takes settings from files, by lxc.include"),
    Reason("on_poweroff", "what follows the end is decided by the command that starts it"),
    Reason("on_reboot", "LXC starts a container again that reboots"),
    Reason("on_crash", "what follows the end is decided by the command that starts it"),
    Reason("namespaces", "lxc.namespace.share takes the name of a container or a process id"),
    Reason("opaque", "it is no line of an LXC configuration, or of an interface that is gone"),
)


_PROC = re.compile(r"\s/?proc\s")


def write(spec: ContainerSpec) -> bytes:
    """The file; what no key holds is left out."""
    text = "".join(f"{line}\n" for line in _lines(spec) if line is not None)
    return text.encode()


def _lines(spec: ContainerSpec) -> Iterator[str | None]:
    yield from _kept(spec)
    yield from _implied(spec)
    yield assignment("lxc.uts.name", spec.name)
    if spec.arch in keys.ARCHITECTURES:
        yield assignment("lxc.arch", spec.arch or "")
    yield from filesystems(spec)
    yield from _program(spec)
    if spec.consoles is not None:
        yield f"lxc.tty.max = {spec.consoles}"
    if spec.console_kib is not None:
        yield console_size(spec.console_kib)
    if spec.autostart is not None:
        yield f"lxc.start.auto = {int(spec.autostart)}"
    yield from _idmap(spec.idmap)
    yield from _capabilities(spec)
    yield from limits(spec)
    yield from rlimits(spec.rlimits)
    for shared in spec.namespaces:
        value = NETNS + shared.value if shared.how == "netns" else shared.value
        yield assignment(SHARE + shared.kind, value)
    yield from network(spec)


def _kept(spec: ContainerSpec) -> Iterator[str]:
    for entry in spec.opaque:
        if not entry.path.startswith("lxc.") or entry.path.startswith("lxc.net."):
            continue
        found = parse_line(Line(entry.text, 0, 0)) if not names.valid_line(entry.text) else None
        if found is not None and found.key == entry.path and found.key not in keys.GONE:
            yield entry.text


def _implied(spec: ContainerSpec) -> Iterator[str]:
    """/proc, /sys and /dev/pts, which LXC makes where a line or an included file says so.

    A container of a user namespace without a network of its own cannot mount /sys.
    """
    kept = {entry.path for entry in spec.opaque}
    has_proc = any(entry.path == ENTRY and _PROC.search(entry.text) for entry in spec.opaque)
    shares = any(interface.kind is InterfaceKind.HOST for interface in spec.interfaces)
    if not has_proc and not kept & {"lxc.mount.auto", "lxc.include"}:
        yield f"lxc.mount.auto = {keys.IMPLIED['lxc.mount.auto'][shares]}"
    if not kept & {"lxc.pty.max", "lxc.include"}:
        yield f"lxc.pty.max = {keys.IMPLIED['lxc.pty.max'][0]}"


def _program(spec: ContainerSpec) -> Iterator[str | None]:
    plain, quoted = " ".join(spec.program), join_words(spec.program)
    if split_at_spaces(plain) == spec.program:
        yield assignment(INIT, plain) if plain else None
    elif quoted is not None:
        yield "# For lxc-execute: lxc-start takes no word with a space."
        yield assignment(EXECUTE, quoted)
    if spec.directory is not None:
        yield assignment("lxc.init.cwd", spec.directory)
    for key, value in (("lxc.init.uid", spec.user), ("lxc.init.gid", spec.group)):
        if value is not None and value.isdecimal() and value.isascii():
            yield f"{key} = {value}"
    for name, value in spec.environment:
        yield assignment("lxc.environment", f"{name}={value}")


def _idmap(idmap: IdMap | None) -> Iterator[str]:
    for kind, ranges in (("u", idmap.uid), ("g", idmap.gid)) if idmap is not None else ():
        for part in ranges:
            yield f"lxc.idmap = {kind} {part.inside} {part.host} {part.count}"


def _capabilities(spec: ContainerSpec) -> Iterator[str]:
    """LXC takes either key: what an included file drops is taken back where some are kept."""
    capabilities = spec.capabilities
    if capabilities is None:
        return
    deny = capabilities.policy is CapabilityPolicy.DENY
    wanted = capabilities.keep if deny else capabilities.drop
    known = " ".join(name for name in wanted if name in CAPABILITIES)
    if deny:
        if any(kept.path == "lxc.include" for kept in spec.opaque):
            yield f"{DROP} ="
        yield f"{KEEP} = {known or NOTHING}"
    else:
        yield f"{DROP} = {known}".rstrip()
