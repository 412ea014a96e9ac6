"""How windows end: keys that close one without a menu, and where the keyboard goes after it."""

from __future__ import annotations

from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QDialog, QWidget

CLOSING = ("Ctrl+Shift+W", "Ctrl+W")
"""A program that is typed to takes Ctrl+W for itself; the first one is always the window's."""


def close_by_keys(window: QWidget) -> None:
    """Let the usual keys close a window."""
    for keys in CLOSING:
        QShortcut(QKeySequence(keys), window).activated.connect(window.close)


def give_back(dialog: QDialog) -> None:
    """Let the window below have the keyboard after it; a window manager may not see to that."""
    below = dialog.parentWidget()
    window = below.window() if below is not None else None
    if window is not None:
        dialog.finished.connect(window.activateWindow)
