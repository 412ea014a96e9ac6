"""List and page agree, whoever made the containers; a huge paste costs nothing."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QMimeData
from tests.gui.driver import Driver

from cloche_engine.api.fake import FakeEngine
from cloche_engine.definition.text.source import MAX_BYTES
from cloche_gui.widgets.xml_editor import XmlEditor

pytestmark = pytest.mark.screen


@pytest.fixture
def engine() -> FakeEngine:
    """Without containers."""
    return FakeEngine()


async def test_the_first_container_made_elsewhere_is_shown(driver: Driver) -> None:
    text = (
        b"<domain type='linuxcontainer'><name>first</name>"
        b"<container><application>/bin/sh</application></container></domain>"
    )
    await driver.until(lambda: driver.window.stack.currentWidget() is driver.window.empty)
    await driver.engine.define(text)
    await driver.until(lambda: driver.window.stack.currentWidget() is driver.window.page)
    assert driver.window.page.container is not None


async def test_a_paste_without_end_is_cut_just_past_what_is_refused(driver: Driver) -> None:
    mime = QMimeData()
    mime.setText("x" * 10_000_000)
    editor = XmlEditor(driver.window)
    content, _ = editor.fromMimeData(mime)
    assert content.size() == MAX_BYTES + 1
