"""Living with containers: start, console, failure, delete, and a helper that goes away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox  # noqa: TID251 - it looks for one
from tests.gui.driver import Driver

from cloche_engine.api.errors import EngineError
from cloche_engine.api.fake import FakeEngine
from cloche_engine.api.model import Container, State
from cloche_gui.presenters.container import Action
from cloche_gui.views.container_page import SETTINGS
from cloche_gui.views.main_window import HELPER

pytestmark = pytest.mark.screen


async def test_a_started_container_answers_in_its_console(driver: Driver) -> None:
    await driver.choose("browndog")
    await driver.click(driver.window.page.header.buttons[Action.START])
    await driver.until(lambda: driver.console.is_attached)
    await driver.until(lambda: driver.has_focus(driver.console.terminal))

    await driver.type("hostname\r")

    await driver.until(lambda: "\nbrowndog\n" in driver.screen)


async def test_a_program_that_ends_says_its_status_and_offers_start(driver: Driver) -> None:
    await driver.attach("scratch")
    await driver.click(driver.console.terminal)

    await driver.type("exit 3\r")

    await driver.until(lambda: "status 3" in " ".join(driver.console.messages.texts))
    await driver.click_text(driver.console, "Start")
    await driver.until(lambda: driver.console.is_attached)


async def test_a_failed_start_says_why_and_what_to_do(driver: Driver) -> None:
    await driver.choose("old-mail")

    await driver.click(driver.window.page.header.buttons[Action.START])

    await driver.until(lambda: not driver.window.jobs.shown)
    said = " ".join(driver.console.messages.texts)
    assert "does not exist" in said
    assert "choose another one in Settings" in said


async def test_buttons_are_enabled_by_state_and_say_why_not(driver: Driver) -> None:
    await driver.choose("web")
    buttons = driver.window.page.header.buttons

    assert not buttons[Action.START].isEnabled()
    assert "running" in buttons[Action.START].toolTip()
    assert not buttons[Action.DELETE].isEnabled()
    assert "stop it first" in buttons[Action.DELETE].toolTip()
    await driver.click(buttons[Action.PAUSE])
    await driver.until(buttons[Action.RESUME].isEnabled)
    assert not buttons[Action.PAUSE].isEnabled()


async def test_delete_asks_and_then_deletes(driver: Driver) -> None:
    await driver.choose("browndog")
    await driver.click(driver.window.page.header.buttons[Action.DELETE])
    await driver.until(lambda: driver.window.findChild(QMessageBox, "delete-question"))
    question = driver.window.findChild(QMessageBox, "delete-question")
    assert question is not None

    await driver.click_text(question, "Delete")

    await driver.until(lambda: "browndog" not in [c.name for c in driver.window.model.containers])
    assert driver.window.page.container is not None
    assert driver.window.page.container.name != "browndog"


async def test_a_helper_that_went_away_is_told_and_found_again_without_losing_edits(
    driver: Driver,
) -> None:
    window = driver.window
    await driver.choose("scratch")
    await driver.turn_to(SETTINGS)
    await driver.click(window.page.settings.identity.hostname)
    await driver.type("edited")
    old = driver.engine
    copy = await _copy(old)

    old.lose()

    await driver.until(lambda: "went away" in " ".join(window.messages.texts))
    assert not window.page.header.buttons[Action.STOP].isEnabled()
    assert not window.page.apply_bar.apply.isEnabled()
    driver.engines.append(copy)
    await driver.until(lambda: window.messages.bar(HELPER) is None)
    assert window.page.settings.identity.hostname.text() == "edited"
    assert window.page.draft is not None
    assert window.page.draft.dirty
    await driver.click(window.page.header.buttons[Action.STOP])
    await driver.until(
        lambda: window.page.container and window.page.container.state is State.STOPPED
    )


async def _copy(engine: FakeEngine) -> FakeEngine:
    """The same containers in a new engine, as after a restart of the helper."""
    copy = FakeEngine()
    for container in await engine.containers():
        copy.put((await engine.definition(container.uuid)).text)
        if container.state.is_live:
            copy.arrange(container.name, State.RUNNING)
    return copy


async def test_search_narrows_the_list_and_says_when_nothing_matches(driver: Driver) -> None:
    window = driver.window
    await driver.click(window.list.search)

    await driver.type("paused")
    assert window.list.found.rowCount() == 1
    await driver.type("zzz")

    assert window.list.found.rowCount() == 0
    assert window.list.nothing.isVisible()


async def test_escape_empties_the_search(driver: Driver) -> None:
    window = driver.window
    await driver.click(window.list.search)
    await driver.type("paused")
    assert window.list.found.rowCount() == 1

    await driver.press(Qt.Key.Key_Escape)

    assert window.list.search.text() == ""
    assert window.list.found.rowCount() == len(window.model.containers)


async def _fail_to_kill(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    async def kill(_ref: str) -> Container:
        raise EngineError("scratch does not end", "wait")

    monkeypatch.setattr(driver.engine, "kill", kill)
    await driver.choose("scratch")
    await driver.click(driver.window.page.header.buttons[Action.KILL])
    await driver.until(lambda: driver.window.messages.texts)
    assert "Could not kill “scratch”. scratch does not end." in driver.window.messages.texts[0]


async def test_a_failure_is_told_over_its_own_container_only(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fail_to_kill(driver, monkeypatch)

    await driver.choose("web")

    assert driver.window.messages.texts == []


async def test_a_failure_is_outdated_when_its_container_changes(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fail_to_kill(driver, monkeypatch)

    await driver.engine.stop("scratch")

    await driver.until(lambda: driver.window.messages.texts == [])


async def test_a_container_that_is_deleted_while_its_console_is_read_leaves_no_trace(
    driver: Driver,
) -> None:
    await driver.choose("browndog")
    console = driver.console

    await driver.engine.undefine("browndog")
    await driver.until(lambda: driver.window.page.console is not console)

    await driver.until(lambda: driver.draft_uuid)
    assert driver.window.messages.texts == []


async def test_addresses_that_a_narrow_window_cuts_end_in_an_ellipsis_and_stand_in_the_tooltip(
    driver: Driver,
) -> None:
    await driver.choose("browndog")
    header = driver.window.page.header
    container = header_container(driver)
    addresses = ("2001:db8:1234:5678:9abc:def0:1234:5678/64", "10.90.0.2/24", "10.91.0.2/24")
    driver.window.resize(900, 700)
    header.show_container(replace(container, addresses=addresses))
    await driver.until(lambda: header.state.text().endswith("…"))
    assert all(each.partition("/")[0] in header.state.toolTip() for each in addresses)

    driver.window.resize(1590, 700)

    await driver.until(lambda: header.state.text().endswith("10.91.0.2"))
    assert header.state.toolTip() == ""


def header_container(driver: Driver) -> Container:
    container = driver.window.page.container
    assert container is not None
    return container
