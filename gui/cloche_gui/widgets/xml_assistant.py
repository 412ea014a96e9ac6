"""Completion and help in the XML editor: Ctrl+Space, while a tag is typed, and under the mouse."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.Qsci import QsciScintilla
from PyQt6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QKeyEvent

from cloche_engine.definition.completion.complete import (
    Completion,
    Kind,
    Proposal,
    complete,
    describe,
)
from cloche_gui.widgets.completion_popup import CompletionPopup, explanation

_MOVES = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -8,
    Qt.Key.Key_PageDown: 8,
}
_ACCEPT = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab}
_LEAVE = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End}
_OPENS = {
    "<": {Kind.ELEMENT},
    "/": {Kind.END_TAG},
    " ": {Kind.ATTRIBUTE},
    "'": {Kind.VALUE},
    '"': {Kind.VALUE},
}


class XmlAssistant(QObject):
    """Watches an editor's keys; a popup is made when it is first wanted."""

    def __init__(self, editor: QsciScintilla) -> None:
        super().__init__(editor)
        self._editor = editor
        self._popup: CompletionPopup | None = None
        self._proposal = Proposal(0, 0)
        editor.installEventFilter(self)
        editor.SCN_CHARADDED.connect(self._typed)
        editor.textChanged.connect(self._follow)

    @property
    def is_open(self) -> bool:
        """Whether completions are shown."""
        return self._popup is not None and self._popup.isVisible()

    @property
    def offered(self) -> list[str]:
        """The words that are shown."""
        shown = self._popup.list if self._popup is not None and self.is_open else None
        return [shown.item(at).text() for at in range(shown.count())] if shown else []  # type: ignore[union-attr]

    def propose(self) -> None:
        """Show what may stand at the caret."""
        self._show(self._found())

    def help_at(self, point: QPoint) -> str:
        """What is known of the word under a point of the viewport; empty where nothing is."""
        position = self._editor.SendScintilla(
            QsciScintilla.SCI_POSITIONFROMPOINTCLOSE, point.x(), point.y()
        )
        if position < 0:
            return ""
        found = describe(*self._text_and_offset(position))
        return explanation(found) if found else ""

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Keys that are for the popup never reach the editor."""
        if event is not None and event.type() == QEvent.Type.FocusOut:
            self.close()
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if control and event.key() == Qt.Key.Key_Space:
            self.propose()
            return True
        return self.is_open and self._handle(event.key())

    def _handle(self, key: int) -> bool:
        if key in _MOVES and self._popup is not None:
            self._popup.move_by(_MOVES[Qt.Key(key)])
        elif key in _ACCEPT:
            self._accept()
        elif key == Qt.Key.Key_Escape:
            self.close()
        else:
            if key in _LEAVE:
                self.close()
            return False
        return True

    def close(self) -> None:
        """Show nothing."""
        if self._popup is not None:
            self._popup.hide()

    def _typed(self, character: int) -> None:
        if chr(character) == ">":
            self.close()  # the tag is complete: nothing lies over what is typed next
        wanted = _OPENS.get(chr(character))
        if wanted is None or self._editor.isReadOnly():
            return
        found = self._found()
        if any(each.kind in wanted for each in found):
            self._show(found)

    def _follow(self) -> None:
        if self.is_open:
            self._show(self._found())

    def _found(self) -> list[Completion]:
        """The completions at the caret that go with what is already written of the word."""
        if self._editor.isReadOnly():
            return []
        caret = self._editor.SendScintilla(QsciScintilla.SCI_GETCURRENTPOS)
        text, offset = self._text_and_offset(caret)
        self._proposal = complete(text, offset)
        return _matching(self._proposal.completions, text[self._proposal.start : offset])

    def _text_and_offset(self, position: int) -> tuple[str, int]:
        text = self._editor.text()
        return text, len(text.encode()[:position].decode(errors="ignore"))

    def _show(self, found: Sequence[Completion]) -> None:
        if not found:
            self.close()
            return
        if self._popup is None:
            self._popup = CompletionPopup(self._editor.window() or self._editor)
            self._popup.chosen.connect(self._accept)
        self._popup.show_at(self._caret_rectangle(), found)

    def _caret_rectangle(self) -> QRect:
        editor = self._editor
        position = editor.SendScintilla(QsciScintilla.SCI_GETCURRENTPOS)
        x = editor.SendScintilla(QsciScintilla.SCI_POINTXFROMPOSITION, 0, position)
        y = editor.SendScintilla(QsciScintilla.SCI_POINTYFROMPOSITION, 0, position)
        line = editor.SendScintilla(QsciScintilla.SCI_TEXTHEIGHT, 0)
        viewport = editor.viewport() or editor
        return QRect(viewport.mapTo(editor.window() or editor, QPoint(x, y)), QSize(2, line))

    def _accept(self) -> None:
        """Put the chosen completion in the place of the word, as one step to undo."""
        chosen = self._popup.current if self._popup is not None else None
        self.close()
        if chosen is None:
            return
        text = self._editor.text()
        start = len(text[: self._proposal.start].encode())
        end = len(text[: self._proposal.end].encode())
        fresh = chosen.insert.encode()
        self._editor.SendScintilla(QsciScintilla.SCI_SETTARGETRANGE, start, end)
        self._editor.SendScintilla(QsciScintilla.SCI_REPLACETARGET, len(fresh), fresh)
        self._editor.SendScintilla(  # what is inserted behind the caret is ASCII
            QsciScintilla.SCI_GOTOPOS, start + len(fresh) - chosen.caret
        )
        self._editor.setFocus()
        if chosen.insert[: len(chosen.insert) - chosen.caret].endswith("='"):
            self.propose()  # the caret is between two quotes: what may stand there?


def _matching(completions: Sequence[Completion], begun: str) -> list[Completion]:
    word = begun.lstrip("<").lower()
    starting = [each for each in completions if each.word.lower().startswith(word)]
    holding = [each for each in completions if word in each.word.lower() and each not in starting]
    return starting + holding
