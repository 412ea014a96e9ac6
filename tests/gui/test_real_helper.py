"""The window on the real engine, and what becomes of it when the helper is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bus import world
from tests.gui.driver import Driver
from tests.gui.real_helper import helper_pid, kill_helper

from cloche_engine.api.connect import connect
from cloche_engine.api.model import State
from cloche_gui.presenters.container import Action
from cloche_gui.views.container_page import CONSOLE, SETTINGS
from cloche_gui.views.main_window import HELPER

pytestmark = [
    pytest.mark.screen,
    pytest.mark.kernel,
    pytest.mark.bus,
]


async def running(directory: Path, name: str) -> None:
    """A container with a shell, made by someone else."""
    other = await connect(f"private:{directory}")
    await other.define(world.shell(name))
    await other.start(name)
    await other.close()


async def box(driver: Driver, directory: Path) -> None:
    """A container with a shell, made by someone else, running and in view."""
    await running(directory, "box")
    await driver.until(lambda: driver.window.model.rowCount() == 1)
    await driver.until(lambda: driver.draft_uuid)
    await driver.turn_to(CONSOLE)
    await driver.until(lambda: driver.console.is_attached)


async def test_a_killed_helper_is_replaced_and_neither_console_nor_draft_is_lost(
    real_driver: Driver, tmp_path: Path
) -> None:
    driver, window, directory = real_driver, real_driver.window, tmp_path / "helper"
    await box(driver, directory)
    await driver.click(driver.console.terminal)
    await driver.type("echo be''fore\r")
    await driver.until(lambda: "\nbefore" in driver.screen)
    await driver.turn_to(SETTINGS)
    await driver.click(window.page.settings.identity.hostname)
    await driver.replace("edited")
    before = helper_pid(directory)

    kill_helper(directory)

    await driver.until(lambda: "went away" in " ".join(window.messages.texts))
    driver.console.terminal.send_text("echo mean''while\r")
    await driver.until(lambda: "\nmeanwhile" in driver.screen)
    await driver.until(lambda: window.messages.bar(HELPER) is None)
    assert helper_pid(directory) not in {None, before}
    assert window.page.settings.identity.hostname.text() == "edited"
    assert window.page.draft is not None
    assert window.page.draft.dirty
    await driver.turn_to(CONSOLE)
    await driver.click(driver.console.terminal)
    await driver.type("echo af''ter\r")
    await driver.until(lambda: "\nafter" in driver.screen)
    assert driver.screen.index("\nbefore") < driver.screen.index("\nmeanwhile")
    await driver.click(window.page.header.buttons[Action.KILL])
    await driver.until(
        lambda: window.page.container and window.page.container.state is State.STOPPED
    )


async def test_a_console_that_is_opened_again_does_not_answer_what_was_asked_before(
    real_driver: Driver, tmp_path: Path
) -> None:
    driver, window, directory = real_driver, real_driver.window, tmp_path / "helper"
    await box(driver, directory)
    await driver.click(driver.console.terminal)
    await driver.type(
        "stty -icanon -echo; printf '\\033[6n'; a=$(head -c 6 | wc -c); stty sane; echo heard $a\r"
    )
    await driver.until(lambda: "\nheard 6" in driver.screen)
    first = driver.console

    window.page.forget(driver.uuid("box"))
    window.page.show_container(window.model.containers[0])

    await driver.until(lambda: driver.console is not first and driver.console.is_attached)
    await driver.until(lambda: "\nheard 6" in driver.screen)
    await driver.click(driver.console.terminal)
    await driver.type("echo on''ly this\r")
    await driver.until(lambda: "\nonly this" in driver.screen)
    assert driver.screen.splitlines()[2] == "# echo on''ly this"
