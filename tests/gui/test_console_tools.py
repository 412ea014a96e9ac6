"""More programs in tabs, a window of its own, looking only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QFont
from PyQt6.QtWidgets import QApplication, QLineEdit  # noqa: TID251 - it looks at them
from tests.gui.driver import SHORTCUT, Driver

from cloche_engine.api.errors import EngineError
from cloche_gui.presenters.notice import plain_tip
from cloche_gui.views.console_page import ConsoleWindow
from cloche_gui.views.program_tab import ProgramDialog
from cloche_gui.widgets.labels import WrappedLabel

pytestmark = pytest.mark.screen


def entry(driver: Driver, words: str) -> QAction:
    found = [one for one in driver.console.terminal.menu_actions
             if words in one.text().replace("&", "")]  # fmt: skip
    return found[0]


async def test_another_program_runs_in_a_tab_and_its_end_is_told(driver: Driver) -> None:
    await driver.attach("web")
    await driver.act(entry(driver, "another program").trigger)
    await driver.until(lambda: driver.console.findChild(ProgramDialog))
    dialog = driver.console.findChild(ProgramDialog)
    assert dialog is not None
    await driver.act(dialog.accept)
    await driver.until(lambda: driver.console.tabs.programs)
    tab = driver.console.tabs.programs[0]
    await driver.until(lambda: driver.has_focus(tab.terminal))
    assert driver.console.tabs.tabText(1) == "sh"

    await driver.type("echo beside\r")
    await driver.until(lambda: "beside" in tab.terminal.screen_lines())
    assert "beside" not in driver.screen
    await driver.type("exit 3\r")
    await driver.until(lambda: "status 3" in " ".join(tab.messages.texts))
    await driver.act(lambda: driver.console.tabs.tabCloseRequested.emit(1))
    assert driver.console.tabs.programs == []
    assert driver.console.is_attached


async def test_a_program_that_cannot_be_read_is_asked_for_again(driver: Driver) -> None:
    await driver.attach("web")
    await driver.act(entry(driver, "another program").trigger)
    await driver.until(lambda: driver.console.findChild(ProgramDialog))
    dialog = driver.console.findChild(ProgramDialog)
    assert dialog is not None
    dialog.program.setText("sh -c 'unfinished")
    await driver.act(dialog.accept)
    assert "quote" in dialog.problem.text()
    dialog.program.setText("/no/such/program")
    await driver.act(dialog.accept)
    await driver.until(lambda: "could not be started" in " ".join(driver.console.messages.texts))


async def test_a_window_of_its_own_shows_the_same_console(driver: Driver) -> None:
    await driver.attach("web")
    window = driver.console.open_window()
    await driver.until(lambda: window.page.is_attached)
    assert window.windowTitle() == "web — Console"
    await driver.act(lambda: window.page.terminal.send_text("echo both\n"))
    await driver.until(lambda: "both" in window.page.terminal.screen_lines())
    await driver.until(lambda: "both" in driver.console.terminal.screen_lines())

    window.page.terminal.title_changed.emit("root password?")
    assert window.windowTitle() == "web — root password?"
    await driver.act(window.close)
    assert driver.console.windows == []
    assert driver.console.is_attached


async def test_looking_only_types_nothing_until_it_ends(driver: Driver) -> None:
    await driver.attach("web")
    look = entry(driver, "Only look")
    await driver.act(look.trigger)
    await driver.act(lambda: driver.console.terminal.send_text("echo no\n"))
    await driver.act(look.trigger)
    await driver.act(lambda: driver.console.terminal.send_text("echo yes\n"))
    await driver.until(lambda: "yes" in driver.console.terminal.screen_lines())
    assert "echo no" not in driver.screen


async def test_t3_a_program_that_wants_the_clipboard_is_told_of_once(driver: Driver) -> None:
    await driver.attach("web")
    terminal = driver.console.terminal
    for length in range(1, 50):
        terminal.feed(b"\x1b]52;c;" + b"QUFB" * length + b"\x07")
    told = [text for text in driver.console.messages.texts if "clipboard" in text]
    assert len(told) == 1
    assert "wanted to" in told[0]
    terminal.set_copying_allowed(True)
    terminal.setFocus()
    terminal.feed(b"\x1b]52;c;QUFB\x07")
    assert "put text on the clipboard" in " ".join(driver.console.messages.texts)
    await driver.click_text(driver.console, "Stop that")
    terminal.feed(b"\x1b]52;c;QUFB\x07")
    assert "wanted to" in " ".join(driver.console.messages.texts)


async def from_menu(driver: Driver, key: Qt.Key) -> None:
    await driver.press(Qt.Key.Key_F10, SHORTCUT)
    await driver.until(QApplication.activePopupWidget)
    await driver.press(key)
    await driver.until(lambda: QApplication.activePopupWidget() is None)


async def test_the_keyboard_alone_uses_the_console_and_leaves_it(
    driver: Driver, tmp_path: Path
) -> None:
    await driver.attach("web")
    console, key = driver.console.terminal, Qt.Key
    await driver.press(key.Key_O, SHORTCUT)
    await driver.until(lambda: driver.has_focus(console))

    await from_menu(driver, key.Key_G)
    await driver.until(lambda: isinstance(driver.focused, QLineEdit))
    await driver.press(key.Key_Return)
    await driver.until(lambda: driver.console.tabs.programs)
    tab = driver.console.tabs.programs[0]
    await driver.until(lambda: driver.has_focus(tab.terminal))
    await from_menu(driver, key.Key_T)
    await driver.until(lambda: driver.has_focus(console))
    assert driver.console.tabs.programs == []

    driver.console.recording.begin(tmp_path / "web.cast")
    await driver.type("echo find me\r")
    await driver.until(lambda: "find me" in console.screen_lines())
    await from_menu(driver, key.Key_T)
    assert "find me" in (tmp_path / "web.cast").read_text()
    assert driver.console.messages.texts == []

    await driver.press(key.Key_F, SHORTCUT)
    await driver.type("^f.nd")
    await driver.press(key.Key_Tab)
    await driver.press(key.Key_Space)
    row = console.screen_lines().index("find me")
    await driver.until(lambda: console._search_bar._found.text() == "1 of 1")
    await driver.press(key.Key_Escape)
    await driver.until(lambda: driver.focused is console)

    await driver.press(key.Key_Space, SHORTCUT)
    await driver.press(key.Key_Up)
    await driver.press(key.Key_Home)
    for _ in range(4):
        await driver.press(key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    await driver.press(key.Key_Return)
    copied = console.selected_text()
    assert copied.startswith("find")
    await driver.press(key.Key_V, SHORTCUT)
    await driver.until(lambda: console.screen_lines()[row + 1].endswith(copied))

    await driver.press(key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    await driver.until(lambda: not driver.has_focus(console))
    await driver.press(key.Key_O, SHORTCUT)
    await driver.until(lambda: driver.has_focus(console))


async def test_t12_what_a_failure_quotes_is_shown_and_not_obeyed(driver: Driver) -> None:
    await driver.attach("web")
    hostile = EngineError("said \x1b[31m<b>\nthis\u202e", "look for <img src=x>")
    driver.console.show_failure(hostile)
    told = " ".join(driver.console.messages.texts)
    assert r"Said \x1b[31m<b> this\u202e." in told
    assert "look for <img src=x>" in told.lower()
    assert plain_tip("<b>x") == "<span>&lt;b&gt;x</span>"
    assert WrappedLabel("<b>x").textFormat() is Qt.TextFormat.PlainText


async def test_a_chosen_font_is_remembered_for_every_console(driver: Driver) -> None:
    await driver.attach("web")
    driver.console.terminal._use_chosen_font(QFont("DejaVu Sans Mono", 17))
    assert driver.window._settings.console_family == "DejaVu Sans Mono"
    assert driver.window._settings.console_points == 17
    await driver.attach("scratch")
    font = driver.console.terminal._typeface.font
    assert (font.family(), font.pointSizeF()) == ("DejaVu Sans Mono", 17)


async def smaller_window(driver: Driver) -> ConsoleWindow:
    """A second window of the console in view, which has got its grid."""
    main, window = driver.console.terminal, driver.console.open_window()
    await driver.until(lambda: window.page.is_attached)
    await driver.act(lambda: window.resize(500, 300))
    await driver.until(lambda: (main.rows, main.columns) == window.page.terminal.fitting_grid)
    return window


async def test_the_grid_is_that_of_the_window_that_is_typed_in(driver: Driver) -> None:
    await driver.attach("web")
    main = driver.console.terminal
    window = await smaller_window(driver)
    other = window.page.terminal
    assert main.fitting_grid != other.fitting_grid
    await driver.act(lambda: main.send_text("echo here\n"))
    await driver.until(lambda: (other.rows, other.columns) == main.fitting_grid)
    assert (main.rows, main.columns) == main.fitting_grid
    await driver.act(lambda: other.send_text("echo there\n"))
    await driver.until(lambda: (main.rows, main.columns) == other.fitting_grid)
    await driver.act(window.close)


async def test_a_window_that_only_looks_has_the_grid_of_the_one_that_is_typed_in(
    driver: Driver,
) -> None:
    await driver.attach("web")
    main = driver.console.terminal
    window = await smaller_window(driver)
    other = window.page.terminal
    look = next(one for one in other.menu_actions if "look" in one.text())
    await driver.act(look.trigger)
    await driver.act(lambda: main.send_text("echo here\n"))
    await driver.until(lambda: (main.rows, main.columns) == main.fitting_grid)
    await driver.until(lambda: (other.rows, other.columns) == main.fitting_grid)

    before = other.fitting_grid
    await driver.act(lambda: window.resize(620, 420))
    await driver.until(lambda: other.fitting_grid != before)
    await driver.act(lambda: main.send_text("echo there\n"))
    await driver.until(lambda: "there" in other.screen_lines())
    assert (other.rows, other.columns) == main.fitting_grid
    assert (main.rows, main.columns) == main.fitting_grid

    await driver.act(look.trigger)
    await driver.until(lambda: (main.rows, main.columns) == other.fitting_grid)
    await driver.act(window.close)


async def test_a_system_that_asks_for_a_login_offers_the_way_in_without_one(driver: Driver) -> None:
    await driver.attach("web")
    page = driver.console

    def told() -> bool:
        return any("asks for a user and a password" in text for text in page.messages.texts)

    page._said(b"\x1b[2J\x1b[Hbox login: ", is_old=False)
    await driver.act(lambda: None)
    assert not page._login._timer.isActive()  # an application may say what it wants
    page.hear(replace(page._container, system=True))
    page._said(b"\r\nDebian GNU/Linux 12 box console\r\n\r\nbox login: ", is_old=False)
    await driver.until(told)
    page._said(b"root\r\nPassword: ", is_old=False)
    await driver.until(lambda: not page._login._timer.isActive())
    assert told()
    page._said(b"\r\nroot@box:~# ", is_old=False)
    await driver.until(lambda: not told())
    page._said(b"\x1b[2J\x1b[Hbox login: ", is_old=False)
    await driver.until(told)
    await driver.click_text(page, "Open a shell")
    await driver.until(lambda: page.tabs.programs)
    assert not told()
    assert driver.has_focus(page.tabs.programs[0].terminal)
