"""Bell, title and clipboard: what a program may bring about beside its text."""

import base64

import pytest
from PyQt6.QtGui import QClipboard, QGuiApplication
from pytestqt.qtbot import QtBot

from cloche_gui.widgets.terminal import news
from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen


def clipboard() -> QClipboard:
    board = QGuiApplication.clipboard()
    assert board is not None
    board.setText("mine")
    return board


def osc52(text: str, where: str = "c") -> bytes:
    return f"\x1b]52;{where};{base64.b64encode(text.encode()).decode()}\x07".encode()


@pytest.fixture
def copied(console: TerminalWidget) -> list[tuple[int, bool]]:
    """What programs have had for the clipboard, and whether they got it."""
    heard: list[tuple[int, bool]] = []
    console.copied.connect(lambda characters, done: heard.append((characters, done)))
    return heard


def test_t3_a_program_does_not_fill_the_clipboard_and_it_is_seen(
    console: TerminalWidget, copied: list[tuple[int, bool]]
) -> None:
    board = clipboard()
    console.feed(osc52("evil"))
    assert (board.text(), copied) == ("mine", [(4, False)])


def test_t3_a_program_that_may_fills_the_clipboard_and_it_is_seen(
    console: TerminalWidget, copied: list[tuple[int, bool]]
) -> None:
    board = clipboard()
    console.set_copying_allowed(True)
    console.feed(osc52("größe"))
    assert (board.text(), copied) == ("größe", [(5, True)])


def test_t3_only_the_console_with_the_focus_may(
    console: TerminalWidget, copied: list[tuple[int, bool]]
) -> None:
    board = clipboard()
    console.set_copying_allowed(True)
    console.clearFocus()
    console.feed(osc52("unseen"))
    assert (board.text(), copied) == ("mine", [(6, False)])


def test_t3_old_output_fills_nothing(
    console: TerminalWidget, copied: list[tuple[int, bool]]
) -> None:
    board = clipboard()
    console.set_copying_allowed(True)
    console.feed(osc52("old"), answer=False)
    assert (board.text(), copied) == ("mine", [])


def test_t3_what_is_too_long_is_not_copied(
    console: TerminalWidget, copied: list[tuple[int, bool]]
) -> None:
    board = clipboard()
    console.set_copying_allowed(True)
    console.feed(osc52("x" * 200_000))
    assert board.text() != "x" * 200_000
    assert all(characters <= 100 * 1024 for characters, _ in copied)


def test_t3_reading_is_never_answered_even_if_writing_is_allowed(
    console: TerminalWidget, typed: list[bytes]
) -> None:
    clipboard().setText("secret")
    console.set_copying_allowed(True)
    console.feed(b"\x1b]52;c;?\x07\x1b]52;p;?\x07\x1b]5522;type=read;Lg==\x1b\\")
    assert typed == []


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (b"\x1b]2;vim: letter.txt\x07", "vim: letter.txt"),
        (b"\x1b]0;both\x1b\\", "both"),
        ("\x1b]2;a\u202egpj.exe\u2028b\u200bc\x07".encode(), "agpj.exebc"),
        (b"\x1b]2;<b>bold</b>\x07", "<b>bold</b>"),
    ],
)
def test_t8_a_title_is_one_line_of_shown_characters(
    console: TerminalWidget, said: bytes, title: str
) -> None:
    heard: list[str] = []
    console.title_changed.connect(heard.append)
    console.feed(said)
    assert heard == [title]


def test_t8_a_title_is_at_most_256_characters(qtbot: QtBot, console: TerminalWidget) -> None:
    heard: list[str] = []
    console.title_changed.connect(heard.append)
    console.feed(b"\x1b]2;" + b"x" * (1 << 20) + b"\x07\x1b]2;" + b"y" * 1000 + b"\x07")
    qtbot.waitUntil(lambda: bool(heard))
    assert all(len(title) <= 256 for title in heard)
    assert console.windowTitle() == ""


def test_t8_control_without_its_cleaning_a_title_is_what_the_program_said(
    monkeypatch: pytest.MonkeyPatch, console: TerminalWidget
) -> None:
    monkeypatch.setattr(news, "one_line", lambda text: text)
    heard: list[str] = []
    console.title_changed.connect(heard.append)
    console.feed("\x1b]2;a\u202egpj.exe\u2028b\u200bc\x07".encode())
    console.feed(b"\x1b]2;" + b"y" * 1000 + b"\x07")
    assert heard == ["a\u202egpj.exe\u2028b\u200bc", "y" * 1000]


def test_the_bell_is_seen_for_a_moment_and_a_storm_of_bells_is_one(
    qtbot: QtBot, console: TerminalWidget
) -> None:
    console.feed(b"\x07" * 10_000)
    assert console._bell.is_shown
    frame = console.grab().toImage().pixelColor(5, 5).name()
    qtbot.waitUntil(lambda: not console._bell.is_shown)
    assert console.grab().toImage().pixelColor(5, 5).name() != frame
    console.feed(b"\x07")
    assert not console._bell.is_shown


def test_blinking_text_comes_and_goes_and_other_text_stays(
    qtbot: QtBot, console: TerminalWidget
) -> None:
    console.feed(b"\x1b[?25l\x1b[5;32mX\x1b[0m\x1b[32mX")
    seen: set[tuple[bool, bool]] = set()

    def look() -> bool:
        image = console.grab().toImage()
        width, height = console._display.cell_size
        cells = [
            any(
                image.pixelColor(4 + cell * width + x, 4 + y).green() > 150
                for x in range(width)
                for y in range(height)
            )
            for cell in (0, 1)
        ]
        seen.add((cells[0], cells[1]))
        return seen >= {(True, True), (False, True)}

    qtbot.waitUntil(look)
