"""The window says the same sentence as the command line, and keeps what was typed."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtGui import QGuiApplication
from tests import terminals
from tests.bus.system_bus import system
from tests.gui.driver import Driver
from tests.kernel.box import GREEDY, Definition, busybox_root
from tests.system.command import Command, Refusal

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect
from cloche_engine.definition.text.source import MAX_BYTES
from cloche_gui.presenters.container import Action
from cloche_gui.presenters.notice import sentence
from cloche_gui.services.engine import EngineService
from cloche_gui.services.jobs import Jobs
from cloche_gui.services.settings import Settings
from cloche_gui.views.container_page import SETTINGS, XML, ContainerPage
from cloche_gui.views.editing import APPLIED
from cloche_gui.views.main_window import MainWindow

pytestmark = [pytest.mark.kernel, pytest.mark.bus, pytest.mark.screen]


@pytest.fixture
def clochectl(real_driver: Driver, tmp_path: Path) -> Command:
    """The command line at the helper of the window."""
    return Command(tmp_path / "helper")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return busybox_root(tmp_path / "root")


def words(refusal: Refusal) -> str:
    """A refusal of the command line as the window writes it: it names the form's fields."""
    step = refusal.step.replace("<application>", "“Program”")
    return f"{sentence(refusal.cause, name='box')} {sentence(step)}"


async def define(driver: Driver, clochectl: Command, **parts: object) -> str:
    """A container that is in view; another one was before it."""
    await _define_one(driver, clochectl, name="first")
    return await _define_one(driver, clochectl, **parts)


async def _define_one(driver: Driver, clochectl: Command, **parts: object) -> str:
    name = await asyncio.to_thread(partial(clochectl.define, **parts))
    await driver.until(lambda: name in [c.name for c in driver.window.model.containers])
    await driver.choose(name)
    return name


async def edit_hostname(driver: Driver) -> None:
    """Type something that is not applied yet."""
    await driver.turn_to(SETTINGS)
    await driver.click(driver.window.page.settings.identity.hostname)
    await driver.replace("typed")


def kept(driver: Driver) -> bool:
    draft = driver.window.page.draft
    return draft is not None and draft.dirty and b"typed" in draft.document.data


async def start_refused(driver: Driver, clochectl: Command, name: str) -> str:
    """Start it by the button; the window's message, which is that of the command line too."""
    await edit_hostname(driver)
    button = driver.window.page.header.buttons[Action.START]
    await driver.click(button)
    await driver.until(lambda: "did not start" in " ".join(driver.console.messages.texts))
    await driver.until(lambda: not driver.window.jobs.shown)
    (said,) = driver.console.messages.texts
    refusal = await asyncio.to_thread(clochectl.refused, "start", name)
    assert words(refusal) in said
    assert kept(driver)
    await driver.until(button.isEnabled)
    assert clochectl.live_runtimes() == []
    return said


async def test_a_missing_source_directory(
    real_driver: Driver, clochectl: Command, root: Path, tmp_path: Path
) -> None:
    mounts = ((tmp_path / "data", "/data", False),)
    name = await define(real_driver, clochectl, root=root, mounts=mounts)
    said = await start_refused(real_driver, clochectl, name)
    assert f"the source {tmp_path}/data does not exist" in said


async def test_an_unknown_program(real_driver: Driver, clochectl: Command, root: Path) -> None:
    name = await define(real_driver, clochectl, root=root, program=("/bin/nope",))
    said = await start_refused(real_driver, clochectl, name)
    assert f"the program /bin/nope does not exist in {root}" in said
    await real_driver.click_text(real_driver.console.messages, "Go to “Program”")
    assert real_driver.has_focus(real_driver.window.page.settings.program.path)


async def test_a_program_that_nobody_may_execute(
    real_driver: Driver, clochectl: Command, root: Path
) -> None:
    (root / "bin/script").write_text("#!/bin/sh\n")
    name = await define(real_driver, clochectl, root=root, program=("/bin/script",))
    assert "is not executable" in await start_refused(real_driver, clochectl, name)


async def test_memory_below_what_the_program_needs(
    real_driver: Driver, clochectl: Command, root: Path
) -> None:
    small = "<memory>512</memory>"
    await define(real_driver, clochectl, root=root, program=GREEDY, around=small)
    await real_driver.click(real_driver.window.page.header.buttons[Action.START])

    def told() -> bool:  # a small program may come to run before it outgrows them
        words = " ".join(real_driver.console.messages.texts)
        at_start = "512 KiB" in words and "Raise “Memory limit”" in words
        return at_start or ("reached the memory limit" in words and "Raise the limit" in words)

    await real_driver.until(told)


