"""Who the program is: ids, groups and capabilities, read from the container's own files."""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.capabilities import EVERY, drop_bounding_set, keep_only
from cloche_engine.kernel.refusal import asked
from cloche_engine.kernel.syscalls import FilterProgram, new_session_keyring, prctl
from cloche_engine.sandbox.operation import Context


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the container's /etc/passwd and /etc/group have it."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


@dataclass(frozen=True, slots=True)
class BecomeContainerRoot:
    """Take user and group 0 of the new user namespace."""

    def describe(self) -> str:
        """In words."""
        return "become root of the user namespace"

    def run(self, context: Context) -> None:
        """Do it."""
        become_root()
        die_with_the_monitor()


def become_root() -> None:
    """Take user and group 0 of the user namespace that this process is in.

    Without that it can make no file: its own ids are none of that namespace (EOVERFLOW).
    """
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


@dataclass(frozen=True, slots=True)
class LimitCapabilities:
    """No program from here on can have more than these; what this process has stays."""

    kept: int
    before: int = EVERY
    """What there was: the others are gone already."""

    def describe(self) -> str:
        """In words."""
        return "limit the capabilities"

    def run(self, context: Context) -> None:
        """Do it."""
        drop_bounding_set(self.kept, self.before)


@dataclass(frozen=True, slots=True)
class NewKeyring:
    """A session keyring that is not the host's."""

    name: str

    def describe(self) -> str:
        """In words."""
        return "join a keyring of its own"

    def run(self, context: Context) -> None:
        """Do it."""
        new_session_keyring(self.name)


@dataclass(frozen=True, slots=True)
class SetIdentity:
    """Become the program's user with some capabilities (root) or none."""

    user: str
    group: str
    count: int
    """How many ids the container has; the last of 2**32 would mean "leave it as it is"."""
    kept: int
    may_gain: bool = False
    """Whether a set-uid program such as sudo works, and gives it the capabilities again."""

    def describe(self) -> str:
        """In words."""
        return f"become user {self.user or 'root'}"

    def run(self, context: Context) -> None:
        """Do it."""
        account = look_up(self.user, self.group)
        if max(account.uid, account.gid, *account.groups) >= self.count:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), self.user)
        context.environment.setdefault("HOME", account.home)
        asked(os.setgroups, account.groups)
        asked(os.setresgid, account.gid, account.gid, account.gid)
        asked(os.setresuid, account.uid, account.uid, account.uid)
        keep_only(self.kept if account.uid == 0 else 0)
        if not self.may_gain:
            prctl(k.PR_SET_NO_NEW_PRIVS, 1)
        die_with_the_monitor()


@dataclass(frozen=True, slots=True)
class ChangeDirectory:
    """The program's working directory, seen to lie inside the root."""

    path: str

    def describe(self) -> str:
        """In words."""
        return f"change to {self.path}"

    def run(self, context: Context) -> None:
        """Do it."""
        asked(os.chdir, self.path)
        if not os.getcwd().startswith("/"):  # the kernel says (unreachable) outside the root
            raise OSError(errno.EXDEV, "lies outside the root", self.path)


@dataclass(frozen=True, slots=True)
class Confine:
    """Load the seccomp filters; the last step before the program."""

    filters: tuple[FilterProgram, ...]

    def describe(self) -> str:
        """In words."""
        return "load the seccomp filters"

    def run(self, context: Context) -> None:
        """Do it."""
        for program in self.filters:
            program.load()


def die_with_the_monitor() -> None:
    """Be killed when the parent ends; every change of ids clears this again (prctl(2))."""
    prctl(k.PR_SET_PDEATHSIG, signal.SIGKILL)


def look_up(user: str, group: str) -> Account:
    """The account for a name or a number; OSError ENOENT where the container has none.

    The container's files are parsed here: the host's NSS would load libraries from the container.
    """
    user, _, group_in_user = user.partition(":")
    group = group or group_in_user
    fields = _entry("/etc/passwd", user) if user else _entry("/etc/passwd", "0")
    if fields is None and user and not user.isdecimal():
        raise OSError(errno.ENOENT, "no such user in /etc/passwd", user)
    uid = int(fields[2]) if fields else int(user or 0)
    gid = _group(group) if group else int(fields[3]) if fields else 0
    home = fields[5] if fields and len(fields) > 5 and fields[5] else ("/root" if uid == 0 else "/")
    member_of = _supplementary(fields[0]) if fields else ()
    return Account(uid, gid, member_of, home)


def _group(group: str) -> int:
    fields = _entry("/etc/group", group)
    if fields is None and not group.isdecimal():
        raise OSError(errno.ENOENT, "no such group in /etc/group", group)
    return int(fields[2]) if fields else int(group)


def _entry(path: str, wanted: str) -> list[str] | None:
    column = 2 if wanted.isdecimal() else 0
    return next(
        (f for f in _lines(path) if len(f) > 3 and f[column] == wanted and f[2].isdecimal()
         and (path != "/etc/passwd" or f[3].isdecimal())),
        None,
    )  # fmt: skip


def _supplementary(user: str) -> tuple[int, ...]:
    entries = _lines("/etc/group")
    return tuple(
        int(f[2]) for f in entries if len(f) > 3 and f[2].isdecimal() and user in f[3].split(",")
    )


def _lines(path: str) -> list[list[str]]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(1 << 20)
    except OSError:
        return []
    return [line.split(":") for line in text.splitlines()]
