"""Compiling seccomp filters with libseccomp (seccomp_init(3) and following)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

from cloche_engine.kernel.syscalls import FilterProgram

ALLOW = 0x7FFF_0000
_ERRNO = 0x0005_0000
_ACT_BADARCH, _OPTIMIZE = 2, 8
_MASKED_EQ = 7
_ARCH_X86 = 0x4000_0003
_MACHINE_WITH_32_BIT = "x86_64"


def errno_action(number: int) -> int:
    """Answer the call with this errno."""
    return _ERRNO | number


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint), ("operation", ctypes.c_int),
        ("first", ctypes.c_uint64), ("second", ctypes.c_uint64),
    )  # fmt: skip


def masked_equal(argument: int, mask: int, value: int) -> Any:
    """The rule holds where (argument & mask) == value."""
    return _Comparison(argument, _MASKED_EQ, mask, value)


class FilterBuilder:
    """Collects rules and compiles them; names that libseccomp does not know are left out."""

    def __init__(self, default: int, bad_architecture: int) -> None:
        self._lib = _library()
        self._context = ctypes.c_void_p(self._lib.seccomp_init(ctypes.c_uint32(default)))
        self._set(_ACT_BADARCH, bad_architecture)
        if os.uname().machine == _MACHINE_WITH_32_BIT:
            self._lib.seccomp_arch_add(self._context, ctypes.c_uint32(_ARCH_X86))

    def _set(self, attribute: int, value: int) -> int:
        set_: Callable[..., int] = self._lib.seccomp_attr_set
        return set_(self._context, ctypes.c_int(attribute), ctypes.c_uint32(value))

    def rule(self, action: int, name: str, *comparisons: _Comparison) -> bool:
        """Add a rule for one syscall where all hold; False where libseccomp has not its name."""
        number = self._lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1:
            return False
        count = len(comparisons)
        array = (_Comparison * count)(*comparisons)
        result = self._lib.seccomp_rule_add_array(
            self._context, ctypes.c_uint32(action), ctypes.c_int(number), ctypes.c_uint(count),
            array,
        )  # fmt: skip
        if result < 0:
            raise OSError(-result, os.strerror(-result), f"seccomp rule for {name}")
        return True

    def compile(self) -> FilterProgram:
        """The program, as a binary tree where libseccomp can; the builder is then used up."""
        self._set(_OPTIMIZE, 2)
        with open(os.memfd_create("seccomp"), "rb") as file:
            result = self._lib.seccomp_export_bpf(self._context, ctypes.c_int(file.fileno()))
            self._lib.seccomp_release(self._context)
            if result < 0:
                raise OSError(-result, os.strerror(-result), "seccomp_export_bpf")
            file.seek(0)
            return FilterProgram(file.read())


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    return library
