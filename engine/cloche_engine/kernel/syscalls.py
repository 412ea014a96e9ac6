"""System calls that Python has no function for; each raises CallError with what was refused."""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import signal
import struct
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.refusal import refused, written

# PyDLL keeps the GIL across the call: the child of clone3 must own it, and nothing here blocks.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

_X86_64 = platform.machine() == "x86_64"
_PIVOT_ROOT = 155 if _X86_64 else 41
_KEYCTL = 250 if _X86_64 else 219
_SECCOMP = 317 if _X86_64 else 277
_BPF = 321 if _X86_64 else 280
_RENAMEAT2 = 316 if _X86_64 else 276
# From here on the numbers are the same on every architecture.
_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 428, 429, 430, 431, 432
_CLONE3, _CLOSE_RANGE, _OPENAT2, _MOUNT_SETATTR = 435, 436, 437, 442


_NAMES = {
    _PIVOT_ROOT: "pivot_root", _KEYCTL: "keyctl", _SECCOMP: "seccomp", _OPEN_TREE: "open_tree",
    _MOVE_MOUNT: "move_mount", _FSOPEN: "fsopen", _FSCONFIG: "fsconfig", _FSMOUNT: "fsmount",
    _CLONE3: "clone3", _CLOSE_RANGE: "close_range", _OPENAT2: "openat2",
    _MOUNT_SETATTR: "mount_setattr", _BPF: "bpf", _RENAMEAT2: "renameat2",
}  # fmt: skip


def _checked(result: int, name: str, *arguments: object, subject: str = "") -> int:
    if result >= 0:
        return result
    raise refused(ctypes.get_errno(), written(name, list(arguments)), subject or None)


def _call(number: int, *arguments: object, subject: str = "") -> int:
    ctypes.set_errno(0)
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    return _checked(result, _NAMES.get(number, f"syscall_{number}"), *arguments, subject=subject)


def _long(value: int) -> ctypes.c_long:
    return ctypes.c_long(value)


class Birth:
    """The pid of a child that another process makes for this one: it is known even if that dies.

    The kernel writes it into memory that both have (CLONE_PARENT_SETTID in clone(2)).
    """

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._pid = ctypes.c_int.from_buffer(self._page)

    @property
    def address(self) -> int:
        """Where the kernel writes it."""
        return ctypes.addressof(self._pid)

    @property
    def pid(self) -> int:
        """0 as long as there is none."""
        return self._pid.value

    def close(self) -> None:
        """Give the memory back."""
        del self._pid
        self._page.close()


def clone3(flags: int, group: int = -1, birth: Birth | None = None) -> tuple[int, int]:
    """Fork with new namespaces; (pid, pidfd) in the parent, (0, -1) in the child (clone(2)).

    group is a descriptor of a v2 control group to be born in, or -1. The caller must be
    single-threaded.
    """
    pidfd, told = ctypes.c_int(-1), 0
    if birth is not None:
        flags, told = flags | k.CLONE_PARENT_SETTID, birth.address
    pid = _clone3(flags | k.CLONE_PIDFD, group, pidfd=ctypes.addressof(pidfd), parent_tid=told)
    return pid, pidfd.value


def clone_in_place(flags: int, group: int = -1) -> int:
    """Go on as a new process in this one's memory, as a sibling of it; its pid seen from here.

    The kernel holds the caller until the new process executes a program or ends (CLONE_VFORK). Its
    stack is overwritten by then: it must be sent SIGSTOP meanwhile, and never go on.
    """
    pid = ctypes.c_int(0)
    flags |= k.CLONE_VM | k.CLONE_VFORK | k.CLONE_PARENT | k.CLONE_PARENT_SETTID
    _clone3(flags, group, parent_tid=ctypes.addressof(pid))
    return pid.value


def _clone3(flags: int, group: int, *, pidfd: int = 0, parent_tid: int = 0) -> int:
    flags |= k.CLONE_INTO_CGROUP if group >= 0 else 0
    # With CLONE_PARENT the kernel wants no exit signal: it is that of the caller then.
    exit_signal = 0 if flags & k.CLONE_PARENT else signal.SIGCHLD
    fields = struct.pack(
        "=11Q", flags, pidfd, 0, parent_tid, exit_signal, 0, 0, 0, 0, 0, max(group, 0)
    )
    return _call(_CLONE3, fields, _long(len(fields)), subject="clone3")


