"""What applying would do: in words, as now and next start, and as lines."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QColor, QFontDatabase, QIcon, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.definition.planning.plan import Plan, Step
from cloche_gui.presenters.notice import Tone
from cloche_gui.widgets import icons
from cloche_gui.widgets.colors import colors
from cloche_gui.widgets.labels import WrappedLabel
from cloche_gui.widgets.room import resize_in


class PlanDialog(QDialog):
    """Shows a plan, and applies it by the window's own command."""

    def __init__(self, plan: Plan, name: str, apply: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"What changes in “{name}”")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.diff = _diff_view(plan.diff)
        self.words = QLabel("\n".join(_words(plan)))
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(WrappedLabel(plan.summary))
        column.addWidget(self.words)
        column.addWidget(self.diff, 1)
        column.addWidget(self._buttons(apply))
        resize_in(self, QSize(640, 480))

    def _buttons(self, apply: QAction) -> QWidget:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        if (close := box.button(QDialogButtonBox.StandardButton.Close)) is not None:
            close.setAutoDefault(False)
            close.setIcon(QIcon())  # the platform's is black on a dark ground
        self.apply = QPushButton(icons.icon("apply"), "Apply")
        self.apply.setEnabled(apply.isEnabled())
        self.apply.setDefault(True)
        self.apply.clicked.connect(self.accept)
        self.apply.clicked.connect(apply.trigger)
        box.addButton(self.apply, QDialogButtonBox.ButtonRole.AcceptRole)
        return box


def _words(plan: Plan) -> list[str]:
    return [*_section("Now", plan.now), *_section("At the next start", plan.later)]


def _section(title: str, steps: tuple[Step, ...]) -> list[str]:
    return [f"{title}:", *(f"    •  {step.sentence}" for step in steps)] if steps else []


def _diff_view(diff: str) -> QPlainTextEdit:
    """The lines, removed ones and new ones in colour."""
    view = QPlainTextEdit(diff)
    view.setReadOnly(True)
    view.setAccessibleName("The lines that differ")
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    tones = colors().tones
    for start, tone in (("+", Tone.SUCCESS), ("-", Tone.ERROR), ("@", Tone.INFO)):
        _colour_lines(view, start, QColor(tones[tone]))
    return view


def _colour_lines(view: QPlainTextEdit, start: str, color: QColor) -> None:
    form = QTextCharFormat()
    form.setForeground(color)
    document = view.document()
    block = document.firstBlock() if document is not None else None
    while block is not None and block.isValid():
        if block.text().startswith(start):
            cursor = QTextCursor(block)
            cursor.select(QTextCursor.SelectionType.LineUnderCursor)
            cursor.mergeCharFormat(form)
        block = block.next()
