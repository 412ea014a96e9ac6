"""The window while its helper is stopped: it lives, says what is wrong, and goes on with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.gui.driver import Driver
from tests.gui.real_helper import helper_pid
from tests.gui.test_real_helper import box, running

from cloche_engine.api import bus_pulse
from cloche_engine.api.model import State
from cloche_gui.presenters.container import Action
from cloche_gui.views.main_window import HELPER

pytestmark = [pytest.mark.screen, pytest.mark.kernel, pytest.mark.bus]


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_stopped_helper_is_named_the_console_goes_on_and_so_does_the_window_after_it(
    real_driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_pulse, "EVERY", 0.1)
    driver, window, directory = real_driver, real_driver.window, tmp_path / "helper"
    await box(driver, directory)
    await running(directory, "other")
    await driver.until(lambda: window.model.rowCount() == 2)
    pid = helper_pid(directory)
    assert pid is not None
    pause = window.page.header.buttons[Action.PAUSE]
    with stopped(pid):
        await driver.click(pause)
        await driver.until(lambda: window.messages.bar(HELPER))
        (told,) = window.messages.texts
        assert f"does not answer: process {pid} is stopped" in told
        assert f"kill -CONT {pid}" in told
        await driver.click(driver.console.terminal)
        await driver.type("echo mean''while\r")
        await driver.until(lambda: "\nmeanwhile" in driver.screen)
        assert not pause.isEnabled()
        await driver.click_row("other")
        await driver.until(lambda: "could not be opened" in " ".join(driver.console.messages.texts))
    await driver.until(lambda: window.messages.bar(HELPER) is None)
    assert helper_pid(directory) == pid
    await driver.until(lambda: driver.console.is_attached)
    await driver.until(lambda: not window.messages.texts and not driver.console.messages.texts)
    kill = window.page.header.buttons[Action.KILL]
    await driver.until(kill.isEnabled)
    await driver.click(kill)
    await driver.until(
        lambda: window.page.container and window.page.container.state is State.STOPPED
    )
