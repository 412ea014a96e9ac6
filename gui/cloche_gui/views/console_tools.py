"""What a console offers beside its text: more programs, a window of its own, recordings."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QTabBar, QTabWidget, QWidget

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Container, ExecRequest
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.views.program_tab import ProgramDialog, ProgramTab
from cloche_gui.widgets.closing import give_back


class ConsoleTabs(QTabWidget):
    """The console first; its tab is seen only when there are others."""

    def __init__(self, jobs: Jobs, console: QWidget) -> None:
        super().__init__()
        self._jobs = jobs
        self.setDocumentMode(True)
        self.setTabBarAutoHide(True)
        self.setTabsClosable(True)
        self.addTab(console, "Console")
        bar = self.tabBar()
        if bar is not None:
            for side in (QTabBar.ButtonPosition.LeftSide, QTabBar.ButtonPosition.RightSide):
                bar.setTabButton(0, side, None)
        self.tabCloseRequested.connect(self.close_tab)

    @property
    def programs(self) -> list[ProgramTab]:
        """The tabs of further programs."""
        return [tab for number in range(self.count())
                if isinstance(tab := self.widget(number), ProgramTab)]  # fmt: skip

    def ask_for_program(self, container: Container, failed: Callable[[EngineError], None]) -> None:
        """Ask which program to start in the container, and start it."""
        dialog = ProgramDialog(self, lambda request: self.start(container, request, failed))
        give_back(dialog)
        dialog.open()

    def start(
        self, container: Container, request: ExecRequest, failed: Callable[[EngineError], None]
    ) -> None:
        """Start a program in the container; its console becomes a tab."""
        self._jobs.run(
            Job(f"Starting {request.argv[0]} in “{container.name}”", quiet=True),
            lambda engine: engine.exec(container.uuid, request),
            lambda sock: self._open(sock, request),
            failed,
        )

    def close_tab(self, number: int) -> None:
        """Close the tab of a program; the console itself stays."""
        tab = self.widget(number)
        if isinstance(tab, ProgramTab):
            tab.end()
            self.removeTab(number)
            tab.deleteLater()
            self._focus_current()

    def _focus_current(self) -> None:
        current = self.currentWidget()
        if current is not None:
            current.setFocus()

    def end(self) -> None:
        """Let go of all programs."""
        for tab in self.programs:
            tab.end()

    def _open(self, sock: socket.socket, request: ExecRequest) -> None:
        tab = ProgramTab(sock, request.argv[0].rpartition("/")[2])
        tab.close_wanted.connect(lambda: self.close_tab(self.indexOf(tab)))
        self.setCurrentIndex(self.addTab(tab, tab.name))
        tab.terminal.setFocus()


@dataclass(frozen=True, slots=True)
class Tools:
    """What the menu of a console can do for its page."""

    start_program: Callable[[], object]
    open_window: Callable[[], object]
    hold_keys: Callable[[bool], object]
    record: Callable[[], object]
    play: Callable[[], object]

    def actions(self, parent: QWidget) -> list[QAction]:
        """As entries of the terminal's menu."""
        return [
            _action(parent, "Start another pro&gram …", self.start_program),
            _action(parent, "In a &window of its own", self.open_window),
            self._holding(parent),
            _action(parent, "R&ecord …", self.record),
            _action(parent, "Play a recor&ding …", self.play),
        ]

    def _holding(self, parent: QWidget) -> QAction:
        action = QAction("Onl&y look, type nothing", parent)
        action.setCheckable(True)
        action.toggled.connect(self.hold_keys)
        return action


def _action(parent: QWidget, words: str, act: Callable[[], object]) -> QAction:
    action = QAction(words, parent)
    action.triggered.connect(lambda _checked: act())
    return action
