"""Limits as `lxc.cgroup.` of v1 writes them, and beside them as `lxc.cgroup2.` does."""

from __future__ import annotations

from collections.abc import Iterator

from cloche_engine.definition import names
from cloche_engine.definition.conf import numbers
from cloche_engine.definition.schema.domain import DEFAULT_PERIOD_US, MAX_PROCESSES
from cloche_engine.definition.spec import ContainerSpec, Cpu, Memory

_Pair = tuple[str, str]


def limits(spec: ContainerSpec) -> Iterator[str]:
    """Those of v1 first, each kind in the order in which the kernel takes them."""
    old = [*_cpu_v1(spec.cpu), *_memory_v1(spec.memory)]
    new = [*_cpu_v2(spec.cpu), *_memory_v2(spec.memory)]
    if spec.io_weight is not None:
        old.append(("blkio.weight", str(spec.io_weight)))
        new.append(("io.weight", str(numbers.io_weight_of(spec.io_weight))))
    if spec.processes is not None and 1 <= spec.processes <= MAX_PROCESSES:
        old.append(("pids.max", str(spec.processes)))
        new.append(("pids.max", str(spec.processes)))
    for key, value in old:
        yield f"lxc.cgroup.{key} = {value}"
    for key, value in new:
        yield f"lxc.cgroup2.{key} = {value}"


def _has_shares(cpu: Cpu) -> bool:
    return cpu.shares is not None and names.MIN_SHARES <= cpu.shares <= names.MAX_SHARES


def _cpu_v1(cpu: Cpu) -> Iterator[_Pair]:
    if _has_shares(cpu):
        yield "cpu.shares", str(cpu.shares)
    if cpu.period_us is not None:
        yield "cpu.cfs_period_us", str(cpu.period_us)
    if cpu.quota_us is not None:
        yield "cpu.cfs_quota_us", str(cpu.quota_us)
    yield from _cpuset(cpu)


def _cpu_v2(cpu: Cpu) -> Iterator[_Pair]:
    if cpu.shares is not None and _has_shares(cpu):
        yield "cpu.weight", str(numbers.weight_of(cpu.shares))
    if cpu.quota_us is not None or cpu.period_us is not None:
        quota = "max" if cpu.quota_us is None else str(cpu.quota_us)
        yield "cpu.max", f"{quota} {cpu.period_us or DEFAULT_PERIOD_US}"
    yield from _cpuset(cpu)


def _cpuset(cpu: Cpu) -> Iterator[_Pair]:
    if cpu.cpuset is not None and not numbers.valid_cpus(cpu.cpuset):
        yield "cpuset.cpus", cpu.cpuset
    if cpu.mems is not None and not numbers.valid_cpus(cpu.mems):
        yield "cpuset.mems", cpu.mems


def _memory_v1(memory: Memory) -> Iterator[_Pair]:
    if memory.max_kib is not None:
        yield "memory.limit_in_bytes", str(memory.max_kib * 1024)
    if memory.soft_kib is not None:
        yield "memory.soft_limit_in_bytes", str(memory.soft_kib * 1024)
    if memory.swap_kib is not None:
        yield "memory.memsw.limit_in_bytes", str(memory.swap_kib * 1024)


def _memory_v2(memory: Memory) -> Iterator[_Pair]:
    if memory.guarantee_kib is not None:
        yield "memory.min", str(memory.guarantee_kib * 1024)
    if memory.soft_kib is not None:
        yield "memory.high", str(memory.soft_kib * 1024)
    if memory.max_kib is not None:
        yield "memory.max", str(memory.max_kib * 1024)
        if memory.swap_kib is not None and memory.swap_kib >= memory.max_kib:
            yield "memory.swap.max", str((memory.swap_kib - memory.max_kib) * 1024)
