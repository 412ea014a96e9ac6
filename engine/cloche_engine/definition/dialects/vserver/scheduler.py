"""The scheduler's rates and CPUs as a limit of CPU time, and back.

`fill_rate1` ticks of CPU time come in every `interval1` ticks: a fraction of a CPU, which quota and
period say as well. The length of a tick depends on the host's kernel, the fraction does not, so a
tick is taken as a millisecond. The CPUs named are those that it may use, less those with a rate of
0. Rates of their own for single CPUs or idle times have no
counterpart; an element that has them is kept whole besides being converted.
"""

from __future__ import annotations

from fractions import Fraction

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain.cpuset import as_ranges, numbers, valid_cpuset
from cloche_engine.definition.schema.domain import DEFAULT_PERIOD_US, MAX_PERIOD_US
from cloche_engine.definition.schema.vserver import MAX_CPUS, MAX_TICKS
from cloche_engine.definition.spec import Cpu
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.source import RefusedTextError, Source
from cloche_engine.definition.text.tree import Element, NotWellFormedError, parse_tree

_TICK_US = 1000
_MORE = {"fill_rate2", "interval2", "idle_time"}


def read_scheduler(element: Element | None) -> Cpu:
    """What its own rates and the CPUs with time on them mean; None each where they say nothing."""
    if element is None:
        return Cpu()
    fill, interval = _number(element, "fill_rate1"), _number(element, "interval1")
    cpuset = _cpuset(element)
    if not fill or not interval or max(fill, interval) > MAX_TICKS:
        return Cpu(cpuset=cpuset)
    period = interval * _TICK_US
    quota = fill * _TICK_US
    if period > MAX_PERIOD_US:
        quota = max(_TICK_US, round(fill * MAX_PERIOD_US / interval))
        period = MAX_PERIOD_US
    return Cpu(quota_us=quota, period_us=period, cpuset=cpuset)


def has_more(element: Element) -> bool:
    """Whether it says what quota, period and CPUs cannot."""
    single = any(set(cpu.attributes) - {"id"} for cpu in element.all("cpu"))
    idle = not _MORE.isdisjoint(element.attributes)
    return single or idle or _number(element, "fill_rate1") == 0


def check_scheduler(report: Report, element: Element | None) -> None:
    """Warn of a rate that stands alone, of what is inferred, and of what is not converted."""
    if element is None:
        return
    alone = {"fill_rate1", "interval1"} & set(element.attributes)
    if len(alone) == 1:
        reason = f"{alone.pop()} stands alone and limits nothing"
        report.warning("scheduler", element, reason, "write fill_rate1 and interval1")
    elif alone and _number(element, "fill_rate1") and _number(element, "interval1"):
        report.warning(
            "scheduler",
            element,
            f"{element.attributes['fill_rate1'].strip()} ticks of CPU time in "
            f"{element.attributes['interval1'].strip()} are taken as that part of one CPU",
        )
    if has_more(element):
        report.warning(
            "scheduler",
            element,
            "rates of single CPUs and of idle times have no counterpart; they are kept",
        )


def says(text: str, cpu: Cpu) -> bool:
    """Whether a scheduler that was kept still means these limits."""
    try:
        found = read_scheduler(parse_tree(Source(text.encode())).root)
    except (NotWellFormedError, RefusedTextError, UnicodeEncodeError):
        return False
    mine = (found.quota_us, found.period_us, found.cpuset)
    return mine == (cpu.quota_us, cpu.period_us, cpu.cpuset)


def write_scheduler(cpu: Cpu) -> tuple[Markup, ...]:
    """The element that says as much of it as it can, nothing where that is nothing."""
    rates: tuple[tuple[str, str | None], ...] = ()
    if cpu.quota_us is not None and cpu.quota_us > 0:
        fill, interval = _ticks(cpu.quota_us, cpu.period_us or DEFAULT_PERIOD_US)
        rates = (("fill_rate1", str(fill)), ("interval1", str(interval)))
    cpus = tuple(Markup("cpu", (("id", str(number)),)) for number in _expand(cpu.cpuset))
    return (Markup("scheduler", rates, children=cpus),) if rates or cpus else ()


def _ticks(quota: int, period: int) -> tuple[int, int]:
    if quota % _TICK_US == 0 and period % _TICK_US == 0:
        return quota // _TICK_US, period // _TICK_US
    part = Fraction(quota, period).limit_denominator(MAX_PERIOD_US // _TICK_US)
    return max(part.numerator, 1), part.denominator


def _number(owner: Element, name: str) -> int | None:
    return names.parse_integer(owner.attributes.get(name, "").strip())


def _cpuset(element: Element) -> str | None:
    """The CPUs named, without those on which it gets no time."""
    named = {_number(cpu, "id") for cpu in element.all("cpu") if _number(cpu, "fill_rate1") != 0}
    return as_ranges(one for one in named if one is not None and one < MAX_CPUS) or None


def _expand(cpuset: str | None) -> list[int]:
    """The numbers of a list such as `0-3,^2`; none where it cannot be read or goes further."""
    if not cpuset or valid_cpuset(cpuset):
        return []
    found = sorted(numbers(cpuset))
    return found if found[-1] < MAX_CPUS else []
