"""The list of steps of a start, and the child that runs it between clone3 and execve.

What the kernel demands of the order: proc and sysfs are mounted while the old root, with its
unmasked proc, is still there, and masked after; whatever makes a file comes after the id maps; the
hostname before the capabilities go; ids before capabilities; no_new_privs before seccomp, and
seccomp last.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.refusal import asked
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import close_on_exec_from
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
    die_with_the_monitor,
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
    PivotRoot,
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
    messages,
)
from cloche_engine.sandbox.operation import (
    Blame,
    Context,
    Operation,
    OperationFailedError,
    run_all,
)
from cloche_engine.sandbox.overlay import Overlay, SealOverlay
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import HostRoot, MountPlan, SourceKind, Surroundings
from cloche_engine.sandbox.plan.rights import Network
from cloche_engine.sandbox.profile import ChangeProfile
from cloche_engine.sandbox.rlimits import SetRlimits
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
        PivotRoot(),
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


def await_plan_and_run(link: socket.socket, filters: Filters, made: dict[str, int]) -> NoReturn:
    """The life of a child that was cloned ahead: wait for the plan, carry it out, never return.

    D: names of the descriptors beside it; A: what can be done ahead; R: a rehearsal; P: the plan;
    M: the id maps are written; T: the trees are open; N: its links are there, which a prepared
    start has first; Q: to be answered when all before it is done; G: the limits are set, and 2
    where it has a group in the unified tree. A comes with the capabilities that it may have, and
    whose the network is. made are detached mounts, by their places, that only the owner of
    another's namespace can make.
    """

    def steps(context: Context) -> Iterator[Operation]:
        die_with_the_monitor()
        kept, network = map(int, _await(b"A", link, context).split())
        context.descriptors.update(made)
        yield from ahead(kept, Network(network))
        plan = LaunchPlan.from_json(_await(b"P", link, context))
        context.environment.update(environment(plan))
        before = before_trees(plan)
        _await(b"M", link, context)
        yield from before
        for _ in range(2):
            kind, text = _await_one_of(b"TN", link, context)
            if kind == b"T":
                yield from trees(plan, Surroundings.from_json(text))
            else:
                yield from connected(plan)
        version = _await(b"G", link, context)
        yield from program(plan, filters, unified=version == "2")

    run_child(steps, link)


def run_child(steps: Callable[[Context], Iterable[Operation]], link: socket.socket) -> NoReturn:
    """Run the steps in the new process; a failure goes up the link and ends the process."""

    def send_up(name: str, descriptor: int) -> None:
        send_packet(link, b"F" + name.encode(), [descriptor])

    def tell(account: str) -> None:
        send_packet(link, b"S" + account.encode())

    context = Context({}, send_up, tell)
    try:
        _reset_signals()
        close_on_exec_from(3)
        run_all(steps(context), context)
    except OperationFailedError as failure:
        with contextlib.suppress(OSError):
            tell(context.account())
        _report(link, failure.blame)
    except Exception as error:  # noqa: BLE001 (nothing else could tell of it: this process ends)
        _report(link, Blame("prepare the program", type(error).__name__, 0, str(error)))
    finally:
        os._exit(127)


def _await(kind: bytes, link: socket.socket, context: Context) -> str:
    """The text of the next packet of a kind; descriptors that come before it are kept."""
    return _await_one_of(kind, link, context)[1]


def _await_one_of(kinds: bytes, link: socket.socket, context: Context) -> tuple[bytes, str]:
    """The next packet of any of these kinds."""
    while True:
        packet, received = receive_packet(link)
        text = packet[1:].decode()
        match packet[:1]:
            case b"D":
                context.descriptors.update(zip(text.split("\n"), received, strict=True))
            case b"R":
                rehearse(text)
            case b"Q":
                context.account()
                os.write(received[0], b".")
                os.close(received[0])
            case found if found and found in kinds:
                return found, text
            case _:
                os._exit(127)  # the parent gave up


def rehearse(plan: str) -> None:
    """Read a plan and list its steps for nothing: the pages that this writes to are copied now.

    After a fork every page is copied at the first write to it, and reading an object writes its
    reference count.
    """
    sample = LaunchPlan.from_json(plan)
    around = Surroundings.from_json(Surroundings(host_root=HostRoot((), (), (), ())).to_json())
    after = program(sample, Filters((), ()), unified=True)
    for operation in [*before_trees(sample), *trees(sample, around), *connected(sample), *after]:
        operation.describe()
    for each in sample.links:
        messages(each, 1)
    environment(sample)


def _report(link: socket.socket, blame: Blame) -> None:
    with contextlib.suppress(OSError):
        send_packet(link, b"E" + blame.to_json())


def _reset_signals() -> None:
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


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
    if "/" in program:
        return program
    for directory in path.split(":"):
        candidate = os.path.join(directory, program)
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.stat(candidate).st_mode) and os.access(candidate, os.X_OK):
                return candidate
    raise OSError(errno.ENOENT, f"is in no directory of PATH ({path})", program)
