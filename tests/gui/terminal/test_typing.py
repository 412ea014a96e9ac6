"""What the keyboard, the input method and the clipboard send."""

import pytest
from PyQt6.QtCore import QEvent, QRect, Qt
from PyQt6.QtGui import (
    QAction,
    QClipboard,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
)
from PyQt6.QtWidgets import QApplication, QLineEdit, QMainWindow, QMessageBox, QWidget  # noqa: TID251 - it looks at them
from pytestqt.qtbot import QtBot
from tests.gui.terminal.gestures import (
    MIDDLE,
    NONE,
    at,
    click,
    double_click,
    key_in_window,
    tap,
    type_text,
)

from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen
Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


def clipboard() -> QClipboard:
    board = QGuiApplication.clipboard()
    assert board is not None
    return board


@pytest.mark.parametrize(
    ("key", "held", "sent"),
    [
        (Key.Key_A, NONE, b"a"),
        (Key.Key_C, CTRL, b"\x03"),
        (Key.Key_BracketLeft, CTRL, b"\x1b"),
        (Key.Key_F, ALT, b"\x1bf"),
        (Key.Key_Tab, NONE, b"\t"),
        (Key.Key_Backtab, SHIFT, b"\x1b[Z"),
        (Key.Key_Return, NONE, b"\r"),
        (Key.Key_Backspace, NONE, b"\x7f"),
        (Key.Key_F10, NONE, b"\x1b[21~"),
        (Key.Key_Left, CTRL, b"\x1b[1;5D"),
        (Key.Key_Space, CTRL, b"\0"),
    ],
)
def test_a_key_event_sends_its_bytes_and_keeps_the_focus(
    console: TerminalWidget, typed: list[bytes], key: Key, held: Qt.KeyboardModifier, sent: bytes
) -> None:
    tap(console, key, held)
    assert typed == [sent]
    assert console.hasFocus()


def test_cursor_keys_follow_application_mode(console: TerminalWidget, typed: list[bytes]) -> None:
    console.feed(b"\x1b[?1h")
    tap(console, Key.Key_Up)
    assert typed == [b"\x1bOA"]


