"""Looking for text, and the links in it."""

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QObject, Qt, QUrl, pyqtSlot
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QLabel, QLineEdit, QMessageBox  # noqa: TID251 - it acts on them
from pytestqt.qtbot import QtBot
from tests.gui.terminal.gestures import LEFT, at, click, press, release, tap

from cloche_gui.widgets.terminal import links
from cloche_gui.widgets.terminal.search_bar import SearchBar
from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen
Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Finder:
    """The search as a user drives it."""

    def __init__(self, qtbot: QtBot, console: TerminalWidget) -> None:
        self._qtbot = qtbot
        tap(console, Key.Key_F, CTRL | SHIFT)
        self.bar = console.findChild(SearchBar)
        assert self.bar is not None
        self.field = self.bar.findChild(QLineEdit)
        qtbot.waitUntil(self.field.hasFocus)

    def look_for(self, text: str) -> None:
        self.field.clear()
        self.field.insert(text)
        tap(self.field, Key.Key_Return)

    def press(self, name: str) -> None:
        next(one for one in (self.bar._regex, self.bar._case) if one.toolTip() == name).click()

    @property
    def told(self) -> str:
        label = self.bar.findChild(QLabel)
        assert label is not None
        return label.text()


@pytest.fixture
def finder(qtbot: QtBot, console: TerminalWidget) -> Finder:
    lines = [f"line {number} of many\r\n" for number in range(100)]
    console.feed("".join(lines).encode() + "größe 漢字 end\r\n".encode())
    console.screen_lines()
    return Finder(qtbot, console)


def test_all_matches_in_view_are_marked_and_the_last_is_selected(
    console: TerminalWidget, finder: Finder
) -> None:
    finder.look_for("line")
    assert finder.told == "100 of 100"
    assert console.selected_text() == "line"
    rows = [row for row in range(24) if console.cell(row, 0).matched]
    assert len(rows) == 21
    assert console.cell(21, 0).selected
    assert not console.cell(0, 4).matched


def test_enter_goes_down_and_shift_enter_up_around_the_ends(
    console: TerminalWidget, finder: Finder
) -> None:
    finder.look_for("line 3")
    assert finder.told == "11 of 11"
    tap(finder.field, Key.Key_Return)
    assert finder.told == "1 of 11"
    assert "line 3 of many" in console.screen_lines()
    tap(finder.field, Key.Key_Return, SHIFT)
    assert finder.told == "11 of 11"


def test_a_regular_expression_finds_and_a_broken_one_says_so(
    console: TerminalWidget, finder: Finder
) -> None:
    finder.look_for(r"line \d7 ")
    assert finder.told == "Not found"
    finder.press("Regular expression")
    assert finder.told == "9 of 9"
    finder.look_for("line (")
    assert finder.told == "This is no regular expression"


def test_case_matters_when_asked(finder: Finder) -> None:
    finder.look_for("LINE 42")
    assert finder.told == "1 of 1"
    finder.press("Match upper and lower case")
    assert finder.told == "Not found"


def test_wide_characters_are_selected_whole(console: TerminalWidget, finder: Finder) -> None:
    finder.look_for("漢字 e")
    assert console.selected_text() == "漢字 e"


def test_a_match_across_a_wrapped_line_is_found(console: TerminalWidget, finder: Finder) -> None:
    console.feed(b"x" * 78 + b"needle\r\n")
    finder.look_for("needle")
    assert finder.told == "1 of 1"
    assert console.selected_text() == "needle"


def test_an_expression_that_takes_for_ever_is_given_up(
    console: TerminalWidget, finder: Finder
) -> None:
    console.feed(b"a" * 70 + b"!\r\n")
    finder.press("Regular expression")
    finder.look_for("(a+)+$")
    assert finder.told.startswith("This takes too long")


def test_escape_ends_the_search_and_gives_the_focus_back(
    qtbot: QtBot, console: TerminalWidget, finder: Finder
) -> None:
    finder.look_for("many")
    tap(finder.field, Key.Key_Escape)
    qtbot.waitUntil(console.hasFocus)
    assert not any(console.cell(row, 8).matched for row in range(24))


