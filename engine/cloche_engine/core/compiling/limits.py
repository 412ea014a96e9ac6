"""The resources of a plan."""

from __future__ import annotations

from dataclasses import asdict

from cloche_engine.definition.domain.cpuset import as_ranges, numbers
from cloche_engine.definition.spec import ContainerSpec, IoDevice
from cloche_engine.definition.units import UNLIMITED_KIB
from cloche_engine.sandbox.plan.limits import DeviceLimits, Limits, Rlimit

PROCESSES = 2048
"""As many processes as a container may have: enough for applications, too few for a fork bomb."""
_OF_A_SYSTEM = 16384
_RLIMITS = (Rlimit("nofile", 1024, 524288, wished=False), Rlimit("core", 0, 0, wished=False))
"""Soft as select(2) can take them, hard as systemd has it; and no dumps on the host's disk."""


def compile_limits(spec: ContainerSpec) -> Limits:
    """What its control groups are to hold it to."""
    cpu, memory = spec.cpu, spec.memory
    return Limits(
        cpu_shares=cpu.shares or 0,
        # Memory and swap together hold the memory alone too.
        memory=_bytes(memory.max_kib) or _bytes(memory.swap_kib),
        processes=spec.processes or (_OF_A_SYSTEM if spec.system else PROCESSES),
        cpu_quota=max(0, cpu.quota_us or 0),
        cpu_period=cpu.period_us or 0,
        cpus=_shortest(cpu.cpuset),
        mems=_shortest(cpu.mems),
        memory_soft=_bytes(memory.soft_kib),
        memory_swap=_bytes(memory.swap_kib),
        memory_guarantee=_bytes(memory.guarantee_kib),
        io_weight=spec.io_weight or 0,
        devices=tuple(map(_device, spec.io_devices)),
        # Of a system only the one that outgrew it is killed: its init may start that again.
        oom_group=not spec.system,
        rlimits=_rlimits(spec),
    )


def _device(wanted: IoDevice) -> DeviceLimits:
    rates = {name: value or 0 for name, value in asdict(wanted).items() if name != "path"}
    return DeviceLimits(wanted.path, **rates)


def _rlimits(spec: ContainerSpec) -> tuple[Rlimit, ...]:
    """Those of the definition over our defaults."""
    said = {each.name: Rlimit(each.name, _or_none(each.soft), _or_none(each.hard))
            for each in spec.rlimits}  # fmt: skip
    return tuple(({each.name: each for each in _RLIMITS} | said).values())


def _or_none(limit: int | None) -> int:
    return -1 if limit is None else limit


def _bytes(kib: int | None) -> int:
    """No limit can be given as a number that no machine has."""
    return 0 if kib is None or kib >= UNLIMITED_KIB else kib * 1024


def _shortest(listed: str | None) -> str:
    """As the kernel shows it."""
    return as_ranges(numbers(listed)) if listed else ""
