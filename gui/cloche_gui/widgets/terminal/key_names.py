"""What the core's library calls the keys of Qt."""

from PyQt6.QtCore import Qt

Key = Qt.Key
_NAMED = {
    Key.Key_Return: "ENTER", Key.Key_Enter: "NUMPAD_ENTER", Key.Key_Tab: "TAB",
    Key.Key_Backtab: "TAB", Key.Key_Backspace: "BACKSPACE", Key.Key_Escape: "ESCAPE",
    Key.Key_Up: "ARROW_UP", Key.Key_Down: "ARROW_DOWN", Key.Key_Right: "ARROW_RIGHT",
    Key.Key_Left: "ARROW_LEFT", Key.Key_End: "END", Key.Key_Home: "HOME", Key.Key_Insert: "INSERT",
    Key.Key_Delete: "DELETE", Key.Key_PageUp: "PAGE_UP", Key.Key_PageDown: "PAGE_DOWN",
    Key.Key_Menu: "CONTEXT_MENU", Key.Key_Pause: "PAUSE", Key.Key_Print: "PRINT_SCREEN",
    Key.Key_Shift: "SHIFT_LEFT", Key.Key_Control: "CONTROL_LEFT", Key.Key_Alt: "ALT_LEFT",
    Key.Key_AltGr: "ALT_RIGHT", Key.Key_CapsLock: "CAPS_LOCK", Key.Key_NumLock: "NUM_LOCK",
    Key.Key_ScrollLock: "SCROLL_LOCK",
} | {Key(Key.Key_F1 + number - 1): f"F{number}" for number in range(1, 26)}  # fmt: skip
_KEYPAD = {
    Key.Key_Plus: "ADD", Key.Key_Minus: "SUBTRACT", Key.Key_Asterisk: "MULTIPLY",
    Key.Key_Slash: "DIVIDE", Key.Key_Period: "DECIMAL", Key.Key_Comma: "SEPARATOR",
    Key.Key_Equal: "EQUAL", Key.Key_Enter: "ENTER", Key.Key_Up: "UP", Key.Key_Down: "DOWN",
    Key.Key_Left: "LEFT", Key.Key_Right: "RIGHT", Key.Key_Home: "HOME", Key.Key_End: "END",
    Key.Key_PageUp: "PAGE_UP", Key.Key_PageDown: "PAGE_DOWN", Key.Key_Insert: "INSERT",
    Key.Key_Delete: "DELETE", Key.Key_Clear: "BEGIN",
} | {Key(Key.Key_0 + digit): str(digit) for digit in range(10)}  # fmt: skip
_PRINTABLE = {
    " ": "SPACE", "-": "MINUS", "=": "EQUAL", "[": "BRACKET_LEFT", "]": "BRACKET_RIGHT",
    "\\": "BACKSLASH", ";": "SEMICOLON", "'": "QUOTE", "`": "BACKQUOTE", ",": "COMMA",
    ".": "PERIOD", "/": "SLASH",
}  # fmt: skip
_FIRST_NAMED = 0x1000000  # Qt numbers keys without a character from here on


def library_name(key: int, *, keypad: bool) -> str:
    """The library's name without its prefix; text keys are known by their text."""
    if keypad and key in _KEYPAD:
        return f"NUMPAD_{_KEYPAD[Key(key)]}"
    if key >= _FIRST_NAMED:
        return _NAMED.get(Key(key), "UNIDENTIFIED")
    character = chr(key) if 0x20 <= key < 0x7F else ""
    if character.isalpha():
        return character
    if character.isdigit():
        return f"DIGIT_{character}"
    return _PRINTABLE.get(character, "UNIDENTIFIED")
