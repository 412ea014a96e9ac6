"""The process that watches one container: starts it, owns its console, outlives the helper."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from cloche_engine.api.console import Ended, Size
from cloche_engine.host.cgroups.setting import LimitError
from cloche_engine.host.cgroups.usage import Meter
from cloche_engine.host.changing import change_all
from cloche_engine.host.network.changing import change_links
from cloche_engine.host.network.links import changing_links
from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.enter import Entrance, Request, only_pipes
from cloche_engine.monitor.handover import LauncherGoneError, hear
from cloche_engine.monitor.launch import OTHER_LIMIT, Launched, LaunchFailedError
from cloche_engine.monitor.loop import READ, Loop
from cloche_engine.monitor.mounting import Mounting, MountingFailedError
from cloche_engine.monitor.protocol import INIT, SOCKET, STATE, Do, Fields, receive, send
from cloche_engine.monitor.record import Ending, ending_of, write_changed_state, write_ending
from cloche_engine.monitor.relief import Relief
from cloche_engine.monitor.ring import PROGRAM_CAPACITY
from cloche_engine.monitor.session import Session
from cloche_engine.monitor.stopping import HOST_PATIENCE, Stopper, hear_the_host
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.limits import Limits
from cloche_engine.sandbox.plan.links import LinkPlan
from cloche_engine.sandbox.plan.mounts import MountPlan
from cloche_engine.sandbox.seccomp import Filters

_WHILE_IT_STARTS = frozenset({Do.FOLLOW, Do.CONSOLE})
_QUIET = 0.02
"""Seconds after a start in which nothing is done that could be in its way."""
_PATIENCE = 10.0
"""Seconds that viewers get to read the rest after the end."""


def leave(runtime: Path) -> None:
    """Remove the folder of a run."""
    for name in (SOCKET, STATE, INIT):
        (runtime / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        runtime.rmdir()


class Monitor:
    """Serves the viewers of a container as soon as it has a console, the helper when it runs."""

    def __init__(self, child: Child, filters: Filters, listener: socket.socket) -> None:
        self._launched = Launched(child)
        self._filters = filters
        self._pidfd, self._group = child.pidfd, child.group
        self._listener = listener
        self._loop = Loop()
        self._console = Session(self._loop, child.pidfd)
        self._programs: list[Session] = []
        self._followers: list[socket.socket] = []
        self._silent: set[socket.socket] = set()
        self._paused = False
        self._relief = Relief(self._loop, child.group)
        self._stopper = Stopper(self._loop, child.pid, child.pidfd, child.group)
        self._ending: Ending | None = None
        self._answers: dict[str, Callable[[socket.socket, Fields, list[int]], None]] = {
            Do.FOLLOW: self._follow,
            Do.SIGNAL: self._signal,
            Do.STOP: self._stop,
            Do.FREEZE: lambda link, _, __: self._freeze(link, frozen=True),
            Do.THAW: lambda link, _, __: self._freeze(link, frozen=False),
            Do.INIT: lambda link, _, __: self._answer(link, {"ok": True}, (self._pidfd,)),
            Do.LIMIT: self._limit,
            Do.MOUNT: self._mount,
            Do.UNMOUNT: self._unmount,
            Do.LINKS: self._change_links,
            Do.USAGE: self._usage,
            Do.LOGS: self._logs,
            Do.CONSOLE: self._open_console,
            Do.EXEC: self._exec,
        }

    @property
    def launched(self) -> Launched:
        """What it watches."""
        return self._launched

    def close(self) -> None:
        """Of one that never ran."""
        self._loop.close()

    def run(self, helper: socket.socket, launcher: socket.socket) -> None:
        """Until the container has ended and everyone has read its last words.

        LaunchFailedError where its program does not come to run; LauncherGoneError where there is
        nobody any more who would start it.
        """
        self._followers.append(helper)
        self._loop.watch(launcher.fileno(), READ, lambda _: self._launcher_spoke(launcher))
        self._loop.watch(self._launched.child.link.fileno(), READ, self._child_spoke_early)
        self._loop.run()

    def _launcher_spoke(self, launcher: socket.socket) -> None:
        word = hear(launcher)
        if word is None:
            raise LauncherGoneError
        self._loop.forget(launcher.fileno())
        launcher.close()
        self._launched.take(word.fields, word.plan, *word.descriptors)
        if "error" in word.fields:
            raise LaunchFailedError.from_fields(word.fields["error"])
        self._console.ring.set_capacity(self._launched.plan.console_bytes)
        name_process(f"cloche:{word.fields['name']}")
        link = self._launched.child.link.fileno()
        self._loop.forget(link)
        self._loop.watch(link, READ, self._child_spoke)

    def _child_spoke_early(self, link: int) -> None:
        """Its console can be served at once; the rest makes sense after the launcher's word."""
        child = self._launched.child
        self._loop.forget(child.link.fileno())
        if child.tells_next(b"F"):
            self._child_spoke(link)

    def _child_spoke(self, _: int) -> None:
        console = self._launched.hear()
        if console is None:
            return
        if console >= 0:
            self._console.open(console)
            self._loop.watch(self._listener.fileno(), READ, self._accept)
            return
        link = self._launched.child.link
        self._loop.forget(link.fileno())
        link.close()
        self._loop.watch(self._pidfd, READ, self._init_ended)
        self._relief.begin(*self._launched.memory)
        for follower in list(self._followers):
            self._listen_to(follower)
            self._answer(follower, self._status())
        self._loop.later(_QUIET, self._settle)

    def _settle(self) -> None:
        self._launched.child.forget_start()
        hear_the_host(self._loop, self._host_ends)

    def _host_ends(self) -> None:
        if self._ending is None:
            own = self._launched.plan.ending.stop_grace
            self._stop_within(min(own, HOST_PATIENCE))

    @property
    def _runs(self) -> bool:
        return bool(self._launched.started)

    def _status(self) -> Fields:
        launched = self._launched
        return {
            "ok": True, "pid": launched.child.pid, "started": launched.started,
            "paused": self._paused, **launched.account.fields(),
        }  # fmt: skip

    def _accept(self, _: int) -> None:
        link, _address = self._listener.accept()
        self._silent.add(link)
        self._listen_to(link)

    def _listen_to(self, link: socket.socket) -> None:
        self._loop.watch(link.fileno(), READ, lambda _: self._message(link))

    def _message(self, link: socket.socket) -> None:
        self._silent.discard(link)
        try:
            message = receive(link)
        except (OSError, ValueError):
            message = None
        if message is None:
            self._hang_up(link)
            return
        fields, descriptors = message
        try:
            if not self._runs and fields["do"] not in _WHILE_IT_STARTS:
                raise ValueError("its program does not run yet")  # noqa: TRY301
            self._answers[fields["do"]](link, fields, descriptors)
        except (KeyError, TypeError, ValueError) as error:
            self._answer(link, {"error": {"text": f"no such request: {error}", "errno": 0}})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _answer(
        self, link: socket.socket, fields: Fields, descriptors: tuple[int, ...] = ()
    ) -> None:
        try:
            send(link, fields, descriptors)
        except OSError:
            self._hang_up(link)

    def _hang_up(self, link: socket.socket) -> None:
        if link in self._followers:
            self._followers.remove(link)
        self._loop.forget(link.fileno())
        link.close()

    def _follow(self, link: socket.socket, _: Fields, __: list[int]) -> None:
        self._followers.append(link)
        if not self._runs:
            self._loop.forget(link.fileno())
            return  # it is told when the program runs
        self._answer(link, self._status())
        if self._ending is not None:
            self._tell_end(link, self._ending)

    def _signal(self, link: socket.socket, fields: Fields, _: list[int]) -> None:
        self._try(link, lambda: self._send_signal(int(fields["number"])))

    def _send_signal(self, number: int) -> None:
        if number != signal.SIGKILL:
            signal.pidfd_send_signal(self._pidfd, number)
            return
        self._thaw()
        self._stopper.kill()

    def _stop(self, link: socket.socket, fields: Fields, _: list[int]) -> None:
        grace = fields["grace"]
        self._try(link, lambda: self._stop_within(None if grace is None else float(grace)))

    def _stop_within(self, grace: float | None) -> None:
        self._thaw()
        ending = self._launched.plan.ending
        self._stopper.stop(ending.stop_signal, ending.stop_grace if grace is None else grace)

    def _thaw(self) -> None:
        """A frozen process hears no signal, and on v1 freezers it does not even die."""
        if self._paused:
            self._set_frozen(frozen=False)

    def _freeze(self, link: socket.socket, *, frozen: bool) -> None:
        self._try(link, lambda: self._set_frozen(frozen=frozen))

    def _set_frozen(self, *, frozen: bool) -> None:
        self._group.freeze(frozen=frozen)
        self._paused = frozen

    def _try(self, link: socket.socket, action: Callable[[], None]) -> None:
        try:
            action()
        except LimitError as refused:
            self._answer(link, {"error": {"text": refused.strerror, "hint": OTHER_LIMIT}})
        except OSError as error:
            text = error.strerror or str(error)
            self._answer(link, {"error": {"text": text, "errno": error.errno or 0}})
        else:
            self._answer(link, {"ok": True})

    def _limit(self, link: socket.socket, fields: Fields, _: list[int]) -> None:
        limits = Limits.from_fields({name: value for name, value in fields.items() if name != "do"})
        self._try(link, lambda: self._set_limits(limits))

    def _set_limits(self, limits: Limits) -> None:
        launched = self._launched
        launched.rounded = change_all(self._group, launched.plan.limits, limits)
        launched.plan = replace(launched.plan, limits=limits)
        self._relief.begin(limits.memory, limits.memory_soft)

    def _mount(self, link: socket.socket, fields: Fields, _: list[int]) -> None:
        mount = MountPlan.from_fields(fields["mount"])
        self._change_mounts(link, lambda mounting: mounting.attach(mount))

    def _unmount(self, link: socket.socket, fields: Fields, _: list[int]) -> None:
        self._change_mounts(link, lambda mounting: mounting.detach(str(fields["target"])))

    def _change_mounts(self, link: socket.socket, change: Callable[[Mounting], LaunchPlan]) -> None:
        launched = self._launched
        try:
            launched.plan = change(Mounting(launched.plan, self._pidfd))
        except MountingFailedError as failure:
            self._answer(link, {"error": failure.fields})
        else:
            self._answer(link, {"ok": True})

    def _change_links(self, link: socket.socket, fields: Fields, _: list[int]) -> None:
        links = tuple(LinkPlan.from_fields(each) for each in fields["links"])
        self._try(link, lambda: self._set_links(links))

    def _set_links(self, links: tuple[LinkPlan, ...]) -> None:
        launched = self._launched
        plan = replace(launched.plan, links=links)
        with changing_links(Path(plan.runtime).parent):
            try:
                change_links(launched.plan.links, links, launched.netns)
            except NetworkRefusedError as refused:
                raise OSError(errno.EBUSY, refused.message) from refused
            launched.plan = plan
        write_changed_state(plan)

    def _usage(self, link: socket.socket, _: Fields, __: list[int]) -> None:
        with contextlib.closing(Meter(self._group)) as meter:
            counts, held = meter.counts(), meter.held()
        self._answer(link, {"ok": True, "rounded": self._launched.rounded, **asdict(counts),
                            **asdict(held)})  # fmt: skip

    def _logs(self, link: socket.socket, _: Fields, __: list[int]) -> None:
        with open(os.memfd_create("logs"), "wb") as file:
            file.write(self._console.ring.all())
            file.flush()
            self._answer(link, {"ok": True}, (file.fileno(),))

    def _open_console(self, link: socket.socket, fields: Fields, _: list[int]) -> None:
        self._loop.forget(link.fileno())
        self._console.attach(link, Size(int(fields["rows"]), int(fields["columns"])))

    def _exec(self, link: socket.socket, fields: Fields, streams: list[int]) -> None:
        request = Request.from_fields(fields)
        try:
            if not request.terminal and not only_pipes(streams):
                raise OSError(errno.EINVAL, "the three streams must be pipes")  # noqa: TRY301
            if self._paused:  # it would be born frozen, and this would wait for it
                raise OSError(errno.EAGAIN, "the container is paused")  # noqa: TRY301
            entered = self._entrance().enter(request, streams)
        except LaunchFailedError as failure:
            self._answer(link, {"error": failure.fields})
            return
        except OSError as error:
            text = error.strerror or str(error)
            self._answer(link, {"error": {"text": text, "errno": error.errno or 0}})
            return
        self._answer(link, {"ok": True})
        self._loop.forget(link.fileno())
        session = Session(self._loop, entered.pidfd, entered.console, PROGRAM_CAPACITY)
        self._programs.append(session)
        self._loop.watch(entered.pidfd, READ, lambda _: self._program_ended(session))
        size = Size(int(fields["rows"]), int(fields["columns"]))
        session.attach(link, size if request.terminal else None)

    def _entrance(self) -> Entrance:
        return Entrance(self._launched.plan, self._pidfd, self._group, self._filters)

    def _program_ended(self, session: Session) -> None:
        self._loop.forget(session.pidfd)
        status = os.waitid(os.P_PIDFD, session.pidfd, os.WEXITED)
        os.close(session.pidfd)
        self._programs.remove(session)
        if status is not None:
            ending = ending_of(status)
            session.end(Ended(ending.code))

    def _init_ended(self, _: int) -> None:
        launched = self._launched
        self._relief.end()
        self._loop.forget(self._pidfd)
        status = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
        assert status is not None  # noqa: S101 (without WNOHANG there is always one)
        with contextlib.closing(Meter(self._group)) as meter:
            ending = ending_of(status, meter)
        lived = time.time() - launched.started
        told = bool(self._followers)
        ending = replace(ending, wanted=self._stopper.wanted, told=told, lived=lived)
        for session in list(self._programs):
            self._program_ended(session)
        self._console.end(Ended(ending.code, ending.out_of_memory))
        with contextlib.suppress(OSError):  # no space left: the helper is told, the rest is lost
            write_ending(launched.plan, ending, self._console.ring.all())
        try:
            launched.clean()
        except OSError:  # the next start takes it away, or says what hinders
            (Path(launched.plan.runtime) / SOCKET).unlink(missing_ok=True)
        else:
            leave(Path(launched.plan.runtime))
        self._say_goodbye(ending)
        launched.child.forget_start()  # where it ended this soon

    def _say_goodbye(self, ending: Ending) -> None:
        self._close_door()
        self._ending = ending
        for link in list(self._followers):
            self._tell_end(link, ending)
        self._loop.later(_PATIENCE, self._loop.stop)
        self._wait_for_viewers()

    def _tell_end(self, link: socket.socket, ending: Ending) -> None:
        self._answer(link, {"event": "ended", **ending.fields()})

    def _close_door(self) -> None:
        """Whoever connected before the end is still let in; nobody finds the socket any more."""
        self._loop.forget(self._listener.fileno())
        self._listener.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._accept(0)
        self._listener.close()

    def _wait_for_viewers(self) -> None:
        if not self._console.is_watched and not self._silent:
            self._loop.stop()
        else:
            self._loop.later(0.02, self._wait_for_viewers)
