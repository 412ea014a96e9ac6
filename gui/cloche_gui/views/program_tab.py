"""A further program in a container: asked for in a dialog, shown in a tab of the console."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Callable

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.api.model import ExecRequest
from cloche_gui.presenters import ending
from cloche_gui.presenters.notice import Notice, Tone
from cloche_gui.services.console import ConsoleLink
from cloche_gui.views.console_wiring import gap_note, send_from
from cloche_gui.widgets.labels import WrappedLabel
from cloche_gui.widgets.message_bar import MessageArea
from cloche_gui.widgets.terminal.widget import TerminalWidget

_TERM = (("TERM", "xterm-256color"),)


class ProgramTab(QWidget):
    """The console of one such program, as long as the tab is open."""

    close_wanted = pyqtSignal()

    def __init__(self, sock: socket.socket, name: str) -> None:
        super().__init__()
        self.name = name
        self.messages, self.terminal = MessageArea(), TerminalWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.terminal, 1)
        self.setFocusProxy(self.terminal)
        closing = QAction("Close this &tab", self)
        closing.triggered.connect(lambda _checked: self.close_wanted.emit())
        self.terminal.menu_actions = [closing]
        self._link = ConsoleLink(sock, self, lambda: self.terminal.backlog)
        self._link.output.connect(lambda output, _: self.terminal.feed(output))
        self._link.ended.connect(self._ended)
        self._link.closed.connect(lambda: self._tell("The connection to the program was lost."))
        self._link.gap.connect(lambda lost: self.terminal.feed(gap_note(lost), answer=False))
        self._link.resized.connect(self.terminal.hold_grid)
        self.terminal.typed.connect(lambda typed: send_from(self.terminal, self._link, typed))
        self.terminal.grid_resized.connect(self._link.resize)

    def end(self) -> None:
        """Let go of the program."""
        self._link.close()

    def _ended(self, code: int, out_of_memory: bool) -> None:
        self._tell(ending.exit_ending(code, out_of_memory=out_of_memory).text)

    def _tell(self, text: str) -> None:
        self.terminal.set_read_only(True)
        self.messages.show_notice("end", Notice(Tone.INFO, "", text), closable=False)


class ProgramDialog(QDialog):
    """Asks which program, and as whom; calls `wanted` with the request."""

    def __init__(self, parent: QWidget, wanted: Callable[[ExecRequest], None]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Start a program in the container")
        self._wanted = wanted
        self.program, self.user = QLineEdit("/bin/sh"), QLineEdit()
        self.user.setPlaceholderText("root")
        self.problem = WrappedLabel("")
        form = QFormLayout(self)
        form.addRow("&Program", self.program)
        form.addRow("As &user", self.user)
        form.addRow(self.problem)
        box = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        form.addRow(box)
        self.finished.connect(self.deleteLater)

    def accept(self) -> None:
        """Ask for the program, if the line can be read as one."""
        try:
            argv = tuple(shlex.split(self.program.text()))
        except ValueError:
            argv = ()
        if not argv:
            self.problem.setText("Name a program; a quote that is opened must be closed.")
            return
        super().accept()
        self._wanted(ExecRequest(argv, _TERM, user=self.user.text().strip(), terminal=True))
