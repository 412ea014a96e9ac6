"""The directory of a private helper: its bus, its state, its log, and the lock on all of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from pathlib import Path

from cloche_engine.api.errors import EngineError, RefusedError, UnavailableError

_LOG_LIMIT = 1024 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_MODE = 0o755
_LOCK_MODE = 0o600


class PrivateDirectory:
    """DIR as root's: open to look at, its contents below `state` and `run` root's alone."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._lock = -1
        self._log = -1

    @classmethod
    def make(cls, path: Path) -> PrivateDirectory:
        """Make it, or take over what is there; RefusedError where it is somebody's files."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(exist_ok=True)
            descriptor = os.open(path, _DIRECTORY)
        except OSError as error:
            raise UnavailableError(
                f"cannot use {path} as the helper's directory: {error.strerror}",
                "name a directory on a disk that can be written",
            ) from error
        directory = cls(path, descriptor)
        directory._take_over()
        return directory

    @property
    def by_descriptor(self) -> Path:
        """A short path to it in this process: socket addresses have room for 107 bytes only."""
        return Path(f"/proc/self/fd/{self._descriptor}")

    @property
    def bus_socket(self) -> Path:
        """Where the private bus listens."""
        return self.by_descriptor / "bus"

    def lock(self) -> bool:
        """Take the lock that one helper has; False where another one has it."""
        if self._lock < 0:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            self._lock = os.open("lock", flags, _LOCK_MODE, dir_fd=self._descriptor)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def subdirectory(self, name: str) -> Path:
        """A directory in it that only root can enter."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=self._descriptor)
        descriptor = os.open(name, _DIRECTORY, dir_fd=self._descriptor)
        try:
            os.fchmod(descriptor, stat.S_IRWXU)
        finally:
            os.close(descriptor)
        return self.path / name

    def instance(self) -> str:
        """A word in the names of this helper's cgroups and links; the same at each start."""
        path = self.subdirectory("helper") / "instance"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            word = secrets.token_hex(4)
            path.write_text(word + "\n")
            return word

    def open_log(self) -> int:
        """The descriptor of the log, which stays open until `close`."""
        if self._log < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            self._log = os.open("cloched.log", flags, 0o644, dir_fd=self._descriptor)
            self.trim_log()
        return self._log

    def trim_log(self) -> None:
        """Empty a log that has grown too large."""
        if self._log >= 0 and os.fstat(self._log).st_size > _LOG_LIMIT:
            os.ftruncate(self._log, 0)

    def close(self) -> None:
        """Let go of it, and of the lock."""
        for number in (self._descriptor, self._lock, self._log):
            if number >= 0:
                os.close(number)

    def _take_over(self) -> None:
        try:
            self._make_own()
        except EngineError:  # first: a RefusedError is an OSError too
            os.close(self._descriptor)
            raise
        except OSError as error:
            os.close(self._descriptor)
            raise EngineError(
                f"cannot make {self.path} the helper's own: {error.strerror}",
                "choose a directory on another file system",
            ) from error

    def _make_own(self) -> None:
        """Closed to others before its contents are looked at: nothing can be planted in between."""
        before = os.fstat(self._descriptor)
        is_empty = self._is_empty()
        if is_empty:  # otherwise nothing of it may be changed: it may be /tmp
            os.fchown(self._descriptor, os.geteuid(), os.getegid())
            os.fchmod(self._descriptor, _MODE)
            self._drop_access_lists()
        if (is_empty and self._is_empty()) or self._is_ours():
            return
        if is_empty:
            os.fchmod(self._descriptor, stat.S_IMODE(before.st_mode))
            os.fchown(self._descriptor, before.st_uid, before.st_gid)
        raise self._not_empty(before.st_uid)

    def _is_ours(self) -> bool:
        """Whether a helper made it what it is, now or earlier: nobody else could write there."""
        try:
            lock = os.stat("lock", dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return False
        directory, mine = os.fstat(self._descriptor), os.geteuid()
        return (
            (directory.st_uid, lock.st_uid) == (mine, mine)
            and not directory.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            and stat.S_ISREG(lock.st_mode)
            and stat.S_IMODE(lock.st_mode) == _LOCK_MODE
        )

    def _drop_access_lists(self) -> None:
        """What is made in it would inherit them, whatever its mode."""
        for name in ("system.posix_acl_access", "system.posix_acl_default"):
            with contextlib.suppress(OSError):  # none is there, or none is known
                os.removexattr(self._descriptor, name)

    def _is_empty(self) -> bool:
        return not any(self.by_descriptor.iterdir())

    def _not_empty(self, owner: int) -> RefusedError:
        whose = "" if owner == os.geteuid() else f"belongs to user {owner} and "
        return RefusedError(
            f"{self.path} {whose}is not empty, and not the directory of a helper",
            "name a directory that does not exist yet",
        )
