"""The XML page: the same draft as the forms, as text, with its problems in words."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, QTimer
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from cloche_engine.definition.problem import Fix, Problem, Severity
from cloche_gui.presenters.draft import Draft, Origin, place
from cloche_gui.presenters.notice import Tone
from cloche_gui.widgets import icons
from cloche_gui.widgets.colors import colors
from cloche_gui.widgets.xml_editor import XmlEditor

_SMALL = 20_000
"""Texts of up to so many characters are parsed at every keystroke, longer ones in a pause."""
_PAUSE_MS = 150
_ROWS = 4


class XmlPage(QWidget):
    """An editor over a list of problems."""

    def __init__(self) -> None:
        super().__init__()
        self._draft: Draft | None = None
        self._places: dict[str, tuple[int, int]] = {}
        self.editor = XmlEditor()
        self.problems = QListWidget()
        self.problems.setAccessibleName("Problems of the definition")
        self.problems.setWordWrap(True)
        self.problems.setIconSize(QSize(16, 16))
        self.problems.itemClicked.connect(self._take)
        self.problems.itemActivated.connect(self._take)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self.editor.edited.connect(self._edited)
        self.setFocusProxy(self.editor)
        self._lay_out()

    def show_draft(self, draft: Draft | None) -> None:
        """Show another draft; the caret is where it was in it."""
        if draft is self._draft:
            return
        self.flush()
        if self._draft is not None:
            line, index = self.editor.getCursorPosition()
            self._places[self._draft.uuid] = line + 1, index + 1
        self._draft = draft
        self.editor.setReadOnly(draft is None)
        self.editor.load(draft.text if draft else "")
        self._show_problems()
        if draft is not None and draft.uuid in self._places:
            line, column = self._places[draft.uuid]
            self.editor.setCursorPosition(line - 1, column - 1)

    def hear(self, origin: Origin) -> None:
        """Follow a change of the draft."""
        if self._draft is None:
            return
        if origin is not Origin.TEXT:
            self._pause.stop()
            self.editor.show_text(self._draft.text)
        self._show_problems()

    def flush(self) -> None:
        """Put what was typed into the draft now."""
        self._pause.stop()
        if self._draft is not None:
            self._draft.replace_text(self.editor.text())

    def dress(self) -> None:
        """Take the colours of the scheme in use."""
        self.editor.dress()
        self._show_problems()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.editor, 1)
        column.addWidget(self.problems)

    def _edited(self) -> None:
        if self.editor.length() <= _SMALL:
            self.flush()
        else:
            self._pause.start()

    def _show_problems(self) -> None:
        """Each problem in words, and under it the ways to mend it."""
        problems = self._draft.problems if self._draft else ()
        self.editor.show_problems(problems)
        self.problems.clear()
        for problem in problems:
            self._add(_item(problem), problem)
            for fix in problem.fixes:
                self._add(_fix_item(fix), fix)
        rows = min(self.problems.count(), _ROWS)
        self.problems.setFixedHeight(rows * 2 * self.fontMetrics().lineSpacing() + 10)
        self.problems.setVisible(bool(problems))

    def _add(self, item: QListWidgetItem, meant: Problem | Fix) -> None:
        item.setData(Qt.ItemDataRole.UserRole, meant)
        self.problems.addItem(item)

    def _take(self, item: QListWidgetItem) -> None:
        """Go to a problem, or mend it."""
        meant = item.data(Qt.ItemDataRole.UserRole)
        if isinstance(meant, Problem):
            self.editor.go_to(meant.line, meant.column)
        elif isinstance(meant, Fix):
            # Later: mending makes the list anew, and this item is still in use.
            QTimer.singleShot(0, lambda: self._mend(meant))

    def _mend(self, fix: Fix) -> None:
        self.flush()
        problems = self._draft.document.problems if self._draft else ()
        if any(fix in problem.fixes for problem in problems):
            self.editor.mend(fix.edits)
            self.editor.setFocus()


def _fix_item(fix: Fix) -> QListWidgetItem:
    item = QListWidgetItem(icons.icon("apply"), f"Mend it: {fix.description}")
    font = item.font()
    font.setBold(True)
    item.setFont(font)
    return item


def _item(problem: Problem) -> QListWidgetItem:
    tone = Tone.ERROR if problem.severity is Severity.ERROR else Tone.WARNING
    return QListWidgetItem(icons.icon(tone.value, QColor(colors().tones[tone])), place(problem))
