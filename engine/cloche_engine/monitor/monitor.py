"""The process that watches one container: its start, its end, and who asks meanwhile."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import replace
from pathlib import Path

from cloche_engine.api.console import Ended, Size
from cloche_engine.host.cgroups.usage import Meter
from cloche_engine.kernel.sockets import send_packet
from cloche_engine.kernel.syscalls import name_process
from cloche_engine.monitor.child import Child
from cloche_engine.monitor.enter import Request
from cloche_engine.monitor.handover import LauncherGoneError, hear
from cloche_engine.monitor.launch import LaunchFailedError
from cloche_engine.monitor.launched import Launched
from cloche_engine.monitor.loop import READ, Loop
from cloche_engine.monitor.programs import Programs
from cloche_engine.monitor.protocol import INIT, SOCKET, STATE, Do, Fields, receive, send
from cloche_engine.monitor.record import Ending, ending_of, write_ending
from cloche_engine.monitor.requests import Requests, refusal
from cloche_engine.monitor.ring import HEAD, Ring
from cloche_engine.monitor.session import Session
from cloche_engine.monitor.stopping import HOST_PATIENCE, hear_no_host, hear_the_host
from cloche_engine.sandbox.seccomp import Filters

_WHILE_IT_STARTS = frozenset({Do.FOLLOW, Do.CONSOLE})
_FIRST_WORDS = 0.003
"""Seconds for which who looks at the console goes before those who hear that the program runs."""
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
    """Serves the viewers of a container as soon as it has a console, the helper when it runs.

    It is made before the process that it is for: that one shares what it does not write to.
    """

    def __init__(self, filters: Filters, quiet: float = _QUIET) -> None:
        self._quiet = quiet
        self.loop = Loop()
        self.launched = Launched()
        self._console = Session(self.loop, ring=Ring(head=HEAD))
        self._programs = Programs(self.loop, self.launched, filters, self._answer)
        self._requests = Requests(self.loop, self.launched, self._console.ring)
        self._followers: list[socket.socket] = []
        self._silent: set[socket.socket] = set()
        self._untold: list[socket.socket] = []
        """Those who do not know yet that its program runs."""
        self._ending: Ending | None = None

    def adopt(self, child: Child, listener: socket.socket) -> None:
        """Take on a child that waits for its plan, and the socket at which viewers will knock."""
        self.loop.open()
        self.launched.child = child
        self._console.pidfd = child.pidfd
        self._listener = listener

    def close(self) -> None:
        """Let go of one that nobody asks for any more."""
        self._console.end(Ended(0))
        hear_no_host(self._pipe)
        self._listener.close()
        self.launched.child.link.close()
        os.close(self.launched.child.pidfd)
        self.loop.close()

    def run(self, helper: socket.socket, launcher: socket.socket) -> None:
        """Until the container has ended and everyone has read its last words.

        LaunchFailedError where its program does not come to run; LauncherGoneError where there is
        nobody any more who would start it.
        """
        self._followers.append(helper)
        self.loop.watch(launcher.fileno(), READ, lambda _: self._launcher_spoke(launcher))
        self.loop.watch(self.launched.child.link.fileno(), READ, self._child_spoke_early)
        self.loop.run()

    def _launcher_spoke(self, launcher: socket.socket) -> None:
        word = hear(launcher)
        if word is None:
            raise LauncherGoneError
        self.loop.forget(launcher.fileno())
        launcher.close()
        fields, plan, descriptors = word
        self.launched.take(fields, plan, *descriptors)
        if "error" in fields:
            failure = LaunchFailedError.from_fields(fields["error"])
            raise self.launched.blamed_by_child() or failure
        self._console.ring.set_capacity(fields["console"])
        name_process(f"cloche:{fields['name']}")
        if fields["slowed"]:
            self._requests.relief.begin(self.launched.child.group)
        link = self.launched.child.link.fileno()
        self.loop.forget(link)
        self.loop.watch(link, READ, self._child_spoke)

    def _child_spoke_early(self, _: int) -> None:
        """Its console can be served at once; the rest makes sense after the launcher's word."""
        child = self.launched.child
        self.loop.forget(child.link.fileno())
        if child.tells_next(b"F"):
            self._child_spoke(0)

    def _child_spoke(self, _: int) -> None:
        console = self.launched.hear()
        if console is None:
            return
        if console >= 0:
            self._console.open(console)
            self.loop.watch(self._listener.fileno(), READ, self._accept)
            return
        child = self.launched.child
        self.loop.forget(child.link.fileno())
        child.link.close()
        self.loop.watch(child.pidfd, READ, self._init_ended)
        self._untold = list(self._followers)
        if self._console.awaits_first_words:
            self._console.when_heard(self._tell_started)
            self.loop.later(_FIRST_WORDS, self._tell_started)
        else:
            self._tell_started()
        self.loop.later(self._quiet, self._settle)

    def _tell_started(self) -> None:
        """Once, to those who waited for it."""
        while self._untold:
            follower = self._untold.pop(0)
            self._listen_to(follower)
            self._tell_status(follower)

    def _settle(self) -> None:
        self.launched.child.forget_start()
        self._pipe = hear_the_host(self.loop, self._host_ends)
        if self._ending is None:
            self._requests.victims.begin()

    def _host_ends(self) -> None:
        if self._ending is None:
            own = self.launched.plan.ending.stop_grace
            self._requests.stop_within(min(own, HOST_PATIENCE))

    def _accept(self, _: int) -> None:
        link, _address = self._listener.accept()
        self._silent.add(link)
        self._listen_to(link)

    def _listen_to(self, link: socket.socket) -> None:
        self.loop.watch(link.fileno(), READ, lambda _: self._message(link))

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
            self._obey(link, fields, descriptors)
        except (KeyError, TypeError, ValueError) as error:
            self._answer(link, {"error": {"text": f"no such request: {error}", "errno": 0}})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _obey(self, link: socket.socket, fields: Fields, descriptors: list[int]) -> None:
        wish = fields["do"]
        if not self.launched.started and wish not in _WHILE_IT_STARTS:
            raise ValueError("its program does not run yet")
        if wish == Do.FOLLOW:
            self._follow(link)
        elif wish == Do.CONSOLE:
            self._show_console(link, fields)
        elif wish == Do.EXEC:
            self._run_program(link, fields, descriptors)
        else:
            answer, opened = self._requests.answer(fields)
            self._answer(link, answer, opened)

    def _answer(self, link: socket.socket, fields: Fields, opened: tuple[int, ...] = ()) -> None:
        try:
            send(link, fields, opened)
        except OSError:
            self._hang_up(link)
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _tell_status(self, link: socket.socket) -> None:
        try:
            send_packet(link, self.launched.status)
        except OSError:
            self._hang_up(link)

    def _hang_up(self, link: socket.socket) -> None:
        if link in self._followers:
            self._followers.remove(link)
        self.loop.forget(link.fileno())
        link.close()

    def _follow(self, link: socket.socket) -> None:
        self._followers.append(link)
        if not self.launched.started:
            self.loop.forget(link.fileno())
            return  # it is told when the program runs
        self._tell_status(link)
        if self._ending is not None:
            self._tell_end(link, self._ending)

    def _run_program(self, link: socket.socket, fields: Fields, streams: list[int]) -> None:
        request = Request.from_fields(fields)
        try:
            self._programs.begin(request, _size_in(fields), (link, streams))
        except (OSError, LaunchFailedError) as refused:
            self._answer(link, {"error": refusal(refused)})

    def _show_console(self, link: socket.socket, fields: Fields) -> None:
        """From here on a link carries console frames."""
        self.loop.forget(link.fileno())
        self._console.attach(link, _size_in(fields))

    def _init_ended(self, _: int) -> None:
        launched, pidfd = self.launched, self.launched.child.pidfd
        self._tell_started()
        self._requests.relief.end()
        self._requests.victims.end()
        self.loop.forget(pidfd)
        status = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        assert status is not None  # noqa: S101 (without WNOHANG there is always one)
        with contextlib.closing(Meter(launched.child.group)) as meter:
            outlived = None if self._requests.stopper.killed else self._requests.victims.outlived
            ending = ending_of(status, meter, outlived)
        lived = time.time() - launched.started
        told, wanted = bool(self._followers), self._requests.stopper.wanted
        ending = replace(ending, wanted=wanted, told=told, lived=lived)
        self._programs.end()
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
        self._let_in_the_last()
        self._ending = ending
        for link in list(self._followers):
            self._tell_end(link, ending)
        self._listener.close()
        self.loop.later(_PATIENCE, self.loop.stop)
        self._wait_for_viewers()

    def _tell_end(self, link: socket.socket, ending: Ending) -> None:
        self._answer(link, {"event": "ended", **ending.fields()})

    def _let_in_the_last(self) -> None:
        """Whoever connected before the end is still let in; nobody finds the socket any more."""
        self.loop.forget(self._listener.fileno())
        self._listener.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._accept(0)

    def _wait_for_viewers(self) -> None:
        if not self._console.is_watched and not self._silent:
            self.loop.stop()
        else:
            self.loop.later(0.02, self._wait_for_viewers)


def _size_in(fields: Fields) -> Size:
    return Size(int(fields["rows"]), int(fields["columns"]))
