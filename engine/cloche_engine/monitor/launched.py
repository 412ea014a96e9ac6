"""A container as its monitor holds it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from dataclasses import dataclass, field

from cloche_engine.host.cgroups.usage import oom_kills
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.launch import LaunchFailedError, undo_all
from cloche_engine.monitor.protocol import Fields
from cloche_engine.sandbox.operation import Blame
from cloche_engine.sandbox.plan.launch import LaunchPlan

_NOTHING = '""'


@dataclass(slots=True)
class Launched:
    """Its child, and from the launcher's word on what was made for it."""

    child: Child = field(init=False)
    text: str = ""
    outside: str = "{}"
    """What the launcher did and when: an object of JSON."""
    inside: str = _NOTHING
    """What the child did and when, as it told: a string of JSON."""
    rounded: list[str] = field(default_factory=list)
    """Which limits the kernel made something else of, in sentences."""
    netns: int = -1
    """Its network namespace; kept, so that links of the host are still in it at the end."""
    started: float = 0.0
    paused: bool = False
    _plan: LaunchPlan | None = None

    def take(self, fields: Fields, text: str, netns: int = -1) -> None:
        """What the launcher says of a start, made or failed, and the plan."""
        self.outside, self.rounded = fields["account"], fields["rounded"]
        self.text, self.netns = text, netns

    @property
    def plan(self) -> LaunchPlan:
        """What it was started with; read when it is asked for, which costs memory."""
        if self._plan is None:
            self._plan = LaunchPlan.from_json(self.text)
        return self._plan

    @plan.setter
    def plan(self, plan: LaunchPlan) -> None:
        self._plan = plan

    @property
    def account(self) -> Fields:
        """What was done when, outside and inside."""
        return {**json.loads(self.outside), "inside": json.loads(self.inside)}

    @property
    def status(self) -> bytes:
        """The answer to who follows it; written without json, which would cost a monitor 50 KiB."""
        paused = "true" if self.paused else "false"
        return (
            f'{{"ok": true, "pid": {self.child.pid}, "started": {self.started}, "paused": {paused}'
            f', "inside": {self.inside}, {self.outside[1:]}'
        ).encode()

    def hear(self) -> int | None:
        """What the child says next: the master of its console, or -1 when its program runs.

        None where it only told its steps; LaunchFailedError where it fails.
        """
        packet, descriptors = self.child.hear()
        if packet[:1] == b"S":
            self.inside = packet[1:].decode()
            return None
        if packet[:1] == b"F":
            return descriptors[0]
        # A dying process has closed its end of the link before it counts as ended.
        if packet or self.child.has_ended or self.inside == _NOTHING:
            self._refuse(packet)
        self.started = time.time()
        return -1

    def _refuse(self, packet: bytes) -> None:
        """LaunchFailedError unless a program has run, if only for a moment."""
        killed = self.plan.limits.memory if oom_kills(self.child.group) else 0
        if packet:
            raise LaunchFailedError(Blame.from_json(packet[1:]), killed_for_memory=killed)
        if killed:
            blame = Blame("run the program", "Execute", errno.ENOMEM, "killed for want of memory")
            raise LaunchFailedError(blame, killed_for_memory=killed)
        if self.inside == _NOTHING:  # the last that it does is to tell it
            blame = Blame("start", "Launcher", 0, "ended before its program ran")
            raise LaunchFailedError(blame)

    def blamed_by_child(self) -> LaunchFailedError | None:
        """Why the child failed, where it said so: whoever finds it gone does not know."""
        self.child.link.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, descriptors = self.child.hear()
                for descriptor in descriptors:
                    os.close(descriptor)
                if packet[:1] in {b"", b"E"}:
                    return LaunchFailedError(Blame.from_json(packet[1:])) if packet else None
        return None

    def clean(self) -> None:
        """Take away everything that was made for it; its processes must be gone."""
        undo_all(self.plan, self.child.group, self.netns)