class Browser(QObject):
    """Takes the addresses that would be opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @pyqtSlot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    for scheme in ("http", "https", "file", "javascript"):
        QDesktopServices.setUrlHandler(scheme, browser.open)
    yield browser
    for scheme in ("http", "https", "file", "javascript"):
        QDesktopServices.unsetUrlHandler(scheme)


def ctrl_click(console: TerminalWidget, row: int, column: float) -> QMessageBox | None:
    console.screen_lines()
    press(console, at(console, row, column), LEFT, CTRL)
    release(console, at(console, row, column), LEFT, CTRL)
    boxes = [box for box in console.findChildren(QMessageBox) if box.isVisible()]
    return boxes[-1] if boxes else None


def answer(qtbot: QtBot, console: TerminalWidget, box: QMessageBox, words: str) -> None:
    button = next(one for one in box.buttons() if one.text().replace("&", "") == words)
    click(button, button.rect().center())
    qtbot.waitUntil(lambda: not console.findChildren(QMessageBox))


@pytest.mark.parametrize(
    ("text", "column", "address"),
    [
        ("see http://example.com/a?b=c.", 8, "http://example.com/a?b=c"),
        ("(https://example.com/x_(y))", 5, "https://example.com/x_(y)"),
        ("\x1b]8;;https://example.com/told\x1b\\click here\x1b]8;;\x1b\\", 2,
         "https://example.com/told"),
        ("\x1b]8;;https://ex\u0430mple.com/\x1b\\https://example.com/\x1b]8;;\x1b\\", 2,
         "https://xn--exmple-4nf.com/"),
    ],
)  # fmt: skip
def test_a_link_is_opened_after_its_address_was_shown(
    qtbot: QtBot, console: TerminalWidget, browser: Browser, text: str, column: int, address: str
) -> None:
    console.feed(text.encode())
    box = ctrl_click(console, 0, column)
    assert box is not None
    assert box.informativeText() == address
    assert browser.opened == []
    answer(qtbot, console, box, "Open")
    assert browser.opened == [address]


def test_a_link_that_is_not_wanted_is_not_opened(
    qtbot: QtBot, console: TerminalWidget, browser: Browser
) -> None:
    console.feed(b"http://example.com/")
    box = ctrl_click(console, 0, 3)
    assert box is not None
    answer(qtbot, console, box, "Cancel")
    assert browser.opened == []


def test_an_address_over_two_rows_is_one_link(
    qtbot: QtBot, console: TerminalWidget, browser: Browser
) -> None:
    console.feed(b"http://example.com/" + b"a" * 100 + b" end")
    box = ctrl_click(console, 1, 3)
    assert box is not None
    assert box.informativeText().replace("\n", "") == "http://example.com/" + "a" * 100
    answer(qtbot, console, box, "Cancel")


NOT_OF_THE_WEB = [
    "file:///etc/passwd",
    "javascript:alert(1)",
    "ssh://root@host/",
    "http://",
]


@pytest.mark.parametrize("address", [*NOT_OF_THE_WEB, "http://a/" + "x" * 5000])
def test_t8_only_addresses_of_the_web_are_links(
    console: TerminalWidget, browser: Browser, address: str
) -> None:
    console.feed(f"\x1b]8;;{address}\x1b\\a link\x1b]8;;\x1b\\".encode())
    assert ctrl_click(console, 0, 2) is None
    assert browser.opened == []


@pytest.mark.parametrize("address", [*NOT_OF_THE_WEB, "http://a/" + "x" * 1500])
def test_t8_control_unchecked_any_address_is_a_link(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, console: TerminalWidget, address: str
) -> None:
    monkeypatch.setattr(links, "_checked", lambda uri: uri or None)
    console.feed(f"\x1b]8;;{address}\x1b\\a link\x1b]8;;\x1b\\".encode())
    box = ctrl_click(console, 0, 2)
    assert box is not None
    assert box.informativeText().replace("\n", "") == address
    answer(qtbot, console, box, "Cancel")


def test_t8_markup_in_an_address_stays_text(
    qtbot: QtBot, console: TerminalWidget, browser: Browser
) -> None:
    console.feed(b"\x1b]8;;http://a/<b>bold</b>\n\x1b\\link\x1b]8;;\x1b\\ http://b/x")
    box = ctrl_click(console, 0, 1) or ctrl_click(console, 0, 8)
    assert box is not None
    assert box.textFormat() is Qt.TextFormat.PlainText
    assert "<" not in box.informativeText()
    answer(qtbot, console, box, "Cancel")


def test_t8_control_unchecked_markup_reaches_the_box(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, console: TerminalWidget, browser: Browser
) -> None:
    monkeypatch.setattr(links, "_checked", lambda uri: uri or None)
    console.feed(b"\x1b]8;;http://a/<b>bold</b>\x1b\\link\x1b]8;;\x1b\\")
    box = ctrl_click(console, 0, 1)
    assert box is not None
    assert "<b>" in box.informativeText()
    answer(qtbot, console, box, "Cancel")


def test_a_click_without_ctrl_selects(console: TerminalWidget, browser: Browser) -> None:
    console.feed(b"http://example.com/")
    press(console, at(console, 0, 3))
    release(console, at(console, 0, 3))
    assert not console.findChildren(QMessageBox)
