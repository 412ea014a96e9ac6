"""The list of steps of a start, which its child runs between clone3 and execve.

What the kernel demands of the order: proc and sysfs are mounted while the old root, with its
unmasked proc, is still there, and masked after; whatever makes a file comes after the id maps; the
hostname before the capabilities go; ids before capabilities; no_new_privs before seccomp, and
seccomp last.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.refusal import asked
from cloche_engine.sandbox.aside import KeepAside, LetGo, PutBack
from cloche_engine.sandbox.devices import OpenConsole, StageDev, TakeConsole
from cloche_engine.sandbox.groups import JoinGroups, MountOwnGroups
from cloche_engine.sandbox.identity import (
    BecomeContainerRoot,
    ChangeDirectory,
    Confine,
    LimitCapabilities,
    NewKeyring,
    SetIdentity,
)
from cloche_engine.sandbox.mounts import (
    AttachRoot,
    BindInside,
    BindMount,
    KeepMountsPrivate,
    MakeReadOnly,
    MaskPaths,
    MountNew,
    MoveIn,
    ProvideFiles,
    Skeleton,
    Stage,
    StageCopy,
    StageMade,
    WriteFiles,
)
from cloche_engine.sandbox.network import (
    AllowPing,
    ConfigureNetwork,
    OpenPing,
    SetHostname,
    SwitchLoopbackOn,
)
from cloche_engine.sandbox.operation import (
    Context,
    Operation,
)
from cloche_engine.sandbox.overlay import Overlay, SealOverlay
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import HostRoot, MountPlan, SourceKind, Surroundings
from cloche_engine.sandbox.plan.rights import Network
from cloche_engine.sandbox.profile import ChangeProfile
from cloche_engine.sandbox.rlimits import SetRlimits
from cloche_engine.sandbox.roots import EnterRoot, LeaveHost
from cloche_engine.sandbox.seccomp import Filters

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
    "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
)  # fmt: skip
_NETWORK_SETTINGS = "/proc/sys/net"
_GROUPS = "/sys/fs/cgroup"
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_QUIET = k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV | k.MOUNT_ATTR_NOEXEC


@dataclass(frozen=True, slots=True)
class TellSteps:
    """Tell the monitor what was done and how long it took, while there is still a way up."""

    def describe(self) -> str:
        """In words."""
        return "tell the steps"

    def run(self, context: Context) -> None:
        """Do it."""
        context.tell(context.account())


@dataclass(frozen=True, slots=True)
class Execute:
    """Replace this process by the program, found in the container's PATH."""

    argv: tuple[str, ...]

    def describe(self) -> str:
        """In words."""
        return f"execute {self.argv[0]}"

    def run(self, context: Context) -> None:
        """Do it; returns only by OSError, whose errno tells a missing interpreter apart."""
        path = _find(self.argv[0], context.environment.get("PATH", PATH))
        if os.getpriority(os.PRIO_PROCESS, 0) < 0:  # to take back niceness would need a right
            os.setpriority(os.PRIO_PROCESS, 0, 0)
        try:
            asked(os.execve, path, self.argv, context.environment)
        except FileNotFoundError as error:
            missing = errno.ELIBACC if os.path.lexists(path) else errno.ENOENT
            raise OSError(missing, os.strerror(missing), path) from error
        except PermissionError as error:
            if not os.path.isdir(path):
                raise
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path) from error


def ahead(kept: int, network: Network = Network.OWN) -> list[Operation]:
    """The steps that need no plan and no id maps: done while nobody waits.

    No more than the `kept` capabilities can be had after it. A sysfs is made by the owner of its
    network namespace alone: who has the host's gets the host's own, without control groups, and
    for who has another's the holder made one.
    """
    read_only = _QUIET | k.MOUNT_ATTR_RDONLY
    own_network: list[Operation] = [OpenPing(), SwitchLoopbackOn()]
    return [
        KeepMountsPrivate(),
        Stage("proc", "/proc", _QUIET),
        _sysfs(network, read_only),
        StageDev(),
        *(own_network if network is Network.OWN else []),
        KeepAside(_NETWORK_SETTINGS),
        MaskPaths((*_MASKED, _GROUPS) if network is Network.HOST else _MASKED),
        MakeReadOnly(_READ_ONLY),
        LimitCapabilities(kept),
    ]


def _sysfs(network: Network, read_only: int) -> Operation:
    match network:
        case Network.OWN:
            return Stage("sysfs", "/sys", read_only)
        case Network.HOST:
            return StageCopy("/sys", read_only)
        case _:
            return StageMade("/sys")


def before_trees(plan: LaunchPlan) -> list[Operation]:
    """The steps that need the id maps, but nothing of what the parent opens meanwhile."""
    return [
        BecomeContainerRoot(),
        OpenConsole(plan.groups),
        WriteFiles(_provided(plan)),
        *([] if "uts" in plan.rights.joined else [SetHostname(plan.hostname)]),
        *([AllowPing(plan.groups)] if plan.rights.owns_network else []),
        NewKeyring(f"cloche.{plan.uuid}"),
        (PutBack if plan.rights.sets_network else LetGo)(_NETWORK_SETTINGS),
        LimitCapabilities(plan.rights.kept, plan.rights.kept_ahead),
        LeaveHost(),
    ]


