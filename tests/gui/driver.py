"""Someone at mouse and keyboard: every gesture goes through Qt's event handling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from PyQt6.QtCore import QPoint, Qt, QTimer
from PyQt6.QtGui import QWindow
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton, QWidget  # noqa: TID251 - it looks at them

from cloche_engine.api.fake import FakeEngine
from cloche_gui.views.console_page import ConsolePage
from cloche_gui.views.main_window import MainWindow
from cloche_gui.views.new_container import NewContainerDialog

PATIENCE = 30.0
_events = cast("Any", QTest)  # the stubs take its static methods for methods of an instance
_LEFT = Qt.MouseButton.LeftButton
_NONE = Qt.KeyboardModifier.NoModifier
SHORTCUT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Driver:
    """The window, the engines behind it (the last one counts), and gestures on them."""

    def __init__(
        self, window: MainWindow, engines: list[FakeEngine], patience: float = PATIENCE
    ) -> None:
        self.window = window
        self.engines = engines
        self.patience = patience
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
        async with asyncio.timeout(self.patience):
            while not condition():  # noqa: ASYNC110 - Qt has no event for it
                await asyncio.sleep(0.005)

    async def act(self, gesture: Callable[[], object]) -> None:
        """Make a gesture outside of any task, where the desktop's events come from too."""
        done = asyncio.get_running_loop().create_future()

        def run() -> None:
            try:
                gesture()
            except AssertionError as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        QTimer.singleShot(0, run)
        await done

    async def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click a widget; one that nobody could see or use fails the test."""
        assert widget.isVisible(), f"{widget} is not to be seen"
        assert widget.isEnabled(), f"{widget} cannot be used"
        self.clicks += 1
        place = at or widget.rect().center()
        await self.act(lambda: _events.mouseClick(widget, _LEFT, _NONE, place))

    async def click_text(self, parent: QWidget, text: str) -> None:
        """Click the button with this text."""
        buttons = [b for b in parent.findChildren(QPushButton) if b.isVisible()]
        found = [b for b in buttons if b.text().replace("&", "") == text]
        assert found, f"there is no button {text!r}"
        await self.click(found[0])

    async def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        """Press a key where the keyboard goes now."""
        await self.act(lambda: _events.keyClick(self._receiver, key, modifiers))

    async def press_letter(self, text: str) -> None:
        """Press Alt with the letter that is underlined in a text."""
        letter = text[text.index("&") + 1].upper()
        await self.press(Qt.Key[f"Key_{letter}"], Qt.KeyboardModifier.AltModifier)

    async def type(self, text: str) -> None:
        """Type where the keyboard goes now."""
        for character in text:
            await self.act(partial(self._type_one, character))

    def _type_one(self, character: str) -> None:
        _events.keyClick(self._receiver, character)

    async def replace(self, text: str) -> None:
        """Type over what a field holds."""
        await self.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        await self.type(text)

    @property
    def _receiver(self) -> QWindow:
        """The window that the desktop gives keys to: shortcuts and focus are Qt's own business."""
        active = QApplication.activeWindow() or self.window
        handle = active.windowHandle()
        assert handle is not None
        return handle

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
        uuid = self.uuid(name)
        await self.click_row(name)
        await self.until(lambda: self.draft_uuid == uuid)

    async def click_row(self, name: str) -> None:
        """Click a container in the list."""
        view = self.window.list.view
        rows = range(self.window.list.found.rowCount())
        indexes = [self.window.list.found.index(row, 0) for row in rows]
        index = next(i for i in indexes if i.data() == name)
        viewport = view.viewport()
        assert viewport is not None
        await self.click(viewport, view.visualRect(index).center())

    async def attach(self, name: str) -> None:
        """Click a container that runs, and wait for its console."""
        await self.choose(name)
        await self.until(lambda: self.console.is_attached)

    @property
    def draft_uuid(self) -> str:
        draft = self.window.page.draft
        return draft.uuid if draft is not None else ""

    async def turn_to(self, page: int) -> None:
        """Click the tab of a page."""
        bar = self.window.page.tabs.tabBar()
        assert bar is not None
        await self.click(bar, bar.tabRect(page).center())
