"""One session with the real window: opened by its own `main`, visited, closed again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtWidgets import QApplication, QWidget  # noqa: TID251 - it looks at them
from tests.gui.driver import Driver
from tests.walkthrough_host import FailedError

from cloche_gui.__main__ import main, make_application
from cloche_gui.views.main_window import MainWindow

_PATIENCE = 40.0
_LOOK_AGAIN_MS = 20
_FRAME, _FRAMES_MOST = 0.06, 20
"""Seconds in which the terminal paints at least once, and how often to look whether it did."""


class Visitor:
    """Someone at mouse and keyboard who says what he waits for, and takes pictures."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.driver = Driver(window, [], patience=_PATIENCE)

    async def until(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for it; FailedError where it does not come."""
        try:
            await self.driver.until(condition)
        except TimeoutError as error:
            raise FailedError(f"{what} did not come within {_PATIENCE:.0f} seconds") from error

    @property
    def is_attached(self) -> bool:
        """Whether the console in view hears what is typed."""
        console = self.window.page.console
        return console is not None and console.is_attached

    @property
    def lines_said(self) -> list[str]:
        """What stands in the cells of the console in view, without empty lines."""
        return [line for line in self.driver.console.terminal.screen_lines() if line]

    def messages(self) -> str:
        """What the window says in its message bars."""
        said = list(self.window.messages.texts)
        if self.window.page.console is not None:
            said += self.window.page.console.messages.texts
        return " ".join(said)

    async def picture(self, file: Path) -> None:
        """Save the window and what stands over it, once nothing in it moves any more."""
        picture = self._grab()
        for _ in range(_FRAMES_MOST):
            await asyncio.sleep(_FRAME)
            before, picture = picture, self._grab()
            if picture == before:
                break
        if not picture.save(str(file)):
            raise FailedError(f"the picture {file} could not be saved")

    def _grab(self) -> QImage:
        dialogs = _dialogs(self.window)
        places = [d.geometry().translated(-self.window.geometry().topLeft()) for d in dialogs]
        room = self.window.rect()
        for place in places:
            room |= place.adjusted(-1, -1, 1, 1)
        picture = QImage(room.size(), QImage.Format.Format_RGB32)
        picture.fill(self.window.palette().mid().color())
        painter = QPainter(picture)
        painter.translate(-room.topLeft())
        painter.drawPixmap(0, 0, self.window.grab())
        for dialog, place in zip(dialogs, places, strict=True):
            painter.fillRect(place.adjusted(-1, -1, 1, 1), dialog.palette().mid())
            painter.drawPixmap(place.topLeft(), dialog.grab())
        painter.end()
        return picture

    def leave(self) -> None:
        """Close the window, whatever stands in it."""
        for dialog in _dialogs(self.window):
            dialog.close()
        for draft in self.window.editing.drafts.unsaved():
            draft.discard()
        self.window.close()


def open_window(target: str, visit: Callable[[Visitor], Awaitable[None]], *, dark: bool) -> None:
    """Run the window's own `main` until the visit is over; what the visit raises is raised."""
    application = make_application()
    tasks: list[asyncio.Task[None]] = []

    def begin() -> None:
        window = next((w for w in application.topLevelWidgets() if _is_open(w)), None)
        if not isinstance(window, MainWindow):
            QTimer.singleShot(_LOOK_AGAIN_MS, begin)
            return
        window.activateWindow()  # a window manager would; there is none on this screen
        hints = application.styleHints()
        if dark and hints is not None:
            hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)  # as a desktop tells of it
        tasks.append(asyncio.get_running_loop().create_task(_visit(Visitor(window), visit)))

    QTimer.singleShot(0, begin)
    status = main(["--connect", target])
    if status or not tasks:
        raise FailedError(f"the window ended with status {status}")
    tasks[0].result()


async def _visit(visitor: Visitor, visit: Callable[[Visitor], Awaitable[None]]) -> None:
    try:
        await visit(visitor)
    finally:
        visitor.leave()


def _is_open(widget: QWidget) -> bool:
    return isinstance(widget, MainWindow) and widget.isVisible()


def _dialogs(window: MainWindow) -> list[QWidget]:
    """Open dialogs, the oldest first."""
    widgets = QApplication.topLevelWidgets()
    return [w for w in widgets if w is not window and w.isVisible() and w.parentWidget() is window]
