"""Limits: the RFC's own elements, and libvirt's twins of them."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.domain import limits
from cloche_engine.definition.domain.values import contradiction, read_size, size_unit
from cloche_engine.definition.spec import Cpu, Memory
from cloche_engine.definition.text.tree import Element
from cloche_engine.definition.units import MIN_MEMORY_KIB, UNLIMITED_KIB, to_kib

_HINT = "leave <memory> out for no limit"


def read_cpu(report: Report, root: Element) -> Cpu:
    """What `<cpushare>` and libvirt's elements say together."""
    outer, inner = root.first("cpushare"), _inner(root, "cpushare")
    if outer is not None and inner is not None and shares(outer) != shares(inner):
        contradiction(report, inner, outer, "shares")
    return limits.read_cpu(report, root, outer or inner)


def read_memory(report: Report, root: Element) -> Memory:
    """What `<memory>` and `<memtune>` say together."""
    found, inner = limits.read_memory(report, root), _inner(root, "memory")
    if inner is None:
        return found
    size = read_size(report, inner, MIN_MEMORY_KIB, _HINT)
    if size is not None and found.max_kib not in {None, size}:
        contradiction(report, root.first("memory") or inner, inner, "most memory")
    return found if found.max_kib is not None else replace(found, max_kib=size)


def shares(element: Element) -> int | None:
    """The number in a `<cpushare>`."""
    return names.parse_integer(element.text.strip())


def memory_kib(element: Element | None) -> int | None:
    """A `<memory>` in KiB; None where there is none, it cannot be read, or it says no limit."""
    if element is None:
        return None
    size = to_kib(element.text.strip(), size_unit(element))
    return None if size is None or size >= UNLIMITED_KIB else size


def _inner(root: Element, name: str) -> Element | None:
    container = root.first("container")
    return container.first(name) if container is not None else None
