"""How the network interfaces of two specifications differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import zip_longest

from cloche_engine.definition.names import short
from cloche_engine.definition.planning.wording import Difference, instead, text
from cloche_engine.definition.spec import Interface, InterfaceKind

_FIELDS = {
    "name": "name inside",
    "host_name": "name on the host",
    "mac": "hardware address",
    "addresses": "addresses",
    "routes": "routes",
    "gateway": "IPv4 gateway",
    "gateway6": "IPv6 gateway",
    "up": "switched on",
    "mode": "mode",
    "forwards": "ports forwarded",
}


_LIVE = frozenset({"addresses", "routes", "gateway", "gateway6", "up", "forwards"})
_SWITCHED = frozenset({"routes", "up", "forwards"})
"""What alone can change where the network gives the addresses."""


def felt_now(was: Interface, now: Interface) -> bool:
    """Whether a running container can have one interface in place of the other."""
    live = _SWITCHED if was.is_managed or now.is_managed else _LIVE
    return replace(was, **{name: getattr(now, name) for name in live}) == now


def felt_of(was: tuple[Interface, ...], now: tuple[Interface, ...]) -> tuple[Interface, ...]:
    """What a running container has after a change: each new interface that it can have now."""
    pairs = zip_longest(was, now[: len(was)])
    return tuple(
        other if other is not None and felt_now(one, other) else one for one, other in pairs
    )


def interfaces(
    path: str, was: tuple[Interface, ...], now: tuple[Interface, ...]
) -> Iterator[Difference]:
    """Network interfaces by their place."""
    for at in range(max(len(was), len(now))):
        one = was[at] if at < len(was) else None
        other = now[at] if at < len(now) else None
        if one != other:
            yield from _interface(f"{path}[{at}]", f"eth{at}", one, other)


def _interface(
    path: str, usual: str, was: Interface | None, now: Interface | None
) -> Iterator[Difference]:
    if was is None or now is None:
        kept = now or was or Interface()
        subject = f"The network interface {kept.name or usual}"
        addresses = f" with {', '.join(kept.addresses)}" if now and now.addresses else ""
        words = f"is added: {_connection(now)}{addresses}" if now else "is removed"
        yield Difference(path, f"{subject} {words}.")
        return
    subject = f"Network interface {now.name or usual}"
    if _connection(was) != _connection(now):
        words = instead(subject, _connection(was), _connection(now))
        yield Difference(f"{path}.source", words)
    for entry in fields(Interface):
        one, other = getattr(was, entry.name), getattr(now, entry.name)
        if entry.name in _FIELDS and one != other:
            words = instead(f"{subject}, {_FIELDS[entry.name]}", text(one), text(other))
            yield Difference(f"{path}.{entry.name}", words, live=felt_now(was, now))


def _connection(entry: Interface) -> str:
    source = short(entry.source or "")
    match entry.kind:
        case InterfaceKind.NAT:
            return "a private network"
        case InterfaceKind.HOST:
            return "the host's own network"
        case InterfaceKind.NONE:
            return "no network"
        case InterfaceKind.BRIDGE:
            return f"the bridge {source}"
        case InterfaceKind.NETWORK:
            return f"the network {source}"
        case _:
            return f"{entry.kind} {source}".strip()