def open_tree(directory: int, path: str, *, recursive: bool = False) -> int:
    """A detached copy of the mount at a path (or of the descriptor itself where path is empty)."""
    flags = k.OPEN_TREE_CLONE | k.OPEN_TREE_CLOEXEC
    flags |= k.AT_RECURSIVE if recursive else 0
    flags |= 0 if path else k.AT_EMPTY_PATH
    flags |= k.AT_SYMLINK_NOFOLLOW
    return _call(_OPEN_TREE, _long(directory), os.fsencode(path), _long(flags), subject=path)


def move_mount(mount: int, directory: int, path: str = "") -> None:
    """Attach a detached mount at a path (or at the descriptor itself where path is empty)."""
    flags = k.MOVE_MOUNT_F_EMPTY_PATH | (0 if path else k.MOVE_MOUNT_T_EMPTY_PATH)
    target = os.fsencode(path)
    _call(_MOVE_MOUNT, _long(mount), b"", _long(directory), target, _long(flags), subject=path)


def mount_setattr(
    mount: int, attributes: int, *, userns: int = -1, recursive: bool = False
) -> None:
    """Set MOUNT_ATTR_* on a detached mount; with userns it is mapped by that user namespace.

    It also becomes private: the copy of a shared mount, which systemd makes of every one, would
    show all that is mounted on it to the host.
    """
    attributes |= k.MOUNT_ATTR_IDMAP if userns >= 0 else 0
    cleared = k.MOUNT_ATTR_ATIME if attributes & k.MOUNT_ATTR_ATIME else 0
    fields = struct.pack("=4Q", attributes, cleared, k.MS_PRIVATE, max(userns, 0))
    flags = k.AT_EMPTY_PATH | (k.AT_RECURSIVE if recursive else 0)
    _call(_MOUNT_SETATTR, _long(mount), b"", _long(flags), fields, _long(len(fields)))


def new_filesystem(kind: str, attributes: int = 0, **options: str | None) -> int:
    """A detached mount of a new filesystem; an option with None is a flag (fsopen(2))."""
    context = _call(_FSOPEN, kind.encode(), _long(k.FSOPEN_CLOEXEC), subject=kind)
    try:
        for name, value in options.items():
            _fsconfig(context, name, value)
        _call(_FSCONFIG, _long(context), _long(k.FSCONFIG_CMD_CREATE), None, None, _long(0),
              subject=kind)  # fmt: skip
        return _call(_FSMOUNT, _long(context), _long(k.FSMOUNT_CLOEXEC), _long(attributes),
                     subject=kind)  # fmt: skip
    finally:
        os.close(context)


def _fsconfig(context: int, name: str, value: str | None) -> None:
    command = k.FSCONFIG_SET_FLAG if value is None else k.FSCONFIG_SET_STRING
    text = None if value is None else value.encode()
    _call(_FSCONFIG, _long(context), _long(command), name.encode(), text, _long(0), subject=name)


def openat2(directory: int, path: str, flags: int, resolve: int, mode: int = 0) -> int:
    """Open a path that is not followed out of `directory`, as RESOLVE_* says (openat2(2))."""
    how = struct.pack("=3Q", flags | os.O_CLOEXEC, mode, resolve)
    return _call(_OPENAT2, _long(directory), os.fsencode(path), how, _long(len(how)), subject=path)


def pivot_root_here() -> None:
    """Make the working directory the root; the old root then lies under it (pivot_root(2))."""
    _call(_PIVOT_ROOT, b".", b".", subject="pivot_root")


def make_slave(path: str) -> None:
    """No mount below path spreads to another namespace; what is unmounted there goes here too."""
    flags = ctypes.c_ulong(k.MS_REC | k.MS_SLAVE)
    ctypes.set_errno(0)
    result = _libc.mount(None, os.fsencode(path), None, flags, None)
    _checked(result, "mount", None, path, None, flags, None, subject=path)


def detach(path: str) -> None:
    """Unmount lazily; EINVAL where the path ends at a link."""
    ctypes.set_errno(0)
    flags = k.MNT_DETACH | k.UMOUNT_NOFOLLOW
    _checked(_libc.umount2(os.fsencode(path), flags), "umount2", path, flags, subject=path)


