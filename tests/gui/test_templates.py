"""A template is made in the New dialog, and a container of it."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QAbstractButton  # noqa: TID251 - it presses them
from tests.gui.driver import Driver

from cloche_engine.definition.document import Document
from cloche_engine.definition.spec import FilesystemKind
from cloche_gui.views.template_dialog import TemplateDialog

pytestmark = pytest.mark.screen


async def _mark(driver: Driver, button: QAbstractButton) -> None:
    """Click its mark: a short text ends before the middle of the row."""
    await driver.click(button, QPoint(8, button.height() // 2))


async def _open(driver: Driver) -> TemplateDialog:
    await driver.click(driver.window.list.new_button)
    await driver.until(lambda: driver.has_focus(driver.dialog.name))
    await driver.replace("cloned")
    await _mark(driver, driver.dialog.root.cloned)
    await driver.click(driver.dialog.root.get_template)
    await driver.until(lambda: driver.window.creating.templates.dialog)
    dialog = driver.window.creating.templates.dialog
    assert dialog is not None
    await driver.until(dialog.isActiveWindow)
    await driver.click(dialog.name)
    return dialog


async def test_a_template_of_an_archive_becomes_the_root_of_the_new_container(
    driver: Driver, tmp_path: Path
) -> None:
    (tmp_path / "tree/bin").mkdir(parents=True)
    with tarfile.open(tmp_path / "tree.tar", "w") as archive:
        archive.add(tmp_path / "tree", ".")
    dialog = await _open(driver)
    await driver.replace("tiny")
    await _mark(driver, dialog.file)
    assert not dialog.make_button.isEnabled()
    await driver.click(dialog.path)
    await driver.type(str(tmp_path / "tree.tar"))
    await driver.click(dialog.make_button)

    await driver.until(lambda: driver.dialog.root.templates.currentData() == "tiny")
    await _mark(driver, driver.dialog.system)
    await driver.click(driver.dialog.start_now)
    await driver.click(driver.dialog.create_button)

    await driver.until(lambda: "cloned" in [c.name for c in driver.window.model.containers])
    spec = Document.parse((await driver.engine.definition("cloned")).text).compiled()
    assert spec.root is not None
    assert (spec.root.kind, spec.root.source) == (FilesystemKind.TEMPLATE, "tiny")
    assert (spec.program, spec.system) == (("/sbin/init",), True)


async def test_a_template_in_the_making_tells_how_far_it_is_and_can_be_given_up(
    driver: Driver,
) -> None:
    dialog = await _open(driver)
    await driver.replace("given-up")
    await driver.click(dialog.make_button)
    await driver.until(lambda: dialog.bar.isVisible() and dialog.bar.value() > 0)
    assert "unpacking" in dialog.words.text()

    await driver.click(dialog.cancel_button)

    await driver.until(dialog.make_button.isEnabled)
    assert dialog.isVisible()
    assert not dialog.bar.isVisible()
    await driver.until(lambda: not driver.window.jobs.shown)
    assert await driver.engine.templates.all() == []


async def test_what_cannot_be_made_says_why_and_what_was_typed_stays(
    driver: Driver, tmp_path: Path
) -> None:
    (tmp_path / "no.tar").write_text("this is no archive")
    dialog = await _open(driver)
    await driver.replace("broken")
    await _mark(driver, dialog.file)
    await driver.click(dialog.path)
    await driver.type(str(tmp_path / "no.tar"))
    await driver.click(dialog.make_button)

    await driver.until(lambda: "cannot be unpacked" in " ".join(dialog.messages.texts))
    assert (dialog.name.text(), dialog.isVisible()) == ("broken", True)
    assert dialog.make_button.isEnabled()
