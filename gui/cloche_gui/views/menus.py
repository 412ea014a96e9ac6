"""Menus made of the window's commands."""

from __future__ import annotations

import html
import platform

from PyQt6.QtCore import PYQT_VERSION_STR, QSize, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QApplication, QMainWindow, QMenu, QMessageBox

from cloche_gui.views.commands import Commands
from cloche_gui.widgets import icons
from cloche_gui.widgets.message_box import open_box

_CONTAINER = ("start", "stop", "restart", "kill", "", "pause", "resume", "", "delete")
_MENUS = (
    ("&Container", ("new", "import", "", *_CONTAINER, "", "quit")),
    ("&Edit", ("copy", "paste", "", "changes", "apply", "discard")),
    (
        "&View",
        (
            "page-console",
            "page-settings",
            "page-xml",
            "",
            "list",
            "search",
            "",
            "larger",
            "smaller",
        ),
    ),
    ("&Help", ("keys", "reference", "places", "", "about")),
)


def context_menu(commands: Commands) -> list[QAction | None]:
    """The actions of a container's context menu; None is a separator."""
    return [commands[name] if name else None for name in _CONTAINER]


def menu_bar(window: QMainWindow, commands: Commands) -> list[QMenu]:
    """Fill the window's menu bar."""
    menus = []
    bar = window.menuBar()
    for title, names in _MENUS:
        menu = QMenu(title, window)
        menu.setToolTipsVisible(True)
        for name in names:
            if name:
                menu.addAction(commands[name])
            else:
                menu.addSeparator()
        if bar is not None:
            bar.addMenu(menu)
        menus.append(menu)
    window.addActions(commands.all)
    return menus


def edit(what: str) -> None:
    """Copy or paste in whatever has the keyboard: console, editor or field."""
    focused: object = QApplication.focusWidget()
    method = getattr(focused, what, None)
    if callable(method):
        method()


def keys(commands: Commands) -> list[tuple[str, str]]:
    """What the window can do, and the shortcuts for it."""
    return [
        (action.iconText(), ", ".join(each.toString() for each in action.shortcuts()))
        for action in commands.all
        if action.shortcuts()
    ]


def show_about(window: QMainWindow) -> None:
    """Say what this is."""
    box = QMessageBox(window)
    box.setWindowTitle("About Cloche")
    box.setIconPixmap(icons.application_icon().pixmap(QSize(64, 64)))
    box.setTextFormat(Qt.TextFormat.RichText)
    version = html.escape(QApplication.applicationVersion())
    box.setText(f"<b>Cloche {version}</b><br>A desktop manager for Linux containers.")
    box.setInformativeText(
        f"Python {platform.python_version()}, PyQt {PYQT_VERSION_STR}. Free software under the "
        "GNU General Public License, version 3 or later."
    )
    open_box(box)
