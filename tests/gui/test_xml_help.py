"""The XML page helps: it completes, explains, mends, and tells what applying would do."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, Qt
from tests.gui.driver import Driver

from cloche_engine.definition.document import Document
from cloche_gui.views.container_page import SETTINGS, XML
from cloche_gui.views.editing import APPLIED
from cloche_gui.widgets.xml_editor import XmlEditor

pytestmark = pytest.mark.screen
CONTROL = Qt.KeyboardModifier.ControlModifier


async def open_xml(driver: Driver, name: str = "web") -> XmlEditor:
    await driver.choose(name)
    await driver.turn_to(XML)
    editor = driver.window.page.xml.editor
    editor.setFocus()
    return editor


def put_caret(editor: XmlEditor, before: str) -> None:
    """In front of a text."""
    text = editor.text()
    at = text.index(before)
    start = text.rfind("\n", 0, at) + 1
    editor.setCursorPosition(text[:at].count("\n"), at - start)


def draft_document(driver: Driver) -> Document:
    draft = driver.window.page.draft
    assert draft is not None
    return draft.document


async def test_control_space_offers_what_may_stand_there(driver: Driver) -> None:
    editor = await open_xml(driver)
    put_caret(editor, "<memory")
    await driver.press(Qt.Key.Key_Space, CONTROL)
    assert "<description>" in editor.assistant.offered
    assert "<memory>" not in editor.assistant.offered
    await driver.press(Qt.Key.Key_Escape)
    assert not editor.assistant.is_open


async def test_a_tag_is_completed_while_it_is_typed(driver: Driver) -> None:
    editor = await open_xml(driver)
    put_caret(editor, "<memory")
    await driver.type("<desc")
    assert editor.assistant.offered[0] == "<description>"
    await driver.press(Qt.Key.Key_Return)
    await driver.type("My web")
    assert "<description>My web</description><memory" in editor.text()
    assert not editor.assistant.is_open
    spec = draft_document(driver).spec
    assert spec is not None
    assert spec.description == "My web"


async def test_a_choice_is_offered_between_its_quotes(driver: Driver) -> None:
    editor = await open_xml(driver)
    put_caret(editor, "</container>")
    await driver.type("<interf")
    await driver.press(Qt.Key.Key_Tab)
    assert "bridge" in editor.assistant.offered
    await driver.type("br")
    assert editor.assistant.offered == ["bridge"]
    await driver.press(Qt.Key.Key_Return)
    assert "<interface type='bridge'/></container>" in editor.text()


async def test_what_is_libvirts_own_is_completed_with_its_prefix(driver: Driver) -> None:
    editor = await open_xml(driver)
    put_caret(editor, "</domain>")
    await driver.type("<name")
    assert editor.assistant.offered == ["<lxc:namespace>"]
    await driver.press(Qt.Key.Key_Return)
    await driver.type("<net")
    assert editor.assistant.offered == ["<lxc:sharenet>"]
    await driver.press(Qt.Key.Key_Return)
    assert editor.assistant.offered == ["netns", "name", "pid"]
    await driver.press(Qt.Key.Key_Return)
    assert "'><lxc:sharenet type='netns' value=''/></lxc:namespace></domain>" in editor.text()


async def test_arrows_choose_and_undo_takes_the_completion_back(driver: Driver) -> None:
    editor = await open_xml(driver)
    before = editor.text()
    put_caret(editor, "<memory")
    await driver.press(Qt.Key.Key_Space, CONTROL)
    second = editor.assistant.offered[1]
    await driver.press(Qt.Key.Key_Down)
    await driver.press(Qt.Key.Key_Return)
    assert second.strip("<>=/") in editor.text()
    assert editor.text() != before
    await driver.press(Qt.Key.Key_Z, CONTROL)
    assert editor.text() == before


async def test_nothing_pops_up_in_plain_text(driver: Driver) -> None:
    editor = await open_xml(driver)
    put_caret(editor, "</name>")
    await driver.type(" x'")
    assert not editor.assistant.is_open


async def test_a_misspelt_element_is_mended_by_one_click(driver: Driver) -> None:
    editor = await open_xml(driver)
    before = editor.text()
    put_caret(editor, "memory>")
    await driver.press(Qt.Key.Key_Delete)
    await driver.press(Qt.Key.Key_Delete)
    put_caret(editor, "memory>")
    await driver.press(Qt.Key.Key_Delete)
    await driver.press(Qt.Key.Key_Delete)
    assert "<mory>" in editor.text()
    problems = driver.window.page.xml.problems
    rows = [problems.item(at) for at in range(problems.count())]
    (mend,) = [row for row in rows if row is not None and row.text().startswith("Mend it")]
    viewport = problems.viewport()
    assert viewport is not None
    await driver.click(viewport, problems.visualItemRect(mend).center())
    await driver.until(lambda: editor.text() == before)
    assert not problems.isVisible()


async def test_a_word_and_a_marked_place_are_explained_under_the_mouse(driver: Driver) -> None:
    editor = await open_xml(driver)
    put_caret(editor, "memory>")
    position = editor.SendScintilla(editor.SCI_GETCURRENTPOS) + 2
    point = QPoint(
        editor.SendScintilla(editor.SCI_POINTXFROMPOSITION, 0, position) + 2,
        editor.SendScintilla(editor.SCI_POINTYFROMPOSITION, 0, position) + 4,
    )
    told = editor.assistant.help_at(point)
    assert "&lt;memory&gt;" in told
    assert "Takes effect" in told


async def test_the_plan_says_what_applying_does_and_applies(driver: Driver) -> None:
    page = driver.window.page
    await driver.choose("web")
    await driver.turn_to(SETTINGS)
    assert not page.apply_bar.changes.isEnabled()
    page.settings.limits.memory.spin.setFocus()
    await driver.replace("512")
    await driver.click(page.apply_bar.changes)
    plan = page.plan
    assert plan is not None
    assert "Memory, at most: 512 MiB instead of 256 MiB." in plan.words.text()
    assert "+  <memory>524288</memory>" in plan.diff.toPlainText()
    assert b"524288" not in (await driver.engine.definition("web")).text
    await driver.click(plan.apply)
    await driver.until(lambda: driver.window.messages.bar(APPLIED))
    assert b"524288" in (await driver.engine.definition("web")).text


async def test_an_end_tag_that_is_complete_covers_nothing_with_a_popup(driver: Driver) -> None:
    editor = await open_xml(driver)
    put_caret(editor, "</memory>")
    for _ in "</memory>":
        await driver.press(Qt.Key.Key_Delete)
    await driver.type("</mem")
    assert editor.assistant.offered == ["</memory>"]

    await driver.type("ory>")

    assert not editor.assistant.is_open


async def test_a_narrow_document_has_no_scroll_bar_of_a_wide_one(driver: Driver) -> None:
    editor = await open_xml(driver)
    bar = editor.horizontalScrollBar()
    assert bar is not None
    await driver.until(lambda: not bar.isVisible())
    put_caret(editor, "<memory")
    await driver.act(lambda: editor.insert(" " * 400))
    await driver.until(bar.isVisible)

    await driver.choose("scratch")

    await driver.until(lambda: not bar.isVisible())
