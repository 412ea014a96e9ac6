"""Routing between the links of this host (ip-sysctl, kernel): on while a network of ours needs it.

What was switched on is noted for all engines of the network namespace: the last one puts it back.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cloche_engine.host.network.alive import living
from cloche_engine.kernel.netlink import Netlink
from cloche_engine.sandbox.plan.links import OUR_PREFIXES, PRIVATE

_SETTINGS = Path("/proc/sys/net")
_NAMESPACE = "/proc/thread-self/ns/net"
_NOTES, _NOTE = Path("/run"), "cloche-forwarding."


def switch_on(*, ipv6: bool) -> tuple[str, ...]:
    """Route between all links but private bridges; the settings that had to be changed for that."""
    with _note_of_here() as note:
        wanted = {"ipv4/ip_forward": "1"} | (_ipv6_settings() if ipv6 else {})
        changed = _write(note, wanted)
        _keep_private()
    return changed


def _ipv6_settings() -> dict[str, str]:
    """A host that routes would forget the router that it has of advertisements, but for the 2."""
    with Netlink() as netlink:
        names = [each.name for each in netlink.links() if not each.name.startswith(OUR_PREFIXES)]
    heeded = {f"ipv6/conf/{name}/accept_ra": "2" for name in names if _heeds_routers(name)}
    return heeded | {"ipv6/conf/all/forwarding": "1"}


def _heeds_routers(link: str) -> bool:
    setting = _SETTINGS / "ipv6/conf" / link / "accept_ra"
    return setting.exists() and setting.read_text().strip() == "1"


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


def forget_dead() -> None:
    """Take away the notes of network namespaces that are gone; their numbers are given again."""
    notes = {int(note.suffix[1:]): note for note in _NOTES.glob(f"{_NOTE}*")}
    if notes.keys() - {os.stat(_NAMESPACE).st_ino}:  # noqa: PTH116 (no file, a link of procfs)
        for number in notes.keys() - living():
            notes[number].unlink(missing_ok=True)


def keep_private(bridge: str) -> None:
    """Route nobody by IPv4 who comes from a bridge; the switch for all links would undo it."""
    (_SETTINGS / "ipv4/conf" / bridge / "forwarding").write_text("0")


def _keep_private() -> None:
    with Netlink() as netlink:
        for link in netlink.links():
            if link.name.startswith(PRIVATE):
                keep_private(link.name)


def _others_route() -> bool:
    with Netlink() as netlink:
        addressed = {index for index, _ in netlink.addresses()}
        bridges = [link for link in netlink.links() if link.kind == "bridge"]
    return any(each.index in addressed and not each.name.startswith(PRIVATE) for each in bridges)


def _write(note: Path, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """Set what is not so yet, noted first: whoever is killed amid this has said so."""
    held = {name: (_SETTINGS / name).read_text().strip() for name in wanted}
    changes = {name: [held[name], wanted[name]] for name in wanted if held[name] != wanted[name]}
    if changes:
        note.write_text(json.dumps(changes | _noted(note)))
    for name, (_, ours) in changes.items():
        (_SETTINGS / name).write_text(ours)
    return tuple(changes)


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
        yield _NOTES / f"{_NOTE}{os.fstat(namespace).st_ino}"
    finally:
        os.close(namespace)
