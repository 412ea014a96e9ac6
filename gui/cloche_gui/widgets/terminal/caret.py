"""Selecting with the keyboard: a caret that moves over the text, and what it has passed."""

from collections.abc import Callable

from PyQt6.QtCore import Qt

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.keys import ALT, CTRL, SHIFT
from cloche_gui.widgets.terminal.marks import Marks, Unit
from cloche_gui.widgets.terminal.marks import block as rectangle
from cloche_gui.widgets.terminal.model import Point, Span
from cloche_gui.widgets.terminal.selection import Selector

_Key = Qt.Key
_STEPS = {
    _Key.Key_Left: (0, -1), _Key.Key_Right: (0, 1), _Key.Key_Up: (-1, 0), _Key.Key_Down: (1, 0),
}  # fmt: skip


class Caret:
    """While `point` is a place, keys move it; with Shift they select, with Alt too as a block."""

    def __init__(self, core: TerminalCore, selector: Selector, changed: Callable[[], None]) -> None:
        self._core, self._selector, self._changed = core, selector, changed
        self._marks = Marks(core)
        self._anchor: Point | None = None
        self.point: Point | None = None

    def begin(self) -> None:
        """Starts where the cursor is, or at the foot of the view."""
        position, cursor = self._core.position, self._core.cursor
        row, column = (cursor.row, cursor.column) if cursor else (self._core.rows - 1, 0)
        self.point, self._anchor = Point(position.offset + row, column), None
        self._changed()

    def end(self) -> None:
        """Leaves what is selected."""
        self.point = self._anchor = None
        self._changed()

    def press(self, key: int, held: int) -> bool:
        """Moves the caret; False if the key does not move it."""
        target = None if self.point is None else self._target(self.point, key, held)
        if target is None:
            return False
        self._move(self._bounded(target), held)
        return True

    def _move(self, target: Point, held: int) -> None:
        if held & SHIFT:
            self._anchor = self._anchor or self.point
        else:
            self._anchor = None
            self._selector.clear()
        self.point = target
        if self._anchor is not None:
            self._selector.select(_between(self._anchor, target, is_block=bool(held & ALT)))
        self._show()
        self._changed()

    def _target(self, at: Point, key: int, held: int) -> Point | None:
        page, last = max(1, self._core.rows - 1), self._core.position.total - 1
        match key:
            case _Key.Key_Left | _Key.Key_Right if held & CTRL:
                return self._word(at, 1 if key == _Key.Key_Right else -1)
            case _ if key in _STEPS:
                step = _STEPS[_Key(key)]
                return Point(at.row + step[0], at.column + step[1])
            case _Key.Key_PageUp | _Key.Key_PageDown:
                return Point(at.row + (page if key == _Key.Key_PageDown else -page), at.column)
            case _Key.Key_Home:
                return Point(0 if held & CTRL else at.row, 0)
            case _Key.Key_End:
                return Point(last if held & CTRL else at.row, self._core.columns - 1)
            case _:
                return None

    def _word(self, at: Point, direction: int) -> Point:
        """The far end of the word here, or of the next one."""
        if direction > 0:
            after = self._marks.around(self._bounded(Point(at.row, at.column + 1)), Unit.WORD)
            return after.end
        return self._marks.around(self._bounded(Point(at.row, at.column - 1)), Unit.WORD).start

    def _bounded(self, point: Point) -> Point:
        """Inside the text; a step beyond the end of a line leads to the next."""
        row, column, width = point.row, point.column, self._core.columns
        if column < 0 and row > 0:
            row, column = row - 1, width - 1
        elif column >= width and row < self._core.position.total - 1:
            row, column = row + 1, 0
        return Point(
            min(max(row, 0), self._core.position.total - 1), min(max(column, 0), width - 1)
        )

    def _show(self) -> None:
        """Scrolls so that the caret is in view."""
        position = self._core.position
        if self.point is None:
            return
        if self.point.row < position.offset:
            self._core.scroll_to(self.point.row)
        elif self.point.row >= position.offset + self._core.rows:
            self._core.scroll_to(self.point.row - self._core.rows + 1)


def _between(anchor: Point, target: Point, *, is_block: bool) -> Span:
    if is_block:
        return rectangle(anchor, target)
    return Span(min(anchor, target), max(anchor, target))