def test_keys_with_ctrl_shift_and_a_letter_are_left_to_the_window(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    tap(console, Key.Key_N, CTRL | SHIFT)
    assert typed == []


def test_a_shortcut_of_the_window_does_not_take_a_key_from_the_program(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    console = TerminalWidget(window)
    window.setCentralWidget(console)
    fired: list[str] = []
    for keys in ("Ctrl+W", "Ctrl+Shift+W"):
        action = QAction(keys, window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked, keys=keys: fired.append(keys))
        window.addAction(action)
    sent: list[bytes] = []
    console.typed.connect(sent.append)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
        console.setFocus()
    qtbot.waitUntil(console.hasFocus)
    key_in_window(window, Key.Key_W, CTRL)
    key_in_window(window, Key.Key_W, CTRL | SHIFT)
    assert (sent, fired) == ([b"\x17"], ["Ctrl+Shift+W"])


def test_an_input_method_commits_text(console: TerminalWidget, typed: list[bytes]) -> None:
    composing = QInputMethodEvent("にほ", [])
    QApplication.sendEvent(console, composing)
    assert typed == []
    commit = QInputMethodEvent()
    commit.setCommitString("日本é")
    QApplication.sendEvent(console, commit)
    assert typed == ["日本é".encode()]


def test_the_input_method_opens_at_the_cursor(console: TerminalWidget) -> None:
    console.feed(b"\x1b[3;11H")
    console.screen_lines()
    rect = console.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    assert isinstance(rect, QRect)
    assert rect.contains(at(console, 2, 10))


def test_read_only_sends_nothing_and_lets_tab_go_on(
    qtbot: QtBot, console: TerminalWidget, typed: list[bytes]
) -> None:
    console.set_read_only(True)
    clipboard().setText("secret")
    type_text(console, "text\t")
    console.paste()
    console.send_text("more")
    console.feed(b"\x1b[6n\x1b[?1004h\x1b[?1000h")
    click(console, at(console, 1, 1))
    QApplication.sendEvent(console, QInputMethodEvent())
    assert typed == []
    console.set_read_only(False)
    console.feed(b"\x1b[6n")
    assert typed == [b"\x1b[1;1R"]


def test_tab_leaves_a_read_only_console(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    console, other = TerminalWidget(window), QLineEdit(window)
    console.set_read_only(True)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
        console.setFocus()
    qtbot.waitUntil(console.hasFocus)
    tap(console, Key.Key_Tab)
    assert other.hasFocus()


def test_copy_and_paste_by_keys(console: TerminalWidget, typed: list[bytes]) -> None:
    console.feed(b"some words")
    double_click(console, at(console, 0, 6))
    clipboard().setText("old")
    click(console, at(console, 0, 6))
    double_click(console, at(console, 0, 6))
    tap(console, Key.Key_C, CTRL | SHIFT)
    assert typed == []
    tap(console, Key.Key_V, CTRL | SHIFT)
    tap(console, Key.Key_Insert, SHIFT)
    assert typed == [clipboard().text().encode()] * 2


def test_copy_without_a_selection_keeps_the_clipboard(console: TerminalWidget) -> None:
    clipboard().setText("kept")
    console.copy()
    assert clipboard().text() == "kept"


def test_a_bracketed_paste_cannot_break_out(console: TerminalWidget, typed: list[bytes]) -> None:
    console.feed(b"\x1b[?2004h")
    clipboard().setText("a\x1b[201~b\nc\x03")
    console.paste()
    assert typed == [b"\x1b[200~a[201~b\rc\x1b[201~"]


def the_question(console: TerminalWidget) -> QMessageBox:
    return next(box for box in console.findChildren(QMessageBox) if box.isVisible())


@pytest.mark.parametrize(("answer", "sent"), [("&Paste", [b"one\rtwo\r"]), ("Cancel", [])])
def test_several_lines_are_asked_about_first(
    qtbot: QtBot, console: TerminalWidget, typed: list[bytes], answer: str, sent: list[bytes]
) -> None:
    clipboard().setText("one\ntwo\n")
    console.paste()
    qtbot.waitUntil(lambda: bool(console.findChildren(QMessageBox)))
    assert typed == []
    box = the_question(console)
    assert "one\ntwo" in box.informativeText()
    button = next(
        one for one in box.buttons() if one.text().replace("&", "") == answer.replace("&", "")
    )
    click(button, button.rect().center())
    qtbot.waitUntil(lambda: not console.findChildren(QMessageBox))
    assert typed == sent


def test_the_middle_button_pastes_the_primary_selection(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    clipboard().setText("primary", QClipboard.Mode.Selection)
    click(console, at(console, 0, 0), MIDDLE)
    assert typed == [b"primary"]


def test_focus_is_told_only_to_programs_that_asked(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    console.clearFocus()
    console.setFocus()
    assert typed == []
    console.feed(b"\x1b[?1004h")
    console.clearFocus()
    console.setFocus()
    assert typed == [b"\x1b[O", b"\x1b[I"]


def test_a_title_with_a_question_types_nothing(console: TerminalWidget, typed: list[bytes]) -> None:
    console.feed(b"\x1b]2;rm -rf /\x07\x1b[21t\x1b]52;c;?\x07\x1b[14t")
    assert typed == []
    console.feed(b"\x1b[5n")
    assert typed == [b"\x1b[0n"]


def test_old_output_is_not_answered_even_if_it_is_taken_in_late(
    qtbot: QtBot, console: TerminalWidget, typed: list[bytes]
) -> None:
    console.feed(b"\x1b[6n", answer=False)
    console.set_read_only(True)
    console.feed(b"x\x1b[65535b" * 10_000 + b"\x1b[5n")
    assert console.backlog > 0
    console.set_read_only(False)
    qtbot.waitUntil(lambda: console.backlog == 0)
    assert typed == []
    console.feed(b"\x1b[5n")
    assert typed == [b"\x1b[0n"]


def test_key_releases_and_bare_modifiers_send_nothing(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    for key in (Key.Key_Shift, Key.Key_Control, Key.Key_Alt, Key.Key_AltGr, Key.Key_Dead_Acute):
        QApplication.sendEvent(console, QKeyEvent(QEvent.Type.KeyPress, key, NONE))
    QApplication.sendEvent(console, QKeyEvent(QEvent.Type.KeyRelease, Key.Key_A, NONE, "a"))
    assert typed == []
