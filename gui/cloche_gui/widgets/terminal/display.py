"""What of a terminal is on the screen: fits the grid into the widget, and draws it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPoint, QPointF, QRect, QSize
from PyQt6.QtGui import QColor, QFont, QPainter, QRegion

from cloche_gui.widgets.terminal.atlas import Atlas
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.foreground import Foreground, Look, outline
from cloche_gui.widgets.terminal.model import Cursor, CursorShape, Point, Span
from cloche_gui.widgets.terminal.overlay import Stripes, stripes
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


class Display:
    """The picture of one terminal at one scale; positions and sizes are the widget's own."""

    def __init__(self, core: TerminalCore, theme: Theme) -> None:
        self._core = core
        self._theme = theme
        self._scale = 0.0
        self._shrink = 1.0
        self._changed: set[int] = set()
        self._overlay: Stripes = {}
        self._cursor_rows: tuple[int, ...] = ()

    # Setting up

    def use_font(self, font: QFont, scale: float, dots_per_inch: float) -> None:
        """Another font or scale; `fit` must follow."""
        self._scale = scale
        self._font = font
        self._painter = GridPainter(Atlas(font, scale, dots_per_inch))

    def use_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
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

    def fit_into(self, room: QSize) -> None:
        """Draws a grid that is too large for this room smaller."""
        image, edge = self._painter.image, self._edge()
        width = (room.width() * self._scale - 2 * edge) / max(1, image.width())
        height = (room.height() * self._scale - 2 * edge) / max(1, image.height())
        self._shrink = min(1.0, max(width, 0.1), max(height, 0.1))

    # Following the terminal

    def refresh(self, span: Span | None, matches: Sequence[Span] = ()) -> None:
        """Takes in what has changed in the terminal, the selection and what a search found."""
        self._changed |= self._core.refresh()
        theme = self._theme
        spans = [(match, theme.match_text, theme.match) for match in matches]
        if span is not None:
            spans.append((span, theme.selection_text, theme.selection))
        top = self._core.position.offset if spans else 0
        overlay = stripes(spans, top, self._core.rows, self._core.columns)
        both = overlay.keys() | self._overlay.keys()
        self._changed |= {row for row in both if overlay.get(row) != self._overlay.get(row)}
        self._overlay = overlay

    def repaint(self) -> QRegion:
        """Paints what has changed, and says which part of the widget that is."""
        changed, self._changed = self._changed, set()
        self._painter.update(self._core.screen, changed, self._overlay)
        self._changed |= self._painter.unfinished
        cursor = self._core.cursor
        rows = changed.union(self._cursor_rows, () if cursor is None else (cursor.row,))
        self._cursor_rows = () if cursor is None else (cursor.row,)
        region = QRegion()
        for row in rows:
            region += self.row_rect(row)
        return region

    def set_blink(self, *, lit: bool) -> None:
        """Shows or hides blinking text."""
        if self._painter.blink_is_off == lit:
            self._painter.blink_is_off = not lit
            self._changed |= self._painter.blinking

    @property
    def is_unfinished(self) -> bool:
        """Whether glyphs are missing that the next repaint will draw."""
        return bool(self._painter.unfinished)

    @property
    def blinks(self) -> bool:
        """Whether any text blinks, as of the last repaint."""
        return bool(self._painter.blinking)

    def ground_over(self, row: int, column: int) -> int | None:
        """The colour that a selection or a match lays over this cell."""
        found = [one for one in self._overlay.get(row, ()) if one.first <= column <= one.last]
        return found[-1].background if found else None

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
        """Pixels of the grid from its corner; of the device, unless it is drawn smaller."""
        edge, shrink = self._edge(), self._shrink
        x, y = place.x() * self._scale - edge, place.y() * self._scale - edge
        return x / shrink, y / shrink

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
        width, height = (each * self._shrink for each in self.cell_size)
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
        drawn = QSize(round(image.width() * self._shrink), round(image.height() * self._shrink))
        width, height = round(room.width() * self._scale), round(room.height() * self._scale)
        color = QColor.fromRgb(self._core.colors.background)
        painter.fillRect(0, 0, width, edge, color)
        painter.fillRect(0, edge, edge, height, color)
        painter.fillRect(edge + drawn.width(), edge, width, height, color)
        painter.fillRect(edge, edge + drawn.height(), drawn.width(), height, color)
        if look.framed:
            frame = outline(QRect(0, 0, width, height), CursorShape.HOLLOW, 2 * self._scale)
            for side in frame:
                painter.fillRect(side, QColor.fromRgb(self._theme.focus))
        painter.translate(edge, edge)
        if self._shrink < 1:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.scale(self._shrink, self._shrink)
        painter.drawImage(QPoint(0, 0), image)
        Foreground(self._core, self._painter, self._theme, self._font, self._scale).draw(
            painter, look
        )
