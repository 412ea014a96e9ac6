"""What is drawn over the grid: cursor, composed text, caret, the line of a link, the bell."""

from dataclasses import dataclass

from PyQt6.QtCore import QRect
from PyQt6.QtGui import QColor, QFont, QPainter

from cloche_gui.widgets.terminal.composing import Preedit
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.glyphs import HALVES
from cloche_gui.widgets.terminal.links import Link
from cloche_gui.widgets.terminal.model import Cursor, CursorShape, Point, Style
from cloche_gui.widgets.terminal.painter import GridPainter
from cloche_gui.widgets.terminal.theme import Theme


@dataclass(frozen=True, slots=True)
class Look:
    """What decides what is drawn over the grid, besides the terminal."""

    focused: bool
    cursor_lit: bool
    preedit: Preedit = Preedit()  # noqa: RUF009 - frozen
    caret: Point | None = None
    link: Link | None = None
    bell: bool = False
    framed: bool = False
    """Whether it has the keyboard where nothing can be typed: a cursor would promise that."""


@dataclass(frozen=True, slots=True)
class Foreground:
    """Draws in pixels of the device, from the corner of the grid."""

    core: TerminalCore
    grid: GridPainter
    theme: Theme
    font: QFont
    scale: float

    def draw(self, painter: QPainter, look: Look) -> None:
        """Draws all there is."""
        if look.link is not None:
            self._draw_link(painter, look.link)
        cursor = self.core.cursor
        if look.preedit.text:
            self._draw_preedit(painter, look.preedit)
        elif look.caret is not None:
            self._draw_caret(painter, look.caret)
        elif cursor is not None and (look.cursor_lit or not look.focused):
            self._draw_cursor(painter, cursor, focused=look.focused)
        if look.bell:
            rect = QRect(0, 0, self.grid.image.width(), self.grid.image.height())
            self._fill(painter, outline(rect, CursorShape.HOLLOW, 3 * self.scale), self.theme.match)

    def _rect(self, row: int, column: int, columns: int) -> QRect:
        width, height = self.grid.atlas.width, self.grid.atlas.height
        return QRect(column * width, row * height, columns * width, height)

    def _draw_link(self, painter: QPainter, link: Link) -> None:
        stroke = max(1, round(self.scale))
        for row, first, last in link.cells:
            rect = self._rect(row, first, last - first + 1)
            line = QRect(rect.left(), rect.bottom() + 1 - stroke, rect.width(), stroke)
            self._fill(painter, [line], self.core.colors.foreground)

    def _draw_caret(self, painter: QPainter, point: Point) -> None:
        row = point.row - self.core.position.offset
        if 0 <= row < self.core.rows:
            rect = self._rect(row, point.column, 1)
            frame = outline(rect, CursorShape.HOLLOW, 2 * self.scale)
            self._fill(painter, frame, self.theme.match)

    def _draw_cursor(self, painter: QPainter, cursor: Cursor, *, focused: bool) -> None:
        row = self.core.screen[cursor.row]
        column = min(cursor.column, len(row.clusters) - 1)
        style = row.style_at(column)
        color, text = self._cursor_colors(style)
        cells = 2 if column in row.wide else 1
        rect = self._rect(cursor.row, column, cells)
        if focused and cursor.shape is CursorShape.BLOCK:
            painter.fillRect(rect, QColor.fromRgb(color))
            halves = HALVES if cells == 2 else (0,)
            for step, half in enumerate(halves):
                glyph = self.grid.tinted(style, row.clusters[column], half, text)
                painter.drawPixmap(rect.left() + step * self.grid.atlas.width, rect.top(), glyph)
            return
        shape = cursor.shape if focused else CursorShape.HOLLOW
        self._fill(painter, outline(rect, shape, self.scale), color)

    def _cursor_colors(self, style: Style) -> tuple[int, int]:
        """The cursor's colour and that of the text below it, never those of the cell itself."""
        color = self.core.colors.cursor
        if color is None:
            color = self.theme.cursor
        text = self.theme.cursor_text if color == self.theme.cursor else style.background
        if _distance(color, style.background) < 96:
            return style.foreground, style.background
        return color, text

    def _draw_preedit(self, painter: QPainter, preedit: Preedit) -> None:
        cursor = self.core.cursor or Cursor(0, 0, CursorShape.BLOCK, blinking=False)
        height = self.grid.atlas.height
        font = QFont(self.font)
        font.setPixelSize(round(height * 0.75))
        font.setUnderline(True)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        advance = metrics.horizontalAdvance(preedit.text)
        start = cursor.column * self.grid.atlas.width
        left = max(0, min(start, self.grid.image.width() - advance))
        rect = QRect(left, cursor.row * height, advance, height)
        painter.fillRect(rect, QColor.fromRgb(self.theme.selection))
        painter.setPen(QColor.fromRgb(self.theme.selection_text))
        painter.drawText(rect.left(), rect.top() + metrics.ascent(), preedit.text)
        if preedit.cursor is not None:
            at = left + metrics.horizontalAdvance(preedit.text[: preedit.cursor])
            bar = QRect(at, rect.top(), max(1, round(self.scale)), height)
            self._fill(painter, [bar], self.theme.selection_text)

    def _fill(self, painter: QPainter, rects: list[QRect], color: int) -> None:
        for rect in rects:
            painter.fillRect(rect, QColor.fromRgb(color))


def outline(rect: QRect, shape: CursorShape, scale: float) -> list[QRect]:
    """What of a rectangle is filled to draw a cursor of this shape."""
    stroke = max(1, round(scale))
    thick = max(2, round(2 * scale))
    left, top, width, height = rect.left(), rect.top(), rect.width(), rect.height()
    match shape:
        case CursorShape.BAR:
            return [QRect(left, top, thick, height)]
        case CursorShape.UNDERLINE:
            return [QRect(left, top + height - thick, width, thick)]
        case _:
            return [
                QRect(left, top, width, stroke),
                QRect(left, top + height - stroke, width, stroke),
                QRect(left, top, stroke, height),
                QRect(left + width - stroke, top, stroke, height),
            ]


def _distance(color: int, other: int) -> int:
    return sum(abs((color >> shift & 255) - (other >> shift & 255)) for shift in (16, 8, 0))
