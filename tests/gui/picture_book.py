"""What the pictures show: the real window on the engine in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QApplication, QMessageBox, QScrollArea, QWidget  # noqa: TID251 - it looks at them
from qasync import QEventLoop
from tests.gui.samples import LIBVIRT

from cloche_engine.api.fake import FakeEngine
from cloche_engine.api.fake_demo import demo
from cloche_engine.definition.problem import TextEdit
from cloche_gui.__main__ import make_application
from cloche_gui.presenters.network import Mode
from cloche_gui.services.engine import EngineService
from cloche_gui.services.jobs import Jobs
from cloche_gui.services.settings import Settings
from cloche_gui.views.container_page import CONSOLE, SETTINGS, XML
from cloche_gui.views.help_dialog import HelpDialog
from cloche_gui.views.main_window import MainWindow
from cloche_gui.widgets.appearance import Appearance

_PATIENCE = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until the window is where it should be."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110 - Qt has no event for it
            await asyncio.sleep(0.01)


class PictureBook:
    """Goes through the window, page by page, once in each scheme."""

    def __init__(self, folder: Path, settings: Path) -> None:
        self._folder = folder
        self._store = str(settings / "settings.ini")
        self._app = make_application()
        self._scheme = ""

    def save_all(self) -> None:
        """Save every picture."""
        with QEventLoop(self._app) as loop:
            loop.run_until_complete(self._both())

    async def _both(self) -> None:
        appearance = Appearance(self._app)
        for scheme in (Qt.ColorScheme.Light, Qt.ColorScheme.Dark):
            self._scheme = scheme.name.lower()
            appearance.apply(scheme)
            await self._window(FakeEngine(), self._empty)
            await self._window(demo(), self._demo)

    async def _window(
        self, engine: FakeEngine, visit: Callable[[MainWindow, FakeEngine], Awaitable[None]]
    ) -> None:
        async def connector() -> FakeEngine:
            return engine

        service = EngineService(connector)
        jobs = Jobs(service)
        settings = QSettings(self._store, QSettings.Format.IniFormat)
        settings.clear()
        window = MainWindow(service, jobs, Settings(settings))
        window.show()
        connection = asyncio.create_task(service.run())
        try:
            await until(lambda: service.is_connected)
            await visit(window, engine)
        finally:
            await jobs.stop()
            connection.cancel()
            await asyncio.gather(connection, return_exceptions=True)
            window.page.close_consoles()
            window.deleteLater()

    async def _empty(self, window: MainWindow, _engine: FakeEngine) -> None:
        await until(lambda: window.stack.currentWidget() is window.empty)
        await self._save(window, "01-empty")
        window.commands["new"].trigger()
        dialog = window.creating.dialog
        if dialog is None:
            return
        await self._save(dialog, "02-new")
        dialog.name.setText("bad name!")
        dialog.network.choose(Mode.PRIVATE)
        dialog.network.lines["address"].setText("10.90.0.300")
        dialog.network.changed.emit()
        dialog.root.own.setChecked(True)
        await self._save(dialog, "03-new-errors")
        dialog.root.cloned.setChecked(True)
        dialog.root.get_template.click()
        templates = window.creating.templates
        await until(lambda: templates.dialog)
        if templates.dialog is not None:
            templates.dialog.make_button.click()
            bar = templates.dialog.bar
            await until(lambda: bar.value() > 20)
            await self._save(templates.dialog, "03-template")
            templates.dialog.cancel_button.click()
            templates.dialog.cancel_button.click()
        dialog.reject()
        file = self._folder / "guest.xml"
        file.write_bytes(LIBVIRT)
        window.importing.open(str(file))
        await until(lambda: window.importing.dialog)
        if window.importing.dialog is not None:
            await self._save(window.importing.dialog, "04-import")
            window.importing.dialog.reject()
        file.unlink()

    async def _demo(self, window: MainWindow, engine: FakeEngine) -> None:
        names = {container.name: container.uuid for container in window.model.containers}
        window.list.choose(names["scratch"])
        window.page.show_page(CONSOLE)
        console = window.page.console
        await until(lambda: console is not None and console.is_attached)
        if console is not None:
            console.terminal.send_text("help\r")
            await until(lambda: len("".join(console.terminal.screen_lines())) > 40)
        await self._save(window, "10-console")
        await self._pages_of_help(window)
        window.list.choose(names["old-mail"])
        await self._save(window, "11-failed")
        await self._question(window)
        window.list.choose(names["nightly-build"])
        await self._save(window, "12-ended")
        window.list.choose(names["database"])
        await self._save(window, "13-paused")
        window.list.choose(names["web"])
        await until(lambda: window.page.draft)
        window.page.show_page(SETTINGS)
        await self._save(window, "20-settings")
        window.page.settings.limits.memory.spin.setValue(512)
        scroll = window.page.settings.findChild(QScrollArea, "scroll")
        await self._save(window, "21-settings-changed")
        self._scroll_down(scroll)
        await self._save(window, "22-settings-below")
        window.page.show_page(XML)
        await self._save(window, "30-xml")
        await self._help(window)
        window.page.xml.editor.insertAt("<bork ", 9, 6)
        await self._save(window, "31-xml-broken")
        window.page.show_page(SETTINGS)
        await self._save(window, "32-settings-greyed")
        engine.lose()
        await asyncio.sleep(0)
        await self._save(window, "40-helper-gone")
        self._app.processEvents()

    async def _pages_of_help(self, window: MainWindow) -> None:
        for number, name in enumerate(("keys", "reference", "places")):
            window.commands[name].trigger()
            dialog = window.findChildren(HelpDialog)[-1]
            await self._save(dialog, f"5{number}-help-{name}")
            dialog.reject()

    async def _question(self, window: MainWindow) -> None:
        window.commands["delete"].trigger()
        box = window.findChild(QMessageBox, "delete-question")
        if box is not None:
            await self._save(box, "53-delete")
            box.reject()

    async def _help(self, window: MainWindow) -> None:
        """Completion, a fix, and the plan; the document is as before afterwards."""
        editor = window.page.xml.editor
        before = editor.text()
        at = before.index("</container>")
        editor.setFocus()
        editor.setCursorPosition(before[:at].count("\n"), 2)
        editor.assistant.propose()
        await self._save(window, "33-completion")
        editor.assistant.close()
        start = before.index("<memory")
        editor.mend([TextEdit(start + 1, start + 7, "memroy")])
        editor.go_to(before[:start].count("\n") + 1, 4)
        await self._save(window, "34-fix")
        editor.undo()
        window.commands["changes"].trigger()
        if window.page.plan is not None:
            await self._save(window.page.plan, "35-plan")
            window.page.plan.reject()

    def _scroll_down(self, scroll: QScrollArea | None) -> None:
        bar = scroll.verticalScrollBar() if scroll is not None else None
        if bar is not None:
            bar.setValue(bar.maximum())

    async def _save(self, widget: QWidget, name: str) -> None:
        for _ in range(12):
            await asyncio.sleep(0.02)
            QApplication.sendPostedEvents()
        path = self._folder / f"{name}-{self._scheme}.png"
        widget.grab().save(str(path))
