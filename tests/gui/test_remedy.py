"""From the message of a failure to the field, or the line, that has to be corrected."""

from __future__ import annotations

import pytest
from tests.gui.driver import Driver

from cloche_engine.api.errors import StartFailedError
from cloche_gui.presenters.container import Action
from cloche_gui.presenters.remedy import FIELDS
from cloche_gui.views.container_page import CONSOLE, SETTINGS, XML

pytestmark = pytest.mark.screen


async def start_refused(driver: Driver, hint: str, line: int = 0) -> None:
    """A container in view whose start has failed."""
    details = {"line": str(line), "column": "5"} if line else {}
    driver.engine.refuse_start(
        "browndog", StartFailedError("browndog did not start", hint, details)
    )
    await driver.choose("browndog")
    await driver.turn_to(CONSOLE)
    await driver.until(lambda: driver.window.page.console)
    await driver.click(driver.window.page.header.buttons[Action.START])
    await driver.until(lambda: "did not start" in " ".join(driver.console.messages.texts))


def line_at_caret(driver: Driver) -> str:
    editor = driver.window.page.xml.editor
    return editor.text(editor.getCursorPosition()[0]).strip()


@pytest.mark.parametrize("element", FIELDS)
async def test_the_button_of_a_failure_leads_to_the_field_that_it_names(
    driver: Driver, element: str
) -> None:
    label = FIELDS[element].label
    await start_refused(driver, f"correct <{element}>")
    assert f"Correct “{label}”." in " ".join(driver.console.messages.texts)

    await driver.click_text(driver.console.messages, f"Go to “{label}”")

    page = driver.window.page
    assert page.tabs.currentIndex() == SETTINGS
    fields = [section.form.field(label) for section in page.settings.sections]
    (field,) = (each for each in fields if each is not None)
    assert driver.has_focus(field.focusProxy() or field)
    assert not field.visibleRegion().isEmpty()


async def test_who_works_in_the_xml_is_led_to_the_line(driver: Driver) -> None:
    await start_refused(driver, "correct <application>")
    await driver.turn_to(XML)
    await driver.turn_to(CONSOLE)

    await driver.click_text(driver.console.messages, "Go to “Program”")

    assert driver.window.page.tabs.currentIndex() == XML
    assert driver.has_focus(driver.window.page.xml.editor)
    assert "<application>" in line_at_caret(driver)


async def test_what_has_no_field_is_shown_in_the_xml(driver: Driver) -> None:
    await start_refused(driver, "make the directory", line=2)

    await driver.click_text(driver.console.messages, "Show in the XML")

    editor = driver.window.page.xml.editor
    assert driver.has_focus(editor)
    assert editor.getCursorPosition()[0] == 1


async def test_a_console_in_its_own_window_starts_and_leads_there_too(driver: Driver) -> None:
    await start_refused(driver, "correct <application>")
    window = driver.console.open_window()
    await driver.until(lambda: window.page.messages.texts)
    await driver.choose("web")

    window.page.show_failure(StartFailedError("browndog did not start", "correct <application>"))
    await driver.click_text(window.page.messages, "Go to “Program”")

    settings = driver.window.page.settings
    await driver.until(lambda: driver.draft_uuid == driver.uuid("browndog"))
    await driver.until(lambda: driver.has_focus(settings.program.path))
    driver.engine.refuse_start("browndog", None)
    await driver.click_text(window.page.messages, "Start")
    await driver.until(lambda: window.page.is_attached)
    window.close()
