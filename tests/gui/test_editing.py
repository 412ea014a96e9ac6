"""Form and XML are one document: what one changes, the other shows, and nothing is lost."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox  # noqa: TID251 - it looks for one
from tests.gui.driver import SHORTCUT, Driver

from cloche_engine.api.networks import Network
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_gui.presenters.draft import Part
from cloche_gui.views.container_page import SETTINGS, XML
from cloche_gui.views.editing import APPLIED, CONFLICT

pytestmark = pytest.mark.screen


def _editor_text(driver: Driver) -> str:
    text = driver.window.page.xml.editor.text()
    assert isinstance(text, str)
    return text


def _find(driver: Driver, wanted: str, *, after: bool = True) -> None:
    """Put the editor's caret at a text, as a click there would."""
    editor = driver.window.page.xml.editor
    text = _editor_text(driver)
    at = text.index(wanted) + len(wanted) * after
    before = text[:at]
    editor.setFocus()
    editor.setCursorPosition(before.count("\n"), at - before.rfind("\n") - 1)


async def _stored(driver: Driver, name: str) -> bytes:
    return (await driver.engine.definition(name)).text


async def test_memory_typed_in_the_form_shows_in_the_xml_and_is_stored_by_apply(
    driver: Driver,
) -> None:
    page = driver.window.page
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    page.settings.limits.memory.spin.setFocus()

    await driver.replace("512")

    await driver.turn_to(XML)
    assert "<memory>524288</memory>" in _editor_text(driver)
    assert b"524288" not in await _stored(driver, "web")
    await driver.click(page.apply_bar.apply)
    await driver.until(lambda: driver.window.messages.bar(APPLIED))
    assert b"<memory>524288</memory>" in await _stored(driver, "web")
    assert "takes effect now" in " ".join(driver.window.messages.texts)
    assert not page.apply_bar.apply.isEnabled()


async def test_memory_typed_in_the_xml_shows_in_the_form(driver: Driver) -> None:
    await driver.choose("web")
    await driver.turn_to(XML)
    _find(driver, "262144")

    for _ in "262144":
        await driver.press(Qt.Key.Key_Backspace)
    await driver.type("65536")

    await driver.turn_to(SETTINGS)
    assert driver.window.page.settings.limits.memory.value == 65536
    assert driver.window.page.settings.limits.memory.spin.value() == 64


async def test_broken_xml_is_marked_where_it_is_and_greys_the_forms_until_mended(
    driver: Driver,
) -> None:
    page = driver.window.page
    await driver.choose("web")
    await driver.turn_to(XML)
    _find(driver, "<application", after=True)
    line = _editor_text(driver).split("<application")[0].count("\n") + 1

    await driver.type("<")

    problem = page.draft.document.errors[0] if page.draft else None
    assert problem is not None
    assert problem.line == line
    assert page.xml.editor.marked_lines() == [line]
    assert (problem.line, problem.column) in page.xml.editor.squiggled()
    assert page.xml.problems.count() == 1
    assert not page.apply_bar.apply.isEnabled()
    assert f"Line {line}" in page.apply_bar.status.full_text
    await driver.turn_to(SETTINGS)
    assert page.settings.is_greyed
    assert page.settings.limits.memory.value == 262144
    await driver.turn_to(XML)
    page.xml.editor.setFocus()
    await driver.press(Qt.Key.Key_Backspace)
    assert page.xml.editor.marked_lines() == []
    assert not page.settings.is_greyed


async def test_a_comment_survives_an_edit_in_the_form_byte_for_byte(driver: Driver) -> None:
    before = await _stored(driver, "browndog")
    await driver.choose("browndog")
    await driver.turn_to(SETTINGS)
    await driver.click(driver.window.page.settings.identity.hostname)

    await driver.replace("reddog")
    await driver.press(Qt.Key.Key_A, SHORTCUT)

    await driver.until(lambda: driver.window.messages.bar(APPLIED))
    after = await _stored(driver, "browndog")
    assert after == before.replace(b"hostname='browndog'", b"hostname='reddog'")
    assert b"<!-- the network of the office -->" in after


