"""The console widget: shows what a program writes, and sends what the user types."""

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import (
    QAction,
    QClipboard,
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QFont,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from cloche_gui.widgets.terminal import clipboard, composing, export
from cloche_gui.widgets.terminal.bell import Bell
from cloche_gui.widgets.terminal.caret import Caret
from cloche_gui.widgets.terminal.commands import Commands, MenuState, Verbs
from cloche_gui.widgets.terminal.composing import Preedit
from cloche_gui.widgets.terminal.encoders import focus_report
from cloche_gui.widgets.terminal.foreground import Look
from cloche_gui.widgets.terminal.keyboard import Keyboard
from cloche_gui.widgets.terminal.keys import held_after
from cloche_gui.widgets.terminal.link_pointer import LinkPointer
from cloche_gui.widgets.terminal.model import Span
from cloche_gui.widgets.terminal.mouse import MouseEffects, MouseHandler
from cloche_gui.widgets.terminal.news import News
from cloche_gui.widgets.terminal.output import Heard, Output
from cloche_gui.widgets.terminal.search import Search
from cloche_gui.widgets.terminal.search_bar import SearchBar
from cloche_gui.widgets.terminal.surface import TerminalSurface
from cloche_gui.widgets.terminal.transfer import Outlet, Transfer
from cloche_gui.widgets.terminal.typeface import ask_for_font


class TerminalWidget(TerminalSurface):
    """A terminal: `feed` it what the program writes, pass on what it says in `typed`."""

    typed = pyqtSignal(bytes)
    title_changed = pyqtSignal(str)  # one harmless line of at most 256 characters
    copied = pyqtSignal(
        int, bool
    )  # characters a program had for the clipboard; whether it got them
    copying_allowed = pyqtSignal(bool)
    font_chosen = pyqtSignal(str, float)  # family, points

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu_actions: Sequence[QAction] = ()
        """What the window adds to the menu."""
        self.is_answering = False
        """Whether what `typed` tells now is the terminal's own, not something that a person did."""
        self._read_only = False
        self._may_copy = False
        self._preedit = Preedit()
        self._output = Output(self, self._core, Heard(self._answer, self._hear, self._frames.ask))
        outlet = Outlet(self._send, lambda: not self._read_only)
        self._transfer = Transfer(self, self._core, self._selector, outlet)
        self._search = Search(self._core, self._selector, self._refresh)
        self._caret = Caret(self._core, self._selector, self._selection_moved)
        self._links = LinkPointer(self, self._core, self._display)
        self._mouse = MouseHandler(self, self._core, self._display, self._selector, self._effects())
        self._commands = Commands(self._core, self._verbs())
        self._keyboard = Keyboard(self._core, self._commands, self._caret, outlet, self.copy)
        self._bell = Bell(self, self.update)
        self._set_up_widget()

    def _set_up_widget(self) -> None:
        self.setAccessibleName("Console")
        self.setAccessibleDescription(
            "Ctrl+Tab leaves the console. Ctrl+Shift+F10 or the menu key opens its menu."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self._search_bar = SearchBar(self, self._search, self._frames.ask)

    def _effects(self) -> MouseEffects:
        return MouseEffects(
            send=self._send,
            changed=self._frames.ask,
            selected=self._transfer.offer_selection,
            paste_selection=lambda: self._transfer.paste(QClipboard.Mode.Selection),
            zoom=lambda steps: self.set_font_size(self._typeface.font.pointSizeF() + steps),
        )

    def _verbs(self) -> Verbs:
        font = self._typeface.font
        return Verbs(
            copy=self.copy,
            copy_html=self._transfer.copy_html,
            paste=self.paste,
            select_all=self.select_all,
            select_by_keys=self._caret.begin,
            open_menu=self._open_menu_at_cursor,
            find=self.open_search,
            save=lambda: export.ask_where_to_save(self, self._core),
            print_out=lambda: export.ask_how_to_print(self, self._core, font),
            choose_font=lambda: ask_for_font(self, font, self._use_chosen_font),
            reset=self.reset,
            scrolled=self._frames.ask,
            allow_copying=self._allow_copying,
        )

    # For the window

    @property
    def backlog(self) -> int:
        """Bytes fed but not yet taken in; who reads a fast source waits while this is high."""
        return self._output.backlog

    def feed(self, data: bytes, *, answer: bool = True) -> None:
        """Shows output of the program; returns within milliseconds, the rest follows by itself.

        Old output is fed with `answer=False`, so that it types, rings and copies nothing now.
        """
        self._output.add(data, answer=answer and not self._read_only)

    def reset(self) -> None:
        """Makes the terminal as new: modes, colours, screen and scrollback."""
        self._selector.clear()
        self._output.drop()
        self._core.reset()
        self._frames.ask()

    def set_read_only(self, read_only: bool) -> None:
        """Whether nothing is sent: no keys, no paste, no mouse, no replies."""
        self._read_only = read_only
        self.update()
        self._mouse.reports_allowed = not read_only
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, not read_only)

    def set_copying_allowed(self, allowed: bool) -> None:
        """Whether a program may fill the clipboard (OSC 52); it can never read it."""
        self._may_copy = allowed

    def selected_text(self) -> str:
        """What is selected, or nothing."""
        return self._transfer.selected_text()

    def select_all(self) -> None:
        """Selects everything, the scrollback too."""
        self._selector.select_all()
        self._selection_moved()

    def copy(self) -> None:
        """Copies what is selected."""
        self._transfer.copy()

    def paste(self) -> None:
        """Sends what was copied; asks first if a shell would run it at once."""
        self._transfer.paste()

    def open_search(self) -> None:
        """Opens the line where one types what to look for."""
        selected = self.selected_text()
        self._search_bar.open(selected if "\n" not in selected else "")

    def send_text(self, text: str) -> None:
        """Sends text as if it were typed, with newline as Enter."""
        self._send(text.replace("\r\n", "\r").replace("\n", "\r").encode())

    # Between the program and the user

    def _send(self, data: bytes) -> None:
        if self._read_only or not data:
            return
        position = self._core.position
        if position.offset + position.visible < position.total:
            self._core.scroll_to_bottom()
            self._frames.ask()
        if not self._blink.lit:
            self._cursor_blinked()
        self._blink.restart()
        self.typed.emit(data)

    def _answer(self, replies: bytes) -> None:
        if not self._read_only:
            self.is_answering = True
            self.typed.emit(replies)
            self.is_answering = False

    def _hear(self, news: News) -> None:
        if news.bell:
            self._bell.ring()
        if news.title is not None:
            self.title_changed.emit(news.title)
        if news.copied is not None:
            allowed = self._may_copy and self.hasFocus()
            if allowed:
                clipboard.copy(news.copied)
            self.copied.emit(len(news.copied), allowed)

    def _allow_copying(self, allowed: bool) -> None:
        self.set_copying_allowed(allowed)
        self.copying_allowed.emit(allowed)

    def _selection_moved(self) -> None:
        self._transfer.offer_selection()
        self._frames.ask()
        self.update()

    def _look(self) -> Look:
        return Look(
            self.hasFocus() and not self._read_only, self._blink.lit, self._preedit,
            self._caret.point, self._links.link, self._bell.is_shown,
            framed=self.hasFocus() and self._read_only,
        )  # fmt: skip

    def _matches(self) -> list[Span]:
        return self._search.matches_in_view()

    def _is_held(self) -> bool:
        return self._output.is_held()

    def _use_chosen_font(self, font: QFont) -> None:
        self._typeface.set_points(font.pointSizeF())
        self.set_font_family(font.family())
        self.font_chosen.emit(font.family(), font.pointSizeF())

    # Events of Qt

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keeps the search in its corner."""
        super().resizeEvent(event)
        self._search_bar.dock()

    def focusInEvent(self, _event: QFocusEvent | None) -> None:
        """Fills the cursor."""
        self._focus_changed(focused=True)

    def focusOutEvent(self, _event: QFocusEvent | None) -> None:
        """Makes the cursor hollow, and drops what was being composed."""
        self._preedit = Preedit()
        self._focus_changed(focused=False)

    def _focus_changed(self, *, focused: bool) -> None:
        self._update_blinking()
        cursor = self._core.cursor
        if cursor is None or self._read_only:
            self.update()
        else:
            self.update(self._display.row_rect(cursor.row))
        report = focus_report(self._core, focused=focused)
        if report and focused and not self._read_only:
            self.typed.emit(report)
        elif report:
            self._answer(report)

    def focusNextPrevChild(self, next_child: bool) -> bool:
        """Tab belongs to the program, but not in the line of the search.

        Ctrl+Tab and Ctrl+Shift+Tab leave the console.
        """
        is_programs = self.hasFocus() and not self._read_only
        return False if is_programs else super().focusNextPrevChild(next_child)

    def event(self, event: QEvent | None) -> bool:
        """Claims keys that a shortcut of the window would take from the program."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if self._keyboard.claims(event):
                event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copies, pastes, scrolls, moves the caret, or sends the key."""
        if event is None:
            return
        self._links.follow(held_after(event))
        if not self._keyboard.press(event):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Tells programs that asked for it."""
        if event is None:
            return
        self._links.follow(held_after(event))
        if not self._keyboard.release(event):
            event.ignore()

    def inputMethodEvent(self, event: QInputMethodEvent | None) -> None:
        """Sends what was composed, and shows what is being composed."""
        if event is None:
            return
        self._preedit = Preedit() if self._read_only else composing.preedit_of(event)
        self._send(event.commitString().encode("utf-8", "ignore"))
        self.update()
        event.accept()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> object:
        """Tells the input method where to open its window, and that this is no prose."""
        match query:
            case Qt.InputMethodQuery.ImCursorRectangle:
                return self._display.cursor_rect()
            case Qt.InputMethodQuery.ImEnabled:
                return not self._read_only
            case Qt.InputMethodQuery.ImHints:
                return composing.HINTS
            case Qt.InputMethodQuery.ImFont:
                return self._typeface.font
            case _:
                return super().inputMethodQuery(query)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Opens a link, selects, pastes, or reports."""
        if event is not None and (
            self._mouse.is_reported(event.modifiers()) or not self._links.click(event)
        ):
            self._mouse.press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """The second press of two."""
        if event is not None:
            self._mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Selects, or reports; shows links."""
        if event is not None:
            self._links.move(event)
            self._mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Ends a selection, or reports."""
        if event is not None:
            self._mouse.release(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Scrolls, reports, or zooms."""
        if event is not None:
            self._mouse.wheel(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Takes files and text."""
        if event is not None and self._transfer.takes(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Types the paths of files, or text."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None:
            event.acceptProposedAction()
            self._transfer.drop(mime)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Opens the menu, unless the right button is the program's."""
        if event is None:
            return
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            self._open_menu_at_cursor()
        elif not self._mouse.is_reported(event.modifiers()):
            self._open_menu(event.globalPos())

    def _open_menu_at_cursor(self) -> None:
        self._open_menu(self.mapToGlobal(self._display.cursor_rect().bottomLeft()))

    def _open_menu(self, place: QPoint) -> None:
        state = MenuState(self._selector.span is not None, not self._read_only, self._may_copy)
        self._commands.show_menu(self, place, state, self.menu_actions)
