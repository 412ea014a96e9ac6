"""What a monitor hears of a child that ended in the middle of its words."""

from __future__ import annotations

import socket

from cloche_engine.host.cgroups.group import Group
from cloche_engine.host.cgroups.tree import Layout
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.launched import Launched
from cloche_engine.sandbox.operation import Blame


def test_a_child_that_ended_with_words_unread_is_still_heard() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = Child(0, 0, [], ours, Group(Layout(()), "none"), {})
    with ours:
        child.tell(b"T what it never read")
        theirs.send(b"E why it ended")
        theirs.close()
        assert not child.tells_next(b"F")
        assert child.hear()[0] == b"E why it ended"


def test_why_a_child_ended_counts_more_than_what_its_launcher_missed() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    launched = Launched()
    launched.child = Child(0, 0, [], ours, Group(Layout(()), "none"), {})
    with ours, theirs:
        assert launched.blamed_by_child() is None
        theirs.send(b"S what it did")
        theirs.send(b"E" + Blame("attach the root", "AttachRoot", 2, "is missing").to_json())
        failure = launched.blamed_by_child()
        assert failure is not None
        assert failure.fields["step"] == "attach the root"
