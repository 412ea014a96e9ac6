"""A program and its terminal, with everyone who looks at it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable

from cloche_engine.api.console import NO_SIZE, Answer, Ended, Frame, Input, Signal, Size
from cloche_engine.kernel.terminals import SIZE, set_size
from cloche_engine.monitor.holding import Holding
from cloche_engine.monitor.loop import READ, WRITE, Loop
from cloche_engine.monitor.ring import Ring
from cloche_engine.monitor.viewer import Viewer

_READ = 16 * 1024
_REST = 16 * 1024
"""More than a pty holds that nobody reads: 8 KiB of its own (pty.c), the line discipline's 4 KiB,
and what a program has begun to write. A viewer that is waited for has that much to spare."""
_PENDING_LIMIT = 64 * 1024
_YOUNG = 2.0
"""Seconds in which the first viewer is early enough to answer all that was asked."""
_NUDGE = 0.1
"""Seconds in which a program notices that the terminal has another size."""


class Session:
    """The pidfd of a program and, once it has one, the master of its pty."""

    def __init__(
        self, loop: Loop, pidfd: int = -1, master: int = -1, *, ring: Ring | None = None
    ) -> None:
        self.ring = ring or Ring()
        self.pidfd = pidfd
        self._loop = loop
        self._master = -1
        self._holding = Holding(loop, self._serve_all)
        self._viewers: list[Viewer] = []
        """Of those with a size the last leads: it typed, resized or came last."""
        self._typed = bytearray()
        self._begun = 0.0
        self._was_watched = self._is_nudging = False
        self._size = Size(*SIZE)
        self._ended: Ended | None = None
        self._heard: Callable[[], None] | None = None
        if master >= 0:
            self.open(master)

    def open(self, master: int) -> None:
        """Take on the master of its pty."""
        os.set_blocking(master, False)
        self._begun = time.monotonic()
        self._master = master
        self._loop.watch(master, READ, self._master_ready)

    def attach(self, link: socket.socket, size: Size | None) -> None:
        """Let someone look; all that is kept comes first."""
        viewer = Viewer(link, self.ring, self._live, None if size == NO_SIZE else size)
        self._was_watched = True
        self._viewers.append(viewer)
        if self._ended is not None:
            viewer.tell_end(self._ended)
        self._loop.watch(link.fileno(), READ, lambda events: self._viewer_ready(viewer, events))
        self._lead(viewer)
        self._serve(viewer)
        self._hold_or_go_on()

    @property
    def _live(self) -> int:
        """From which byte on a viewer who comes now is the one to answer."""
        is_young = time.monotonic() - self._begun < _YOUNG
        return self.ring.start if is_young and not self._was_watched else self.ring.end

    def resize(self, size: Size) -> None:
        """Give the terminal a size and tell those who have another; a size of 0 is not one."""
        if not size.rows or not size.columns:
            return
        self._set_size(size)
        if size != self._size:
            self._size = size
            for viewer in self._viewers:
                viewer.tell_size(size)
            self._serve_all()

    def _set_size(self, size: Size) -> None:
        if self._master >= 0:
            with contextlib.suppress(OSError):
                set_size(self._master, size.rows, size.columns)

    @property
    def awaits_first_words(self) -> bool:
        """Whether someone looks, and there is nothing to be seen yet."""
        return bool(self._viewers) and not self.ring.end

    def when_heard(self, action: Callable[[], None]) -> None:
        """Do this once the first output has gone to the viewers."""
        self._heard = action

    @property
    def _leader(self) -> Viewer | None:
        return next((each for each in reversed(self._viewers) if each.size is not None), None)

    def _lead(self, viewer: Viewer) -> None:
        """The person is at this one: its size counts, and it answers for the terminal."""
        if viewer.size is None:
            return
        if self._viewers[-1] is not viewer:
            self._viewers.remove(viewer)
            self._viewers.append(viewer)
        self.resize(viewer.size)

    def _nudge(self) -> None:
        """Have a program draw the whole screen again, of which a viewer has missed a part."""
        if self._master < 0 or self._is_nudging or not self.ring.modes.alternate_screen:
            return
        self._is_nudging = True
        # Most look whether the size is another one before they draw (ncurses: resizeterm(3)).
        other = Size(self._size.rows, self._size.columns + 1)
        self._loop.later(_NUDGE, lambda: self._set_size(other))
        self._loop.later(2 * _NUDGE, self._end_nudge)

    def _end_nudge(self) -> None:
        self._is_nudging = False
        self._set_size(self._size)

    def end(self, ended: Ended) -> None:
        """The program is gone: read what it said last, tell everyone."""
        self._ended = ended
        if self._master >= 0:
            while self._read_master():
                pass
            self._close_master()
        for viewer in self._viewers:
            viewer.tell_end(ended)
        self._serve_all()

    @property
    def is_watched(self) -> bool:
        """Whether a viewer has still something to read."""
        return bool(self._viewers)

    def _master_ready(self, events: int) -> None:
        if events & WRITE:
            self._write_master()
        # What is left after a hang-up is little, and would be told again and again.
        if events & select.EPOLLHUP or (events & ~WRITE and not self._holding.is_on):
            was_hung_up = self._hung_up
            self._read_master()
            if self._hung_up and not was_hung_up:
                # All of the terminal's other ends are closed; a new one may open it again.
                self._loop.later(0.05, self._listen_again)
            self._listen()
        self._serve_all()
        if self._heard is not None and self.ring.end:
            heard, self._heard = self._heard, None
            heard()

    _hung_up = False

    def _read_master(self) -> bool:
        """Some packets' worth in one go: a pty gives 4 KiB at a time; False where there is none."""
        self._hung_up = False
        got, limit = 0, min(_READ, self.ring.capacity // 4)
        try:
            while got < limit:
                got += self.ring.fill(self._master, limit - got)
        except BlockingIOError:
            return bool(got)
        except OSError:
            self._hung_up = True
            return bool(got)
        return True

    def _listen_again(self) -> None:
        self._hung_up = False
        self._listen()

    def _listen(self) -> None:
        reads = not (self._hung_up or self._holding.is_on)
        self._loop.change(self._master, (READ if reads else 0) | (WRITE if self._typed else 0))

    def _hold_or_go_on(self) -> None:
        """The program waits while a viewer who reads would lose something otherwise."""
        far = max(self.ring.capacity - _REST - _READ, self.ring.capacity // 4)
        if self._holding.regard(self._viewers if self._master >= 0 else (), far):
            self._listen()

    def _close_master(self) -> None:
        self._loop.forget(self._master)
        os.close(self._master)
        self._master = -1

    def _serve_all(self) -> None:
        for viewer in list(self._viewers):
            self._serve(viewer)
        self._hold_or_go_on()

    def _serve(self, viewer: Viewer) -> None:
        if viewer not in self._viewers:
            return  # it hung up while another was served
        has_taken_all = viewer.flush()
        if viewer.has_gap and has_taken_all:
            viewer.has_gap = False
            self._nudge()
        if viewer.finished:
            self._drop(viewer)
            return
        reading = READ if len(self._typed) < _PENDING_LIMIT else 0
        self._loop.change(viewer.link.fileno(), reading | (0 if has_taken_all else WRITE))

    def _drop(self, viewer: Viewer) -> None:
        led = self._leader is viewer
        self._viewers.remove(viewer)
        self._loop.forget(viewer.link.fileno())
        viewer.close()
        if led:
            self._hand_on()

    def _hand_on(self) -> None:
        """Who led does so no more: the last before it does."""
        leader = self._leader
        if leader is not None:
            self._lead(leader)

    def _viewer_ready(self, viewer: Viewer, events: int) -> None:
        if events & ~WRITE:
            frame = viewer.receive()
            if frame is not None:
                self._obey(frame, viewer)
        if viewer in self._viewers:
            self._serve(viewer)
        self._hold_or_go_on()

    def _obey(self, frame: Frame, viewer: Viewer) -> None:
        match frame:
            case Input(payload):
                self._lead(viewer)
                self._type(payload)
            case Answer(payload) if viewer is self._leader:
                self._type(payload)
            case Size() if frame == NO_SIZE:
                self._only_look(viewer)
            case Size():
                viewer.wish(frame)
                self._lead(viewer)
            case Signal(number) if 0 < number < signal.NSIG:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(self.pidfd, number)
            case _:
                pass

    def _only_look(self, viewer: Viewer) -> None:
        """It leads no more, and takes the size that there is."""
        led = self._leader is viewer
        viewer.wish(None)
        if led:
            self._hand_on()
        viewer.tell_size(self._size)

    def _type(self, payload: bytes) -> None:
        self._typed += payload
        self._write_master()

    def _write_master(self) -> None:
        if self._master < 0:
            self._typed.clear()
            return
        was_full = len(self._typed) >= _PENDING_LIMIT
        with contextlib.suppress(BlockingIOError):
            try:
                while self._typed:
                    del self._typed[: os.write(self._master, self._typed[:4096])]
            except BlockingIOError:
                raise
            except OSError:
                self._typed.clear()
        self._listen()
        if was_full and len(self._typed) < _PENDING_LIMIT:
            self._serve_all()
