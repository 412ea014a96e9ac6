"""The new-container dialog beyond name and Create."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import (  # noqa: TID251 - it looks at them
    QCheckBox,
    QLabel,
    QRadioButton,
    QWidget,
)
from tests.gui.driver import Driver

from cloche_engine.definition.document import Document
from cloche_gui.presenters.container import Action
from cloche_gui.presenters.network import Mode
from cloche_gui.views.container_page import SETTINGS

pytestmark = pytest.mark.screen


async def _open(driver: Driver) -> None:
    await driver.click(driver.window.list.new_button)
    await driver.until(lambda: driver.has_focus(driver.dialog.name))


async def test_a_private_bridge_comes_with_addresses_that_can_be_used_at_once(
    driver: Driver,
) -> None:
    await _open(driver)
    await driver.replace("networked")
    driver.dialog.network.choose(Mode.PRIVATE)
    assert driver.dialog.create_button.isEnabled()

    await driver.click(driver.dialog.start_now)
    await driver.click(driver.dialog.create_button)

    await driver.until(lambda: "networked" in [c.name for c in driver.window.model.containers])
    stored = await driver.engine.definition("networked")
    spec = Document.parse(stored.text).compiled()
    assert spec.interfaces[0].addresses == ("10.90.0.2/24",)
    assert spec.interfaces[0].gateway == "10.90.0.1"
    assert not (await driver.engine.container("networked")).state.is_live


async def test_a_mount_is_added_by_typing_into_the_table(driver: Driver) -> None:
    await _open(driver)
    table = driver.dialog.mounts.rows

    await driver.click(table.add_button)
    await driver.type("/srv/www")
    assert not driver.dialog.create_button.isEnabled()
    table.table.setCurrentCell(0, 1)
    await driver.type("/var/www")
    table.table.setCurrentCell(0, 0)

    await driver.until(driver.dialog.create_button.isEnabled)
    rows = driver.dialog.form.mounts
    assert [(row.source, row.target) for row in rows] == [("/srv/www", "/var/www")]


async def test_what_the_engine_refuses_is_told_in_the_dialog_and_nothing_typed_is_lost(
    driver: Driver,
) -> None:
    await _open(driver)
    await driver.replace("late")
    driver.engine.put(
        b"<domain type='linuxcontainer'><name>late</name><container>"
        b"<application>/bin/sh</application></container></domain>"
    )

    await driver.click(driver.dialog.create_button)

    await driver.until(lambda: "already" in driver.dialog.name_error)
    assert driver.dialog.name.text() == "late"
    assert driver.dialog.isEnabled()


async def test_two_containers_on_the_private_network_are_offered_different_addresses(
    driver: Driver,
) -> None:
    for name in ("first", "second"):
        await _open(driver)
        await driver.replace(name)
        driver.dialog.network.choose(Mode.PRIVATE)
        await driver.click(driver.dialog.start_now)
        await driver.click(driver.dialog.create_button)
        await driver.until(lambda: driver.window.creating.dialog is None)

    found = {c.name: c.static_addresses for c in driver.window.model.containers}
    assert found["first"] == ("10.90.0.2/24",)
    assert found["second"] == ("10.90.0.3/24",)


def _lettered(top: QWidget) -> dict[str, QWidget]:
    """What an underlined letter names, by the words that it is in."""
    labels = [each for each in top.findChildren(QLabel) if "&" in each.text()]
    named: dict[str, QWidget | None] = {each.text(): each.buddy() for each in labels}
    boxes = [*top.findChildren(QRadioButton), *top.findChildren(QCheckBox)]
    named |= {each.text(): each for each in boxes if "&" in each.text()}
    return {text: field for text, field in named.items() if field and field.isVisible()}


async def _leads_there(driver: Driver, named: dict[str, QWidget], away: QWidget) -> None:
    for text, field in named.items():
        away.setFocus()
        await driver.press_letter(text)
        assert driver.has_focus(field), f"{text} leads to {driver.focused}"


async def test_each_underlined_letter_moves_the_keyboard_to_what_it_names(driver: Driver) -> None:
    await _open(driver)
    dialog = driver.dialog
    dialog.network.choose(Mode.BRIDGE)
    named = _lettered(dialog)
    assert {"M&emory limit", "Processor &share", "&Mounts", "T&his system, read-only"} <= set(named)
    await _leads_there(driver, named, dialog.cancel_button)


async def test_each_underlined_letter_of_the_settings_leads_to_its_field(driver: Driver) -> None:
    await driver.choose("old-mail")
    await driver.turn_to(SETTINGS)
    page = driver.window.page.settings
    named = _lettered(page)
    assert {"Memory &limit", "Processor &share", "&Mounts", "Env&ironment"} <= set(named)
    await _leads_there(driver, named, driver.window.page.header.buttons[Action.DELETE])


async def test_the_letter_of_a_limit_leads_to_the_number_where_there_is_one(
    driver: Driver,
) -> None:
    await _open(driver)
    dialog = driver.dialog
    dialog.memory.set_value(1024 * 1024)

    await driver.press_letter("M&emory limit")
    assert driver.has_focus(dialog.memory.spin)

    dialog.memory.none.setChecked(True)
    dialog.name.setFocus()
    await driver.press_letter("M&emory limit")
    assert driver.has_focus(dialog.memory.none)