def trees(plan: LaunchPlan, around: Surroundings) -> list[Operation]:
    """The container's tree of mounts, once the parent has opened what it is made of."""
    own_root = plan.root is None or plan.root.kind is not SourceKind.TREE
    overlays = dict(_overlays(plan))
    return [
        *(_overlay(name, mount) for name, mount in overlays.items()),
        *_root(plan, around.host_root),
        MoveIn("/dev", create=own_root),
        *_declared(plan, around),
        ProvideFiles(tuple(path for path, _ in _provided(plan)), create=own_root),
        MoveIn("/proc", create=own_root),
        MoveIn("/sys", create=own_root),
        *(SealOverlay(name, each.target) for name, each in overlays.items() if each.readonly),
        EnterRoot(),
    ]


def connected(plan: LaunchPlan) -> list[Operation]:
    """The container's side of its network, once that is connected."""
    return [ConfigureNetwork(link) for link in plan.links]


def program(plan: LaunchPlan, filters: Filters, *, unified: bool) -> list[Operation]:
    """From a finished tree to the program, once limits are set."""
    return [
        TakeConsole(),
        JoinGroups(),
        *([MountOwnGroups()] if unified and plan.rights.system else []),
        *confined(plan, filters, (plan.user, plan.group), plan.directory),
        *profiled(plan),
        TellSteps(),
        Execute(plan.argv),
    ]


def confined(
    plan: LaunchPlan, filters: Filters, account: tuple[str, str], directory: str
) -> list[Operation]:
    """The last steps of any program: its user and group, its directory, what it may ask for."""
    rights = plan.rights
    confine = Confine(filters.of(rights))
    identity = SetIdentity(*account, plan.id_count, rights.kept, may_gain=rights.system)
    enter = ChangeDirectory(directory or "/")
    limit = SetRlimits(plan.limits.rlimits)
    if rights.system:  # without no_new_privs a filter is for those that have CAP_SYS_ADMIN
        return [confine, identity, enter, limit]
    return [identity, enter, limit, confine]


def profiled(plan: LaunchPlan) -> list[Operation]:
    """The step that brings a program under the container's profile, where it has one."""
    return [ChangeProfile(f"cloche-{plan.uuid}")] if plan.profile else []


def environment(plan: LaunchPlan) -> dict[str, str]:
    """The program's variables: a few of ours, then those of the definition."""
    given = dict(plan.environment)
    ours = {
        "PATH": PATH, "TERM": "xterm-256color", "LANG": "C.UTF-8", "container": "cloche",
        "container_uuid": plan.uuid,
    }  # fmt: skip
    return {**ours, **given}


def _overlays(plan: LaunchPlan) -> Iterator[tuple[str, MountPlan]]:
    """The copies of templates by the names of their descriptors."""
    declared = ((f"mount:{number}", mount) for number, mount in enumerate(plan.mounts))
    root = (("root", plan.root),) if plan.root is not None else ()
    return ((n, mount) for n, mount in (*root, *declared) if mount.kind is SourceKind.TEMPLATE)


def _overlay(name: str, mount: MountPlan) -> Overlay:
    return Overlay(name, mount.source, mount.attributes, mount.line, mount.column)


def _root(plan: LaunchPlan, host_root: HostRoot | None) -> list[Operation]:
    if plan.root is not None:
        return [AttachRoot(plan.root.source, plan.root.line, plan.root.column)]
    if host_root is None:
        raise OSError(errno.EPROTO, "neither a root nor the host's is there")
    scratch = (("mode", "1777"), ("size", "25%"))
    covered = (
        MountNew("tmpfs", path, k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NODEV, scratch)
        for path in host_root.covered
    )
    return [Skeleton(host_root.directories, host_root.links, host_root.private), *covered]


def _declared(plan: LaunchPlan, around: Surroundings) -> Iterator[Operation]:
    found = zip(plan.mounts, around.directories, around.creatable, strict=True)
    for number, (mount, directory, create) in enumerate(found):
        yield mount_operation(f"mount:{number}", mount, directory=directory, create=create)


def mount_operation(name: str, mount: MountPlan, *, directory: bool, create: bool) -> Operation:
    """The step that makes a declared mount; `name` finds what the parent opened for it."""
    attributes = mount.attributes | (k.MOUNT_ATTR_RDONLY if mount.readonly else 0)
    line, column = mount.line, mount.column
    match mount.kind:
        case SourceKind.RAM:
            options = (("mode", "0755"), ("size", f"{mount.size_kib}k"))
            return MountNew("tmpfs", mount.target, attributes, options, create, line, column)
        case SourceKind.INSIDE:
            return BindInside(mount.source, mount.target, attributes, create, line, column)
        case _:
            return BindMount(name, mount.target, create, directory, line, column)


def _provided(plan: LaunchPlan) -> tuple[tuple[str, str], ...]:
    given = {mount.target for mount in plan.mounts}
    addresses = [address for link in plan.links for address in link.addresses]
    address = addresses[0].split("/")[0] if addresses else ""
    hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
    name = socket.gethostname() if "uts" in plan.rights.joined else plan.hostname
    hosts += f"{address or '127.0.1.1'}\t{name}\n"
    resolv = "".join(f"nameserver {server}\n" for server in plan.nameservers)
    files = (
        ("/etc/hostname", name + "\n"),
        ("/etc/hosts", hosts),
        ("/etc/resolv.conf", resolv),
    )  # fmt: skip
    return tuple((path, text) for path, text in files if path not in given)


def _find(program: str, path: str) -> str:
    """Its path; as for a shell, a file that may not be executed is better than none."""
    if "/" in program:
        return program
    forbidden = ""
    for directory in path.split(":"):
        candidate = os.path.join(directory, program)
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.stat(candidate).st_mode):
                if os.access(candidate, os.X_OK):
                    return candidate
                forbidden = forbidden or candidate
    if forbidden:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), forbidden)
    raise OSError(errno.ENOENT, f"is in no directory of PATH ({path})", program)
