"""Plays a recording of a console in a window of its own."""

from __future__ import annotations

import time

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from cloche_gui.services.recording import Recording
from cloche_gui.widgets.closing import close_by_keys
from cloche_gui.widgets.terminal.widget import TerminalWidget

_LONGEST_REST = 2.0
_SPEEDS = (1.0, 2.0, 4.0, 0.5)
_TICK_MS = 10


class PlayerWindow(QWidget):
    """Play, pause, speed, and a place to go to; long rests are cut to two seconds."""

    def __init__(self, recording: Recording, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"{name} — recording")
        self._recording = recording
        self._due = _compressed(recording)
        self._next, self._position, self._before = 0, 0.0, 0.0
        self._speed = 0
        self.terminal = TerminalWidget()
        self.terminal.set_read_only(True)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._lay_out()
        close_by_keys(self)
        self.go_to(0.0)
        self.play()
        self.button.setFocus()

    def _lay_out(self) -> None:
        self.button, self.speed = QPushButton("Pause"), QPushButton("1 x")
        self.slider, self.place = QSlider(Qt.Orientation.Horizontal), QLabel()
        self.slider.setRange(0, max(1, round(self.seconds * 100)))
        self.slider.setAccessibleName("Place in the recording")
        self.button.clicked.connect(lambda _: self.pause() if self.is_playing else self.play())
        self.speed.clicked.connect(lambda _: self._next_speed())
        # Keys move it too, and then it only tells of an action.
        self.slider.actionTriggered.connect(lambda _: self._go_to_slider())  # by mouse or by keys
        row = QHBoxLayout()
        for widget in (self.button, self.slider, self.place, self.speed):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.addWidget(self.terminal, 1)
        column.addLayout(row)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Escape closes it, where no search or selection ends by that."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    @property
    def seconds(self) -> float:
        """How long playing takes at normal speed."""
        return self._due[-1] if self._due else 0.0

    @property
    def is_playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._timer.isActive()

    def play(self) -> None:
        """Go on; from the beginning after the end."""
        if self._next >= len(self._due):
            self.go_to(0.0)
        self._before = time.monotonic()
        self._timer.start()
        self.button.setText("Pause")

    def pause(self) -> None:
        """Stand still."""
        self._timer.stop()
        self.button.setText("Play")

    def go_to(self, seconds: float) -> None:
        """Show what was on the screen then."""
        if seconds < self._position or not self._next:
            self.terminal.reset()
            self._next = 0
        self._position = seconds
        self._show_due()

    def _go_to_slider(self) -> None:
        """Go where the slider is; its end is the last event, whatever was rounded."""
        place = self.slider.sliderPosition()
        self.go_to(self.seconds if place == self.slider.maximum() else place / 100)

    def _tick(self) -> None:
        now = time.monotonic()
        self._position += (now - self._before) * _SPEEDS[self._speed]
        self._before = now
        self._show_due()
        if self._next >= len(self._due):
            self.pause()

    def _show_due(self) -> None:
        start = self._next
        while self._next < len(self._due) and self._due[self._next] <= self._position:
            self._next += 1
        said = (event.data for event in self._recording.events[start : self._next]
                if event.kind == "o")  # fmt: skip
        self.terminal.feed("".join(said).encode("utf-8", "replace"), answer=False)
        self.slider.setValue(round(self._position * 100))
        self.place.setText(f"{min(self._position, self.seconds):.0f} of {self.seconds:.0f} s")

    def _next_speed(self) -> None:
        self._speed = (self._speed + 1) % len(_SPEEDS)
        self.speed.setText(f"{_SPEEDS[self._speed]:g} x")


def _compressed(recording: Recording) -> list[float]:
    """When each event is due, with long rests cut."""
    due, before, at = [], 0.0, 0.0
    for event in recording.events:
        at += min(event.seconds - before, _LONGEST_REST)
        before = event.seconds
        due.append(at)
    return due
