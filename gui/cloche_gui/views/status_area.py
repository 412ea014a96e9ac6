"""The line at the bottom: what is under way with Cancel, and what always holds."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, QTimer
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.widgets import icons

PATIENCE_MS = 200
"""Work that is done sooner is not worth a flicker."""


class Progress(QWidget):
    """Shows the oldest job that takes its time, with a way to cancel it."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._job: Job | None = None
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop waiting; what the helper has begun it may still finish")
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(QSize(90, 10))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 2, 6, 2)
        row.setSpacing(8)
        for widget in (self._bar, self.text, self.cancel):
            row.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PATIENCE_MS)
        self._timer.timeout.connect(self._show)
        self.cancel.clicked.connect(self._cancel)
        jobs.changed.connect(self._changed)
        self.hide()

    def _changed(self) -> None:
        shown = self._jobs.shown
        self._job = shown[0] if shown else None
        if self._job is None:
            self._timer.stop()
            self.hide()
        elif self.isVisible():
            self._show()
        elif not self._timer.isActive():
            self._timer.start()

    def _show(self) -> None:
        if self._job is None:
            return
        more = len(self._jobs.shown) - 1
        self.text.setText(f"{self._job.title} …" + (f" (and {more} more)" if more else ""))
        self.show()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()


class PermanentNote(QWidget):
    """A discreet sentence that holds as long as the window is open."""

    def __init__(self) -> None:
        super().__init__()
        self.text = QLabel()
        self._icon = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 2, 10, 2)
        row.setSpacing(6)
        row.addWidget(self._icon)
        row.addWidget(self.text)
        self.hide()

    def show_note(self, text: str) -> None:
        """Show the sentence; nothing where it is empty."""
        pixmap = icons.icon("lock").pixmap(QSize(14, 14), self.devicePixelRatioF())
        self._icon.setPixmap(pixmap)
        self.text.setText(text)
        self.setVisible(bool(text))
