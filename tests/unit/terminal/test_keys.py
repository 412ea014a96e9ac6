"""Keys become the bytes that programs know from xterm."""

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.encoders import KeyEncoder
from cloche_gui.widgets.terminal.keys import ALT, CTRL, SHIFT, Press, encode

Key = Qt.Key
DEAD = Qt.Key.Key_Dead_Acute


@pytest.mark.parametrize(
    ("key", "modifiers", "text", "sent"),
    [
        (Key.Key_A, 0, "a", b"a"),
        (Key.Key_A, SHIFT, "A", b"A"),
        (Key.Key_A, CTRL, "a", b"\x01"),
        (Key.Key_I, CTRL, "i", b"\t"),
        (Key.Key_M, CTRL, "m", b"\r"),
        (Key.Key_Space, CTRL, " ", b"\0"),
        (Key.Key_BracketLeft, CTRL, "[", b"\x1b"),
        (Key.Key_Backslash, CTRL, "\\", b"\x1c"),
        (Key.Key_BracketRight, CTRL, "]", b"\x1d"),
        (Key.Key_AsciiCircum, CTRL | SHIFT, "^", b"\x1e"),
        (Key.Key_Underscore, CTRL | SHIFT, "_", b"\x1f"),
        (Key.Key_Slash, CTRL, "/", b"\x1f"),
        (Key.Key_X, ALT, "x", b"\x1bx"),
        (Key.Key_X, ALT | SHIFT, "X", b"\x1bX"),
        (Key.Key_C, ALT | CTRL, "c", b"\x1b\x03"),
        (0xE9, 0, "é", "é".encode()),
        (0xE9, ALT, "é", b"\x1b" + "é".encode()),
        (Key.Key_Return, 0, "\r", b"\r"),
        (Key.Key_Return, ALT, "\r", b"\x1b\r"),
        (Key.Key_Return, CTRL | SHIFT, "\r", b"\r"),
        (Key.Key_Enter, 0, "\r", b"\r"),
        (Key.Key_Tab, 0, "\t", b"\t"),
        (Key.Key_Backtab, SHIFT, "", b"\x1b[Z"),
        (Key.Key_Escape, 0, "\x1b", b"\x1b"),
        (Key.Key_Backspace, 0, "\x08", b"\x7f"),
        (Key.Key_Backspace, CTRL, "", b"\x08"),
        (Key.Key_Backspace, ALT, "", b"\x1b\x7f"),
        (Key.Key_Up, 0, "", b"\x1b[A"),
        (Key.Key_Left, CTRL, "", b"\x1b[1;5D"),
        (Key.Key_Home, SHIFT | ALT | CTRL, "", b"\x1b[1;8H"),
        (Key.Key_End, 0, "", b"\x1b[F"),
        (Key.Key_Insert, 0, "", b"\x1b[2~"),
        (Key.Key_Delete, 0, "\x7f", b"\x1b[3~"),
        (Key.Key_PageUp, CTRL, "", b"\x1b[5;5~"),
        (Key.Key_F1, 0, "", b"\x1bOP"),
        (Key.Key_F1, SHIFT, "", b"\x1b[1;2P"),
        (Key.Key_F5, 0, "", b"\x1b[15~"),
        (Key.Key_F12, CTRL, "", b"\x1b[24;5~"),
        (Key.Key_F20, 0, "", b"\x1b[34~"),
        (Key.Key_Shift, SHIFT, "", b""),
        (Key.Key_Control, CTRL, "", b""),
    ],
)
def test_a_key_sends_what_xterm_sends(key: int, modifiers: int, text: str, sent: bytes) -> None:
    assert encode(Press(int(key), modifiers, text)) == sent


@pytest.mark.parametrize(
    ("key", "sent"),
    [(Key.Key_Up, b"\x1bOA"), (Key.Key_Home, b"\x1bOH"), (Key.Key_Delete, b"\x1b[3~")],
)
def test_application_mode_changes_only_cursor_keys(key: Key, sent: bytes) -> None:
    assert encode(Press(int(key), 0, ""), application_cursor=True) == sent


def test_a_modified_cursor_key_is_the_same_in_application_mode() -> None:
    assert encode(Press(int(Key.Key_Up), CTRL, ""), application_cursor=True) == b"\x1b[1;5A"


@pytest.mark.parametrize(
    ("key", "held", "text", "press"),
    [
        (Key.Key_C, Qt.KeyboardModifier.ControlModifier, "\x03", Press(67, CTRL, "c")),
        (Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", Press(int(Key.Key_Return), 0, "")),
        (Key.Key_Q, Qt.KeyboardModifier.GroupSwitchModifier, "@", Press(81, 0, "@")),
        (DEAD, Qt.KeyboardModifier.NoModifier, "", Press(int(DEAD), 0, "")),
    ],
)
def test_the_text_of_a_press_is_free_of_control(
    key: Key, held: Qt.KeyboardModifier, text: str, press: Press
) -> None:
    assert Press.of(QKeyEvent(QEvent.Type.KeyPress, int(key), held, text)) == press


def test_a_dead_key_sends_nothing_by_itself() -> None:
    assert encode(Press(int(Key.Key_Dead_Acute), 0, "")) == b""


def test_a_program_can_ask_for_the_kitty_protocol_and_leave_it() -> None:
    core = TerminalCore()
    encoder = KeyEncoder(core)
    ctrl_i = Press(int(Key.Key_I), CTRL, "i")
    assert encoder.encode(ctrl_i) == b"\t"
    core.feed(b"\x1b[>1u")
    assert encoder.encode(ctrl_i) == b"\x1b[105;5u"
    assert encoder.encode(Press(int(Key.Key_Escape), 0, "")) == b"\x1b[27u"
    assert encoder.encode(Press(int(Key.Key_A), 0, "a")) == b"a"
    core.feed(b"\x1b[<u")
    assert encoder.encode(ctrl_i) == b"\t"


def test_backspace_follows_its_mode() -> None:
    core = TerminalCore()
    encoder = KeyEncoder(core)
    core.feed(b"\x1b[?67h")
    assert encoder.encode(Press(int(Key.Key_Backspace), 0, "")) == b"\x08"
    assert encoder.encode(Press(int(Key.Key_Backspace), CTRL, "")) == b"\x7f"
