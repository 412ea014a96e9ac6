"""What of a terminal is on the screen: fits the grid into the widget, and draws it."""

from dataclasses import dataclass

from PyQt6.QtCore import QPoint, QPointF, QRect, QSize
from PyQt6.QtGui import QColor, QFont, QPainter, QRegion

from cloche_gui.widgets.terminal.atlas import Atlas, Variant
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.model import Cursor, CursorShape, Point, Span, Style
from cloche_gui.widgets.terminal.painter import GridPainter
from cloche_gui.widgets.terminal.theme import Theme

_PADDING = 4
_LEAST_ROWS, _LEAST_COLUMNS = 1, 2
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the viewport: a cell, and which half of it."""

    row: int
    column: int
    right_half: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What decides how the cursor is drawn, besides the terminal."""

    focused: bool
    cursor_lit: bool
    preedit: str = ""


class Display:
    """The picture of one terminal at one scale; positions and sizes are the widget's own."""

    def __init__(self, core: TerminalCore, theme: Theme) -> None:
        self._core = core
        self._theme = theme
        self._scale = 0.0
        self._changed: set[int] = set()
        self._selected: dict[int, tuple[int, int]] = {}
        self._cursor_rows: tuple[int, ...] = ()

    # Setting up

    def use_font(self, font: QFont, scale: float, dots_per_inch: float) -> None:
        """Another font or scale; `fit` must follow."""
        self._scale = scale
        self._font = font
        self._painter = GridPainter(Atlas(font, scale, dots_per_inch), self._theme)

    def use_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = self._painter.theme = theme
        self._core.set_theme(theme)
        self._changed |= set(range(self._core.rows))

    @property
    def scale(self) -> float:
        """Device pixels per pixel of the widget."""
        return self._scale

    @property
    def cell_size(self) -> tuple[int, int]:
        """Width and height of a cell in device pixels."""
        return self._painter.atlas.width, self._painter.atlas.height

    def size_for(self, rows: int, columns: int) -> QSize:
        """The room that a grid needs."""
        width, height = self.cell_size
        return QSize(
            round(columns * width / self._scale + 2 * _PADDING + 0.5),
            round(rows * height / self._scale + 2 * _PADDING + 0.5),
        )

    def grid_for(self, room: QSize) -> tuple[int, int]:
        """The rows and columns that fit."""
        width, height = self.cell_size
        rows = (room.height() - 2 * _PADDING) * self._scale // height
        columns = (room.width() - 2 * _PADDING) * self._scale // width
        return (
            min(max(_LEAST_ROWS, int(rows)), _MOST),
            min(max(_LEAST_COLUMNS, int(columns)), _MOST),
        )

    def resize(self, rows: int, columns: int) -> None:
        """Changes the grid of the terminal and of the picture."""
        self._core.resize(rows, columns, self.cell_size)
        self._painter.resize(rows, columns)
        self._changed |= set(range(rows))

    # Following the terminal

    def refresh(self, span: Span | None) -> None:
        """Takes in what has changed in the terminal and in the selection."""
        self._changed |= self._core.refresh()
        selected = self._selected_rows(span)
        if selected != self._selected:
            both = selected.keys() | self._selected.keys()
            self._changed |= {row for row in both if selected.get(row) != self._selected.get(row)}
            self._selected = selected

    def repaint(self) -> QRegion:
        """Paints what has changed, and says which part of the widget that is."""
        changed, self._changed = self._changed, set()
        self._painter.update(self._core.screen, changed, self._selected)
        cursor = self._core.cursor
        rows = changed.union(self._cursor_rows, () if cursor is None else (cursor.row,))
        self._cursor_rows = () if cursor is None else (cursor.row,)
        region = QRegion()
        for row in rows:
            region += self.row_rect(row)
        return region

    def is_selected(self, row: int, column: int) -> bool:
        """Whether this cell is drawn as selected."""
        first, last = self._selected.get(row, (1, 0))
        return first <= column <= last

    def _selected_rows(self, span: Span | None) -> dict[int, tuple[int, int]]:
        if span is None:
            return {}
        top, last_column = self._core.position.offset, self._core.columns - 1
        first, last = span.start.row - top, span.end.row - top
        return {
            row: (
                min(span.start.column, last_column) if row == first else 0,
                min(span.end.column, last_column) if row == last else last_column,
            )
            for row in range(max(first, 0), min(last, self._core.rows - 1) + 1)
        }

    # Where things are

    def spot_at(self, place: QPointF) -> Spot:
        """The cell at, or nearest to, this place."""
        x, y = self.grid_position(place)
        width, height = self.cell_size
        column = min(max(int(x // width), 0), self._core.columns - 1)
        row = min(max(int(y // height), 0), self._core.rows - 1)
        if y < 0:
            return Spot(0, 0, right_half=False)
        if y >= self._core.rows * height:
            return Spot(row, self._core.columns - 1, right_half=True)
        return Spot(row, column, right_half=x - column * width >= width / 2)

    def grid_position(self, place: QPointF) -> tuple[float, float]:
        """Device pixels from the grid's corner."""
        edge = self._edge()
        return place.x() * self._scale - edge, place.y() * self._scale - edge

    def point_at(self, spot: Spot) -> Point:
        """The cell of the scrollback that is shown there."""
        return Point(self._core.position.offset + spot.row, spot.column)

    def row_rect(self, row: int) -> QRect:
        """The part of the widget where a row is."""
        return self._rect(row, 0, self._core.columns)

    def cursor_rect(self) -> QRect:
        """The part of the widget where the cursor is, shown or not; room for a wide character."""
        cursor = self._core.cursor or Cursor(0, 0, CursorShape.BLOCK, blinking=False)
        return self._rect(cursor.row, cursor.column, 2)

    def _rect(self, row: int, column: int, columns: int) -> QRect:
        width, height = self.cell_size
        edge, scale = self._edge(), self._scale
        left, top = int((edge + column * width) / scale), int((edge + row * height) / scale)
        right = int((edge + (column + columns) * width) / scale + 1)
        bottom = int((edge + (row + 1) * height) / scale + 1)
        return QRect(left, top, right - left, bottom - top)

    def _edge(self) -> int:
        return round(_PADDING * self._scale)

    # Drawing

    def draw(self, painter: QPainter, room: QSize, look: Look) -> None:
        """Draws grid, cursor and margins."""
        painter.scale(1 / self._scale, 1 / self._scale)
        edge, image = self._edge(), self._painter.image
        width, height = round(room.width() * self._scale), round(room.height() * self._scale)
        color = QColor.fromRgb(self._core.colors.background)
        painter.fillRect(0, 0, width, edge, color)
        painter.fillRect(0, edge, edge, height, color)
        painter.fillRect(edge + image.width(), edge, width, height, color)
        painter.fillRect(edge, edge + image.height(), image.width(), height, color)
        painter.drawImage(QPoint(edge, edge), image)
        painter.translate(edge, edge)
        cursor = self._core.cursor
        if look.preedit:
            self._draw_preedit(painter, look.preedit)
        elif cursor is not None and (look.cursor_lit or not look.focused):
            self._draw_cursor(painter, cursor, focused=look.focused)

    def _draw_cursor(self, painter: QPainter, cursor: Cursor, *, focused: bool) -> None:
        row = self._core.screen[cursor.row]
        column = min(cursor.column, len(row.clusters) - 1)
        style = row.style_at(column)
        color, text = self._cursor_colors(style)
        width, height = self.cell_size
        cells = 2 if column in row.wide else 1
        rect = QRect(column * width, cursor.row * height, cells * width, height)
        if focused and cursor.shape is CursorShape.BLOCK:
            painter.fillRect(rect, QColor.fromRgb(color))
            halves = (Variant.LEFT_HALF, Variant.RIGHT_HALF) if cells == 2 else (Variant(0),)
            for step, half in enumerate(halves):
                glyph = self._painter.tinted(style, row.clusters[column], int(half), text)
                painter.drawPixmap(rect.left() + step * width, rect.top(), glyph)
            return
        for part in _outline(rect, cursor.shape if focused else CursorShape.HOLLOW, self._scale):
            painter.fillRect(part, QColor.fromRgb(color))

    def _cursor_colors(self, style: Style) -> tuple[int, int]:
        """The cursor's colour and that of the text below it, never those of the cell itself."""
        color = self._core.colors.cursor
        if color is None:
            color = self._theme.cursor
        text = self._theme.cursor_text if color == self._theme.cursor else style.background
        if _distance(color, style.background) < 96:
            return style.foreground, style.background
        return color, text

    def _draw_preedit(self, painter: QPainter, preedit: str) -> None:
        width, height = self.cell_size
        cursor = self._core.cursor or Cursor(0, 0, CursorShape.BLOCK, blinking=False)
        font = QFont(self._font)
        font.setPixelSize(round(height * 0.75))
        font.setUnderline(True)
        painter.setFont(font)
        advance = painter.fontMetrics().horizontalAdvance(preedit)
        left = max(0, min(cursor.column * width, self._painter.image.width() - advance))
        rect = QRect(left, cursor.row * height, advance, height)
        painter.fillRect(rect, QColor.fromRgb(self._theme.selection))
        painter.setPen(QColor.fromRgb(self._theme.selection_text))
        painter.drawText(rect.left(), rect.top() + painter.fontMetrics().ascent(), preedit)


def _outline(rect: QRect, shape: CursorShape, scale: float) -> list[QRect]:
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
