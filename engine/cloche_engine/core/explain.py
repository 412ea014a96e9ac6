"""Why a start failed, in a sentence, and what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cloche_engine.api.errors import StartFailedError
from cloche_engine.sandbox.plan.launch import LaunchPlan

Fields = dict[str, Any]
_Words = tuple[str, str]
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """A blame from the monitor, and the plan it is about."""

    fields: Fields
    plan: LaunchPlan
    further: bool = False
    """Whether it is about a further program in a running container, which no document names."""

    @property
    def errno(self) -> int:
        """The errno, 0 where it was no syscall."""
        return int(self.fields.get("errno", 0))

    @property
    def subject(self) -> str:
        """The path or name it was about."""
        return str(self.fields.get("subject", ""))

    @property
    def where(self) -> str:
        """The root in words."""
        root = self.plan.root
        return root.source if root else "this system, whose root it shares"

    @property
    def program(self) -> str:
        """The program in words; a further one stands at the beginning of the sentence already."""
        return "it" if self.further else f"the program {self.plan.argv[0]}"

    def remedy(self, in_definition: str, otherwise: str) -> str:
        """The next step, in the definition or in what was asked for."""
        return otherwise if self.further else in_definition


def start_failed(fields: Fields, plan: LaunchPlan, who: str = "") -> StartFailedError:
    """The error for a monitor's blame; `who` did not start, the container by default.

    Names come from callers and from files of the container: none may move anybody's cursor.
    """
    failure = Failure(fields, plan, further=bool(who))
    message, hint = _words(failure)
    details = {
        name: str(fields[name]) for name in ("step", "operation", "errno", "line", "column")
        if fields.get(name)
    }  # fmt: skip
    sentence = f"{_shown(who) or plan.name} did not start: {_shown(message)}"
    return StartFailedError(sentence, _shown(hint), details)


def _shown(text: str) -> str:
    """The text on one line, without control characters, and no longer than a sentence may be."""
    plain = "".join(one if one.isprintable() else "\ufffd" for one in text)
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "…"


def _words(failure: Failure) -> _Words:
    if failure.fields.get("killed_for_memory"):
        size = _size(failure.plan.limits.memory)
        return (
            f"its program needs more memory than the {size} that the definition gives it",
            "raise <memory>; 16 MiB are enough for a shell",
        )
    if failure.fields.get("hint"):
        return failure.fields["text"], failure.fields["hint"]
    explain = _BY_OPERATION.get(str(failure.fields.get("operation")), _unknown)
    return explain(failure)


def _size(memory: int) -> str:
    return f"{memory >> 20} MiB" if memory >= 1 << 20 else f"{memory >> 10} KiB"


def _unknown(failure: Failure) -> _Words:
    about = f" ({failure.subject})" if failure.subject else ""
    text = failure.fields.get("text") or "unknown reason"
    step = failure.fields.get("step", "a step")
    hint = failure.remedy(
        "look at the definition where this step comes from", "look at what you asked for"
    )
    return f"{step}: {text}{about}", hint


def _execute(failure: Failure) -> _Words:
    program = failure.program
    match failure.errno:
        case errno.ENOENT:
            return (
                f"{program} does not exist in {failure.where}",
                failure.remedy(
                    "correct <application>, or mount what contains it",
                    "name another program, by its full path where it is in none of PATH",
                ),
            )
        case errno.ELIBACC:
            return (
                f"{program} exists, but the interpreter or loader that it names does not",
                "look at its first line, or at `file` of it, and add what is missing to the root",
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"{program} may not be executed by {failure.plan.user or 'root'} inside",
                "make it executable for everyone (chmod +x), on a mount without noexec",
            )
        case errno.ENOEXEC:
            return (
                f"{program} is neither a program for this machine nor a script with a #! line",
                "add a first line such as #!/bin/sh",
            )
        case _:
            return _unknown(failure)


def _console(failure: Failure) -> _Words:
    if failure.errno in {errno.ENOSPC, errno.EIO, errno.ENFILE, errno.EMFILE}:
        return (
            "this system has no free pseudoterminal for its console",
            "end some terminals, or raise the limit with: sysctl kernel.pty.max=8192",
        )
    return _unknown(failure)


def _identity(failure: Failure) -> _Words:
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


def _directory(failure: Failure) -> _Words:
    return (
        f"{failure.subject or failure.plan.directory} cannot be entered: {failure.fields['text']}",
        failure.remedy("correct <dir>, or make the directory in the root", "name another one"),
    )


def _mount(failure: Failure) -> _Words:
    if failure.errno == errno.ENOENT:
        return (
            f"the mount point {failure.subject} does not exist in {failure.where}",
            "make it there, or choose another target",
        )
    if failure.errno == errno.EROFS:
        return (
            f"the mount point {failure.subject} is missing, and the filesystem is read-only",
            "make it in the image, or choose another target",
        )
    return _unknown(failure)


def _inside(failure: Failure) -> _Words:
    if failure.errno == errno.ENOENT:
        return (
            f"{failure.subject} does not exist in {failure.where}",
            "make it there; what is bound inside must be there or be mounted before",
        )
    return _unknown(failure)


def _overlay(failure: Failure) -> _Words:
    if failure.errno in {errno.EINVAL, errno.EPERM, errno.ENODEV}:
        return (
            "this kernel cannot overlay the template, or not on the engine's filesystem",
            "use Linux 5.19 or later, and have the engine's state on ext4, xfs or btrfs",
        )
    return _unknown(failure)


def _outside(failure: Failure) -> _Words:
    step = failure.fields.get("step")
    if step == "make the namespaces":
        return _namespaces(failure)
    if step == "open its trees" and failure.errno in {errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP}:
        return (
            "the filesystem of one of its trees cannot be mapped to the container's users",
            "put the tree on ext4, xfs or btrfs (tmpfs can be from Linux 6.3 on)",
        )
    if step == "make the control group and set its limits":
        return (
            f"its control group could not be made: {failure.fields['text']}",
            "see that /sys/fs/cgroup is mounted and writable for root",
        )
    return _unknown(failure)


def _namespaces(failure: Failure) -> _Words:
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


def _network(failure: Failure) -> _Words:
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


_BY_OPERATION: dict[str, Callable[[Failure], _Words]] = {
    "Execute": _execute,
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