async def test_an_address_that_a_start_will_refuse_is_told_on_the_xml_page(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def networks() -> list[Network]:
        ranges = (("10.64.16.2/22", "10.64.19.233/22"),)
        return [Network("default", ranges=ranges, leases=(("1" * 32, "10.64.16.9"),))]

    monkeypatch.setattr(driver.engine, "networks", networks)
    await driver.engine.define(
        b"<domain type='linuxcontainer'><name>late</name><container>"
        b"<application>/bin/sh</application><interface type='network'>"
        b"<ip address='10.64.16.9' prefix='22'/><source network='default'/></interface>"
        b"</container></domain>"
    )
    await driver.until(lambda: any(c.name == "late" for c in driver.window.model.containers))
    await driver.choose("late")
    await driver.turn_to(XML)
    problems = driver.window.page.xml.problems
    await driver.until(lambda: problems.count() == 1)
    problem = problems.item(0)
    assert problem is not None
    assert "another container has the address 10.64.16.9" in problem.text()


async def test_a_name_that_another_container_has_is_told_while_it_is_typed(
    driver: Driver,
) -> None:
    page = driver.window.page
    await driver.choose("web")
    await driver.turn_to(XML)
    _find(driver, "<name>")
    for _ in "web":
        await driver.press(Qt.Key.Key_Delete)
    await driver.type("scratch")
    problem = page.xml.problems.item(0)
    assert problem is not None
    assert "there is a container named 'scratch' already" in problem.text()
    assert not page.apply_bar.apply.isEnabled()
    await driver.type("2")
    assert page.xml.problems.count() == 0
    assert page.apply_bar.apply.isEnabled()


async def test_discard_brings_back_what_is_stored(driver: Driver) -> None:
    page = driver.window.page
    await driver.choose("web")
    stored = await _stored(driver, "web")
    await driver.turn_to(SETTINGS)
    await driver.click(page.settings.program.path)
    await driver.type("x")
    assert page.draft is not None
    assert page.draft.dirty

    await driver.click(page.apply_bar.discard)

    assert page.settings.program.path.text() == "/usr/sbin/nginx"
    assert page.draft.document.data == stored
    assert not page.apply_bar.discard.isEnabled()


async def test_a_bad_value_stays_in_its_field_with_the_reason_and_cannot_be_applied(
    driver: Driver,
) -> None:
    page = driver.window.page
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    page.settings.network.field.lines["gateway"].setFocus()

    await driver.replace("10.99.0.1")

    assert "gateway" in page.settings.network.field.error.text.lower()
    assert not page.apply_bar.apply.isEnabled()
    await driver.choose("browndog")
    await driver.choose("web")
    assert page.settings.network.field.lines["gateway"].text() == "10.99.0.1"
    await driver.click(page.apply_bar.discard)
    assert page.settings.network.field.lines["gateway"].text() == "10.20.0.1"
    assert page.settings.network.field.error.text == ""


async def test_a_draft_outlives_a_change_of_container(driver: Driver) -> None:
    page = driver.window.page
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    await driver.click(page.settings.identity.hostname)
    await driver.replace("changed")

    await driver.choose("scratch")
    assert page.settings.identity.hostname.text() == ""
    await driver.choose("web")

    assert page.settings.identity.hostname.text() == "changed"


async def test_someone_elses_save_is_shown_with_both_ways_out(driver: Driver) -> None:
    page, messages = driver.window.page, driver.window.messages
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    await driver.click(page.settings.identity.hostname)
    await driver.replace("mine")
    stored = await driver.engine.definition("web")
    theirs = edit.set_cpushare(Document.parse(stored.text), 77).data
    await driver.engine.define(theirs, stored.etag)
    await driver.until(lambda: messages.bar(CONFLICT))

    bar = messages.bar(CONFLICT)
    assert bar is not None
    await driver.click_text(bar, "Overwrite")
    await driver.click(page.apply_bar.apply)

    await driver.until(lambda: messages.bar(APPLIED))
    assert b"hostname='mine'" in await _stored(driver, "web")
    assert b"<cpushare>77<" not in await _stored(driver, "web")


async def test_closing_with_unsaved_edits_asks_once(driver: Driver) -> None:
    window = driver.window
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    await driver.click(window.page.settings.identity.hostname)
    await driver.type("x")

    window.close()

    await driver.until(lambda: window.findChild(QMessageBox, "close-question"))
    question = window.findChild(QMessageBox, "close-question")
    assert question is not None
    assert window.isVisible()
    await driver.click_text(question, "Discard and close")
    await driver.until(lambda: not window.isVisible())


async def test_how_much_of_the_console_is_kept_is_a_field_with_a_range(driver: Driver) -> None:
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    kept = driver.window.page.settings.console.kept
    assert (kept.value, kept.none.text()) == (None, "256 KiB, as usual")
    await driver.act(lambda: kept.none.setChecked(False))
    await driver.act(lambda: kept.spin.setValue(2))
    assert driver.window.page.draft is not None
    assert "less than 4 KiB" in driver.window.page.draft.pending[Part.CONSOLE].reason
    await driver.act(lambda: kept.spin.setValue(512))
    assert "<console_buffer>512</console_buffer>" in driver.window.page.draft.text
    assert driver.window.page.draft.pending == {}


async def test_a_network_that_is_not_there_is_marked_in_the_form(driver: Driver) -> None:
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    page = driver.window.page
    assert page.draft is not None
    before, _, rest = page.draft.text.partition("<network ")
    after = rest.partition("</network>")[2]
    link = "<interface type='network'><source network='{}'/></interface>"

    page.draft.replace_text(before + link.format("defualt") + after)
    mode = page.settings.network.field.mode
    assert "no network “defualt”" in mode.currentText()
    assert not mode.itemIcon(mode.currentIndex()).isNull()
    page.draft.replace_text(before + link.format("default") + after)

    assert mode.currentText().startswith("Connected")
    assert mode.itemIcon(mode.currentIndex()).isNull()
    assert all("defualt" not in mode.itemText(at) for at in range(mode.count()))


async def test_greyed_limits_show_no_other_container_s_numbers(driver: Driver) -> None:
    limits = driver.window.page.settings.limits
    await driver.turn_to(SETTINGS)
    await driver.choose("scratch")
    shown = (
        limits.cpushare.spin.value(),
        limits.memory.spin.value(),
        limits.memory.unit.currentText(),
    )

    await driver.choose("browndog")
    assert (limits.cpushare.spin.value(), limits.memory.spin.value()) == (40, 64)
    await driver.choose("scratch")

    assert limits.cpushare.none.isChecked()
    assert limits.memory.none.isChecked()
    assert shown == (
        limits.cpushare.spin.value(), limits.memory.spin.value(), limits.memory.unit.currentText()
    )  # fmt: skip
