"""Recording a console to a file, and playing such files."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QFileDialog, QWidget

from cloche_gui.presenters.notice import Notice, Tone
from cloche_gui.services import recording
from cloche_gui.views.player_window import PlayerWindow
from cloche_gui.widgets.closing import give_back
from cloche_gui.widgets.message_bar import MessageArea
from cloche_gui.widgets.terminal.widget import TerminalWidget

_TOPIC = "recording"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_ANOTHER = "Choose another file."
_FILTERS = ["Recordings (*.cast)", "All files (*)"]


class ConsoleRecording:
    """The recording of one console; what goes on is told by a message as long as it goes on."""

    def __init__(self, parent: QWidget, terminal: TerminalWidget, messages: MessageArea) -> None:
        self._parent, self._terminal, self._messages = parent, terminal, messages
        self._recorder: recording.Recorder | None = None
        self.stop_action = QAction("S&top recording", parent)
        self.stop_action.setEnabled(False)
        self.stop_action.triggered.connect(lambda _checked: self.end())
        terminal.grid_resized.connect(self._resized)

    def ask_where_to_record(self) -> None:
        """Ask for a file, and begin."""
        dialog = self._dialog("Record the console", QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("cast")
        dialog.selectFile("console.cast")
        dialog.fileSelected.connect(lambda name: self.begin(Path(name)))
        dialog.open()

    def begin(self, path: Path) -> None:
        """Record to this file from now on."""
        self.end()
        try:
            self._recorder = recording.Recorder(path, self._terminal.rows, self._terminal.columns)
        except OSError as error:
            self._tell_problem(f"{path.name} cannot be written: {error.strerror}.", _ANOTHER)
            return
        self.stop_action.setEnabled(True)
        notice = Notice(Tone.INFO, "", f"This console is being recorded to {path.name}.")
        self._messages.show_notice(_TOPIC, notice, [("Stop", self.end)], closable=False)

    def end(self) -> None:
        """Record no more."""
        if self._recorder is not None:
            recorder = self._let_go(self._recorder)
            self._tried(recorder, recorder.close)

    def note(self, output: bytes) -> None:
        """The program has said this; a recording that cannot go on ends, and nothing else."""
        if self._recorder is not None:
            recorder = self._recorder
            self._tried(recorder, lambda: recorder.output(output))

    def ask_what_to_play(self) -> None:
        """Ask for a file, and play it."""
        dialog = self._dialog("Play a recording", QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        # Later: the dialog, which ends after it, gives the keyboard back to our window.
        dialog.fileSelected.connect(
            lambda name: QTimer.singleShot(0, lambda: self.play(Path(name)))
        )
        dialog.open()

    def play(self, path: Path) -> None:
        """Play this file in a window of its own."""
        try:
            window = PlayerWindow(recording.read(path), path.name, self._parent)
        except recording.RecordingError as error:
            self._tell_problem(f"{path.name} cannot be played. {error}", _ANOTHER)
        except OSError as error:
            self._tell_problem(f"{path.name} cannot be read: {error.strerror}.", _ANOTHER)
        else:
            window.show()

    def _dialog(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        dialog = QFileDialog(self._parent, title)
        dialog.setAcceptMode(mode)
        dialog.setNameFilters(_FILTERS)
        give_back(dialog)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _resized(self, rows: int, columns: int) -> None:
        if self._recorder is not None:
            recorder = self._recorder
            self._tried(recorder, lambda: recorder.resize(rows, columns))

    def _let_go(self, recorder: recording.Recorder) -> recording.Recorder:
        self._recorder = None
        self.stop_action.setEnabled(False)
        self._messages.clear(_TOPIC)
        return recorder

    def _tried(self, recorder: recording.Recorder, work: Callable[[], None]) -> None:
        """What the file does not take ends the recording, told once: the console goes on."""
        try:
            work()
        except OSError as error:
            self._let_go(recorder)
            with contextlib.suppress(OSError):
                recorder.close()
            self._tell_problem(*_why_it_ended(recorder, error))

    def _tell_problem(self, text: str, hint: str) -> None:
        self._messages.show_notice(_TOPIC, Notice(Tone.ERROR, "", text, hint))


def _why_it_ended(recorder: recording.Recorder, error: OSError) -> tuple[str, str]:
    """A sentence and the next step."""
    path = recorder.path
    minutes, seconds = divmod(int(recorder.seconds), 60)
    ended = f"the recording ended at {minutes}:{seconds:02}"
    kept = f"What was recorded is in {path}."
    if isinstance(error, FileNotFoundError):
        return f"{path} was removed: {ended}, and nothing of it is left.", "Record anew."
    if error.errno in _FULL:
        return f"The disk is full: {ended}. {kept}", "Make room, then record anew."
    why = error.strerror or str(error)
    return f"{path} cannot be written ({why}): {ended}. {kept}", "Record anew to another file."
