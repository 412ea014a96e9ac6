"""How two specifications differ, each difference as one sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from cloche_engine.definition.names import short
from cloche_engine.definition.planning.mounts import filesystems
from cloche_engine.definition.planning.network import interfaces
from cloche_engine.definition.planning.wording import Difference, instead, text
from cloche_engine.definition.spec import (
    Capabilities,
    ContainerSpec,
    Cpu,
    IdMap,
    IoDevice,
    Memory,
    Opaque,
    Rlimit,
)
from cloche_engine.definition.units import readable

_Compare = Callable[[str, Any, Any], Iterator[Difference]]

_SILENT = ContainerSpec("")


def differences(old: ContainerSpec | None, new: ContainerSpec) -> list[Difference]:
    """All of them in the order of the specification; from nothing, everything that is set."""
    before = old or _SILENT
    found: list[Difference] = []
    for entry in fields(ContainerSpec):
        was, now = getattr(before, entry.name), getattr(new, entry.name)
        if was != now:
            compare: _Compare = _COMPARE.get(entry.name, _plain)
            found += compare(entry.name, was, now)
    return found


def _plain(path: str, was: Any, now: Any) -> Iterator[Difference]:
    yield Difference(path, instead(_TITLES.get(path, path), text(was), text(now)))


def _size(path: str, was: int | None, now: int | None) -> Iterator[Difference]:
    words = instead(_TITLES[path], _written(readable, was), _written(readable, now))
    yield Difference(path, words)


def _part(units: dict[str, Callable[[Any], str]]) -> _Compare:
    """Compares two parts field by field."""

    def compare(path: str, was: Cpu | Memory, now: Cpu | Memory) -> Iterator[Difference]:
        for entry in fields(now):
            one, other = getattr(was, entry.name), getattr(now, entry.name)
            if one != other:
                inner = f"{path}.{entry.name}"
                write = units.get(entry.name, text)
                words = instead(_TITLES[inner], _written(write, one), _written(write, other))
                yield Difference(inner, words)

    return compare


def _written(write: Callable[[Any], str], value: Any) -> str:
    return "" if value is None else write(value)


def _program(path: str, was: tuple[str, ...], now: tuple[str, ...]) -> Iterator[Difference]:
    yield Difference(path, instead("Program", short(" ".join(was), 80), short(" ".join(now), 80)))


def _environment(
    path: str, was: tuple[tuple[str, str], ...], now: tuple[tuple[str, str], ...]
) -> Iterator[Difference]:
    before, after = dict(was), dict(now)
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one != other:
            subject = f"Environment variable {short(name)}"
            words = instead(subject, _quoted(one), _quoted(other))
            yield Difference(f"{path}.{name}", words)
    if before == after:
        yield Difference(path, "The environment variables stand in another order.")


def _quoted(value: str | None) -> str:
    return "" if value is None else f"'{short(value)}'"


def _idmap(path: str, _was: IdMap | None, now: IdMap | None) -> Iterator[Difference]:
    words = "are mapped as the document says" if now else "are chosen by Cloche"
    yield Difference(path, f"User and group ids {words}.")


def _capabilities(
    path: str, was: Capabilities | None, now: Capabilities | None
) -> Iterator[Difference]:
    one, other = was or Capabilities(), now or Capabilities()
    if one.policy != other.policy:
        words = instead("Capabilities, policy", str(one.policy), str(other.policy))
        yield Difference(f"{path}.policy", words)
    for name, subject in (("keep", "Capabilities kept"), ("drop", "Capabilities dropped")):
        before, after = getattr(one, name), getattr(other, name)
        if before != after:
            words = instead(subject, text(before) or "none", text(after) or "none")
            yield Difference(f"{path}.{name}", words)


def _opaque(path: str, was: tuple[Opaque, ...], now: tuple[Opaque, ...]) -> Iterator[Difference]:
    before, after = {(one.path, one.text) for one in was}, {(one.path, one.text) for one in now}
    for changed in sorted({each[0] for each in before ^ after}):
        yield Difference(
            f"{path}.{changed}", f"{short(changed, 80)} changes; Cloche keeps it but ignores it."
        )
    if before == after:
        yield Difference(path, "What Cloche keeps but ignores stands in another order.")


def _devices(
    path: str, was: tuple[IoDevice, ...], now: tuple[IoDevice, ...]
) -> Iterator[Difference]:
    before, after = ({each.path: each for each in some} for some in (was, now))
    for disk in dict.fromkeys([*before, *after]):
        for entry in fields(IoDevice):
            one, other = (getattr(some.get(disk), entry.name, None) for some in (before, after))
            if one != other and entry.name != "path":
                subject = f"{_TITLES[f'{path}.{entry.name}']} of {short(disk)}"
                yield Difference(f"{path}.{disk}", instead(subject, text(one), text(other)))


def _rlimits(path: str, was: tuple[Rlimit, ...], now: tuple[Rlimit, ...]) -> Iterator[Difference]:
    before, after = ({each.name: each for each in some} for some in (was, now))
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one != other:
            words = instead(f"Limit {name} of each process", _pair(one), _pair(other))
            yield Difference(f"{path}.{name}", words)
    if before == after:
        yield Difference(path, "The limits of processes stand in another order.")


def _pair(limit: Rlimit | None) -> str:
    if limit is None:
        return ""
    soft, hard = ("no limit" if each is None else str(each) for each in (limit.soft, limit.hard))
    return soft if soft == hard else f"{soft}, at most {hard}"


_TITLES = {
    "name": "Name",
    "uuid": "Uuid",
    "title": "Title",
    "description": "Description",
    "hostname": "Host name",
    "nameservers": "Name servers",
    "directory": "Working directory",
    "user": "User",
    "group": "Group",
    "cpu.shares": "Processor shares",
    "cpu.quota_us": "Processor time in each period",
    "cpu.period_us": "Period",
    "cpu.cpuset": "Processors",
    "cpu.mems": "Memory nodes",
    "cpu.count": "Number of processors",
    "memory.max_kib": "Memory, at most",
    "memory.soft_kib": "Memory, when others need some",
    "memory.swap_kib": "Memory and swap, at most",
    "memory.guarantee_kib": "Memory, guaranteed",
    "consoles": "Consoles",
    "console_kib": "Output of the console that is kept",
    "console_ttys": "Terminals named for the consoles",
    "io_weight": "Disk weight",
    "io_devices.weight": "Weight",
    "io_devices.read_bytes_sec": "Bytes read in a second",
    "io_devices.write_bytes_sec": "Bytes written in a second",
    "io_devices.read_iops_sec": "Reads in a second",
    "io_devices.write_iops_sec": "Writes in a second",
    "processes": "Processes, at most",
    "network_isolated": "Only a loopback network",
    "namespaces": "Namespaces shared with others",
    "on_poweroff": "When it powers off",
    "on_reboot": "When it reboots",
    "on_crash": "When it crashes",
    "stop_signal": "Signal that asks it to end",
    "stop_grace": "Seconds until it is killed",
    "autostart": "Starts with the computer",
    "arch": "Architecture",
    "machine": "Machine",
    "profile": "Profile",
    "system": "A whole system with an init",
    "privileged": "Privileged, with the host's own user ids",
}


def _microseconds(value: int) -> str:
    return "no limit" if value < 0 else f"{value / 1000:g} ms"


_COMPARE: dict[str, _Compare] = {
    "console_kib": _size,
    "program": _program,
    "environment": _environment,
    "filesystems": filesystems,
    "interfaces": interfaces,
    "cpu": _part({"quota_us": _microseconds, "period_us": _microseconds}),
    "memory": _part(dict.fromkeys(("max_kib", "soft_kib", "swap_kib", "guarantee_kib"), readable)),
    "idmap": _idmap,
    "capabilities": _capabilities,
    "io_devices": _devices,
    "rlimits": _rlimits,
    "opaque": _opaque,
}
