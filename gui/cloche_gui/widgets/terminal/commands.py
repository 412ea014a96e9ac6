"""Keys that the console keeps for itself, and its context menu."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QAction, QKeyEvent
from PyQt6.QtWidgets import QMenu, QWidget

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.keys import CTRL, SHIFT, modifiers

_Key = Qt.Key
Verb = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Verbs:
    """What a key or a menu entry of the console can do."""

    copy: Verb
    copy_html: Verb
    paste: Verb
    select_all: Verb
    select_by_keys: Verb
    open_menu: Verb
    find: Verb
    save: Verb
    print_out: Verb
    choose_font: Verb
    reset: Verb
    scrolled: Verb
    allow_copying: Callable[[bool], object]


@dataclass(frozen=True, slots=True)
class MenuState:
    """What decides which entries of the menu make sense now."""

    selected: bool
    writable: bool
    copying_allowed: bool


class Commands:
    """Finds the verb for a key, and offers the verbs in a menu."""

    def __init__(self, core: TerminalCore, verbs: Verbs) -> None:
        self._core = core
        self._verbs = verbs
        self._always: dict[tuple[int, int], Verb] = {
            (_Key.Key_C, CTRL | SHIFT): verbs.copy,
            (_Key.Key_Insert, CTRL): verbs.copy,
            (_Key.Key_V, CTRL | SHIFT): verbs.paste,
            (_Key.Key_Insert, SHIFT): verbs.paste,
            (_Key.Key_F, CTRL | SHIFT): verbs.find,
            (_Key.Key_Space, CTRL | SHIFT): verbs.select_by_keys,
            (_Key.Key_F10, CTRL | SHIFT): verbs.open_menu,
        }
        self._with_scrollback: dict[tuple[int, int], Verb] = {
            (_Key.Key_PageUp, SHIFT): lambda: self._page(-1),
            (_Key.Key_PageDown, SHIFT): lambda: self._page(1),
            (_Key.Key_PageUp, CTRL | SHIFT): lambda: self._page(-1),
            (_Key.Key_PageDown, CTRL | SHIFT): lambda: self._page(1),
            (_Key.Key_Home, SHIFT): lambda: self._scroll(-self._core.position.total),
            (_Key.Key_End, SHIFT): lambda: self._scroll(self._core.position.total),
            (_Key.Key_Home, CTRL | SHIFT): lambda: self._scroll(-self._core.position.total),
            (_Key.Key_End, CTRL | SHIFT): lambda: self._scroll(self._core.position.total),
            (_Key.Key_Up, CTRL | SHIFT): lambda: self._scroll(-1),
            (_Key.Key_Down, CTRL | SHIFT): lambda: self._scroll(1),
        }

    def find(self, event: QKeyEvent) -> Verb | None:
        """What this key does here, or None if it is the program's."""
        chord = event.key(), modifiers(event.modifiers())
        if chord in self._always or self._core.alternate_screen:
            return self._always.get(chord)
        return self._with_scrollback.get(chord)

    def show_menu(
        self, parent: QWidget, place: QPoint, state: MenuState, more: Sequence[QAction]
    ) -> None:
        """Opens the menu; entries that make no sense now are grey. `more` are the window's."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        verbs = self._verbs
        _add(menu, "&Copy\tCtrl+Shift+C", verbs.copy, enabled=state.selected)
        _add(menu, "Copy with c&olours", verbs.copy_html, enabled=state.selected)
        _add(menu, "&Paste\tCtrl+Shift+V", verbs.paste, enabled=state.writable)
        menu.addSeparator()
        _add(menu, "Select &all", verbs.select_all)
        _add(menu, "Select by &keys\tCtrl+Shift+Space", verbs.select_by_keys)
        _add(menu, "&Find …\tCtrl+Shift+F", verbs.find)
        menu.addSeparator()
        _add(menu, "&Save the text …", verbs.save)
        _add(menu, "Pr&int …", verbs.print_out)
        menu.addSeparator()
        _add(menu, "Fo&nt …", verbs.choose_font)
        self._add_copying(menu, state)
        _add(menu, "&Reset", verbs.reset)
        menu.addSeparator()
        menu.addActions(list(more))
        menu.popup(place)

    def _add_copying(self, menu: QMenu, state: MenuState) -> None:
        action = menu.addAction("&Let the program fill the clipboard")
        if action is not None:
            action.setCheckable(True)
            action.setChecked(state.copying_allowed)
            action.setEnabled(state.writable)
            action.toggled.connect(self._verbs.allow_copying)

    def _page(self, direction: int) -> None:
        self._scroll(direction * max(1, self._core.rows - 1))

    def _scroll(self, lines: int) -> None:
        self._core.scroll_by(lines)
        self._verbs.scrolled()


def _add(menu: QMenu, words: str, verb: Verb, *, enabled: bool = True) -> None:
    action = menu.addAction(words)
    if action is not None:
        action.setEnabled(enabled)
        action.triggered.connect(lambda _checked: verb())
