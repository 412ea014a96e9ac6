"""The resources of a plan."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.sandbox.plan.limits import Limits

PROCESSES = 2048
"""As many processes as a container may have: enough for applications, too few for a fork bomb."""


def compile_limits(spec: ContainerSpec) -> Limits:
    """What its control groups are to hold it to."""
    if refused := _unsupported(spec):
        raise refusal(*refused)
    return Limits(spec.cpu.shares or 0, (spec.memory.max_kib or 0) * 1024, PROCESSES)


def _unsupported(spec: ContainerSpec) -> tuple[str, str] | None:
    cpu, memory = spec.cpu, spec.memory
    # A period without a quota limits nothing, and a number of processors nowhere limits containers.
    if cpu.quota_us is not None:
        return "a limit of processor time does not work yet", "remove <quota>"
    if cpu.cpuset is not None or cpu.mems is not None:
        return "choosing processors does not work yet", "remove <vcpu> and <numatune>"
    if (memory.soft_kib, memory.swap_kib, memory.guarantee_kib) != (None, None, None):
        return "of the limits of memory only <memory> works yet", "remove what else <memtune> says"
    if spec.io_weight is not None:
        return "a weight of input and output does not work yet", "remove <blkiotune>"
    return None
