"""Where the keyboard is after a click, and the keys that close windows without a menu."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox  # noqa: TID251 - it looks for one
from tests.gui.driver import SHORTCUT, Driver

from cloche_engine.api.model import State
from cloche_gui.presenters.container import Action
from cloche_gui.services import recording
from cloche_gui.views.console_page import ConsoleWindow
from cloche_gui.views.container_page import CONSOLE, SETTINGS
from cloche_gui.views.editing import APPLIED
from cloche_gui.views.player_window import PlayerWindow

pytestmark = pytest.mark.screen

CTRL = Qt.KeyboardModifier.ControlModifier


def _is_in(driver: Driver, state: State) -> bool:
    container = driver.window.page.container
    return container is not None and container.state is state


async def _hostname_edited(driver: Driver) -> object:
    """The field that was typed in."""
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    field = driver.window.page.settings.identity.hostname
    await driver.click(field)
    await driver.replace("other")
    assert driver.focused is field
    return field


async def test_after_apply_by_mouse_the_keyboard_is_in_the_field_that_was_typed_in(
    driver: Driver,
) -> None:
    field = await _hostname_edited(driver)
    await driver.click(driver.window.page.apply_bar.apply)
    await driver.until(lambda: driver.window.messages.bar(APPLIED))
    assert not driver.window.page.apply_bar.apply.isEnabled()
    assert driver.focused is field


async def test_after_discard_by_mouse_the_keyboard_is_in_the_field_that_was_typed_in(
    driver: Driver,
) -> None:
    field = await _hostname_edited(driver)
    await driver.click(driver.window.page.apply_bar.discard)
    await driver.until(lambda: not driver.window.page.apply_bar.discard.isEnabled())
    assert driver.focused is field


async def test_after_stop_and_start_by_mouse_the_keyboard_is_in_the_console(
    driver: Driver,
) -> None:
    await driver.choose("web")
    await driver.turn_to(CONSOLE)
    await driver.until(lambda: driver.console.is_attached)
    for action, state in ((Action.STOP, State.STOPPED), (Action.START, State.RUNNING)):
        await driver.click(driver.window.page.header.buttons[action])
        await driver.until(partial(_is_in, driver, state))
        assert not driver.window.page.header.buttons[action].isEnabled()
        assert driver.focused is driver.console.terminal


async def test_after_delete_the_keyboard_is_not_in_the_search(driver: Driver) -> None:
    await driver.choose("web")
    uuid = driver.uuid("web")
    await driver.click(driver.window.page.header.buttons[Action.KILL])
    await driver.until(driver.window.page.header.buttons[Action.DELETE].isEnabled)
    await driver.click(driver.window.page.header.buttons[Action.DELETE])
    await driver.until(lambda: driver.window.findChild(QMessageBox, "delete-question"))
    box = driver.window.findChild(QMessageBox, "delete-question")
    assert box is not None
    await driver.click_text(box, "Delete")
    await driver.until(lambda: driver.window.model.get(uuid) is None)
    await driver.until(driver.window.isActiveWindow)
    assert driver.focused is not None
    assert not driver.has_focus(driver.window.list.search)


async def _detached(driver: Driver) -> ConsoleWindow:
    """A window that was opened from the menu of the console by keys, and has the keyboard."""
    await driver.choose("web")
    await driver.turn_to(CONSOLE)
    await driver.until(lambda: driver.console.is_attached)
    window = driver.console.open_window()
    await driver.act(window.activateWindow)
    await driver.until(lambda: window.page.is_attached and window.isActiveWindow())
    await driver.until(lambda: driver.has_focus(window.page.terminal))
    return window


async def test_a_console_in_its_own_window_leaves_ctrl_w_to_the_program_and_closes_by_ctrl_shift_w(
    driver: Driver,
) -> None:
    window = await _detached(driver)
    sent: list[bytes] = []
    window.page.terminal.typed.connect(sent.append)
    await driver.press(Qt.Key.Key_W, CTRL)
    assert sent == [b"\x17"]
    assert driver.console.windows == [window]

    await driver.press(Qt.Key.Key_W, SHORTCUT)
    await driver.until(lambda: not driver.console.windows)
    assert sent == [b"\x17"]
    assert driver.console.is_attached


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_W, CTRL),
        (Qt.Key.Key_W, SHORTCUT),
    ],
    ids=["Esc", "Ctrl+W", "Ctrl+Shift+W"],
)
async def test_a_recording_is_closed_by_keys_but_escape_ends_its_search_first(
    driver: Driver, tmp_path: Path, key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    path = tmp_path / "some.cast"
    recorder = recording.Recorder(path, 24, 80)
    recorder.output(b"hello")
    recorder.close()
    player = PlayerWindow(recording.read(path), path.name, driver.window)
    closed: list[object] = []
    player.destroyed.connect(closed.append)
    player.show()
    player.terminal.setFocus()
    await driver.act(player.activateWindow)
    await driver.until(lambda: player.isActiveWindow() and driver.has_focus(player.terminal))
    await driver.press(Qt.Key.Key_F, SHORTCUT)
    await driver.until(lambda: driver.has_focus(player.terminal._search_bar))
    await driver.press(Qt.Key.Key_Escape)
    await driver.until(lambda: driver.focused is player.terminal)
    assert player.isVisible()

    await driver.press(key, held)
    await driver.until(lambda: closed)
