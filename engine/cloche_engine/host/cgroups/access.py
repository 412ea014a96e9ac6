"""Which devices a container's processes may open: those of its /dev, whatever nodes they find.

On the unified tree an eBPF program decides, on v1 the devices controller. Nodes may be made
where the kernel lets somebody, but not opened.
"""

from __future__ import annotations

from cloche_engine.host.cgroups.group import Group
from cloche_engine.kernel import files
from cloche_engine.kernel.bpf import (
    BLOCK,
    CHARACTER,
    MKNOD,
    READ,
    WRITE,
    DeviceRule,
    attach_device_program,
    load_device_program,
)

_ALL = READ | WRITE | MKNOD
_MEMORY, _TERMINALS = 1, 5
_NULL, _ZERO, _FULL, _RANDOM, _URANDOM = 3, 5, 7, 8, 9
_TTY, _CONSOLE, _PTMX = 0, 1, 2
_PSEUDOTERMINALS = 136

RULES = (
    *(DeviceRule(CHARACTER, _MEMORY, minor, _ALL)
      for minor in (_NULL, _ZERO, _FULL, _RANDOM, _URANDOM)),
    *(DeviceRule(CHARACTER, _TERMINALS, minor, _ALL) for minor in (_TTY, _CONSOLE, _PTMX)),
    DeviceRule(CHARACTER, _PSEUDOTERMINALS, None, _ALL),
    DeviceRule(CHARACTER, None, None, MKNOD),
    DeviceRule(BLOCK, None, None, MKNOD),
)  # fmt: skip
_LETTERS = {BLOCK: "b", CHARACTER: "c"}


def load_access() -> int:
    """The program of all containers, as a descriptor; -1 where the host has none such."""
    try:
        return load_device_program(RULES)
    except OSError:
        return -1


def guard(group: Group, program: int) -> bool:
    """Refuse a group all other devices; False where the host has no means to."""
    if group.unified is not None and program >= 0:
        attach_device_program(program, group.unified)
        return True
    folder = group.folder("devices")
    if folder is None:
        return False
    files.write(f"{folder}/devices.deny", "a")
    for rule in RULES:
        files.write(f"{folder}/devices.allow", _line(rule))
    return True


def _line(rule: DeviceRule) -> str:
    """As devices.allow takes it."""
    major, minor = ("*" if number is None else number for number in (rule.major, rule.minor))
    letters = "".join(
        letter for letter, bit in zip("rwm", (READ, WRITE, MKNOD), strict=True) if rule.access & bit
    )
    return f"{_LETTERS[rule.kind]} {major}:{minor} {letters}"
