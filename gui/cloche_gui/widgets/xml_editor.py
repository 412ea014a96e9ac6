"""The XML editor: highlighting, folding, line numbers, and problems where they are."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PyQt6.Qsci import QsciLexerXML, QsciScintilla
from PyQt6.QtCore import QByteArray, QEvent, QMimeData, QPoint, pyqtSignal
from PyQt6.QtGui import QColor, QFontDatabase, QHelpEvent
from PyQt6.QtWidgets import QToolTip, QWidget

from cloche_engine.definition.problem import Problem, Severity, TextEdit
from cloche_engine.definition.text.source import MAX_BYTES
from cloche_gui.presenters.draft import place
from cloche_gui.widgets import xml_editor_style as style
from cloche_gui.widgets.colors import is_dark
from cloche_gui.widgets.xml_assistant import XmlAssistant
from cloche_gui.widgets.xml_editor_keys import leave_keys_to_the_window

_NUMBERS, _MARKS, _FOLDING = 0, 1, 2
_ERROR, _WARNING = 0, 1


class XmlEditor(QsciScintilla):
    """Edits a text; `edited` tells of the user's changes only."""

    edited = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._problems: tuple[Problem, ...] = ()
        self._lexer = QsciLexerXML(self)
        self.assistant = XmlAssistant(self)
        self.setUtf8(True)
        self.setAccessibleName("XML of the definition")
        self._set_up_editing()
        self._set_up_margins()
        self._set_up_problems()
        self.dress()
        self.textChanged.connect(self._text_changed)
        self.linesChanged.connect(self._fit_numbers)

    def show_text(self, text: str) -> None:
        """Show a text; what is equal at both ends stays, and so does the caret in it."""
        old = self.text()
        if text == old:
            return
        start, end, fresh = _difference(old.encode(), text.encode())
        self._quiet = True
        self.SendScintilla(self.SCI_SETTARGETRANGE, start, end)
        self.SendScintilla(self.SCI_REPLACETARGET, len(fresh), fresh)
        self._quiet = False

    def load(self, text: str) -> None:
        """Show another document: nothing of the last one can be undone into this one."""
        self._quiet = True
        self.setScrollWidth(1)  # the last document may have been wider
        self.setText(text)
        self.SendScintilla(self.SCI_EMPTYUNDOBUFFER)
        self.setModified(False)
        self._quiet = False

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Mark these places, in the margin and under the text."""
        self._problems = tuple(problems)
        last = max(self.lines() - 1, 0)
        for number in (_ERROR, _WARNING):
            self.markerDeleteAll(number)
            self.clearIndicatorRange(0, 0, last, len(self.text(last)), number)
        for problem in self._problems:
            kind = _ERROR if problem.severity is Severity.ERROR else _WARNING
            line = min(max(problem.line - 1, 0), last)
            self.markerAdd(line, kind)
            start, end = self._extent(line, problem.column)
            self.fillIndicatorRange(line, start, line, end, kind)

    def mend(self, edits: Sequence[TextEdit]) -> None:
        """Make these edits, as one step to undo."""
        self.beginUndoAction()
        for edit in sorted(edits, key=lambda each: each.start, reverse=True):
            fresh = edit.text.encode()
            self.SendScintilla(self.SCI_SETTARGETRANGE, edit.start, edit.end)
            self.SendScintilla(self.SCI_REPLACETARGET, len(fresh), fresh)
        self.endUndoAction()

    def viewportEvent(self, event: QEvent | None) -> bool:
        """Under the mouse: why a place is marked, otherwise what the word there means."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            told = self._problem_at(event.pos()) or self.assistant.help_at(event.pos())
            QToolTip.showText(event.globalPos(), told, self)
            return True
        return super().viewportEvent(event)

    def go_to(self, line: int, column: int) -> None:
        """Put the caret at a place that counts from 1."""
        last = max(self.lines() - 1, 0)
        line = min(max(line - 1, 0), last)
        self.ensureLineVisible(line)
        self.setCursorPosition(line, min(max(column - 1, 0), len(self.text(line))))
        self.ensureCursorVisible()
        self.setFocus()

    def marked_lines(self) -> list[int]:
        """The lines, from 1, that carry an error marker in the margin."""
        return [at + 1 for at in range(self.lines()) if self.markersAtLine(at) & (1 << _ERROR)]

    def squiggled(self) -> list[tuple[int, int]]:
        """Line and column, from 1, where an error's underline begins."""
        begins, position, end = [], 0, self.length()
        while position < end:
            on = self.SendScintilla(self.SCI_INDICATORVALUEAT, _ERROR, position)
            if on:
                line, index = self.lineIndexFromPosition(position)
                begins.append((line + 1, index + 1))
            following = self.SendScintilla(self.SCI_INDICATOREND, _ERROR, position)
            if following <= position:
                break
            position = following
        return begins

    def dress(self) -> None:
        """Take the colours of the scheme in use."""
        colors = style.DARK if is_dark() else style.LIGHT
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        if self.lexer() is None:
            self.setLexer(self._lexer)
        style.dress(self._lexer, colors, font)
        self.setFont(font)
        self.setMarginsFont(font)
        self.setPaper(QColor(colors.paper))
        self.setColor(QColor(colors.text))
        self.setCaretForegroundColor(QColor(colors.text))
        self.setCaretLineBackgroundColor(QColor(colors.current_line))
        self.setSelectionBackgroundColor(QColor(colors.selection))
        self.setSelectionForegroundColor(QColor(colors.text))
        self.setMarginsBackgroundColor(QColor(colors.margin))
        self.setMarginsForegroundColor(QColor(colors.margin_text))
        self.setFoldMarginColors(QColor(colors.margin), QColor(colors.margin))
        self.setMatchedBraceBackgroundColor(QColor(colors.selection))
        self._dress_fold_marks(colors)
        self._dress_problems(colors)
        self.recolor()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow a change between light and dark."""
        if event is None:
            return
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.dress()

    def _set_up_editing(self) -> None:
        self.setIndentationsUseTabs(False)
        self.setTabWidth(2)
        self.setIndentationWidth(2)
        self.setAutoIndent(True)
        self.setBackspaceUnindents(True)
        self.setCaretLineVisible(True)
        self.setCaretWidth(2)
        self.setScrollWidth(1)
        self.setScrollWidthTracking(True)
        self.setExtraAscent(1)
        self.setExtraDescent(2)
        self.SendScintilla(self.SCI_SETUNDOCOLLECTION, 1)
        leave_keys_to_the_window(self)

    def fromMimeData(self, source: QMimeData) -> tuple[QByteArray, bool]:
        """What a paste brings, cut just past the size that is refused."""
        content, is_rectangular = super().fromMimeData(source)
        return content.left(MAX_BYTES + 1), is_rectangular

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Let Tab and Backtab leave the editor."""
        return QWidget.focusNextPrevChild(self, forward)

    def _set_up_margins(self) -> None:
        self.setMarginType(_NUMBERS, QsciScintilla.MarginType.NumberMargin)
        self.setMarginType(_MARKS, QsciScintilla.MarginType.SymbolMargin)
        self.setMarginWidth(_MARKS, 16)
        self.setMarginMarkerMask(_MARKS, (1 << _ERROR) | (1 << _WARNING))
        self.setFolding(QsciScintilla.FoldStyle.BoxedTreeFoldStyle, _FOLDING)
        self._fit_numbers()

    def _fit_numbers(self) -> None:
        self.setMarginWidth(_NUMBERS, "0" * (len(str(self.lines())) + 2))

    def _set_up_problems(self) -> None:
        symbol = QsciScintilla.MarkerSymbol
        self.markerDefine(symbol.Circle, _ERROR)
        self.markerDefine(symbol.RightTriangle, _WARNING)
        for number in (_ERROR, _WARNING):
            self.indicatorDefine(QsciScintilla.IndicatorStyle.SquiggleIndicator, number)

    def _dress_problems(self, colors: style.EditorColors) -> None:
        for number, color in ((_ERROR, colors.error), (_WARNING, colors.warning)):
            self.setMarkerBackgroundColor(QColor(color), number)
            self.setMarkerForegroundColor(QColor(color), number)
            self.setIndicatorForegroundColor(QColor(color), number)

    def _dress_fold_marks(self, colors: style.EditorColors) -> None:
        for number in range(self.SC_MARKNUM_FOLDEREND, self.SC_MARKNUM_FOLDEROPEN + 1):
            self.SendScintilla(self.SCI_MARKERSETFORE, number, QColor(colors.margin))
            self.SendScintilla(self.SCI_MARKERSETBACK, number, QColor(colors.margin_text))

    def _extent(self, line: int, column: int) -> tuple[int, int]:
        """Where an underline that begins at `column` ends: at the end of the word or tag."""
        text = self.text(line).rstrip("\r\n")
        start = min(max(column - 1, 0), max(len(text) - 1, 0))
        end = start + 1
        while end < len(text) and not text[end].isspace() and text[end - 1] != ">":
            end += 1
        return start, max(end, start + 1)

    def _problem_at(self, point: QPoint) -> str:
        line, index = self.lineIndexFromPosition(
            self.SendScintilla(self.SCI_POSITIONFROMPOINT, point.x(), point.y())
        )
        for problem in self._problems:
            start, end = self._extent(line, problem.column)
            if problem.line == line + 1 and start <= index <= end:
                return f"<p>{html.escape(place(problem))}</p>"
        return ""

    def _text_changed(self) -> None:
        if not self._quiet:
            self.edited.emit()


def _difference(old: bytes, new: bytes) -> tuple[int, int, bytes]:
    """Where in `old` what has to become what, so that it is `new`; cuts between characters."""
    limit = min(len(old), len(new))
    start = 0
    while start < limit and old[start] == new[start]:
        start += 1
    while start and start < len(old) and old[start] & 0xC0 == 0x80:
        start -= 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    while end and old[len(old) - end] & 0xC0 == 0x80:
        end -= 1
    return start, len(old) - end, new[start : len(new) - end]
