"""The line at the foot of a console where one types what to look for."""

from collections.abc import Callable

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QHideEvent, QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStyle, QToolButton, QWidget

from cloche_gui.widgets.terminal.search import MOST, Outcome, Query, Search

_PATIENCE_MS = 120
_WIDEST = 520


class SearchBar(QWidget):
    """Says what is looked for, and shows what was found; hidden means nothing is looked for."""

    def __init__(self, parent: QWidget, search: Search, changed: Callable[[], None]) -> None:
        super().__init__(parent)
        self._search, self._changed = search, changed
        self.setAutoFillBackground(True)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find in the console")
        self._field.setAccessibleName("Find in the console")
        self._field.setClearButtonEnabled(True)
        self._regex = _toggle(".*", "Regular expression")
        self._case = _toggle("Aa", "Match upper and lower case")
        self._found = QLabel()
        self._found.setTextFormat(Qt.TextFormat.PlainText)
        self._found.setMinimumWidth(self.fontMetrics().horizontalAdvance("00000 of 000000"))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self._field, 1)
        for button in (self._regex, self._case):
            button.toggled.connect(self._ask)
            row.addWidget(button)
        row.addWidget(self._found)
        row.addWidget(self._button("↑", "Previous (Shift+Enter)", lambda: self._step(-1)))
        row.addWidget(self._button("↓", "Next (Enter)", lambda: self._step(1)))
        row.addWidget(self._button("✕", "Close (Esc)", self.hide))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.timeout.connect(self._ask)
        self._field.textChanged.connect(lambda _: self._timer.start())
        self.hide()

    def open(self, text: str = "") -> None:
        """Appears and takes the focus; looks for this at once if it is given."""
        self.show()
        self.dock()
        if text:
            self._field.setText(text)
        self._field.setFocus()
        self._field.selectAll()
        self._ask()

    def dock(self) -> None:
        """Takes the upper right corner of the parent, beside its scroll bar."""
        parent = self.parentWidget()
        style = self.style()
        if parent is not None and style is not None:
            room = parent.width() - style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
            width = min(room, _WIDEST)
            self.setGeometry(room - width, 0, width, self.sizeHint().height())

    def _show(self, outcome: Outcome) -> None:
        self._found.setText(_told(outcome, wanted=bool(self._field.text())))
        self._found.setToolTip(outcome.problem)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter goes on, with Shift back; Escape closes."""
        if event is None:
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            if self._timer.isActive():
                self._ask()
            else:
                self._step(-1 if back else 1)
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            event.ignore()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """The search ends with its line, but not when the whole window is hidden."""
        super().hideEvent(event)
        parent = self.parentWidget()
        if self.isHidden() and parent is not None:
            self._search.stop()
            self._changed()
            parent.setFocus()

    def _ask(self) -> None:
        self._timer.stop()
        if not self.isHidden():
            query = Query(self._field.text(), self._regex.isChecked(), self._case.isChecked())
            self._show(self._search.find(query))
            self._changed()

    def _step(self, steps: int) -> None:
        self._show(self._search.step(steps))
        self._changed()

    def _button(self, text: str, tip: str, act: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _checked: act())
        return button


def _toggle(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setCheckable(True)
    button.setAutoRaise(True)
    return button


def _told(outcome: Outcome, *, wanted: bool) -> str:
    if outcome.problem:
        return outcome.problem.split(":", maxsplit=1)[0]
    if not wanted:
        return ""
    if not outcome.count:
        return "Not found"
    return f"{outcome.current} of {outcome.count}{'+' if outcome.count >= MOST else ''}"