def exchange(one: str, other: str) -> None:
    """Let two files of one filesystem change names, in one step (renameat2(2))."""
    here = _long(k.AT_FDCWD)
    _call(_RENAMEAT2, here, os.fsencode(one), here, os.fsencode(other), _long(k.RENAME_EXCHANGE),
          subject=one)  # fmt: skip


def syncfs(descriptor: int) -> None:
    """Write what a filesystem has in memory to its disk (syncfs(2))."""
    ctypes.set_errno(0)
    _checked(_libc.syncfs(ctypes.c_int(descriptor)), "syncfs")


def unshare(flags: int) -> None:
    """Enter new namespaces."""
    ctypes.set_errno(0)
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare", flags, subject="unshare")


def setns(descriptor: int, flags: int) -> None:
    """Enter the namespaces of a pidfd, or of a namespace descriptor (setns(2))."""
    ctypes.set_errno(0)
    result = _libc.setns(ctypes.c_int(descriptor), ctypes.c_int(flags))
    _checked(result, "setns", descriptor, flags, subject="setns")


def prctl(option: int, *values: int) -> None:
    """One operation on the calling process, with up to four numbers (prctl(2))."""
    padded = [*values, 0, 0, 0, 0][:4]
    ctypes.set_errno(0)
    result = _libc.prctl(ctypes.c_int(option), *map(ctypes.c_ulong, padded))
    _checked(result, "prctl", option, *values, subject=f"prctl {option}")


def name_process(name: str) -> None:
    """The name that ps shows, at most 15 bytes."""
    # Not by prctl: what ctypes writes to on its way would be 50 KiB of each monitor.
    descriptor = os.open("/proc/self/comm", os.O_WRONLY | os.O_CLOEXEC)
    os.write(descriptor, name.encode()[:15])
    os.close(descriptor)


def close_on_exec_from(first: int) -> None:
    """Mark every descriptor from `first` on close-on-exec (close_range(2))."""
    _call(_CLOSE_RANGE, _long(first), _long(0xFFFF_FFFF), _long(4), subject="close_range")


def close_all_but(*descriptors: int) -> None:
    """Close every descriptor but the standard ones and these."""
    first = 3
    for descriptor in sorted(descriptors):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, 1 << 30)


def bpf(command: int, attributes: bytes, subject: str = "bpf") -> int:
    """One command on programs of eBPF; a descriptor where it makes one (bpf(2))."""
    return _call(_BPF, _long(command), attributes, _long(len(attributes)), subject=subject)


def new_session_keyring(name: str) -> None:
    """Join a new, empty session keyring, so that none is shared with the host (keyctl(2))."""
    _call(_KEYCTL, _long(k.KEYCTL_JOIN_SESSION_KEYRING), name.encode(), subject="keyctl")


@dataclass(frozen=True, slots=True)
class FilterProgram:
    """A seccomp filter in classic BPF."""

    code: bytes

    def load(self) -> None:
        """Put it in force for this process; needs no_new_privs or CAP_SYS_ADMIN (seccomp(2))."""
        # struct sock_fprog: an unsigned short, padding up to the pointer, the pointer
        code = ctypes.cast(ctypes.c_char_p(self.code), ctypes.c_void_p).value
        program = struct.pack("@HP", len(self.code) // 8, code)
        _call(_SECCOMP, _long(k.SECCOMP_SET_MODE_FILTER), _long(0), program, subject="seccomp")


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def capget() -> int:
    """The permitted capabilities of this process, as a mask (capget(2))."""
    header = _CapHeader(0x2008_0522, 0)
    sets = ctypes.create_string_buffer(24)
    ctypes.set_errno(0)
    _checked(_libc.capget(ctypes.byref(header), sets), "capget")
    _, low, _, _, high, _ = struct.unpack("=6I", sets)
    return int(high << 32 | low)


def capset(permitted: int) -> None:
    """Effective and permitted become this mask, inheritable becomes empty (capset(2))."""
    header = _CapHeader(0x2008_0522, 0)
    low, high = permitted & 0xFFFF_FFFF, permitted >> 32
    sets = struct.pack("=6I", low, low, 0, high, high, 0)
    ctypes.set_errno(0)
    _checked(_libc.capset(ctypes.byref(header), sets), "capset", permitted, subject="capset")
