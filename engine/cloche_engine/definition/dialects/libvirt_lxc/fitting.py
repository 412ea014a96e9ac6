"""Leaves out of a specification what libvirt's own schema would refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cloche_engine.definition.schema.domain import (
    CRASH_ACTIONS,
    END_ACTIONS,
    MAX_IO_WEIGHT,
    MAX_PERIOD_US,
    MAX_QUOTA_US,
    MIN_PERIOD_US,
    MIN_QUOTA_US,
)
from cloche_engine.definition.spec import ContainerSpec, Cpu, IoDevice

MIN_IO_WEIGHT = 100
ARCHITECTURES = frozenset(
    "aarch64 alpha armv6l armv7l cris i686 ia64 lm32 m68k microblaze microblazeel mips mipsel"
    " mips64 mips64el openrisc parisc parisc64 ppc ppc64 ppc64le ppcemb riscv32 riscv64 s390 s390x"
    " sh4 sh4eb sparc sparc64 unicore32 x86_64 xtensa xtensaeb".split()
)

_GENERIC = re.compile(r"[a-zA-Z0-9_+-]+")
_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_DEVICE = re.compile(r"[a-zA-Z0-9_.\\:/-]+")
_LINE = re.compile(r"[^\r\n\t]+")


def is_generic(text: str) -> bool:
    """Whether libvirt takes it as a name of users, groups and templates."""
    return _GENERIC.fullmatch(text) is not None


def is_device(text: str) -> bool:
    """Whether libvirt takes it as the name of a network device."""
    return _DEVICE.fullmatch(text) is not None


def is_line(text: str) -> bool:
    """Whether it is some text on one line, with nothing that would be trimmed."""
    return _LINE.fullmatch(text) is not None


def is_path(text: str) -> bool:
    """Whether libvirt takes it as an absolute path of a file."""
    return text.startswith("/") and len(text) > 1 and is_line(text)


def fitted(spec: ContainerSpec) -> ContainerSpec:
    """The specification as far as libvirt's schema takes it."""
    program = spec.program if spec.program and is_path(spec.program[0]) else ()
    weight = spec.io_weight or 0
    user, group = _identity(spec)
    return replace(
        spec,
        title=_only(spec.title, is_line),
        program=program,
        environment=tuple(pair for pair in spec.environment if _VARIABLE.fullmatch(pair[0])),
        directory=_only(spec.directory, lambda text: text == "/" or is_path(text)),
        user=user,
        group=group,
        arch=_only(spec.arch, ARCHITECTURES.__contains__),
        machine=None,
        cpu=_cpu(spec.cpu),
        io_weight=weight if MIN_IO_WEIGHT <= weight <= MAX_IO_WEIGHT else None,
        io_devices=tuple(map(_device, (e for e in spec.io_devices if is_path(e.path)))),
        on_poweroff=_only(spec.on_poweroff, END_ACTIONS.__contains__),
        on_reboot=_only(spec.on_reboot, END_ACTIONS.__contains__),
        on_crash=_only(spec.on_crash, CRASH_ACTIONS.__contains__),
    )


def _only(text: str | None, fits: Callable[[str], bool]) -> str | None:
    return text if text is not None and fits(text) else None


def _identity(spec: ContainerSpec) -> tuple[str | None, str | None]:
    """User and group: libvirt's schema has both or neither, its driver takes 0 for either."""
    user, group = _only(spec.user, is_generic), _only(spec.group, is_generic)
    return (user or "0", group or "0") if user or group else (None, None)


def _device(device: IoDevice) -> IoDevice:
    weight = device.weight or 0
    return device if weight >= MIN_IO_WEIGHT else replace(device, weight=None)


def _cpu(cpu: Cpu) -> Cpu:
    """A list of processors stands beside their number, which libvirt's driver does not heed."""
    quota, period = cpu.quota_us or 0, cpu.period_us or 0
    return replace(
        cpu,
        quota_us=quota if MIN_QUOTA_US <= quota <= MAX_QUOTA_US else None,
        period_us=period if MIN_PERIOD_US <= period <= MAX_PERIOD_US else None,
        count=1 if cpu.cpuset and cpu.count is None else cpu.count,
    )
