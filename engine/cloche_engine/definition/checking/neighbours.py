"""What a definition has in common with others that it must not, and with its host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cloche_engine.definition.problem import Problem, Severity, in_order
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind
from cloche_engine.definition.text.tree import Element, Tree

_NEVER_BOTH = "give another, or never run both at once"
_MEMORY = re.compile(r"MemTotal:\s+([0-9]+) kB")


def against(
    spec: ContainerSpec,
    others: Iterable[ContainerSpec],
    host_memory_kib: int | None,
    tree: Tree | None = None,
    *,
    guarantees: bool = True,
) -> tuple[Problem, ...]:
    """Names, uuids and addresses that other containers have, and a limit above what there is.

    others are those that it does not take the place of; tree gives the problems their places.
    guarantees is whether this host can guarantee memory.
    """
    problems = []
    addresses = _addresses(spec)
    for other in others:
        problems += _identity(spec, other.name, other.uuid, tree)
        theirs = _addresses(other)
        problems += [
            _address_taken(interface, address, other)
            for address, interface in addresses.items()
            if address in theirs and _same_network(interface, theirs[address])
        ]
    limit = spec.memory.max_kib
    if limit is not None and host_memory_kib is not None and limit > host_memory_kib:
        problems.append(_too_much(tree, limit, host_memory_kib))
    if spec.memory.guarantee_kib and not guarantees:
        problems.append(_not_guaranteed(tree))
    return in_order(problems)


def taken(spec: ContainerSpec, others: Iterable[tuple[str, str]]) -> Problem | None:
    """Why a container cannot have its name or uuid beside others, which are given by theirs."""
    found = (problem for other in others for problem in _identity(spec, *other))
    return next(found, None)


def host_memory_kib() -> int | None:
    """The memory of this computer; None where it cannot be read."""
    try:
        found = _MEMORY.search(Path("/proc/meminfo").read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def guarantees_memory(folder: Path = Path("/sys/fs/cgroup")) -> bool:
    """Whether the kernel here can: control groups of version 2 have the memory (cgroups(7))."""
    try:
        return "memory" in (folder / "cgroup.controllers").read_text().split()
    except OSError:
        return False


def _identity(
    spec: ContainerSpec, name: str, uuid: str | None, tree: Tree | None = None
) -> list[Problem]:
    """What is wrong beside a container of that name and uuid."""
    problems = []
    if name == spec.name:
        problems.append(_name_taken(tree, name))
    if uuid is not None and uuid == spec.uuid:
        problems.append(_uuid_taken(tree, name))
    return problems


def _addresses(spec: ContainerSpec) -> dict[str, Interface]:
    return {
        address.partition("/")[0]: interface
        for interface in spec.interfaces
        for address in interface.addresses
    }


def _same_network(one: Interface, two: Interface) -> bool:
    """Whether the two could meet; those on two bridges cannot."""
    bridges = one.kind is two.kind is InterfaceKind.BRIDGE
    return not bridges or one.source == two.source


def _name_taken(tree: Tree | None, name: str) -> Problem:
    reason, hint = f"there is a container named '{name}' already", "choose another name"
    return Problem("name-taken", Severity.ERROR, *_place(tree, "name"), reason, hint)


def _uuid_taken(tree: Tree | None, other: str) -> Problem:
    reason = f"the uuid is the one of '{other}'"
    hint = "remove <uuid> from the definition, a new one is made then"
    return Problem("uuid-taken", Severity.ERROR, *_place(tree, "uuid"), reason, hint)


def _address_taken(interface: Interface, address: str, other: ContainerSpec) -> Problem:
    location = interface.location
    place = (location.line, location.column) if location else (1, 1)
    reason = f"the address {address} is that of the container '{other.name}' too"
    hint = "give another, or none" if interface.is_managed else _NEVER_BOTH
    return Problem("address-taken", Severity.WARNING, *place, reason, hint)


def _too_much(tree: Tree | None, limit: int, present: int) -> Problem:
    reason = f"the limit of {limit} KiB is above the {present} KiB that this computer has"
    place = _place(tree, "memory")
    hint = "it limits nothing here"
    return Problem("memory-above-host", Severity.WARNING, *place, reason, hint)


def _not_guaranteed(tree: Tree | None) -> Problem:
    reason = "<min_guarantee> cannot be applied here: it takes control groups of version 2"
    tune = tree.root.first("memtune") if tree else None
    element = tune.first("min_guarantee") if tune else None
    place = tree.text_place(element) if tree and element else (1, 1)
    hint = "the container starts without it; a <soft_limit> for others leaves it room"
    return Problem("guarantee-unheeded", Severity.WARNING, *place, reason, hint)


def _place(tree: Tree | None, name: str) -> tuple[int, int]:
    """Where an element of that name has its text; the beginning where there is no such one."""
    element = _find(tree.root, name) if tree else None
    return tree.text_place(element) if tree and element else (1, 1)


def _find(root: Element, name: str) -> Element | None:
    container = root.first("container")
    return root.first(name) or (container.first(name) if container is not None else None)
