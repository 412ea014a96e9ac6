"""Screen readers get the text: it is in a text field of Qt's, which they know how to read."""

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tests.gui.terminal.gestures import at, drag

from cloche_gui.widgets.terminal.spoken import SpokenText, is_wanted
from cloche_gui.widgets.terminal.theme import DARK
from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen


@pytest.fixture
def read_aloud(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> TerminalWidget:
    """A console that was made while a screen reader ran."""
    monkeypatch.setenv("QT_LINUX_ACCESSIBILITY_ALWAYS_ON", "1")
    widget = TerminalWidget()
    qtbot.addWidget(widget)
    widget.set_theme(DARK)
    widget.resize(widget.sizeHint())
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def test_the_visible_lines_and_the_cursor_are_told(
    qtbot: QtBot, read_aloud: TerminalWidget
) -> None:
    field = read_aloud.findChild(SpokenText)
    assert field is not None
    read_aloud.feed("one\r\ngröße 漢字\r\n$ ls".encode())
    qtbot.waitUntil(lambda: field.toPlainText().startswith("one\ngröße 漢字\n$ ls"))
    caret = field.textCursor()
    assert (caret.blockNumber(), caret.positionInBlock()) == (2, 4)
    assert field.isVisible()
    assert field.geometry().contains(at(read_aloud, 23, 70))


def test_it_changes_nothing_for_those_who_see(
    qtbot: QtBot, read_aloud: TerminalWidget, console: TerminalWidget
) -> None:
    field = read_aloud.findChild(SpokenText)
    assert field is not None
    for widget in (read_aloud, console):
        widget.feed(b"\x1b[?25lthe same picture")
        widget._frame()
    qtbot.waitUntil(lambda: "picture" in field.toPlainText())
    assert read_aloud.grab().toImage() == console.grab().toImage()
    drag(read_aloud, at(read_aloud, 0, 0), at(read_aloud, 0, 2.8))
    assert read_aloud.selected_text() == "the"
    assert field.focusPolicy() is Qt.FocusPolicy.NoFocus


def test_without_a_screen_reader_there_is_no_such_field(console: TerminalWidget) -> None:
    if is_wanted():
        pytest.skip("a screen reader runs here")
    assert console.findChild(SpokenText) is None
