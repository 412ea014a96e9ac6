"""Keys of the keyboard as the bytes that programs have expected since xterm."""

from dataclasses import dataclass
from enum import IntEnum

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent

from cloche_gui.widgets.terminal.key_names import library_name

SHIFT, CTRL, ALT = 1, 2, 4  # the library's bits; xterm's parameter is composed below

Key = Qt.Key
_NAMED = 0x1000000  # Qt numbers keys without a character from here on

_CURSOR = {
    Key.Key_Up: "A", Key.Key_Down: "B", Key.Key_Right: "C", Key.Key_Left: "D",
    Key.Key_Clear: "E", Key.Key_End: "F", Key.Key_Home: "H",
}  # fmt: skip
_F1_TO_F4 = {Key.Key_F1: "P", Key.Key_F2: "Q", Key.Key_F3: "R", Key.Key_F4: "S"}
_NUMBERED = {
    Key.Key_Insert: 2, Key.Key_Delete: 3, Key.Key_PageUp: 5, Key.Key_PageDown: 6,
    Key.Key_F5: 15, Key.Key_F6: 17, Key.Key_F7: 18, Key.Key_F8: 19, Key.Key_F9: 20,
    Key.Key_F10: 21, Key.Key_F11: 23, Key.Key_F12: 24, Key.Key_F13: 25, Key.Key_F14: 26,
    Key.Key_F15: 28, Key.Key_F16: 29, Key.Key_F17: 31, Key.Key_F18: 32, Key.Key_F19: 33,
    Key.Key_F20: 34, Key.Key_Menu: 29,
}  # fmt: skip
_CONTROL = {
    " ": 0, "@": 0, "2": 0, "`": 0, "[": 27, "3": 27, "{": 27, "\\": 28, "4": 28, "|": 28, "]": 29,
    "5": 29, "}": 29, "^": 30, "6": 30, "~": 30, "_": 31, "7": 31, "/": 31, "?": 127, "8": 127,
}  # fmt: skip
_PLAIN = {
    Key.Key_Return: "ENTER", Key.Key_Enter: "NUMPAD_ENTER", Key.Key_Tab: "TAB",
    Key.Key_Backtab: "TAB", Key.Key_Backspace: "BACKSPACE", Key.Key_Escape: "ESCAPE",
}  # fmt: skip

_OWN_MODIFIER = {
    int(Key.Key_Control): Qt.KeyboardModifier.ControlModifier,
    int(Key.Key_Shift): Qt.KeyboardModifier.ShiftModifier,
    int(Key.Key_Alt): Qt.KeyboardModifier.AltModifier,
}


def modifiers(held: Qt.KeyboardModifier) -> int:
    """Qt's modifiers as the library's bits."""
    return (
        SHIFT * bool(held & Qt.KeyboardModifier.ShiftModifier)
        | CTRL * bool(held & Qt.KeyboardModifier.ControlModifier)
        | ALT * bool(held & Qt.KeyboardModifier.AltModifier)
    )


def held_after(event: QKeyEvent) -> Qt.KeyboardModifier:
    """The modifiers that are down once this key has gone down or up."""
    own = _OWN_MODIFIER.get(event.key())
    if own is None:
        return event.modifiers()
    if event.type() == QKeyEvent.Type.KeyRelease:
        return event.modifiers() & ~own
    return event.modifiers() | own


class Action(IntEnum):
    """What happened to a key, as the library counts."""

    RELEASE = 0
    PRESS = 1
    REPEAT = 2


def _action(event: QKeyEvent) -> Action:
    if event.type() == QKeyEvent.Type.KeyRelease:
        return Action.RELEASE
    return Action.REPEAT if event.isAutoRepeat() else Action.PRESS


@dataclass(frozen=True, slots=True)
class Press:
    """A key going down: which, with what, and the text that it types without Ctrl and Alt."""

    key: int
    modifiers: int
    text: str
    keypad: bool = False
    action: Action = Action.PRESS

    @classmethod
    def of(cls, event: QKeyEvent) -> "Press":
        """The press that Qt reports."""
        held = modifiers(event.modifiers())
        text = event.text()
        if (not text or text < " " or text == "\x7f") and 0x20 <= event.key() < 0x110000:
            text = chr(event.key()) if held & SHIFT else chr(event.key()).lower()
        elif event.key() >= _NAMED and text < " ":
            text = ""
        keypad = bool(event.modifiers() & Qt.KeyboardModifier.KeypadModifier)
        return cls(event.key(), held, text, keypad, _action(event))

    @property
    def library_name(self) -> str:
        """What the library calls this key."""
        return library_name(self.key, keypad=self.keypad)

    @property
    def unshifted(self) -> int:
        """The character of this key without Shift, as far as Qt knows it."""
        return ord(chr(self.key).lower()) if 0x20 <= self.key < 0x110000 else 0


def encode(
    press: Press, *, application_cursor: bool = False, backspace_is_bs: bool = False
) -> bytes:
    """The bytes of a key; empty if it types nothing."""
    name = Key(press.key) if press.key >= _NAMED else None
    if name in _PLAIN:
        return _plain(press, backspace_is_bs=backspace_is_bs)
    if name in _CURSOR:
        return _with_letter(press, _CURSOR[name], "O" if application_cursor else "[")
    if name in _F1_TO_F4:
        return _with_letter(press, _F1_TO_F4[name], "O")
    if name in _NUMBERED:
        parameter = _parameter(press)
        return f"\x1b[{_NUMBERED[name]}{f';{parameter}' if parameter > 1 else ''}~".encode()
    return _text(press)


def _parameter(press: Press) -> int:
    return (
        1
        + bool(press.modifiers & SHIFT)
        + 2 * bool(press.modifiers & ALT)
        + 4 * bool(press.modifiers & CTRL)
    )


def _with_letter(press: Press, letter: str, introducer: str) -> bytes:
    parameter = _parameter(press)
    return (
        f"\x1b[1;{parameter}{letter}" if parameter > 1 else f"\x1b{introducer}{letter}"
    ).encode()


def _plain(press: Press, *, backspace_is_bs: bool) -> bytes:
    prefix = b"\x1b" if press.modifiers & ALT else b""
    match _PLAIN[Key(press.key)]:
        case "TAB" if press.modifiers & SHIFT or press.key == Key.Key_Backtab:
            return prefix + b"\x1b[Z"
        case "TAB":
            return prefix + b"\t"
        case "BACKSPACE":
            return prefix + (
                b"\x08" if bool(press.modifiers & CTRL) != backspace_is_bs else b"\x7f"
            )
        case "ESCAPE":
            return prefix + b"\x1b"
        case _:
            return prefix + b"\r"


def _text(press: Press) -> bytes:
    text = press.text.encode("utf-8", "ignore")
    if press.modifiers & CTRL and len(press.text) == 1:
        letter = press.text.upper()
        if "A" <= letter <= "Z":
            text = bytes([ord(letter) & 31])
        elif letter in _CONTROL:
            text = bytes([_CONTROL[letter]])
    return b"\x1b" + text if text and press.modifiers & ALT else text
