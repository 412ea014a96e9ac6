"""Memory and processors."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.cpuset import read_cpuset
from cloche_engine.definition.domain.values import (
    branch,
    contradiction,
    leaf,
    number,
    read_size,
)
from cloche_engine.definition.schema.domain import (
    MAX_CPUS,
    MAX_PERIOD_US,
    MAX_QUOTA_US,
    MIN_PERIOD_US,
    MIN_QUOTA_US,
)
from cloche_engine.definition.spec import Cpu, Memory
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element
from cloche_engine.definition.units import MIN_MEMORY_KIB

_MEMORY_HINT = "leave the element out for no limit"


def read_memory(report: Report, root: Element, *, zero_is_unset: bool = False) -> Memory:
    """`<memory>` and `<memtune>` below root; the hard limit has to be what memory says."""
    plain, tune = root.first("memory"), root.first("memtune")
    if plain is not None and zero_is_unset and not plain.text.strip().strip("0"):
        plain = None
    hard = tune.first("hard_limit") if tune is not None else None
    size = read_size(report, plain, MIN_MEMORY_KIB, _MEMORY_HINT)
    limit = _tuned(report, tune, "hard_limit", MIN_MEMORY_KIB)
    if plain is not None and hard is not None and None not in (size, limit) and size != limit:
        contradiction(report, plain, hard, "most memory")
    found = Memory(
        limit if size is None else size,
        _tuned(report, tune, "soft_limit", 1),
        _tuned(report, tune, "swap_hard_limit", MIN_MEMORY_KIB),
        _tuned(report, tune, "min_guarantee", 0) or None,
    )
    _check_order(report, tune, found)
    return found


def _tuned(report: Report, tune: Element | None, name: str, minimum: int) -> int | None:
    element = tune.first(name) if tune is not None else None
    return read_size(report, element, minimum, _MEMORY_HINT)


def _check_order(report: Report, tune: Element | None, memory: Memory) -> None:
    if tune is None or memory.max_kib is None:
        return
    soft, swap = tune.first("soft_limit"), tune.first("swap_hard_limit")
    kept = tune.first("min_guarantee")
    if kept is not None and (memory.guarantee_kib or 0) > memory.max_kib:
        reason = f"more is guaranteed than the most memory, {memory.max_kib} KiB"
        report.warning("memory", kept, reason, "it guarantees no more than that")
    if soft is not None and (memory.soft_kib or 0) > memory.max_kib:
        reason = f"the soft limit is above the most memory, {memory.max_kib} KiB"
        report.error("memory", soft, reason, "make it smaller than that")
    if swap is not None and memory.swap_kib is not None and memory.swap_kib < memory.max_kib:
        reason = f"memory and swap together are less than the memory, {memory.max_kib} KiB"
        report.error("memory", swap, reason, "it counts both: make it at least as much")


def memory_markup(memory: Memory) -> tuple[Markup, ...]:
    """`<memory>` and what is left for `<memtune>`."""
    plain = memory.max_kib
    return (
        *((Markup("memory", (("unit", "KiB"),), str(plain)),) if plain is not None else ()),
        *branch(
            "memtune",
            *(
                (Markup(name, (("unit", "KiB"),), str(size)),)
                for name, size in (
                    ("soft_limit", memory.soft_kib),
                    ("swap_hard_limit", memory.swap_kib),
                    ("min_guarantee", memory.guarantee_kib),
                )
                if size is not None
            ),
        ),
    )


def read_cpu(
    report: Report, root: Element, twin: Element | None = None, *, zero_is_unset: bool = False
) -> Cpu:
    """`<vcpu>`, `<numatune>`, `<cputune>`; twin is the dialect's own element of cpu shares."""
    tune, vcpu = root.first("cputune"), root.first("vcpu")
    cpuset = vcpu.attributes.get("cpuset") if vcpu is not None else None
    shares = _shares(report, tune, twin)
    return Cpu(
        None if shares == 0 and zero_is_unset else shares,
        _microseconds(report, tune, "quota", (MIN_QUOTA_US, MAX_QUOTA_US)),
        _microseconds(report, tune, "period", (MIN_PERIOD_US, MAX_PERIOD_US)),
        read_cpuset(report, vcpu, "cpuset") if vcpu is not None and cpuset is not None else None,
        _mems(report, root),
        _count(report, vcpu, zero_is_unset=zero_is_unset),
    )


def _shares(report: Report, tune: Element | None, twin: Element | None) -> int | None:
    own = names.parse_integer(twin.text.strip()) if twin is not None else None
    tuned = number(tune, "shares")
    element = tune.first("shares") if tune is not None else None
    if twin is not None and element is not None and None not in (own, tuned) and own != tuned:
        contradiction(report, twin, element, "shares")
    return tuned if own is None else own


def _microseconds(
    report: Report, tune: Element | None, name: str, span: tuple[int, int]
) -> int | None:
    """A time of the scheduler; 0 is unset, a negative quota is no limit."""
    element = tune.first(name) if tune is not None else None
    if element is None:
        return None
    text = element.text.strip()
    negative = name == "quota" and names.parse_integer(text.removeprefix("-")) is not None
    if text == "0" or (negative and text.startswith("-")):
        return None
    if reason := names.valid_integer(text, *span):
        hint = f"{span[0]} to {span[1]} microseconds"
        hint += "; leave it out for no limit" if name == "quota" else "; 100000 is usual"
        report.error(name, report.tree.text_place(element), f"<{name}>: {reason}", hint)
        return None
    return int(text)


def _count(report: Report, vcpu: Element | None, *, zero_is_unset: bool = False) -> int | None:
    text = vcpu.text.strip() if vcpu is not None else ""
    if vcpu is None or not text or (text == "0" and zero_is_unset):
        return None
    if reason := names.valid_integer(text, 1, MAX_CPUS):
        report.error("vcpu", report.tree.text_place(vcpu), f"<vcpu>: {reason}")
        return None
    return int(text)


def plain_numatune(root: Element) -> Element | None:
    """The `<numatune>` that says no more than which nodes are used, strictly."""
    tune = root.first("numatune")
    memory = tune.first("memory") if tune is not None else None
    if tune is None or memory is None or len(tune.children) > 1:
        return None
    known = memory.attributes.keys() <= {"mode", "nodeset", "placement"}
    strict = memory.attributes.get("mode", "strict") == "strict"
    static = memory.attributes.get("placement", "static") == "static"
    return tune if known and strict and static and "nodeset" in memory.attributes else None


def _mems(report: Report, root: Element) -> str | None:
    tune = plain_numatune(root)
    memory = tune.first("memory") if tune is not None else None
    return read_cpuset(report, memory, "nodeset") if memory is not None else None


def cpu_markup(cpu: Cpu) -> tuple[Markup, ...]:
    """`<vcpu>`, `<numatune>` and `<cputune>`, those of them that are needed."""
    vcpu = None if cpu.count is None else str(cpu.count)
    mems = Markup("memory", (("mode", "strict"), ("nodeset", cpu.mems)))
    attributes = (("placement", "static"), ("cpuset", cpu.cpuset)) if cpu.cpuset else ()
    return (
        *((Markup("vcpu", attributes, vcpu),) if vcpu or cpu.cpuset else ()),
        *branch("numatune", (mems,) if cpu.mems else ()),
        *branch(
            "cputune",
            leaf("shares", cpu.shares),
            leaf("period", cpu.period_us),
            leaf("quota", cpu.quota_us),
        ),
    )
