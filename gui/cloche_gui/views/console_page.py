"""A container's console: attached while it runs, its last words when it does not."""

from __future__ import annotations

import socket
from collections.abc import Callable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Container, State
from cloche_gui.presenters import ending as endings
from cloche_gui.presenters.ending import Ending
from cloche_gui.presenters.notice import Notice, Tone, failure
from cloche_gui.services.console import ConsoleLink
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.views.console_login import SHELL, LoginHint
from cloche_gui.views.console_recording import ConsoleRecording
from cloche_gui.views.console_tools import ConsoleTabs, Tools
from cloche_gui.views.console_wiring import gap_note, send_from
from cloche_gui.widgets.closing import close_by_keys
from cloche_gui.widgets.message_bar import Choice, MessageArea
from cloche_gui.widgets.terminal.widget import TerminalWidget

_TOPIC, _COPYING, _PROGRAM = "state", "copying", "program"
_ATTACHABLE = {State.RUNNING, State.PAUSED, State.STOPPING}


class ConsolePage(QWidget):
    """Shows one container's console for as long as the page lives."""

    start_wanted = pyqtSignal(str)  # uuid
    resume_wanted = pyqtSignal(str)
    place_wanted = pyqtSignal(str, object)  # uuid, Place

    def __init__(self, jobs: Jobs, container: Container) -> None:
        super().__init__()
        self._jobs = jobs
        self._container = container
        self._link: ConsoleLink | None = None
        self._run: tuple[int | None, float | None] | None = None
        self._ending: Ending | None = None
        self._is_over = False
        self._may_type = self._only_look = False
        self._windows: list[ConsoleWindow] = []
        self.messages = MessageArea()
        self.terminal = TerminalWidget()
        self.terminal.set_read_only(True)
        self.tabs = ConsoleTabs(jobs, self.terminal)
        self.recording = ConsoleRecording(self, self.terminal, self.messages)
        self._login = LoginHint(self.terminal, self.messages, self._open_shell)
        self.terminal.menu_actions = [
            *self._tools().actions(self),
            self.recording.stop_action,
        ]
        self.terminal.typed.connect(self._typed)
        self.terminal.grid_resized.connect(self._resized)
        self.terminal.copied.connect(self._program_copied)
        self.terminal.copying_allowed.connect(lambda _: self.messages.clear(_COPYING))
        self.setFocusProxy(self.terminal)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.tabs, 1)
        self._follow(first=True)

    def _tools(self) -> Tools:
        return Tools(
            start_program=lambda: self.tabs.ask_for_program(self._container, self._no_program),
            open_window=self.open_window,
            hold_keys=self._hold_keys,
            record=self.recording.ask_where_to_record,
            play=self.recording.ask_what_to_play,
        )

    @property
    def is_attached(self) -> bool:
        """Whether what is typed reaches the program."""
        return self._link is not None

    def hear(self, container: Container) -> None:
        """Follow the container's state."""
        for window in self.windows:
            window.hear(container)
        before, self._container = self._container, container
        could_not_attach = self._run is None and container.state in _ATTACHABLE
        if before != container or could_not_attach:
            self._follow(first=False)

    @property
    def is_in_use(self) -> bool:
        """Whether it has programs or windows that would be gone with it."""
        return bool(self.windows or self.tabs.programs)

    @property
    def windows(self) -> list[ConsoleWindow]:
        """The windows of their own that show this console too."""
        self._windows = [window for window in self._windows if not window.is_closed]
        return self._windows

    def open_window(self) -> ConsoleWindow:
        """Show this console in a window of its own as well."""
        window = ConsoleWindow(self._jobs, self._container)
        self._windows.append(window)
        window.page.start_wanted.connect(self.start_wanted)
        window.page.resume_wanted.connect(self.resume_wanted)
        window.page.place_wanted.connect(self.place_wanted)
        window.show()
        return window

    def show_failure(self, error: EngineError) -> None:
        """Say why a start failed; the last words of the program stand below."""
        self._ending = endings.failed_start(error, self._container.name)
        self._show_ending(self._ending)

    def end(self) -> None:
        """Detach for good: what is still being read for this page comes too late."""
        self._is_over = True
        self._close_link()
        self.recording.end()
        self.tabs.end()
        for window in self.windows:
            window.close()

    def _close_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link.deleteLater()
            self._link = None

    def _follow(self, *, first: bool) -> None:
        state = self._container.state
        run = (self._container.pid, self._container.started)
        if state in _ATTACHABLE and run != self._run:
            self._run = run
            self._attach()
        elif state is State.PAUSED:
            self._show_paused()
        elif state.is_live:
            self.messages.clear(_TOPIC)
        else:
            self._settle(first=first)

    def _settle(self, *, first: bool) -> None:
        """It does not run: its last words, and how it ended."""
        if first or self._link is None:
            self._show_logs()
        self._run = None
        ended = endings.ending(self._container) or self._ending or endings.not_started()
        self._show_ending(ended)

    def _attach(self) -> None:
        self._ending = None
        self.messages.clear(_TOPIC)
        self._close_link()
        rows, columns = (0, 0) if self._only_look else self.terminal.fitting_grid
        self._jobs.run(
            Job(f"Opening the console of “{self._container.name}”", quiet=True),
            lambda engine: engine.open_console(self._container.uuid, rows, columns),
            self._attached,
            self._not_attached,
        )

    def _attached(self, sock: socket.socket) -> None:
        if self._is_over:
            sock.close()
            return
        self._close_link()
        self.terminal.reset()
        link = self._link = ConsoleLink(sock, self, lambda: self.terminal.backlog)
        link.output.connect(self._said)
        link.gap.connect(self._gap)
        link.resized.connect(self._hold_grid)
        link.ended.connect(self._ended)
        link.closed.connect(self._closed)
        self._set_typing(allowed=True)
        self._tell_size()
        if self._container.state is State.PAUSED:
            self._show_paused()

    def _not_attached(self, error: EngineError) -> None:
        if self._is_over:
            return
        self._run = None
        if self._container.state in _ATTACHABLE:
            title = "The console could not be opened"
            notice = failure(title, error, self._container.name)
            self._show(notice, "Try again", self._attach)
        else:
            self._follow(first=True)

    def _typed(self, typed: bytes) -> None:
        if self._link is not None:
            send_from(self.terminal, self._link, typed)

    def _resized(self, rows: int, columns: int) -> None:
        if self._link is not None and not self._only_look:
            self._link.resize(rows, columns)

    def _tell_size(self) -> None:
        """Have the size of this page, or that of others where it only looks."""
        if self._link is not None and self._only_look:
            self._link.only_look()
            return
        self.terminal.hold_grid(*self.terminal.fitting_grid)
        if self._link is not None:
            self._link.resize(*self.terminal.fitting_grid)

    def _hold_grid(self, rows: int, columns: int) -> None:
        self.terminal.hold_grid(rows, columns, firmly=self._only_look)

    def _said(self, output: bytes, is_old: bool) -> None:
        self.recording.note(output)
        self.terminal.feed(output, answer=not is_old)
        if self._container.system:
            self._login.said()

    def _gap(self, lost: object) -> None:
        self.terminal.feed(gap_note(lost), answer=False)

    def _ended(self, code: int, out_of_memory: bool) -> None:
        self._ending = endings.exit_ending(code, out_of_memory=out_of_memory)
        self._detached()
        self._show_ending(self._ending)

    def _closed(self) -> None:
        self._detached()
        if self._container.state in _ATTACHABLE:
            notice = Notice(Tone.WARNING, "The console was closed", "The container may go on.")
            self._show(notice, "Attach again", self._attach)

    def _detached(self) -> None:
        self._close_link()
        self._login.end()
        self._set_typing(allowed=False)

    def _set_typing(self, *, allowed: bool) -> None:
        self._may_type = allowed
        self.terminal.set_read_only(not allowed or self._only_look)

    def _hold_keys(self, only_look: bool) -> None:
        self._only_look = only_look
        self._set_typing(allowed=self._may_type)
        self._tell_size()

    def _open_shell(self) -> None:
        self.tabs.start(self._container, SHELL, self._no_program)

    def _no_program(self, error: EngineError) -> None:
        notice = failure("The program could not be started", error, self._container.name)
        self.messages.show_notice(_PROGRAM, notice)

    def _show_logs(self) -> None:
        self._set_typing(allowed=False)
        self._jobs.run(
            Job(f"Reading the log of “{self._container.name}”", quiet=True),
            lambda engine: engine.logs(self._container.uuid),
            self._logs_read,
            lambda _: None,  # a container that never ran has none
        )

    def _logs_read(self, log: bytes) -> None:
        if self._link is None and not self._is_over:
            self.terminal.reset()
            self.terminal.feed(log, answer=False)

    def _program_copied(self, _characters: int, done: bool) -> None:
        """What a program does to the clipboard is never done in secret.

        The words are always the same: a storm of tries changes nothing, and so costs nothing.
        """
        if done:
            notice = Notice(Tone.INFO, "", "The program put text on the clipboard.")
            self.messages.show_notice(_COPYING, notice, [("Stop that", self._forbid_copying)])
            return
        hint = "Programs may not, unless you allow it in the console's menu."
        notice = Notice(Tone.INFO, "", "The program wanted to put text on the clipboard.", hint)
        self.messages.show_notice(_COPYING, notice)

    def _forbid_copying(self) -> None:
        self.terminal.set_copying_allowed(False)
        self.messages.clear(_COPYING)

    def _show_ending(self, ended: Ending) -> None:
        notice = Notice(Tone.ERROR if ended.bad else Tone.INFO, "", ended.text, ended.hint)
        uuid = self._container.uuid
        choices: list[Choice] = [("Start", lambda: self.start_wanted.emit(uuid))]
        if (place := ended.place) is not None:
            choices.insert(0, (place.words, lambda: self.place_wanted.emit(uuid, place)))
        self.messages.show_notice(_TOPIC, notice, choices, closable=False)

    def _show_paused(self) -> None:
        notice = Notice(Tone.WARNING, "", "The container is paused; what you type waits.")
        uuid = self._container.uuid
        self._show(notice, "Resume", lambda: self.resume_wanted.emit(uuid))

    def _show(self, notice: Notice, choice: str, action: Callable[[], object]) -> None:
        self.messages.show_notice(_TOPIC, notice, [(choice, action)], closable=False)


class ConsoleWindow(QWidget):
    """The same console in a window of its own; closing it changes nothing for the program."""

    def __init__(self, jobs: Jobs, container: Container) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._name, self._title = container.name, ""
        self.is_closed = False
        self.page = ConsolePage(jobs, container)
        self.page.terminal.title_changed.connect(self._show_title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self._show_title("")
        close_by_keys(self)
        self.page.terminal.setFocus()

    def hear(self, container: Container) -> None:
        """Follow the container."""
        self._name = container.name
        self._show_title(self._title)
        self.page.hear(container)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Detach."""
        super().closeEvent(event)
        self.is_closed = True
        self.page.end()
        self.deleteLater()

    def _show_title(self, title: str) -> None:
        """The container's name comes first, whatever its program says."""
        self._title = title
        self.setWindowTitle(f"{self._name} — {title}" if title else f"{self._name} — Console")
