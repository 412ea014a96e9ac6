"""Someone at mouse and keyboard: every gesture goes through Qt's event handling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton, QWidget  # noqa: TID251 - it looks at them

from cloche_engine.api.fake import FakeEngine
from cloche_gui.views.console_page import ConsolePage
from cloche_gui.views.main_window import MainWindow
from cloche_gui.views.new_container import NewContainerDialog

PATIENCE = 10.0
_LEFT = Qt.MouseButton.LeftButton
_NONE = Qt.KeyboardModifier.NoModifier
SHORTCUT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Driver:
    """The window, the engines behind it (the last one counts), and gestures on them."""

    def __init__(self, window: MainWindow, engines: list[FakeEngine]) -> None:
        self.window = window
        self.engines = engines
        self.clicks = 0

    @property
    def engine(self) -> FakeEngine:
        return self.engines[-1]

    @property
    def console(self) -> ConsolePage:
        console = self.window.page.console
        assert console is not None
        return console

    @property
    def screen(self) -> str:
        return "\n".join(self.console.terminal.screen_lines())

    @property
    def dialog(self) -> NewContainerDialog:
        dialog = self.window.creating.dialog
        assert dialog is not None
        return dialog

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - Qt has no event for it
                await asyncio.sleep(0.005)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click a widget; one that nobody could see or use fails the test."""
        assert widget.isVisible(), f"{widget} is not to be seen"
        assert widget.isEnabled(), f"{widget} cannot be used"
        self.clicks += 1
        QTest.mouseClick(widget, _LEFT, _NONE, at or widget.rect().center())

    def click_text(self, parent: QWidget, text: str) -> None:
        """Click the button with this text."""
        found = [b for b in parent.findChildren(QPushButton) if b.text().replace("&", "") == text]
        assert found, f"there is no button {text!r}"
        self.click(found[0])

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        """Press a key where the keyboard goes now."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def type(self, text: str) -> None:
        """Type where the keyboard goes now."""
        for character in text:
            QTest.keyClick(QApplication.focusWidget() or self.window, character)

    def replace(self, text: str) -> None:
        """Type over what a field holds."""
        self.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.type(text)

    @property
    def focused(self) -> QWidget | None:
        return QApplication.focusWidget()

    def has_focus(self, widget: QWidget) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and (focused is widget or widget.isAncestorOf(focused))

    def uuid(self, name: str) -> str:
        return next(c.uuid for c in self.window.model.containers if c.name == name)

    async def choose(self, name: str) -> None:
        """Click a container in the list, and wait for its definition."""
        view = self.window.list.view
        uuid = self.uuid(name)
        rows = range(self.window.list.found.rowCount())
        indexes = [self.window.list.found.index(row, 0) for row in rows]
        index = next(i for i in indexes if i.data() == name)
        viewport = view.viewport()
        assert viewport is not None
        self.click(viewport, view.visualRect(index).center())
        await self.until(lambda: self.draft_uuid == uuid)

    @property
    def draft_uuid(self) -> str:
        draft = self.window.page.draft
        return draft.uuid if draft is not None else ""

    def turn_to(self, page: int) -> None:
        """Click the tab of a page."""
        bar = self.window.page.tabs.tabBar()
        assert bar is not None
        self.click(bar, bar.tabRect(page).center())
