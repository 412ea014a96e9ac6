"""The resources of a plan."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.domain.cpuset import as_ranges, numbers
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.units import UNLIMITED_KIB
from cloche_engine.sandbox.plan.limits import Limits

PROCESSES = 2048
"""As many processes as a container may have: enough for applications, too few for a fork bomb."""


def compile_limits(spec: ContainerSpec) -> Limits:
    """What its control groups are to hold it to."""
    if refused := _unsupported(spec):
        raise refusal(*refused)
    cpu, memory = spec.cpu, spec.memory
    return Limits(
        cpu_shares=cpu.shares or 0,
        # Memory and swap together hold the memory alone too.
        memory=_bytes(memory.max_kib) or _bytes(memory.swap_kib),
        processes=PROCESSES,
        cpu_quota=max(0, cpu.quota_us or 0),
        cpu_period=cpu.period_us or 0,
        cpus=_shortest(cpu.cpuset),
        mems=_shortest(cpu.mems),
        memory_soft=_bytes(memory.soft_kib),
        memory_swap=_bytes(memory.swap_kib),
        io_weight=spec.io_weight or 0,
        oom_group=True,
    )


def _bytes(kib: int | None) -> int:
    """No limit can be given as a number that no machine has."""
    return 0 if kib is None or kib >= UNLIMITED_KIB else kib * 1024


def _shortest(listed: str | None) -> str:
    """As the kernel shows it."""
    return as_ranges(numbers(listed)) if listed else ""


def _unsupported(spec: ContainerSpec) -> tuple[str, str] | None:
    # A number of processors nowhere limits containers: it is what libvirt wants to be told.
    if spec.memory.guarantee_kib:
        return (
            "a guarantee of memory does not work: groups of other programs would lose theirs",
            "remove <min_guarantee>, and give others a <soft_limit>",
        )
    return None
