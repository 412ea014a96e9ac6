"""The real window in this process; says on which platform it is, and closes it by itself.

Not to be imported: it is the program that test_wayland.py runs. With the word `about` it opens
the box about the program first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QMainWindow  # noqa: TID251 - it closes the window

from cloche_engine.api.model import Container
from cloche_gui.__main__ import main
from cloche_gui.models.containers import ContainersModel
from cloche_gui.views.menus import show_about

_LOOK_AGAIN_MS = 20
_fill = ContainersModel.reset


def _fill_and_tell(model: ContainersModel, containers: Sequence[Container]) -> None:
    _fill(model, containers)
    if "about" in sys.argv:
        QTimer.singleShot(0, lambda: _open_about(len(containers)))
    else:
        QTimer.singleShot(0, lambda: _tell(len(containers)))


def _open_about(count: int) -> None:
    for window in QApplication.topLevelWidgets():
        if isinstance(window, QMainWindow):
            show_about(window)
    _tell_when_shown(count)


def _tell_when_shown(count: int) -> None:
    box = QApplication.activeModalWidget()
    handle = None if box is None else box.windowHandle()
    if handle is not None and handle.isExposed():
        _tell(count)
    else:
        QTimer.singleShot(_LOOK_AGAIN_MS, lambda: _tell_when_shown(count))


def _tell(count: int) -> None:
    window = QApplication.topLevelWidgets()
    shown = any(each.isVisible() for each in window)
    sys.stdout.write(
        f"{QGuiApplication.platformName()} {QGuiApplication.desktopFileName()} {shown} {count}\n"
    )
    QApplication.closeAllWindows()


if __name__ == "__main__":
    ContainersModel.reset = _fill_and_tell  # type: ignore[method-assign,assignment]  # the moment
    sys.exit(main(["--demo"]))
