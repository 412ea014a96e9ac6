"""The console widget: shows what a program writes, and sends what the user types."""

import time

from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QClipboard,
    QContextMenuEvent,
    QFocusEvent,
    QFontDatabase,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from cloche_gui.widgets.terminal import clipboard, keys, paste
from cloche_gui.widgets.terminal.blink import CursorBlink
from cloche_gui.widgets.terminal.commands import Commands, Verbs
from cloche_gui.widgets.terminal.core import Mode, TerminalCore
from cloche_gui.widgets.terminal.display import Display, Look
from cloche_gui.widgets.terminal.encoders import KeyEncoder, focus_report
from cloche_gui.widgets.terminal.history_bar import HistoryBar
from cloche_gui.widgets.terminal.model import Cell, hex_color
from cloche_gui.widgets.terminal.mouse import MouseEffects, MouseHandler
from cloche_gui.widgets.terminal.pacing import Frames, Intake
from cloche_gui.widgets.terminal.selection import Selector
from cloche_gui.widgets.terminal.theme import DARK, LIGHT, Theme

_HOLD_SECONDS = 0.15
_POINTS_LEAST, _POINTS_MOST = 5.0, 48.0


class TerminalWidget(QWidget):
    """A terminal: `feed` it what the program writes, pass on what it says in `typed`."""

    typed = pyqtSignal(bytes)
    grid_resized = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._core = TerminalCore()
        self._selector = Selector(self._core)
        self._keys = KeyEncoder(self._core)
        self._own_theme: Theme | None = None
        self._display = Display(self._core, self._theme())
        self._font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._read_only = False
        self._preedit = ""
        self._held_since = 0.0
        self._frames = Frames(self, self._frame)
        self._intake = Intake(self, self._take)
        self._mouse = MouseHandler(self, self._core, self._display, self._selector, self._effects())
        self._commands = Commands(
            self._core, Verbs(self.copy, self.paste, self.reset, self._frames.ask)
        )
        self._blink = CursorBlink(self, self._cursor_blinked)
        self._set_up_widget()
        self._use_font()
        self._display.use_theme(self._theme())

    def _set_up_widget(self) -> None:
        self.setAccessibleName("Console")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self._bar = HistoryBar(self)
        self._bar.valueChanged.connect(self._scroll_to)

    def _effects(self) -> MouseEffects:
        return MouseEffects(
            send=self._send,
            changed=self._frames.ask,
            selected=lambda: clipboard.copy(self.selected_text(), QClipboard.Mode.Selection),
            paste_selection=lambda: self._paste(clipboard.content(QClipboard.Mode.Selection)),
            zoom=lambda steps: self.set_font_size(self._font.pointSizeF() + steps),
        )

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
    def backlog(self) -> int:
        """Bytes fed but not yet taken in; who reads a fast source waits while this is high."""
        return self._intake.waiting

    def feed(self, data: bytes, *, answer: bool = True) -> None:
        """Shows output of the program; returns within milliseconds, the rest follows by itself.

        Old output is fed with `answer=False`, so that its questions type nothing now.
        """
        self._intake.add(data, answer=answer and not self._read_only)

    def reset(self) -> None:
        """Makes the terminal as new: modes, colours, screen and scrollback."""
        self._selector.clear()
        self._intake.drop()
        self._core.reset()
        self._frames.ask()

    def set_read_only(self, read_only: bool) -> None:
        """Whether nothing is sent: no keys, no paste, no mouse, no replies."""
        self._read_only = read_only
        self._mouse.reports_allowed = not read_only
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, not read_only)

    def set_theme(self, theme: Theme) -> None:
        """Uses these colours instead of following the palette of the window."""
        self._own_theme = theme
        self._apply_theme()

    def set_font_size(self, points: float) -> None:
        """Uses letters of this size, within reason."""
        self._font.setPointSizeF(min(max(points, _POINTS_LEAST), _POINTS_MOST))
        self._use_font()
        self._fit()

    def screen_lines(self) -> list[str]:
        """The text of the visible rows, without blanks at their ends."""
        self._refresh()
        return [row.text for row in self._core.screen]

    def cell(self, row: int, column: int) -> Cell:
        """A visible cell, as it is shown."""
        self._refresh()
        line = self._core.screen[row]
        style = line.style_at(column)
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
            selected=self._display.is_selected(row, column),
        )

    def selected_text(self) -> str:
        """What is selected, or nothing."""
        return self._selector.text()

    def copy(self) -> None:
        """Copies what is selected."""
        clipboard.copy(self.selected_text())

    def paste(self) -> None:
        """Sends what was copied; asks first if a shell would run it at once."""
        self._paste(clipboard.content())

    def send_text(self, text: str) -> None:
        """Sends text as if it were typed, with newline as Enter."""
        self._send(text.replace("\r\n", "\r").replace("\n", "\r").encode())

    # Sending

    def _send(self, data: bytes) -> None:
        if self._read_only or not data:
            return
        self._core.scroll_to_bottom()
        self._blink.restart()
        self._frames.ask()
        self.typed.emit(data)

    def _paste(self, text: str) -> None:
        if self._read_only or not text:
            return
        bracketed = self._core.mode(Mode.BRACKETED_PASTE)
        if paste.runs_at_once(text, bracketed=bracketed):
            clipboard.ask_before_running(self, text, lambda: self._send_pasted(text))
        else:
            self._send_pasted(text)

    def _send_pasted(self, text: str) -> None:
        self._send(paste.encode(text, bracketed=self._core.mode(Mode.BRACKETED_PASTE)))

    # Output

    def _take(self, data: bytes, answer: bool) -> None:
        self._core.feed(data)
        replies = self._core.take_replies()
        if replies and answer and not self._read_only:
            self.typed.emit(replies)
        self._frames.ask(len(data))

    def _refresh(self) -> None:
        self._display.refresh(self._selector.span)

    def _frame(self) -> None:
        if not self.isVisible():
            return
        if self._is_held():
            self._frames.ask()
            return
        start = time.monotonic()
        self._refresh()
        self.update(self._display.repaint())
        self._bar.show_position(self._core.position)
        self._frames.spent(time.monotonic() - start)
        self._update_blinking()

    def _is_held(self) -> bool:
        """Whether the program is in the middle of a picture, and has not been for long."""
        if not self._core.mode(Mode.SYNCHRONIZED_OUTPUT):
            self._held_since = 0.0
            return False
        self._held_since = self._held_since or time.monotonic()
        return time.monotonic() - self._held_since < _HOLD_SECONDS

    def _scroll_to(self, line: int) -> None:
        self._core.scroll_to(line)
        self._frames.ask()

    # Looks

    def _theme(self) -> Theme:
        if self._own_theme is not None:
            return self._own_theme
        lightness = self.palette().color(QPalette.ColorRole.Base).lightness()
        return DARK if lightness < 128 else LIGHT

    def _apply_theme(self) -> None:
        self._display.use_theme(self._theme())
        self._frames.ask()
        self.update()

    def _use_font(self) -> None:
        self._display.use_font(self._font, self.devicePixelRatioF(), self.logicalDpiY())
        self._display.resize(self.rows, self.columns)
        self.updateGeometry()

    def _fit(self) -> None:
        room = QSize(self.width() - self._bar.sizeHint().width(), self.height())
        rows, columns = self._display.grid_for(room)
        if (rows, columns) != (self.rows, self.columns):
            self._display.resize(rows, columns)
            self.grid_resized.emit(rows, columns)
        if self.isVisible():
            self._frame()
        self.update()

    def _cursor_blinked(self) -> None:
        self.update(self._display.cursor_rect())

    def _update_blinking(self) -> None:
        cursor = self._core.cursor
        blinks = cursor is not None and cursor.blinking and self.hasFocus()
        self._blink.set_wanted(wanted=blinks)

    def sizeHint(self) -> QSize:
        """Room for the classic 24 lines of 80 characters."""
        return self._display.size_for(24, 80) + QSize(self._bar.sizeHint().width(), 0)

    def minimumSizeHint(self) -> QSize:
        """Room for a prompt."""
        return self._display.size_for(4, 20) + QSize(self._bar.sizeHint().width(), 0)

    # Events of Qt

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draws the picture that `_frame` has made ready."""
        if self._display.scale != self.devicePixelRatioF():
            self._use_font()
            self._fit()
        painter = QPainter(self)
        look = Look(self.hasFocus(), self._blink.lit, self._preedit)
        self._display.draw(painter, self.size(), look)
        painter.end()

    def resizeEvent(self, _event: QResizeEvent | None) -> None:
        """Fits the grid into the new size."""
        self._bar.dock()
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

    def focusInEvent(self, _event: QFocusEvent | None) -> None:
        """Fills the cursor."""
        self._focus_changed(focused=True)

    def focusOutEvent(self, _event: QFocusEvent | None) -> None:
        """Makes the cursor hollow."""
        self._focus_changed(focused=False)

    def _focus_changed(self, *, focused: bool) -> None:
        self._update_blinking()
        self.update(
            self._display.row_rect(self._core.cursor.row) if self._core.cursor else self.rect()
        )
        report = focus_report(self._core, focused=focused)
        if report and not self._read_only:
            self.typed.emit(report)

    def focusNextPrevChild(self, next_child: bool) -> bool:
        """Tab belongs to the program; Ctrl+Tab and Ctrl+Shift+Tab leave the console."""
        return super().focusNextPrevChild(next_child) if self._read_only else False

    def event(self, event: QEvent | None) -> bool:
        """Claims keys that a shortcut of the window would take from the program."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if self._commands.find(event) is not None or self._goes_to_program(event):
                event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copies, pastes, scrolls, or sends the key."""
        if event is None:
            return
        action = self._commands.find(event)
        if action is not None:
            action()
        elif self._goes_to_program(event):
            self._send(self._keys.encode(keys.Press.of(event)))
        else:
            event.ignore()

    def _goes_to_program(self, event: QKeyEvent) -> bool:
        """Ctrl+Shift with a letter, Ctrl+Tab and the logo key are left to the window."""
        press = keys.Press.of(event)
        if self._read_only or event.modifiers() & Qt.KeyboardModifier.MetaModifier:
            return False
        if press.modifiers & keys.CTRL and (
            event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}
            or (press.modifiers & keys.SHIFT and Qt.Key.Key_A <= event.key() <= Qt.Key.Key_Z)
        ):
            return False
        return bool(self._keys.encode(press))

    def inputMethodEvent(self, event: QInputMethodEvent | None) -> None:
        """Sends what was composed, and shows what is being composed."""
        if event is None:
            return
        self._preedit = "" if self._read_only else event.preeditString()
        self._send(event.commitString().encode("utf-8", "ignore"))
        self.update()
        event.accept()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> object:
        """Tells the input method where to open its window."""
        if query == Qt.InputMethodQuery.ImCursorRectangle:
            return self._display.cursor_rect()
        if query == Qt.InputMethodQuery.ImEnabled:
            return not self._read_only
        return super().inputMethodQuery(query)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Selects, pastes, or reports."""
        if event is not None:
            self._mouse.press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """The second press of two."""
        if event is not None:
            self._mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Selects, or reports."""
        if event is not None:
            self._mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Ends a selection, or reports."""
        if event is not None:
            self._mouse.release(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Scrolls, reports, or zooms."""
        if event is not None:
            self._mouse.wheel(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Opens the menu, unless the right button is the program's."""
        if event is None:
            return
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        if not (by_mouse and self._mouse.is_reported(event.modifiers())):
            self._commands.show_menu(
                self, event.globalPos(),
                selected=self._selector.span is not None, writable=not self._read_only,
            )  # fmt: skip
