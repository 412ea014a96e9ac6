"""From an empty window to a shell, with the mouse and without it."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox  # noqa: TID251 - it looks for one
from tests.gui.driver import SHORTCUT, Driver

from cloche_engine.api.fake import FakeEngine
from cloche_engine.api.model import State
from cloche_gui.presenters.container import SHARED_ROOT_NOTE

pytestmark = pytest.mark.screen


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


async def test_the_first_container_takes_at_most_four_clicks(driver: Driver) -> None:
    window = driver.window
    await driver.until(lambda: window.stack.currentWidget() is window.empty)

    await driver.click(window.empty.button)
    await driver.until(driver.dialog.isVisible)
    await driver.click(driver.dialog.create_button)
    await driver.until(lambda: window.page.console is not None and driver.console.is_attached)
    await driver.until(lambda: driver.has_focus(driver.console.terminal))
    await driver.type("echo made by pointing\r")

    await driver.until(lambda: "made by pointing\n" in driver.screen + "\n")
    assert driver.clicks <= 4
    assert window.model.containers[0].state is State.RUNNING
    assert SHARED_ROOT_NOTE in " ".join(window.page.note.texts)


async def test_the_keyboard_alone_makes_uses_stops_and_deletes_a_container(driver: Driver) -> None:
    window = driver.window
    await driver.until(lambda: window.stack.currentWidget() is window.empty)

    await driver.press(Qt.Key.Key_N, SHORTCUT)
    await driver.until(lambda: driver.has_focus(driver.dialog.name))
    await driver.replace("typed")
    await driver.press(Qt.Key.Key_Return)
    await driver.until(lambda: window.page.console is not None and driver.console.is_attached)
    await driver.until(lambda: driver.has_focus(driver.console.terminal))
    await driver.type("echo by keys\r")
    await driver.until(lambda: driver.screen.count("by keys") == 2)

    await driver.press(Qt.Key.Key_T, SHORTCUT)
    await driver.until(lambda: window.model.containers[0].state is State.STOPPED)
    await driver.until(lambda: "SIGTERM" in " ".join(driver.console.messages.texts))
    await driver.press(Qt.Key.Key_L, SHORTCUT)
    await driver.until(lambda: driver.has_focus(window.list.view))
    await driver.press(Qt.Key.Key_Delete)
    await driver.until(lambda: _question(driver) is not None)
    await driver.press(Qt.Key.Key_Left)
    await driver.until(lambda: getattr(driver.focused, "text", str)() == "Delete")
    await driver.press(Qt.Key.Key_Space)
    await driver.until(lambda: not window.model.containers)
    assert window.stack.currentWidget() is window.empty


def _question(driver: Driver) -> QMessageBox | None:
    boxes = driver.window.findChildren(QMessageBox, "delete-question")
    return next((box for box in boxes if driver.has_focus(box)), None)


async def test_a_name_that_is_taken_or_bad_is_refused_under_the_field(driver: Driver) -> None:
    window = driver.window
    await driver.until(lambda: window.stack.currentWidget() is window.empty)
    await driver.click(window.empty.button)
    await driver.until(lambda: driver.has_focus(driver.dialog.name))

    await driver.replace("no good!")

    assert not driver.dialog.create_button.isEnabled()
    assert "may hold only" in driver.dialog.name_error
    await driver.replace("good")
    assert driver.dialog.create_button.isEnabled()
    assert driver.dialog.name_error == ""
