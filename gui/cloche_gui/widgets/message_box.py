"""Questions and notes that show all of their text on every desktop."""

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QMessageBox

_UNBOUND = (1 << 24) - 1


def open_box(box: QMessageBox) -> None:
    """Open the box without waiting for the answer; it is deleted when it is closed."""
    box.finished.connect(box.deleteLater)
    box.open()
    if QGuiApplication.platformName() == "wayland":
        # Told a largest size before it knows the shadow, Mutter takes the shadow off that size,
        # and the last lines are cut off. Qt fixes the size again when the box is there.
        box.setMaximumSize(_UNBOUND, _UNBOUND)
