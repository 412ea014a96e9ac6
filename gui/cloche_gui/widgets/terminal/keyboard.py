"""What a key does in a console: a command of ours, a step of the caret, or bytes."""

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent

from cloche_gui.widgets.terminal import keys
from cloche_gui.widgets.terminal.caret import Caret
from cloche_gui.widgets.terminal.commands import Commands
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.encoders import KeyEncoder
from cloche_gui.widgets.terminal.transfer import Outlet

_Key = Qt.Key
_LEAVING = {_Key.Key_Escape, _Key.Key_Return, _Key.Key_Enter}
_MODIFIERS = {
    _Key.Key_Shift, _Key.Key_Control, _Key.Key_Alt, _Key.Key_AltGr, _Key.Key_Meta,
    _Key.Key_CapsLock, _Key.Key_NumLock, _Key.Key_ScrollLock,
}  # fmt: skip
_REPORT_EVENTS, _REPORT_ALL = 2, 8  # flags of the kitty keyboard protocol


class Keyboard:
    """The keys of one console."""

    def __init__(
        self, core: TerminalCore, commands: Commands, caret: Caret, outlet: Outlet,
        copy: Callable[[], None],
    ) -> None:  # fmt: skip
        self._core, self._commands, self._caret = core, commands, caret
        self._outlet, self._copy = outlet, copy
        self._encoder = KeyEncoder(core)

    def claims(self, event: QKeyEvent) -> bool:
        """Whether a shortcut of the window must not take this key from the console."""
        if self._caret.point is not None or self._commands.find(event) is not None:
            return True
        return self._goes_to_program(event)

    def press(self, event: QKeyEvent) -> bool:
        """Does what the key does; False if it is nobody's here."""
        if self._caret.point is not None and self._move_caret(event):
            return True
        command = self._commands.find(event)
        if command is not None:
            command()
        elif self._caret.point is None and self._goes_to_program(event):
            self._outlet.send(self._encoder.encode(keys.Press.of(event)))
        else:
            return self._caret.point is not None
        return True

    def release(self, event: QKeyEvent) -> bool:
        """Tells a program that asked for it that a key went up."""
        wanted = self._core.keyboard_flags & _REPORT_EVENTS and not event.isAutoRepeat()
        if not wanted or self._caret.point is not None or self._is_windows(event):
            return False
        report = self._encoder.encode(keys.Press.of(event))
        if report:
            self._outlet.send(report)
        return bool(report)

    def _move_caret(self, event: QKeyEvent) -> bool:
        if event.key() not in _LEAVING:
            return self._caret.press(event.key(), keys.modifiers(event.modifiers()))
        if event.key() != _Key.Key_Escape:
            self._copy()
        self._caret.end()
        return True

    def _goes_to_program(self, event: QKeyEvent) -> bool:
        if self._is_windows(event):
            return False
        if event.key() in _MODIFIERS and not self._core.keyboard_flags & _REPORT_ALL:
            return False
        return bool(self._encoder.encode(keys.Press.of(event)))

    def _is_windows(self, event: QKeyEvent) -> bool:
        """Ctrl+Shift with a letter, Ctrl+Tab and the logo key are left to the window."""
        held = keys.modifiers(event.modifiers())
        if not self._outlet.is_open() or event.modifiers() & Qt.KeyboardModifier.MetaModifier:
            return True
        if not held & keys.CTRL:
            return False
        letter = _Key.Key_A <= event.key() <= _Key.Key_Z
        return event.key() in {_Key.Key_Tab, _Key.Key_Backtab} or (
            letter and bool(held & keys.SHIFT)
        )
