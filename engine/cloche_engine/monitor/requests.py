"""What the helper may ask of a container that runs, and the answers."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from cloche_engine.host.cgroups.setting import LimitError
from cloche_engine.host.cgroups.usage import Meter
from cloche_engine.host.changing import change_all
from cloche_engine.host.network.changing import change_links
from cloche_engine.host.network.links import changing_links
from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.monitor.launch import OTHER_LIMIT, LaunchFailedError
from cloche_engine.monitor.launched import Launched
from cloche_engine.monitor.loop import Loop
from cloche_engine.monitor.mounting import Mounting, MountingFailedError
from cloche_engine.monitor.protocol import Do, Fields
from cloche_engine.monitor.record import write_changed_state
from cloche_engine.monitor.relief import Relief, may_be_slowed
from cloche_engine.monitor.ring import Ring
from cloche_engine.monitor.stopping import Stopper
from cloche_engine.monitor.victims import Victims
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.limits import Limits
from cloche_engine.sandbox.plan.links import LinkPlan
from cloche_engine.sandbox.plan.mounts import MountPlan

Answer = tuple[Fields, tuple[int, ...]]
"""Fields, and descriptors to send along, which are closed then."""

_DONE: Answer = ({"ok": True}, ())


class Requests:
    """Answers what is asked of one container; `said` is what its console keeps."""

    def __init__(self, loop: Loop, launched: Launched, said: Ring) -> None:
        self._launched = launched
        self._said = said
        self.relief = Relief(loop)
        self.stopper = Stopper(loop, launched)
        self.victims = Victims(loop, launched)
        self._answers: dict[str, Callable[[Fields], Answer | None]] = {
            Do.SIGNAL: lambda fields: self._signal(int(fields["number"])),
            Do.STOP: self._stop,
            Do.FREEZE: lambda _: self._freeze(frozen=True),
            Do.THAW: lambda _: self._freeze(frozen=False),
            Do.INIT: lambda _: ({"ok": True}, (os.dup(launched.child.pidfd),)),
            Do.LIMIT: self._limit,
            Do.MOUNT: self._mount,
            Do.UNMOUNT: self._unmount,
            Do.LINKS: self._change_links,
            Do.USAGE: self._usage,
            Do.LOGS: self._logs,
        }

    def answer(self, fields: Fields) -> Answer:
        """Do what is asked; KeyError, TypeError or ValueError where it is no request."""
        act = self._answers[fields["do"]]
        try:
            return act(fields) or _DONE
        except (OSError, MountingFailedError) as refused:
            return {"error": refusal(refused)}, ()

    def _signal(self, number: int) -> None:
        if number != signal.SIGKILL:
            signal.pidfd_send_signal(self._launched.child.pidfd, number)
            return
        self._thaw()
        self.stopper.kill()

    def _stop(self, fields: Fields) -> None:
        grace = fields["grace"]
        self.stop_within(None if grace is None else float(grace))

    def stop_within(self, grace: float | None) -> None:
        """Stop it politely; None is the grace of its definition."""
        self._thaw()
        ending = self._launched.plan.ending
        self.stopper.stop(ending.stop_signal, ending.stop_grace if grace is None else grace)

    def _thaw(self) -> None:
        """A frozen process hears no signal, and on v1 freezers it does not even die."""
        if self._launched.paused:
            self._freeze(frozen=False)

    def _freeze(self, *, frozen: bool) -> None:
        self._launched.child.group.freeze(frozen=frozen)
        self._launched.paused = frozen

    def _limit(self, fields: Fields) -> None:
        limits = Limits.from_fields({name: value for name, value in fields.items() if name != "do"})
        launched, group = self._launched, self._launched.child.group
        launched.rounded = change_all(group, launched.plan.limits, limits)
        launched.plan = replace(launched.plan, limits=limits)
        if may_be_slowed(group, limits):
            self.relief.begin(group)
        else:
            self.relief.end()

    def _mount(self, fields: Fields) -> None:
        mount = MountPlan.from_fields(fields["mount"])
        self._change_mounts(lambda mounting: mounting.attach(mount))

    def _unmount(self, fields: Fields) -> None:
        target = str(fields["target"])
        self._change_mounts(lambda mounting: mounting.detach(target))

    def _change_mounts(self, change: Callable[[Mounting], LaunchPlan]) -> None:
        launched = self._launched
        launched.plan = change(Mounting(launched.plan, launched.child.pidfd))

    def _change_links(self, fields: Fields) -> None:
        links = tuple(LinkPlan.from_fields(each) for each in fields["links"])
        launched = self._launched
        plan = replace(launched.plan, links=links)
        with changing_links(Path(plan.runtime).parent):
            try:
                change_links(launched.plan.links, links, launched.netns)
            except NetworkRefusedError as refused:
                raise OSError(errno.EBUSY, refused.message) from refused
            launched.plan = plan
        write_changed_state(plan)

    def _usage(self, _: Fields) -> Answer:
        with contextlib.closing(Meter(self._launched.child.group)) as meter:
            counts, held = meter.counts(), meter.held()
        told = {"rounded": self._launched.rounded, "outlived": self.victims.outlived}
        return {"ok": True, **told, **asdict(counts), **asdict(held)}, ()

    def _logs(self, _: Fields) -> Answer:
        file = os.memfd_create("logs")
        with open(file, "wb", closefd=False) as stream:
            stream.write(self._said.all())
        return {"ok": True}, (file,)


def refusal(error: OSError | LaunchFailedError | MountingFailedError) -> Fields:
    """Why something was not done, as JSON carries it."""
    if isinstance(error, LaunchFailedError | MountingFailedError):
        return error.fields
    if isinstance(error, LimitError):
        return {"text": error.strerror, "hint": OTHER_LIMIT}
    return {"text": error.strerror or str(error), "errno": error.errno or 0}
