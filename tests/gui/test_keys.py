"""The keyboard is the window's: every shortcut of the menus acts, wherever the focus is."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence
from tests.gui.driver import SHORTCUT, Driver

from cloche_gui.views.container_page import XML
from cloche_gui.widgets.xml_editor import XmlEditor

pytestmark = pytest.mark.screen


async def _open_xml(driver: Driver) -> XmlEditor:
    await driver.choose("web")
    await driver.turn_to(XML)
    editor = driver.window.page.xml.editor
    editor.setFocus()
    await driver.until(lambda: driver.has_focus(editor))
    return editor


def _shortcuts(driver: Driver) -> list[tuple[QAction, QKeySequence]]:
    actions = [action for menu in driver.window.menus for action in menu.actions()]
    return [(action, keys) for action in actions for keys in action.shortcuts()]


async def _press(driver: Driver, action: QAction, keys: QKeySequence) -> None:
    """Press a shortcut of an action that can be taken now."""
    action.setEnabled(True)
    await driver.press(keys[0].key(), keys[0].keyboardModifiers())


async def test_every_shortcut_of_the_menus_acts_and_changes_no_text_in_the_xml(
    driver: Driver,
) -> None:
    editor = await _open_xml(driver)
    editor.setCursorPosition(2, 4)
    before = editor.text()
    shortcuts = _shortcuts(driver)
    assert len(shortcuts) > 20
    acted: list[str] = []
    for action in {action for action, _ in shortcuts}:
        action.triggered.disconnect()
        action.triggered.connect(lambda _, taken=action: acted.append(taken.text()))

    for action, keys in shortcuts:
        acted.clear()
        await _press(driver, action, keys)
        assert (keys.toString(), acted) == (keys.toString(), [action.text()])

    assert editor.text() == before
    assert not editor.isUndoAvailable()


async def test_going_from_the_xml_to_the_list_deletes_no_line(driver: Driver) -> None:
    editor = await _open_xml(driver)
    before = editor.text()

    await driver.press(Qt.Key.Key_L, SHORTCUT)

    await driver.until(lambda: driver.has_focus(driver.window.list.view))
    assert editor.text() == before


async def test_the_xml_keeps_the_keys_of_editing(driver: Driver) -> None:
    editor = await _open_xml(driver)
    before = editor.text()
    editor.setCursorPosition(0, 0)
    control = Qt.KeyboardModifier.ControlModifier

    await driver.type("x")
    await driver.press(Qt.Key.Key_Return)
    assert editor.text() == "x\n" + before
    await driver.press(Qt.Key.Key_Backspace)
    await driver.press(Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert editor.selectedText() == "x"
    await driver.press(Qt.Key.Key_Delete)
    assert editor.text() == before
    await driver.press(Qt.Key.Key_Z, control)
    assert editor.text() != before
    await driver.press(Qt.Key.Key_Y, control)
    assert editor.text() == before
