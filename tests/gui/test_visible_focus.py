"""Whoever goes by keys sees where the keyboard is: a control looks otherwise while it has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QGuiApplication, QImage
from PyQt6.QtWidgets import (  # noqa: TID251 - it looks at them
    QApplication,
    QDialog,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)
from tests.gui.driver import SHORTCUT, Driver
from tests.gui.test_controls import DIALOGS, ROOMY, in_tab_order, spoken_name

from cloche_gui.views.container_page import CONSOLE, SETTINGS, XML

pytestmark = pytest.mark.screen

_SEEN = 45
"""Pixels that differ at least in a field or a button: more than a text cursor has."""


@pytest.fixture(params=[Qt.ColorScheme.Light, Qt.ColorScheme.Dark], ids=["light", "dark"])
async def shown(driver: Driver, request: pytest.FixtureRequest) -> AsyncIterator[Driver]:
    """The window in one of its looks, its text cursors lit."""
    hints = QGuiApplication.styleHints()
    assert hints is not None
    flash = QApplication.cursorFlashTime()
    QApplication.setCursorFlashTime(0)
    hints.setColorScheme(request.param)
    await driver.act(lambda: driver.window.resize(ROOMY))
    await driver.choose("old-mail")
    yield driver
    hints.unsetColorScheme()
    QApplication.setCursorFlashTime(flash)


def picture(widget: QWidget) -> QImage:
    """A control and what is around it, as its window shows it now."""
    window = widget.window()
    assert window is not None
    place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()).adjusted(-3, -3, 3, 3)
    return window.grab(place).toImage()


def is_otherwise(one: QImage, other: QImage) -> bool:
    """Whether somebody sees the difference."""
    return sum(map(int.__ne__, _pixels(one), _pixels(other))) >= _SEEN


def _pixels(image: QImage) -> memoryview[int]:
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    bits = plain.constBits()
    assert bits is not None
    bits.setsize(plain.sizeInBytes())
    return memoryview(bits.asstring()).cast("I")


async def unseen(driver: Driver, top: QWidget) -> list[str]:
    """The controls of a window that look the same with the keyboard and without."""
    controls = list(in_tab_order(top))
    assert len(controls) > 1
    same = []
    for number, control in enumerate(controls):
        others = (*controls[number + 1 :], *controls)
        other = next(
            each for each in others if each not in {control, *control.findChildren(QWidget)}
        )
        pictures = []
        for receiver in (control, other):
            await driver.act(partial(receiver.setFocus, Qt.FocusReason.TabFocusReason))
            assert driver.focused is receiver
            # Tab sets this too; where only the mouse is used, buttons show less.
            top.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
            pictures.append(picture(control))
        if not is_otherwise(*pictures):
            same.append(f"{type(control).__name__} {spoken_name(control)}")
    return same


async def test_on_a_page_one_sees_which_control_has_the_keyboard(shown: Driver) -> None:
    await shown.turn_to(SETTINGS)
    shown.window.page.settings.limits.memory.none.toggle()
    await shown.until(shown.window.page.apply_bar.apply.isEnabled)
    assert await unseen(shown, shown.window) == []


async def test_beside_the_xml_one_sees_which_control_has_the_keyboard(shown: Driver) -> None:
    await shown.turn_to(XML)
    shown.window.page.xml.editor.append("<!-- edited -->")
    await shown.until(shown.window.page.apply_bar.apply.isEnabled)
    assert await unseen(shown, shown.window) == []


@pytest.mark.parametrize("name", ["old-mail", "web"], ids=["last words", "running"])
async def test_a_console_and_what_is_beside_it_show_which_has_the_keyboard(
    shown: Driver, name: str
) -> None:
    await shown.choose(name)
    await shown.turn_to(CONSOLE)
    await shown.until(lambda: shown.console.is_attached or shown.console.messages.texts)
    shown.console.terminal.setFocus()
    await shown.press(Qt.Key.Key_F, SHORTCUT)
    await shown.until(lambda: isinstance(shown.focused, QLineEdit))
    assert await unseen(shown, shown.window) == []


async def test_in_a_dialog_one_sees_which_control_has_the_keyboard(shown: Driver) -> None:
    found = {}
    for name in DIALOGS:
        dialog = DIALOGS[name](shown.window)
        dialog.resize(ROOMY)
        dialog.show()
        await shown.act(dialog.activateWindow)
        await shown.until(dialog.isActiveWindow)
        found[name] = await unseen(shown, dialog)
        dialog.close()
        await shown.act(shown.window.activateWindow)
        await shown.until(shown.window.isActiveWindow)
    assert found == {name: [] for name in found}


async def test_a_control_that_shows_nothing_is_found(driver: Driver) -> None:
    dialog = QDialog(driver.window)
    column = QVBoxLayout(dialog)
    column.addWidget(QLineEdit())
    blank = QWidget()
    blank.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    blank.setAccessibleName("blank")
    column.addWidget(blank)
    dialog.show()
    await driver.act(dialog.activateWindow)
    await driver.until(dialog.isActiveWindow)
    assert await unseen(driver, dialog) == ["QWidget blank"]
    dialog.close()
