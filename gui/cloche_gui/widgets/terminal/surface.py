"""The picture of a terminal as a widget: fonts, colours, the grid that fits, and when to paint."""

import time

from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QWidget

from cloche_gui.widgets.terminal import spoken
from cloche_gui.widgets.terminal.blink import Blink
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.display import Display
from cloche_gui.widgets.terminal.foreground import Look
from cloche_gui.widgets.terminal.history_bar import HistoryBar
from cloche_gui.widgets.terminal.model import Cell, Span, hex_color
from cloche_gui.widgets.terminal.pacing import Frames
from cloche_gui.widgets.terminal.selection import Selector
from cloche_gui.widgets.terminal.spoken import SpokenText
from cloche_gui.widgets.terminal.theme import Theme, theme_for
from cloche_gui.widgets.terminal.typeface import Typeface


class TerminalSurface(QWidget):
    """Shows a core; who inherits says what lies over it, and what is done with it."""

    grid_resized = pyqtSignal(int, int)  # the rows and columns that fit now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._core = TerminalCore()
        self._selector = Selector(self._core)
        self._own_theme: Theme | None = None
        self._wish = self._core.rows, self._core.columns
        self._held: tuple[int, int] | None = None
        self._is_held_firmly = False
        self._display = Display(self._core, self._theme())
        self._typeface = Typeface()
        self._frames = Frames(self, self._frame)
        self._blink = Blink(self, self._cursor_blinked)
        self._text_blink = Blink(self, self._frames.ask)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._bar = HistoryBar(self)
        self._bar.valueChanged.connect(self._scroll_to)
        self._spoken = SpokenText(self, self._core) if spoken.is_wanted() else None
        self._use_font()
        self._display.use_theme(self._theme())

    # For those who inherit

    def _look(self) -> Look:
        """What is to be drawn over the grid."""
        return Look(self.hasFocus(), self._blink.lit)

    def _matches(self) -> list[Span]:
        """What is to be marked besides the selection."""
        return []

    def _is_held(self) -> bool:
        """Whether the picture must not change now."""
        return False

    # For the window

    @property
    def rows(self) -> int:
        """The height of the grid."""
        return self._core.rows

    @property
    def columns(self) -> int:
        """The width of the grid."""
        return self._core.columns

    @property
    def fitting_grid(self) -> tuple[int, int]:
        """The rows and columns that fit, also while a grid of another size is held."""
        return self._wish

    def set_theme(self, theme: Theme) -> None:
        """Uses these colours instead of following the palette of the window."""
        self._own_theme = theme
        self._apply_theme()

    def set_font_size(self, points: float) -> None:
        """Uses letters of this size, within reason."""
        self._typeface.set_points(points)
        self._use_font()
        self._fit()

    def set_font_family(self, family: str) -> None:
        """Uses this font; the system's own if it is empty or not installed."""
        self._typeface.set_family(family)
        self._use_font()
        self._fit()

    def hold_grid(self, rows: int, columns: int, *, firmly: bool = False) -> None:
        """Shows a grid of this size, whatever fits; the widget's next size ends it if not firm."""
        held = rows, columns
        self._is_held_firmly = firmly
        self._held = held if firmly or held != self._wish else None
        self._fit()

    def screen_lines(self) -> list[str]:
        """The text of the visible rows, without blanks at their ends."""
        self._refresh()
        return [row.text for row in self._core.screen]

    def cell(self, row: int, column: int) -> Cell:
        """A visible cell, as it is shown."""
        self._refresh()
        line, theme = self._core.screen[row], self._theme()
        style, over = line.style_at(column), self._display.ground_over(row, column)
        return Cell(
            text=line.clusters[column],
            foreground=hex_color(style.foreground),
            background=hex_color(style.background),
            bold=style.bold,
            italic=style.italic,
            underline=style.underline,
            strike=style.strike,
            invisible=style.invisible,
            wide=column in line.wide,
            selected=over == theme.selection,
            matched=over == theme.match,
        )

    # The picture

    def _refresh(self) -> None:
        self._display.refresh(self._selector.span, self._matches())

    def _frame(self) -> None:
        if not self.isVisible():
            return
        if self._is_held():
            self._frames.ask()
            return
        start = time.monotonic()
        self._refresh()
        self._display.set_blink(lit=self._text_blink.lit)
        self.update(self._display.repaint())
        self._bar.show_position(self._core.position)
        if self._spoken is not None:
            self._spoken.changed()
        self._frames.spent(time.monotonic() - start)
        self._text_blink.set_wanted(wanted=self._display.blinks)
        if self._display.is_unfinished:
            self._frames.ask()
        self._update_blinking()

    def _scroll_to(self, line: int) -> None:
        self._core.scroll_to(line)
        self._frames.ask()

    def _theme(self) -> Theme:
        return self._own_theme or theme_for(self.palette())

    def _apply_theme(self) -> None:
        self._display.use_theme(self._theme())
        self._frames.ask()
        self.update()

    def _use_font(self) -> None:
        self._display.use_font(self._typeface.font, self.devicePixelRatioF(), self.logicalDpiY())
        self._display.resize(self.rows, self.columns)
        self.updateGeometry()

    def _fit(self) -> None:
        room = QSize(self.width() - self._bar.sizeHint().width(), self.height())
        wish = self._display.grid_for(room)
        is_new, self._wish = wish != self._wish, wish
        self._held = None if is_new and not self._is_held_firmly else self._held
        grid = self._held or wish
        if grid != (self.rows, self.columns):
            self._display.resize(*grid)
        self._display.fit_into(room)
        if is_new:
            self.grid_resized.emit(*wish)
        if self.isVisible():
            self._frame()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the classic 24 lines of 80 characters."""
        return self._display.size_for(24, 80) + QSize(self._bar.sizeHint().width(), 0)

    def minimumSizeHint(self) -> QSize:
        """Room for a prompt."""
        return self._display.size_for(4, 20) + QSize(self._bar.sizeHint().width(), 0)

    def _cursor_blinked(self) -> None:
        self.update(self._display.cursor_rect())

    def _update_blinking(self) -> None:
        cursor = self._core.cursor
        blinks = cursor is not None and cursor.blinking and self.hasFocus()
        self._blink.set_wanted(wanted=blinks)

    # Events of Qt

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draws the picture that `_frame` has made ready."""
        if self._display.scale != self.devicePixelRatioF():
            self._use_font()
            self._fit()
        painter = QPainter(self)
        self._display.draw(painter, self.size(), self._look())
        painter.end()

    def resizeEvent(self, _event: QResizeEvent | None) -> None:
        """Fits the grid into the new size."""
        self._bar.dock()
        if self._spoken is not None:
            self._spoken.dock()
        self._fit()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catches up with what came while hidden."""
        super().showEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follows the colours of the window."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._apply_theme()
