"""Programs of eBPF that decide which devices the processes of a control group may open (bpf(2))."""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass

from cloche_engine.kernel.syscalls import bpf

_PROG_LOAD, _PROG_ATTACH = 5, 8
_TYPE_CGROUP_DEVICE, _ATTACH_CGROUP_DEVICE = 15, 6
_ALLOW_MULTI = 2

BLOCK, CHARACTER = 1, 2
MKNOD, READ, WRITE = 1, 2, 4

_LOAD_WORD, _MOVE, _MOVE_IMMEDIATE, _AND_IMMEDIATE = 0x61, 0xBF, 0xB7, 0x57
_SHIFT_RIGHT, _JUMP_UNEQUAL, _JUMP_UNEQUAL_IMMEDIATE, _EXIT = 0x77, 0x5D, 0x55, 0x95
# What the program is given, struct bpf_cgroup_dev_ctx, lies where the first register points.
_RESULT, _SCRATCH, _KIND, _ACCESS, _MAJOR, _MINOR = 0, 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """Kind, numbers and accesses that are allowed; None stands for every number."""

    kind: int
    major: int | None
    minor: int | None
    access: int


def load_device_program(rules: tuple[DeviceRule, ...]) -> int:
    """A descriptor of a program that refuses all but these; OSError where the host cannot."""
    code = b"".join((_prologue(), *map(_rule, rules), _answer(0)))
    instructions = ctypes.create_string_buffer(code, len(code))
    licence = ctypes.create_string_buffer(b"GPL")
    fields = struct.pack(
        "=IIQQIIQII", _TYPE_CGROUP_DEVICE, len(code) // 8, ctypes.addressof(instructions),
        ctypes.addressof(licence), 0, 0, 0, 0, 0,
    )  # fmt: skip
    return bpf(_PROG_LOAD, fields)


def attach_device_program(program: int, group: str) -> None:
    """Let it decide for a group of the unified tree, and for all that are made in it."""
    folder = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fields = struct.pack("=IIII", folder, program, _ATTACH_CGROUP_DEVICE, _ALLOW_MULTI)
        bpf(_PROG_ATTACH, fields, group)
    finally:
        os.close(folder)


def _prologue() -> bytes:
    return b"".join(
        (
            _instruction(_LOAD_WORD, _KIND, _SCRATCH, 0),
            _instruction(_LOAD_WORD, _MAJOR, _SCRATCH, 4),
            _instruction(_LOAD_WORD, _MINOR, _SCRATCH, 8),
            _instruction(_MOVE, _ACCESS, _KIND),
            _instruction(_SHIFT_RIGHT, _ACCESS, immediate=16),
            _instruction(_AND_IMMEDIATE, _KIND, immediate=0xFFFF),
        )
    )


def _rule(rule: DeviceRule) -> bytes:
    """Jump behind it where something differs, or more is asked for than it allows."""
    numbers = ((_KIND, rule.kind), (_MAJOR, rule.major), (_MINOR, rule.minor))
    compared = [(register, number) for register, number in numbers if number is not None]
    rest = 2 + 3 + len(compared)
    code = b""
    for register, number in compared:
        rest -= 1
        code += _instruction(_JUMP_UNEQUAL_IMMEDIATE, register, offset=rest, immediate=number)
    code += _instruction(_MOVE, _SCRATCH, _ACCESS)
    code += _instruction(_AND_IMMEDIATE, _SCRATCH, immediate=rule.access)
    code += _instruction(_JUMP_UNEQUAL, _SCRATCH, _ACCESS, offset=2)
    return code + _answer(1)


def _answer(allowed: int) -> bytes:
    return _instruction(_MOVE_IMMEDIATE, _RESULT, immediate=allowed) + _instruction(_EXIT)


def _instruction(
    code: int, to: int = 0, source: int = 0, offset: int = 0, immediate: int = 0
) -> bytes:
    return struct.pack("=BBhi", code, source << 4 | to, offset, immediate)
