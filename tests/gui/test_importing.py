"""A definition of any kind is dropped or chosen; what is lost is read before it is stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from tests.gui.driver import Driver
from tests.gui.samples import LIBVIRT

from cloche_engine.definition.document import Document
from cloche_gui.views.import_dialog import ImportDialog

pytestmark = pytest.mark.screen

LXC = b"""lxc.uts.name = lxcbox
lxc.rootfs.path = /srv/lxcbox
lxc.init.cmd = /sbin/init
lxc.hook.start = /usr/local/bin/hook
"""


def written(file: Path, content: bytes) -> Path:
    """The file, with this in it."""
    file.write_bytes(content)
    return file


async def drop(driver: Driver, file: Path) -> ImportDialog:
    """Drag a file in from the desktop."""
    window = driver.window
    dragged = QMimeData()
    dragged.setUrls([QUrl.fromLocalFile(str(file))])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    place = QPointF(200, 200)
    enter = QDragEnterEvent(place.toPoint(), action, dragged, button, none)
    await driver.act(lambda: window.dragEnterEvent(enter))
    assert enter.isAccepted()
    dropped = QDropEvent(place, action, dragged, button, none)
    await driver.act(lambda: window.dropEvent(dropped))
    await driver.until(lambda: window.importing.dialog)
    dialog = window.importing.dialog
    assert dialog is not None
    await driver.until(dialog.isActiveWindow)  # or what is typed goes to the window behind it
    return dialog


def findings(dialog: ImportDialog) -> list[str]:
    rows = (dialog.findings.item(at) for at in range(dialog.findings.count()))
    return [row.text() for row in rows if row is not None]


async def test_a_libvirt_definition_becomes_a_container(driver: Driver, tmp_path: Path) -> None:
    dialog = await drop(driver, written(tmp_path / "guest.xml", LIBVIRT))
    assert "libvirt LXC" in dialog.dialect.currentText()
    assert any("shares the host's network" in line for line in findings(dialog))
    assert "<clock" in dialog.preview.text()
    assert dialog.name.text() == "guest"
    await driver.click(dialog.create_button)
    await driver.until(lambda: "guest" in {c.name for c in driver.window.model.containers})
    spec = Document.parse((await driver.engine.definition("guest")).text).compiled()
    assert spec.memory.max_kib == 65536
    assert spec.root is not None
    assert spec.root.source == "/srv/guest"


async def test_a_taken_name_gets_a_number_and_can_be_typed_over(
    driver: Driver, tmp_path: Path
) -> None:
    dialog = await drop(driver, written(tmp_path / "web.xml", LIBVIRT.replace(b"guest<", b"web<")))
    assert dialog.name.text() == "web-1"
    dialog.name.setFocus()
    await driver.replace("web")
    assert not dialog.create_button.isEnabled()
    await driver.replace("web-two")
    assert "<name>web-two</name>" in dialog.preview.text()
    assert dialog.create_button.isEnabled()


async def test_an_lxc_configuration_says_what_is_not_carried_over(
    driver: Driver, tmp_path: Path
) -> None:
    dialog = await drop(driver, written(tmp_path / "config", LXC))
    assert "LXC configuration" in dialog.dialect.currentText()
    assert any("lxc.hook.start" in line for line in findings(dialog))
    assert dialog.create_button.isEnabled()


async def test_what_is_kept_or_stands_in_the_way_of_a_start_is_listed(
    driver: Driver, tmp_path: Path
) -> None:
    dialog = await drop(driver, written(tmp_path / "guest.xml", LIBVIRT))
    (kept,) = [line for line in findings(dialog) if "in <kept>" in line]
    assert kept.startswith("domain/clock (<clock ")


async def test_a_container_of_openvz_without_its_files_is_told(
    driver: Driver, tmp_path: Path
) -> None:
    file = tmp_path / "101.conf"
    file.write_text('NAME="shop"\nOSTEMPLATE="debian-12"\nVE_ROOT="/vz/root/101"\n')
    dialog = await drop(driver, file)
    told = findings(dialog)
    assert any("a fresh copy of template debian-12, without the" in line for line in told)
    assert any(line.startswith("In what will be stored, line ") for line in told)
    assert dialog.create_button.isEnabled()


async def test_what_is_no_definition_says_so_and_creates_nothing(
    driver: Driver, tmp_path: Path
) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear all,\n")
    dialog = await drop(driver, file)
    assert "Not recognised" in dialog.dialect.currentText()
    assert findings(dialog)
    assert not dialog.create_button.isEnabled()
    assert dialog.preview.text() == ""


async def test_our_own_document_keeps_every_byte(driver: Driver, tmp_path: Path) -> None:
    text = (
        b'<!-- mine -->\n<domain  type="linuxcontainer"><name>mine</name>'
        b"<container><application>/bin/sh</application></container></domain>"
    )
    dialog = await drop(driver, written(tmp_path / "mine.xml", text))
    await driver.click(dialog.create_button)
    await driver.until(lambda: "mine" in {c.name for c in driver.window.model.containers})
    stored = (await driver.engine.definition("mine")).text
    assert stored.startswith(b'<!-- mine -->\n<domain  type="linuxcontainer"><name>mine</name>')


async def test_a_file_that_cannot_be_read_is_told(driver: Driver, tmp_path: Path) -> None:
    driver.window.importing.open(str(tmp_path / "nothing.xml"))
    await driver.until(lambda: "cannot be read" in " ".join(driver.window.messages.texts))
    assert driver.window.importing.dialog is None
