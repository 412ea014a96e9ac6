"""Routing between the links of this host (ip-sysctl, kernel): on while a network of ours needs it.

What was switched on is noted for all engines of the network namespace: the last one puts it back.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cloche_engine.kernel.netlink import Netlink

_SETTINGS = Path("/proc/sys/net")
_NAMESPACE = "/proc/thread-self/ns/net"
_PRIVATE = re.compile(r"clb[0-9a-f]{11}")
"""What private bridges are called, which nobody is routed through."""


def switch_on() -> bool:
    """Route between all links but private bridges; whether that was off until now."""
    with _note_of_here() as note:
        changed = _write(note, {"ipv4/ip_forward": "1"})
        _keep_private()
    return changed


def switch_back() -> bool:
    """Make it what it was before networks of ours; whether nobody is in the way of that.

    Another bridge with an address is: its owner found routing on, and would not look again.
    """
    with _note_of_here() as note:
        if not note.exists():
            return True
        if _others_route():
            return False
        for name, (before, ours) in reversed(_noted(note).items()):
            setting = _SETTINGS / name
            if setting.exists() and setting.read_text().strip() == ours:
                setting.write_text(before)
        note.unlink()
    return True


def keep_private(bridge: str) -> None:
    """Route nobody who comes from a bridge; the switch for all links would undo it."""
    for version in ("ipv4", "ipv6"):
        setting = _SETTINGS / version / "conf" / bridge / "forwarding"
        if setting.exists():  # a kernel may be without IPv6
            setting.write_text("0")


def _keep_private() -> None:
    with Netlink() as netlink:
        for link in netlink.links():
            if _PRIVATE.fullmatch(link.name):
                keep_private(link.name)


def _others_route() -> bool:
    with Netlink() as netlink:
        addressed = {index for index, _ in netlink.addresses()}
        bridges = [link for link in netlink.links() if link.kind == "bridge"]
    return any(each.index in addressed and not _PRIVATE.fullmatch(each.name) for each in bridges)


def _write(note: Path, wanted: Mapping[str, str]) -> bool:
    """Set what is not so yet, noted first: whoever is killed amid this has said so."""
    held = {name: (_SETTINGS / name).read_text().strip() for name in wanted}
    changes = {name: [held[name], wanted[name]] for name in wanted if held[name] != wanted[name]}
    if changes:
        note.write_text(json.dumps(changes | _noted(note)))
    for name, (_, ours) in changes.items():
        (_SETTINGS / name).write_text(ours)
    return bool(changes)


def _noted(note: Path) -> dict[str, list[str]]:
    try:
        return dict(json.loads(note.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


@contextmanager
def _note_of_here() -> Iterator[Path]:
    """The note of this namespace, for one engine at a time."""
    namespace = os.open(_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(namespace, fcntl.LOCK_EX)
        yield Path(f"/run/cloche-forwarding.{os.fstat(namespace).st_ino}")
    finally:
        os.close(namespace)
