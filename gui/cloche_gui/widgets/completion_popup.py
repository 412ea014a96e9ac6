"""A list of completions beside what is known of the chosen one; the editor keeps the keyboard."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PyQt6.QtCore import QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QWidget

from cloche_engine.definition.completion.complete import Completion, Kind

_SIZE = QSize(560, 236)
_LIST_WIDTH = 200
_FELT = (Kind.ELEMENT, Kind.ATTRIBUTE)
_SHOWN = {Kind.ELEMENT: "<{}>", Kind.ATTRIBUTE: "{}=", Kind.VALUE: "{}", Kind.END_TAG: "<{}>"}


class CompletionPopup(QFrame):
    """Lies over the window, never takes the focus; `chosen` tells of a click."""

    chosen = pyqtSignal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("completions")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("What may stand here")
        self.list.setFixedWidth(_LIST_WIDTH)
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._explain)
        self.list.itemClicked.connect(lambda _: self.chosen.emit())
        self.help = QLabel()
        self.help.setWordWrap(True)
        self.help.setTextFormat(Qt.TextFormat.RichText)
        self.help.setContentsMargins(0, 6, 0, 6)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 10, 1)
        row.setSpacing(12)
        row.addWidget(self.list)
        row.addWidget(self.help, 1)
        self._completions: tuple[Completion, ...] = ()
        self.hide()

    @property
    def current(self) -> Completion | None:
        """The chosen one."""
        at = self.list.currentRow()
        return self._completions[at] if 0 <= at < len(self._completions) else None

    def show_at(self, caret: QRect, completions: Sequence[Completion]) -> None:
        """Show them below the caret (in the window's coordinates), above it where that is low."""
        self._completions = tuple(completions)
        self.list.clear()
        for each in self._completions:
            self.list.addItem(QListWidgetItem(_SHOWN[each.kind].format(each.word)))
        self.list.setCurrentRow(0)
        self._place(caret)
        self.show()
        self.raise_()

    def move_by(self, rows: int) -> None:
        """Choose another one."""
        last = len(self._completions) - 1
        self.list.setCurrentRow(min(max(self.list.currentRow() + rows, 0), last))

    def _place(self, caret: QRect) -> None:
        window = self.parentWidget()
        if window is None:
            return
        rows = max(4, len(self._completions)) * (self.list.sizeHintForRow(0) + 4) + 8
        size = QSize(min(_SIZE.width(), window.width() - 8), min(_SIZE.height(), rows))
        left = max(4, min(caret.left(), window.width() - size.width() - 4))
        below = caret.bottom() + 4
        fits = below + size.height() <= window.height()
        top = below if fits else max(0, caret.top() - size.height() - 4)
        self.setGeometry(QRect(QPoint(left, top), size))

    def _explain(self, _row: int) -> None:
        self.help.setText(explanation(self.current) if self.current else "")


def explanation(known: Completion) -> str:
    """What is known of an element, attribute or value, as rich text."""
    lines = [f"<b>{html.escape(_SHOWN[known.kind].format(known.word))}</b>"]
    if known.help:
        lines.append(html.escape(known.help[:1].upper() + known.help[1:]))
    facts = [
        ("Required", "yes" if known.required else ""),
        ("Range", " ".join(filter(None, (known.range, known.unit if known.range else "")))),
        ("Default", known.default),
        ("Takes effect", str(known.effect) if known.kind in _FELT else ""),
    ]
    lines += [f"{label}: {html.escape(value)}" for label, value in facts if value]
    return "<br>".join(lines)
