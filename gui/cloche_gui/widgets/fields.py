"""Form fields: a label, the field, help beside it and the error under it in words."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPalette, QPixmap
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cloche_gui.presenters import memory
from cloche_gui.presenters.notice import Tone, sentence
from cloche_gui.widgets import icons
from cloche_gui.widgets.colors import colors
from cloche_gui.widgets.labels import WrappedLabel

LABEL_WIDTH = 130


class ErrorLabel(QWidget):
    """The reason why a field cannot be used; takes no room while there is none."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 6)
        row.setSpacing(6)
        self._icon = QLabel()
        self._text = WrappedLabel()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown."""
        return self._text.text()

    def show_error(self, reason: str) -> None:
        """Show the reason, or nothing where it is empty."""
        color = QColor(colors().tones[Tone.ERROR])
        self._icon.setPixmap(_pixmap("error", color, self))
        _set_color(self._text, color)
        reason = sentence(reason)
        self._text.setText(reason)
        self._text.setAccessibleName(f"Error: {reason}" if reason else "")
        self.setVisible(bool(reason))


class Form(QWidget):
    """Rows of label, field and error, aligned with each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[QWidget, int] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)

    def add(self, label: str, field: QWidget, help_text: str = "") -> ErrorLabel:
        """Add a row; the label returned shows what is wrong with it."""
        row = self._rows[field] = self._grid.rowCount()
        name = QLabel(label)
        name.setBuddy(field)
        _take_focus_itself(field)
        name.setMinimumHeight(28)
        field.setAccessibleName(label.replace("&", ""))
        if help_text:
            field.setToolTip(help_text)
            field.setAccessibleDescription(help_text)
        error = ErrorLabel()
        self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(field, row, 1)
        self._grid.addWidget(error, row + 1, 1)
        return error

    def add_help(self, text: str) -> None:
        """Add a sentence of help below the last field."""
        self._grid.addWidget(HelpLabel(text), self._grid.rowCount(), 1)

    def field(self, label: str) -> QWidget | None:
        """The field of a label, its letter for the keyboard left out."""
        return next((f for f in self._rows if f.accessibleName() == label), None)

    def set_shown(self, field: QWidget, *, shown: bool) -> None:
        """Show or hide the row of a field."""
        row = self._rows[field]
        label = self._grid.itemAtPosition(row, 0)
        for item in (label, self._grid.itemAtPosition(row, 1)):
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.setVisible(shown)


class HelpLabel(WrappedLabel):
    """A sentence of help in a fainter colour."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._tint()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ApplicationPaletteChange:
            self._tint()

    def _tint(self) -> None:
        _set_color(self, QColor(colors().faint))


class Section(QWidget):
    """A heading, a sentence of help and what belongs to it."""

    def __init__(self, title: str, help_text: str = "") -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        heading = QLabel(title)
        font = heading.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.1)
        heading.setFont(font)
        self._column.addWidget(heading)
        if help_text:
            self._column.addWidget(HelpLabel(help_text))

    def add(self, widget: QWidget) -> None:
        """Add a widget below what is there."""
        self._column.addWidget(widget)


class LimitField(QWidget):
    """A whole number, or no limit at all."""

    changed = pyqtSignal()

    def __init__(self, low: int, high: int, default: int, none_text: str) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._default = default
        self.spin = QSpinBox()
        self.spin.setRange(low, high)
        self.spin.setValue(default)
        self.spin.setGroupSeparatorShown(True)
        self.spin.setMinimumWidth(120)
        self.none = QCheckBox(none_text)
        self.none.setChecked(True)
        self.spin.setEnabled(False)
        self._row.addWidget(self.spin)
        self._row.addWidget(self.none)
        self._row.addStretch(1)
        self.setFocusProxy(self.none)
        self.setTabOrder(self.spin, self.none)
        self.spin.valueChanged.connect(self.changed)
        self.none.toggled.connect(self._toggled)

    @property
    def value(self) -> int | None:
        """The number, or None for no limit."""
        return None if self.none.isChecked() else self.spin.value()

    def setAccessibleName(self, name: str | None) -> None:
        """Name the number too: it is what the keyboard reaches."""
        super().setAccessibleName(name)
        self.spin.setAccessibleName(name)

    def set_value(self, value: int | None) -> None:
        """Show a value without telling of it; without one the default stands there, greyed."""
        with QSignalBlocker(self):
            self.none.setChecked(value is None)
            self.spin.setValue(self._default if value is None else value)

    def _toggled(self, none: bool) -> None:
        self.spin.setEnabled(not none)
        self.setFocusProxy(self.none if none else self.spin)
        self.changed.emit()


class MemoryField(LimitField):
    """An amount of memory in KiB, shown in the unit that states it exactly."""

    def __init__(self, amount: int = 512, unit: str = "MiB", none_text: str = "No limit") -> None:
        super().__init__(1, 1 << 30, amount, none_text)
        self._usual_unit = unit
        self.unit = QComboBox()
        self.unit.addItems(list(memory.UNITS))
        self.unit.setCurrentText(unit)
        self.unit.setAccessibleName("Unit of memory")
        self.unit.setEnabled(False)
        self._row.insertWidget(1, self.unit)
        self.setTabOrder(self.spin, self.unit)
        self.setTabOrder(self.unit, self.none)
        self.unit.currentTextChanged.connect(self.changed)
        self.none.toggled.connect(self.unit.setDisabled)

    @property
    def value(self) -> int | None:
        """The amount in KiB, or None for no limit."""
        amount = super().value
        return None if amount is None else memory.kib(amount, self.unit.currentText())

    def set_value(self, value: int | None) -> None:
        """Show an amount in KiB without telling of it."""
        if value is not None and value == self.value:
            return  # in the unit that was chosen
        amount, unit = (None, self._usual_unit) if value is None else memory.in_best_unit(value)
        with QSignalBlocker(self):
            self.unit.setCurrentText(unit)
        super().set_value(amount)


def _take_focus_itself(field: QWidget) -> None:
    """Let the letter of its label lead to it: QLabel asks the policy, and looks at no proxy."""
    end = field
    while (proxy := end.focusProxy()) is not None:
        end = proxy
    if end is not field:
        field.setFocusPolicy(end.focusPolicy())


def _set_color(label: QLabel, color: QColor) -> None:
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, color)
    label.setPalette(palette)


def _pixmap(name: str, color: QColor, widget: QWidget) -> QPixmap:
    return icons.icon(name, color).pixmap(QSize(16, 16), widget.devicePixelRatioF())
