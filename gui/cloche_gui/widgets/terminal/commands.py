"""Keys that the console keeps for itself, and its context menu."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QMenu, QWidget

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.keys import CTRL, SHIFT, modifiers

_Key = Qt.Key


@dataclass(frozen=True, slots=True)
class Verbs:
    """What a key or a menu entry of the console can do."""

    copy: Callable[[], None]
    paste: Callable[[], None]
    reset: Callable[[], None]
    scrolled: Callable[[], None]


class Commands:
    """Finds the verb for a key, and offers the verbs in a menu."""

    def __init__(self, core: TerminalCore, verbs: Verbs) -> None:
        self._core = core
        self._verbs = verbs
        self._always: dict[tuple[int, int], Callable[[], None]] = {
            (_Key.Key_C, CTRL | SHIFT): verbs.copy,
            (_Key.Key_Insert, CTRL): verbs.copy,
            (_Key.Key_V, CTRL | SHIFT): verbs.paste,
            (_Key.Key_Insert, SHIFT): verbs.paste,
        }
        self._with_scrollback: dict[tuple[int, int], Callable[[], None]] = {
            (_Key.Key_PageUp, SHIFT): lambda: self._page(-1),
            (_Key.Key_PageDown, SHIFT): lambda: self._page(1),
            (_Key.Key_PageUp, CTRL | SHIFT): lambda: self._page(-1),
            (_Key.Key_PageDown, CTRL | SHIFT): lambda: self._page(1),
            (_Key.Key_Home, CTRL | SHIFT): lambda: self._scroll(-self._core.position.total),
            (_Key.Key_End, CTRL | SHIFT): lambda: self._scroll(self._core.position.total),
            (_Key.Key_Up, CTRL | SHIFT): lambda: self._scroll(-1),
            (_Key.Key_Down, CTRL | SHIFT): lambda: self._scroll(1),
        }

    def find(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What this key does here, or None if it is the program's."""
        chord = event.key(), modifiers(event.modifiers())
        if chord in self._always or self._core.alternate_screen:
            return self._always.get(chord)
        return self._with_scrollback.get(chord)

    def show_menu(self, parent: QWidget, place: QPoint, *, selected: bool, writable: bool) -> None:
        """Opens the menu; entries that make no sense now are grey."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        entries = (
            ("&Copy", "Ctrl+Shift+C", selected, self._verbs.copy),
            ("&Paste", "Ctrl+Shift+V", writable, self._verbs.paste),
            ("&Reset", "", True, self._verbs.reset),
        )
        for words, keys, enabled, verb in entries:
            action = menu.addAction(f"{words}\t{keys}" if keys else words)
            if action is not None:
                action.setEnabled(enabled)
                action.triggered.connect(lambda _checked, verb=verb: verb())
        menu.popup(place)

    def _page(self, direction: int) -> None:
        self._scroll(direction * max(1, self._core.rows - 1))

    def _scroll(self, lines: int) -> None:
        self._core.scroll_by(lines)
        self._verbs.scrolled()
