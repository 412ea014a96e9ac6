"""Files dropped, text saved and printed, fonts, keys of the kitty protocol, composed text."""

from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QFont,
    QInputMethodEvent,
    QKeyEvent,
)
from PyQt6.QtPrintSupport import QPrinter
from PyQt6.QtWidgets import QApplication, QFileDialog, QMessageBox  # noqa: TID251 - it acts on them
from pytestqt.qtbot import QtBot
from tests.gui.terminal.gestures import NONE

from cloche_gui.widgets.terminal import export, paste, transcript
from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen
Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def drop(console: TerminalWidget, mime: QMimeData) -> bool:
    copy, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(20, 20), copy, mime, button, NONE)
    QApplication.sendEvent(console, enter)
    if enter.isAccepted():
        QApplication.sendEvent(console, QDropEvent(QPointF(20, 20), copy, mime, button, NONE))
    return enter.isAccepted()


def test_a_dropped_file_types_its_path_for_a_shell(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/tmp/a b.txt"), QUrl.fromLocalFile("/srv/it's")])  # noqa: S108
    assert drop(console, mime)
    assert typed == [b"'/tmp/a b.txt' '/srv/it'\"'\"'s'"]


def test_t9_a_dropped_file_whose_name_has_a_line_end_is_asked_about(
    qtbot: QtBot, console: TerminalWidget, typed: list[bytes]
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/tmp/a\nrm -rf \x1b[201~b")])  # noqa: S108
    assert drop(console, mime)
    assert typed == []
    box = console.findChild(QMessageBox)
    assert box is not None
    box.reject()
    qtbot.waitUntil(lambda: not console.findChildren(QMessageBox))


def test_t9_control_where_nothing_is_asked_or_cleaned_the_file_name_runs(
    monkeypatch: pytest.MonkeyPatch, console: TerminalWidget, typed: list[bytes]
) -> None:
    monkeypatch.setattr(paste, "runs_at_once", lambda *_, **__: False)
    monkeypatch.setattr(paste, "clean", lambda text: text)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/tmp/a\nrm -rf \x1b[201~b")])  # noqa: S108
    assert drop(console, mime)
    assert typed == [b"'/tmp/a\rrm -rf \x1b[201~b'"]


def test_a_read_only_console_takes_no_files(console: TerminalWidget, typed: list[bytes]) -> None:
    console.set_read_only(True)
    mime = QMimeData()
    mime.setText("text")
    assert not drop(console, mime)
    assert typed == []


def test_the_text_is_saved_with_its_scrollback_and_whole_lines(
    console: TerminalWidget, tmp_path: Path
) -> None:
    console.feed("".join(f"line {number}\r\n" for number in range(100)).encode())
    console.feed(b"x" * 200 + "\r\ngröße\r\n".encode())
    file = tmp_path / "console.txt"
    export.save(console._core, file)
    lines = file.read_text().splitlines()
    assert (lines[0], lines[99], lines[100], lines[101]) == (
        "line 0", "line 99", "x" * 200, "größe",
    )  # fmt: skip


def test_a_file_that_cannot_be_written_is_told_and_the_old_one_stays(
    qtbot: QtBot, console: TerminalWidget, tmp_path: Path
) -> None:
    console.feed(b"text")
    export.ask_where_to_save(console, console._core)
    dialog = console.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "missing" / "console.txt"))
    box = console.findChild(QMessageBox)
    assert box is not None
    assert "console.txt could not be written" in box.text()
    box.close()
    dialog.reject()
    qtbot.waitUntil(lambda: not console.findChildren(QMessageBox))


def test_the_text_is_printed(console: TerminalWidget, tmp_path: Path) -> None:
    console.feed(b"on paper")
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "console.pdf"))
    export.print_to(printer, console._core, QFont("monospace"))
    assert (tmp_path / "console.pdf").read_bytes().startswith(b"%PDF")


def test_paragraphs_know_their_rows(console: TerminalWidget) -> None:
    console.feed(b"a\r\n" + b"b" * 100 + b"\r\n\r\nc")
    found = [(start, len(parts)) for start, parts in transcript.paragraphs(console._core)]
    assert found == [(0, 1), (1, 2), (3, 1), (4, 1)]


def test_another_font_is_used_and_an_unknown_one_is_the_systems(console: TerminalWidget) -> None:
    own = console._typeface.font.family()
    console.set_font_family("DejaVu Sans Mono")
    assert console._typeface.font.family() == "DejaVu Sans Mono"
    console.set_font_family("No such font")
    assert console._typeface.font.family() == own


@pytest.mark.parametrize(
    ("flags", "press", "sent"),
    [
        (1, (Key.Key_Escape, NONE, "\x1b"), [b"\x1b[27u"]),
        (1, (Key.Key_A, SHIFT, "A"), [b"A"]),
        (1, (Key.Key_I, CTRL, "\t"), [b"\x1b[105;5u"]),
        (3, (Key.Key_A, NONE, "a"), [b"a", b"\x1b[97;1:3u"]),
        (11, (Key.Key_Return, NONE, "\r"), [b"\x1b[13u", b"\x1b[13;1:3u"]),
        (3, (Key.Key_Up, NONE, ""), [b"\x1b[1;1:1A", b"\x1b[1;1:3A"]),
        (9, (Key.Key_A, NONE, "a"), [b"\x1b[97u"]),
        (25, (Key.Key_A, SHIFT, "A"), [b"\x1b[97;2;65u"]),
        (9, (Key.Key_Shift, NONE, ""), [b"\x1b[57441;2u"]),
    ],
)
def test_the_kitty_protocol_tells_presses_and_releases(
    console: TerminalWidget,
    typed: list[bytes],
    flags: int,
    press: tuple[Key, Qt.KeyboardModifier, str],
    sent: list[bytes],
) -> None:
    console.feed(f"\x1b[>{flags}u".encode())
    QApplication.sendEvent(console, QKeyEvent(QEvent.Type.KeyPress, *press))
    QApplication.sendEvent(console, QKeyEvent(QEvent.Type.KeyRelease, *press))
    assert typed == sent


def test_a_held_key_is_a_repeat_for_those_who_ask(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    console.feed(b"\x1b[>11u")
    repeated = QKeyEvent(QEvent.Type.KeyPress, Key.Key_A, NONE, "a", True)  # noqa: FBT003
    QApplication.sendEvent(console, repeated)
    assert typed == [b"\x1b[97;1:2u"]


def test_composed_text_is_shown_with_the_input_methods_cursor(console: TerminalWidget) -> None:
    cursor = QInputMethodEvent.Attribute(QInputMethodEvent.AttributeType.Cursor, 1, 1, None)
    QApplication.sendEvent(console, QInputMethodEvent("にほ", [cursor]))
    assert (console._preedit.text, console._preedit.cursor) == ("にほ", 1)
    shown = console.grab().toImage()
    console.clearFocus()
    assert console._preedit.text == ""
    console.setFocus()
    assert console.grab().toImage() != shown


def test_a_dead_key_and_a_letter_are_one_character(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    dead = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Dead_Circumflex, NONE)
    QApplication.sendEvent(console, dead)
    commit = QInputMethodEvent()
    commit.setCommitString("ê")
    QApplication.sendEvent(console, commit)
    assert typed == ["ê".encode()]