async def test_a_root_tree_without_proc_that_cannot_be_completed(
    real_driver: Driver, clochectl: Command, root: Path
) -> None:
    name = await define(real_driver, clochectl, root=root)
    subprocess.run(["mount", "--bind", root, root], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
        said = await start_refused(real_driver, clochectl, name)
    finally:
        subprocess.run(["umount", root], check=True)
    assert f"the mount point {root}/proc is missing" in said


async def test_no_free_pty(real_driver: Driver, clochectl: Command, root: Path) -> None:
    with terminals.none_free():  # from the beginning: a prepared start has one
        name = await define(real_driver, clochectl, root=root)
        said = await start_refused(real_driver, clochectl, name)
    assert "no free pseudoterminal" in said
    await real_driver.click(real_driver.window.page.header.buttons[Action.START])
    await real_driver.until(lambda: real_driver.console.is_attached)
    assert kept(real_driver)


async def test_a_name_that_was_taken_while_the_dialog_was_open(
    real_driver: Driver, clochectl: Command
) -> None:
    text = Definition("late").text()
    await real_driver.until(real_driver.window.empty.button.isVisible)
    await real_driver.click(real_driver.window.empty.button)
    await real_driver.until(lambda: real_driver.has_focus(real_driver.dialog.name))
    await real_driver.replace("late")
    await asyncio.to_thread(clochectl.ok, "define", "-", fed=text)

    await real_driver.click(real_driver.dialog.create_button)

    await real_driver.until(lambda: "already" in real_driver.dialog.name_error)
    refusal = await asyncio.to_thread(clochectl.refused, "define", "-", fed=text)
    assert real_driver.dialog.name_error == f"{sentence(refusal.cause)} Choose another name."
    assert real_driver.dialog.name.text() == "late"


async def paste_instead(driver: Driver, text: str) -> None:
    """Select all of the XML page, and paste this over it."""
    await driver.turn_to(XML)
    driver.window.page.xml.editor.setFocus()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText(text)
    await driver.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    await driver.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def first_problem(page: ContainerPage) -> str:
    """The first line of the list below the editor."""
    item = page.xml.problems.item(0)
    return item.text() if item else ""


@pytest.mark.parametrize("kind", ["cut", "doctype", "ten megabytes"])
async def test_what_is_no_definition_cannot_be_applied_and_stays_in_the_editor(
    real_driver: Driver, clochectl: Command, tmp_path: Path, kind: str
) -> None:
    good = Definition().text().decode()
    text = {
        "cut": good[: good.index("</container")],
        "doctype": "<!DOCTYPE domain>" + good,
        "ten megabytes": good.replace("<container>", "<container>" + (" " * 99 + "\n") * 100_000),
    }[kind]
    name = await define(real_driver, clochectl)
    stored = await asyncio.to_thread(clochectl.ok, "xml", name)
    page = real_driver.window.page

    refusal = await asyncio.to_thread(clochectl.refused, "define", "-", fed=text.encode())
    reason = refusal.cause.partition(": ")[2].partition(": ")[2]

    await paste_instead(real_driver, text)

    await real_driver.until(lambda: refusal.step[:40] in first_problem(page))
    # A paste is cut just past the size that is refused; the clipboard still has it all.
    assert page.xml.editor.text() == text[: MAX_BYTES + 1]
    assert not page.apply_bar.apply.isEnabled()
    assert reason[:40] in first_problem(page)
    assert reason[:40] in page.apply_bar.status.full_text
    assert clochectl.ok("xml", name) == stored
    await real_driver.click(page.apply_bar.discard)
    assert page.xml.editor.text() == stored


async def test_someone_who_takes_the_name_meanwhile_is_told_at_once(
    real_driver: Driver, clochectl: Command
) -> None:
    await define(real_driver, clochectl)
    await edit_hostname(real_driver)
    page = real_driver.window.page
    page.settings.identity.name.setFocus()
    await real_driver.replace("other")
    taken = Definition("other").text()
    await asyncio.to_thread(clochectl.ok, "define", "-", fed=taken)

    await real_driver.until(lambda: not page.apply_bar.apply.isEnabled())
    assert "there is a container named 'other' already" in page.apply_bar.status.full_text
    assert kept(real_driver)
    await real_driver.replace("another")
    await real_driver.click(page.apply_bar.apply)
    await real_driver.until(lambda: real_driver.window.messages.bar(APPLIED))
    assert {each["name"] for each in clochectl.json("list")} >= {"another", "other"}


@asynccontextmanager
async def unconnected(
    connector: Callable[[], Awaitable[Engine]], tmp_path: Path
) -> AsyncIterator[MainWindow]:
    """A window that finds no helper."""
    service = EngineService(connector)
    settings = Settings(QSettings(str(tmp_path / "cloche.ini"), QSettings.Format.IniFormat))
    jobs = Jobs(service)
    window = MainWindow(service, jobs, settings)
    window.show()
    connection = asyncio.create_task(service.run())
    yield window
    await jobs.stop()
    connection.cancel()
    await asyncio.gather(connection, return_exceptions=True)
    window.hide()
    window.deleteLater()
    await asyncio.sleep(0)


async def until_told(window: MainWindow) -> str:
    async with asyncio.timeout(20):
        while not window.messages.texts:  # noqa: ASYNC110 - Qt has no event for it
            await asyncio.sleep(0.005)
    (said,) = window.messages.texts
    return said


async def test_a_machine_without_polkit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with system("--no-polkit") as made:
        address = made.environment["DBUS_SYSTEM_BUS_ADDRESS"]
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        done = await asyncio.to_thread(
            subprocess.run,
            [*Command(tmp_path).words("list")[:3], "--connect", "system", "list"],
            capture_output=True, check=False,
        )  # fmt: skip
        async with unconnected(partial(connect, "system"), tmp_path) as window:
            said = await until_told(window)
    assert words(Refusal.of(done)) in said
    assert said.startswith("The helper cannot be reached.")
    assert "polkit does not run here" in said


async def test_a_helper_that_cannot_be_started(tmp_path: Path) -> None:
    clochectl = Command(tmp_path / "file")
    clochectl.directory.write_text("")
    async with unconnected(partial(connect, clochectl.target), tmp_path) as window:
        said = await until_told(window)
    assert words(clochectl.refused("list")) in said
