"""What the menu of a console does with files and windows, by the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (  # noqa: TID251 - it looks for them
    QApplication,
    QFileDialog,
    QLineEdit,
    QWidget,
)
from tests.gui.driver import SHORTCUT, Driver

from cloche_gui.views.console_page import ConsoleWindow
from cloche_gui.views.player_window import PlayerWindow

pytestmark = pytest.mark.screen

Window = TypeVar("Window", bound=QWidget)
_KEY = Qt.Key


async def _in_the_console(driver: Driver) -> None:
    await driver.press(_KEY.Key_L, SHORTCUT)
    await driver.type("web")
    await driver.until(lambda: driver.draft_uuid == driver.uuid("web"))
    await driver.press(_KEY.Key_O, SHORTCUT)
    await driver.until(lambda: driver.has_focus(driver.console.terminal))
    await driver.until(lambda: driver.console.is_attached)


async def _from_menu(driver: Driver, entry: Qt.Key) -> None:
    await driver.press(_KEY.Key_F10, SHORTCUT)
    await driver.until(QApplication.activePopupWidget)
    await driver.press(entry)
    await driver.until(lambda: QApplication.activePopupWidget() is None)


async def _name_a_file(driver: Driver, file: Path) -> None:
    """Where the dialog has put the keyboard, as one types at once."""
    await driver.until(lambda: isinstance(QApplication.activeWindow(), QFileDialog))
    await driver.until(lambda: isinstance(driver.focused, QLineEdit))
    await driver.replace(str(file))
    await driver.press(_KEY.Key_Return)


async def _opened(driver: Driver, kind: type[Window]) -> Window:
    """The new window, once the keyboard is in it; here is no window manager to see to that."""

    def found() -> list[Window]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind)]

    await driver.until(found)
    window = found()[0]
    await driver.act(window.activateWindow)
    await driver.until(window.isActiveWindow)
    return window


async def _closed(driver: Driver, window: QWidget) -> None:
    """Close a window by its key; the one below gets the keyboard, as from a window manager."""
    ended: list[object] = []
    window.destroyed.connect(ended.append)
    await driver.press(_KEY.Key_W, SHORTCUT)
    await driver.until(lambda: bool(ended))
    await driver.act(driver.window.activateWindow)


async def _back_in_the_console(driver: Driver) -> None:
    await driver.until(lambda: driver.focused is driver.console.terminal)


async def test_the_text_is_saved_by_keys(driver: Driver, tmp_path: Path) -> None:
    await _in_the_console(driver)
    await driver.type("echo find me\r")
    await driver.until(lambda: "find me" in driver.console.terminal.screen_lines())
    file = tmp_path / "said.txt"

    await _from_menu(driver, _KEY.Key_S)
    await _name_a_file(driver, file)

    await driver.until(file.exists)
    assert "find me" in file.read_text().splitlines()
    await _back_in_the_console(driver)


async def test_a_recording_is_made_played_and_closed_by_keys(
    driver: Driver, tmp_path: Path
) -> None:
    await _in_the_console(driver)
    file = tmp_path / "web.cast"
    await _from_menu(driver, _KEY.Key_E)
    await _name_a_file(driver, file)
    await driver.until(driver.console.recording.stop_action.isEnabled)
    await _back_in_the_console(driver)
    await driver.type("echo find me\r")
    await driver.until(lambda: "find me" in driver.console.terminal.screen_lines())
    await _from_menu(driver, _KEY.Key_T)
    assert not driver.console.recording.stop_action.isEnabled()

    await _from_menu(driver, _KEY.Key_D)
    await _name_a_file(driver, file)
    player = await _opened(driver, PlayerWindow)
    await driver.until(lambda: not player.is_playing)
    await driver.until(lambda: "find me" in player.terminal.screen_lines())
    assert driver.has_focus(player.button)
    await driver.press(_KEY.Key_Tab)
    assert driver.has_focus(player.slider)
    await driver.press(_KEY.Key_Home)
    await driver.until(lambda: "find me" not in player.terminal.screen_lines())
    await driver.press(_KEY.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    await driver.press(_KEY.Key_Space)
    await driver.until(lambda: "find me" in player.terminal.screen_lines())
    await _closed(driver, player)
    await _back_in_the_console(driver)


async def test_a_console_goes_to_a_window_of_its_own_and_comes_back_by_keys(
    driver: Driver,
) -> None:
    await _in_the_console(driver)
    await _from_menu(driver, _KEY.Key_W)
    window = await _opened(driver, ConsoleWindow)
    await driver.until(lambda: window.page.is_attached)
    assert driver.focused is window.page.terminal
    await driver.type("echo there\r")
    await driver.until(lambda: "there" in window.page.terminal.screen_lines())

    await _closed(driver, window)
    assert driver.console.windows == []
    await _back_in_the_console(driver)
    await driver.type("echo here\r")
    await driver.until(lambda: "here" in driver.console.terminal.screen_lines())
