"""Windows that are no larger than the screen that they appear on."""

from __future__ import annotations

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QWidget

_FRAME = QSize(8, 40)
"""What the desktop puts around a window, about."""


def resize_in(window: QWidget, wanted: QSize) -> None:
    """Give a window the size that it wants, as far as its screen has room for it."""
    screen = window.screen()
    if screen is not None:
        wanted = wanted.boundedTo(screen.availableSize() - _FRAME)
    window.resize(wanted)
