"""From the launcher, which makes a start and goes, to the monitor, which stays.

launcher                                  monitor
| --- {child, group} + listener, child --> |  keeps the child that waits for a plan
| --- {launched or error}, the plan -----> |  watches it, or takes all back
"""

from __future__ import annotations

import marshal
import socket
from collections.abc import Sequence

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import Layout
from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.protocol import Fields


class LauncherGoneError(Exception):
    """The launcher ended without a word of a start."""


Word = tuple[Fields, str, list[int]]
"""One message: what it says, the plan, which is empty in the first, and descriptors."""


def tell(link: socket.socket, fields: Fields, plan: str = "", files: Sequence[int] = ()) -> None:
    """Send one message; the plan goes as it came, for it may be as large as a packet."""
    # Between forks of one process nothing speaks against marshal; json would cost 50 KiB.
    send_packet(link, marshal.dumps((fields, plan)), files)


def hear(link: socket.socket) -> Word | None:
    """The next message, or None where the launcher is gone."""
    packet, descriptors = receive_packet(link)
    if not packet:
        return None
    fields, plan = marshal.loads(packet)  # noqa: S302 (see above)
    return fields, plan, descriptors


def tell_child(link: socket.socket, child: Child, listener: socket.socket) -> None:
    """Give the monitor its child, and its socket: from here on they are the monitor's to end."""
    fields = {"pid": child.pid, "attendants": child.attendants, "group": child.group.name}
    tell(link, fields, files=(child.pidfd, child.link.fileno(), listener.fileno()))


def child_in(word: Word, layout: Layout, launcher: int) -> tuple[Child, socket.socket]:
    """The child and the listening socket that a message gives."""
    fields, _, (pidfd, link, listener) = word
    child = Child(
        fields["pid"], pidfd, [*fields["attendants"], launcher], socket.socket(fileno=link),
        Group(layout, fields["group"]), {},
    )  # fmt: skip
    return child, socket.socket(fileno=listener)
