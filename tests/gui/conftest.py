"""The real window on the engine in memory, under a screen of our own where there is none."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
import pytestqt.plugin
from PyQt6.QtCore import QCoreApplication, QSettings
from PyQt6.QtWidgets import QDialog  # noqa: TID251 - it looks for them
from pytestqt.qtbot import QtBot
from qasync import QEventLoop
from tests.bus.world import Helper, real_helper_words
from tests.bus.world import helper as helper_of
from tests.gui.driver import Driver
from tests.gui.real_helper import end_helper
from tests.gui.screen import Screen, needs_screen
from tests.own_network import own_network

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect
from cloche_engine.api.fake import FakeEngine
from cloche_engine.api.fake_demo import demo
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


T = TypeVar("T")
_PATIENCE = 30_000
_APPLICATIONS: list[object] = []
"""One for the whole run: Qt does not survive the end of its application."""


class _Loop(QEventLoop):  # type: ignore[misc]  # qasync has no types
    """Handles events only while it runs; qasync does so once more when a coroutine has ended."""

    def run_until_complete(self, future: Awaitable[T]) -> T:
        """The outcome of a coroutine; between fixture and test, events wait."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(lambda _: self.stop())
        self.run_forever()
        return task.result()


class PatientBot(QtBot):
    """Waits longer than a busy machine takes; a wait that succeeds costs no more for it."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = _PATIENCE) -> None:  # noqa: N802
        """Wait until `callback` holds, at most `timeout` milliseconds."""
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QCoreApplication, request: pytest.FixtureRequest) -> PatientBot:
    """pytest-qt's, with more patience."""
    return PatientBot(request)


def _loop() -> asyncio.AbstractEventLoop:
    application = make_application()
    _APPLICATIONS[:] = [application]
    loop: asyncio.AbstractEventLoop = _Loop(application)
    return loop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Coroutine tests here run in Qt's loop, as the window itself does."""
    return {"qt": _loop}


@pytest.fixture(autouse=True, scope="session")
def _events_only_in_the_loop() -> Iterator[None]:
    """pytest-qt handles events between the phases of a test too, where asyncio has no loop.

    A message that arrives just then would be read, and the answer to it fail.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytestqt.plugin, "_process_events", lambda: None)
        yield


@pytest.fixture
def engine() -> FakeEngine:
    """The engine behind the window; tests may override it."""
    return demo()


@pytest.fixture
async def driver(engine: FakeEngine, tmp_path: Path) -> AsyncIterator[Driver]:
    """The window, connected, with someone at mouse and keyboard."""
    engines = [engine]

    async def connector() -> FakeEngine:
        return engines[-1]

    async with _opened(connector, engines, tmp_path) as driver:
        yield driver


@pytest.fixture
async def real_driver(tmp_path: Path) -> AsyncIterator[Driver]:
    """The same on the real engine behind a private helper of its own, in `helper`."""
    directory = tmp_path / "helper"
    with own_network():
        async with _opened(partial(connect, f"private:{directory}"), [], tmp_path) as driver:
            yield driver
        await end_helper(directory)


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Helper]:
    """A real helper for the tests of one module."""
    directory = tmp_path_factory.mktemp("shared") / "helper"
    with own_network(), helper_of(directory, words=real_helper_words(directory)) as running:
        yield running


@pytest.fixture
async def helper_driver(helper: Helper, tmp_path: Path) -> AsyncIterator[Driver]:
    """The window on that helper's engine."""
    async with _opened(partial(connect, helper.target), [], tmp_path) as driver:
        yield driver


def _has_the_keyboard(window: MainWindow) -> bool:
    """Whether it is active; asked for again, because a dialog of the last test may take it back.

    A window manager would see to that; there is none on this screen.
    """
    if not window.isActiveWindow():
        window.activateWindow()
    return window.isActiveWindow()


@asynccontextmanager
async def _opened(
    connector: Callable[[], Awaitable[Engine]], engines: list[FakeEngine], tmp_path: Path
) -> AsyncIterator[Driver]:
    appearance = Appearance(make_application())
    service = EngineService(connector)
    jobs = Jobs(service)
    settings = Settings(QSettings(str(tmp_path / "cloche.ini"), QSettings.Format.IniFormat))
    window = MainWindow(service, jobs, settings)
    window.show()
    window.activateWindow()
    connection = asyncio.create_task(service.run())
    driver = Driver(window, engines)
    await driver.until(lambda: service.is_connected and _has_the_keyboard(window))
    yield driver
    for dialog in window.findChildren(QDialog):
        dialog.close()
    window.page.close_consoles()
    await jobs.stop()
    connection.cancel()
    await asyncio.gather(connection, return_exceptions=True)
    window.hide()
    window.deleteLater()
    appearance.deleteLater()
    await asyncio.sleep(0)
