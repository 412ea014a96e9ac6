"""What a monitor hears of a child that ended in the middle of its words."""

from __future__ import annotations

import socket

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import Layout
from cloche_engine.monitor.child import Child


def test_a_child_that_ended_with_words_unread_is_still_heard() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = Child(0, 0, [], ours, Group(Layout(()), "none"), {})
    with ours:
        child.tell(b"T what it never read")
        theirs.send(b"E why it ended")
        theirs.close()
        assert not child.tells_next(b"F")
        assert child.hear()[0] == b"E why it ended"
