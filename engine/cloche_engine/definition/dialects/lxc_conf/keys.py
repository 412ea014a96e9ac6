"""The keys of lxc.container.conf(5): their names today, and which reach out to the host."""

from __future__ import annotations

import re
from functools import lru_cache

RENAMED = {
    "lxc.aa_allow_incomplete": "lxc.apparmor.allow_incomplete",
    "lxc.aa_profile": "lxc.apparmor.profile",
    "lxc.console": "lxc.console.path",
    "lxc.devttydir": "lxc.tty.dir",
    "lxc.haltsignal": "lxc.signal.halt",
    "lxc.id_map": "lxc.idmap",
    "lxc.init_cmd": "lxc.init.cmd",
    "lxc.init_gid": "lxc.init.gid",
    "lxc.init_uid": "lxc.init.uid",
    "lxc.logfile": "lxc.log.file",
    "lxc.loglevel": "lxc.log.level",
    "lxc.mount": "lxc.mount.fstab",
    "lxc.pts": "lxc.pty.max",
    "lxc.rebootsignal": "lxc.signal.reboot",
    "lxc.rootfs": "lxc.rootfs.path",
    "lxc.se_context": "lxc.selinux.context",
    "lxc.seccomp": "lxc.seccomp.profile",
    "lxc.stopsignal": "lxc.signal.stop",
    "lxc.syslog": "lxc.log.syslog",
    "lxc.tty": "lxc.tty.max",
    "lxc.utsname": "lxc.uts.name",
}
"""Keys of LXC 1 and 2, and what version 3 calls them (lxc-update-config)."""

GONE = frozenset({"lxc.rootfs.backend", "lxc.pivotdir", "lxc.kmsg"})
"""Keys that LXC 3 and later refuse, and that nothing came after."""

READ = frozenset(
    """
    lxc.arch lxc.cap.drop lxc.cap.keep lxc.console.buffer.size lxc.environment lxc.execute.cmd
    lxc.idmap lxc.include lxc.init.cmd lxc.init.cwd lxc.init.gid lxc.init.uid lxc.mount.entry
    lxc.mount.fstab lxc.rootfs.options lxc.rootfs.path lxc.start.auto lxc.tty.max lxc.uts.name
    """.split()
)
"""Keys that have a meaning here, besides those of networks and control groups."""

_HOST_FILE = "it lets root write a file of the host"
_HOST_PROGRAM = "it runs a program on the host as root"
_KEPT = {
    "lxc.apparmor": "",
    "lxc.autodev": "",
    "lxc.cgroup": "",
    "lxc.cgroup2": "",
    "lxc.console": "",
    "lxc.console.logfile": _HOST_FILE,
    "lxc.console.path": "it opens a device of the host",
    "lxc.ephemeral": "",
    "lxc.group": "",
    "lxc.hook": _HOST_PROGRAM,
    "lxc.hook.version": "",
    "lxc.keyring": "",
    "lxc.log": "",
    "lxc.log.file": _HOST_FILE,
    "lxc.monitor": "",
    "lxc.mount.auto": "",
    "lxc.namespace.clone": "",
    "lxc.namespace.keep": "it shares namespaces of the host",
    "lxc.namespace.share": "it shares a namespace of another process",
    "lxc.no_new_privs": "",
    "lxc.prlimit": "",
    "lxc.proc": "",
    "lxc.pty": "",
    "lxc.rootfs.managed": "",
    "lxc.rootfs.mount": "",
    "lxc.sched": "",
    "lxc.seccomp": "",
    "lxc.selinux": "",
    "lxc.signal": "",
    "lxc.start": "",
    "lxc.sysctl": "it can set kernel parameters of the host",
    "lxc.time": "",
    "lxc.tty.dir": "",
}
NAMES = (*READ, *RENAMED, *(key for key in _KEPT if key.count(".") > 1))
"""Whole keys that an unknown one may have been meant to be."""

# Of the default configuration: null, zero, full, random, urandom, terminals, fuse; or mknod alone.
_HARMLESS_DEVICE = re.compile(r"c (?:1:[35789]|5:[012]|136:\*|10:229) [rwm]+|[abc] \S+ m")

IMPLIED = {
    "lxc.mount.auto": ("proc:mixed sys:mixed", "proc:mixed"),
    "lxc.pty.max": ("1024",),
}
"""What containers of other dialects have without saying so, and LXC's only where a line says so."""

NET_READ = frozenset(
    """
    type link name hwaddr flags veth.pair macvlan.mode vlan.id ipv4.address ipv4.gateway
    ipv6.address ipv6.gateway
    """.split()
)
"""What of `lxc.net.N.` has a meaning here."""

NET_KEPT = {
    "mtu": "",
    "veth.mode": "",
    "veth.ipv4.route": "it sets routes on the host",
    "veth.ipv6.route": "it sets routes on the host",
    "veth.vlan.id": "",
    "veth.vlan.tagged.id": "",
    "veth.n_rxqueues": "",
    "veth.n_txqueues": "",
    "ipvlan.mode": "",
    "ipvlan.isolation": "",
    "l2proxy": "it answers for the container on the host's network",
    "script.up": _HOST_PROGRAM,
    "script.down": _HOST_PROGRAM,
}
"""What of `lxc.net.N.` is kept as it is, and why that may count as root."""

NET_RENAMED = {"ipv4": "ipv4.address", "ipv6": "ipv6.address"}

ARCHITECTURES = frozenset(
    """
    aarch64 amd64 arm arm64 armel armhf armv7l athlon i386 i486 i586 i686 linux32 linux64
    loongarch64 mips mips64 mips64el mipsel powerpc powerpc64 ppc ppc64 ppc64el ppc64le riscv64
    s390x x86 x86_64
    """.split()
)
"""What lxc.arch may say; LXC reads nothing of a file with another."""


def modern(key: str) -> str:
    """What LXC 3 and later call a key, networks aside."""
    if key.startswith("lxc.limit."):
        return "lxc.prlimit." + key.removeprefix("lxc.limit.")
    return RENAMED.get(key, key)


@lru_cache(maxsize=512)
def is_known(key: str) -> bool:
    """Whether LXC has a key of that name, kept here as it is."""
    return _reason(key) is not None or key in GONE


def privilege(key: str, value: str) -> str:
    """Why a line that is kept counts as root on the host; empty where it does not."""
    if key.endswith(".devices.allow") and value:
        return "" if _HARMLESS_DEVICE.fullmatch(value) else "it opens devices of the host"
    if key == "lxc.console.path" and value == "none":
        return ""
    if key == "lxc.mount.auto" and ":rw" in value:
        return "it lets the container write to kernel files"
    if key == "lxc.apparmor.profile" and value == "unconfined":
        return "it takes AppArmor's confinement away"
    return _reason(key) or "" if value else ""


def _reason(key: str) -> str | None:
    parts = key.split(".", 8)
    for length in range(len(parts), 1, -1):
        found = _KEPT.get(".".join(parts[:length]))
        if found is not None:
            return found
    return None
