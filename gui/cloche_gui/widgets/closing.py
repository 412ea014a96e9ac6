"""Keys that close a window which has no menu of its own."""

from __future__ import annotations

from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QWidget

CLOSING = ("Ctrl+Shift+W", "Ctrl+W")
"""A program that is typed to takes Ctrl+W for itself; the first one is always the window's."""


def close_by_keys(window: QWidget) -> None:
    """Let the usual keys close a window."""
    for keys in CLOSING:
        QShortcut(QKeySequence(keys), window).activated.connect(window.close)
