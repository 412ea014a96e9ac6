"""Which sentence belongs to which step and errno."""

from __future__ import annotations

import errno
from collections.abc import Callable

from cloche_engine.core.explaining.blame import Failure, Words
from cloche_engine.core.explaining.programs import not_run


def words_for(failure: Failure) -> Words:
    """The sentence and the next step."""
    if failure.fields.get("killed_for_memory"):
        limit = failure.plan.limits.memory
        given = f"the {_size(limit)} that the definition gives it" if limit else "its limit leaves"
        return (
            f"its program needs more memory than {given}",
            "raise <memory>; 16 MiB are enough for a shell",
        )
    if failure.fields.get("hint"):
        return failure.fields["text"], failure.fields["hint"]
    explain = _BY_OPERATION.get(str(failure.fields.get("operation")), _unknown)
    return explain(failure)


def _size(memory: int) -> str:
    return f"{memory >> 20} MiB" if memory >= 1 << 20 else f"{memory >> 10} KiB"


_SCARCE = {
    errno.ENOSPC: ("there is no space left", "free some space there"),
    errno.EDQUOT: ("the quota of space is used up", "free some space there, or raise the quota"),
    errno.EROFS: ("the filesystem there is read-only", "make it writable, or use another place"),
    errno.EMFILE: ("too many files are open", "raise the helper's limit of open files"),
    errno.ENFILE: ("this system has too many open files", "raise it: sysctl fs.file-max"),
    errno.ENOMEM: ("there is no memory left", "end something else first, or raise <memory>"),
    errno.EAGAIN: ("there is no process left", "end something else first, or allow it more"),
}


def _unknown(failure: Failure) -> Words:
    about = f" ({failure.subject})" if failure.subject else ""
    text = failure.text
    step = failure.fields.get("step", "a step")
    most = failure.plan.limits.processes
    if failure.errno == errno.EAGAIN and failure.further and most:
        return (
            f"{step}: there is no process left, and its <processes> allows it {most}",
            "end one of its programs first, or raise <processes>",
        )
    if failure.errno in _SCARCE:
        scarce, remedy = _SCARCE[failure.errno]
        return f"{step}: {scarce}{about}", remedy
    hint = failure.remedy(
        "look at the definition where this step comes from", "look at what you asked for"
    )
    return f"{step}: {text}{about}", hint


def _console(failure: Failure) -> Words:
    if failure.errno in {errno.ENOSPC, errno.EIO, errno.ENFILE, errno.EMFILE}:
        return (
            "this system has no free pseudoterminal for its console",
            "end some terminals, or raise the limit with: sysctl kernel.pty.max=8192",
        )
    return _unknown(failure)


def _identity(failure: Failure) -> Words:
    if failure.errno == errno.ENOENT:
        return (
            f"{failure.subject}: {failure.fields['text']} of {failure.where}",
            failure.remedy(
                "correct <user>, or give the number of a user", "give the number of a user"
            ),
        )
    if failure.errno == errno.EINVAL:
        return (
            f"the user or group {failure.plan.user} is none of the container's",
            f"use a number from 0 to {failure.plan.id_count - 1}",
        )
    return _unknown(failure)


def _directory(failure: Failure) -> Words:
    return (
        f"{failure.subject or failure.plan.directory} cannot be entered: {failure.fields['text']}",
        failure.remedy("correct <dir>, or make the directory in the root", "name another one"),
    )


def _mount(failure: Failure) -> Words:
    if failure.errno == errno.ENOENT:
        return (
            f"the mount point {failure.subject} does not exist in {failure.where}",
            "make it there, or choose another target",
        )
    if failure.errno in {errno.ENOTDIR, errno.ELOOP}:
        return (
            f"{failure.subject} of its root is a link or a file, where a directory has to be",
            f"make {failure.subject} an empty directory there",
        )
    if failure.errno == errno.EROFS:
        return (
            f"the mount point {failure.subject} is missing, and the filesystem is read-only",
            "make it in the image, or choose another target",
        )
    return _unknown(failure)


def _inside(failure: Failure) -> Words:
    if failure.errno == errno.ENOENT:
        return (
            f"{failure.subject} does not exist in {failure.where}",
            "make it there; what is bound inside must be there or be mounted before",
        )
    return _unknown(failure)


def _overlay(failure: Failure) -> Words:
    if failure.errno in {errno.EINVAL, errno.EPERM, errno.ENODEV}:
        return (
            "this kernel cannot overlay the template, or not on the engine's filesystem",
            "use Linux 5.19 or later, and have the engine's state on ext4, xfs or btrfs",
        )
    return _unknown(failure)


def _outside(failure: Failure) -> Words:
    step = failure.fields.get("step")
    if step == "make the namespaces":
        return _namespaces(failure)
    if step == "open its trees" and failure.errno in {errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP}:
        return (
            "the filesystem of one of its trees cannot be mapped to the container's users",
            "put the tree on ext4, xfs or btrfs (tmpfs can be from Linux 6.3 on)",
        )
    if step == "make the control group and set its limits" and failure.errno not in _SCARCE:
        return (
            f"its control group could not be made: {failure.text}",
            "see that /sys/fs/cgroup is mounted and writable for root",
        )
    return _unknown(failure)


def _namespaces(failure: Failure) -> Words:
    match failure.errno:
        case errno.ENOSPC | errno.EUSERS:
            return (
                "this system allows no further namespaces",
                "raise the limits with: sysctl user.max_user_namespaces=15000",
            )
        case errno.EPERM:
            return (
                "this system does not let root make user namespaces",
                "see sysctl kernel.unprivileged_userns_clone and the host's security module",
            )
        case errno.ENOSYS | errno.EINVAL:
            return "this kernel is too old for it", "Cloche needs Linux 5.12 or later"
        case errno.EAGAIN | errno.ENOMEM:
            return "this system has no memory or process left for it", "end something else first"
        case _:
            return _unknown(failure)


def _network(failure: Failure) -> Words:
    match failure.errno:
        case errno.ENETUNREACH | errno.EHOSTUNREACH:
            return (
                f"no address of the interface reaches the gateway of {failure.subject}",
                "correct the gateway, or add an <ip> of the network that it is in",
            )
        case errno.EEXIST:
            return f"{failure.subject} is given twice", "remove one of the two"
        case errno.EADDRNOTAVAIL | errno.EACCES | errno.EPERM if ":" in failure.subject:
            return (
                f"this system has IPv6 switched off, and {failure.subject} needs it",
                "remove that address, or see sysctl net.ipv6.conf.all.disable_ipv6",
            )
        case _:
            return _unknown(failure)


_BY_OPERATION: dict[str, Callable[[Failure], Words]] = {
    "Execute": lambda failure: not_run(failure) or _unknown(failure),
    "OpenConsole": _console,
    "OpenTerminal": _console,
    "SetIdentity": _identity,
    "ChangeDirectory": _directory,
    "BindMount": _mount,
    "MoveIn": _mount,
    "MountNew": _mount,
    "ConfigureNetwork": _network,
    "BindInside": _inside,
    "Overlay": _overlay,
    "Launcher": _outside,
}
