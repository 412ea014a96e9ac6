"""The real window on the engine in memory, under a screen of our own where there is none."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings
from qasync import QEventLoop
from tests.gui.driver import Driver
from tests.gui.screen import Screen, needs_screen

from cloche_engine.api.fake import FakeEngine
from cloche_gui.__main__ import make_application
from cloche_gui.services.engine import EngineService
from cloche_gui.services.jobs import Jobs
from cloche_gui.services.settings import Settings
from cloche_gui.views.main_window import MainWindow
from cloche_gui.widgets.appearance import Appearance

if needs_screen() and shutil.which("Xvfb"):
    _SCREEN = Screen()
    os.environ["DISPLAY"] = _SCREEN.display
    atexit.register(_SCREEN.close)


_APPLICATIONS: list[object] = []
"""One for the whole run: Qt does not survive the end of its application."""


def _loop() -> asyncio.AbstractEventLoop:
    application = make_application()
    _APPLICATIONS[:] = [application]
    loop: asyncio.AbstractEventLoop = QEventLoop(application)
    return loop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Coroutine tests here run in Qt's loop, as the window itself does."""
    return {"qt": _loop}


@pytest.fixture
def engine() -> FakeEngine:
    """The engine behind the window; tests may override it."""
    return FakeEngine.demo()


@pytest.fixture
async def driver(engine: FakeEngine, tmp_path: Path) -> AsyncIterator[Driver]:
    """The window, connected, with someone at mouse and keyboard."""
    appearance = Appearance(make_application())
    engines = [engine]

    async def connector() -> FakeEngine:
        return engines[-1]

    service = EngineService(connector)
    jobs = Jobs(service)
    settings = Settings(QSettings(str(tmp_path / "cloche.ini"), QSettings.Format.IniFormat))
    window = MainWindow(service, jobs, settings)
    window.show()
    window.activateWindow()
    connection = asyncio.create_task(service.run())
    driver = Driver(window, engines)
    await driver.until(lambda: service.is_connected and window.isActiveWindow())
    yield driver
    window.page.close_consoles()
    await jobs.stop()
    connection.cancel()
    await asyncio.gather(connection, return_exceptions=True)
    window.hide()
    window.deleteLater()
    appearance.deleteLater()
    await asyncio.sleep(0)
