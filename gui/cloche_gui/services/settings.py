"""What the window remembers between runs."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QSettings


class Settings:
    """Typed access to the stored settings."""

    def __init__(self, store: QSettings) -> None:
        self._store = store

    @property
    def geometry(self) -> QByteArray:
        """Size and place of the main window; empty at the first start."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def splitter(self) -> QByteArray:
        """Where the list ends and the page begins."""
        return self._bytes("window/splitter")

    @splitter.setter
    def splitter(self, value: QByteArray) -> None:
        self._store.setValue("window/splitter", value)

    @property
    def selected(self) -> str:
        """The uuid of the container that was shown last."""
        return str(self._store.value("window/selected", ""))

    @selected.setter
    def selected(self, uuid: str) -> None:
        self._store.setValue("window/selected", uuid)

    @property
    def console_points(self) -> int:
        """The console's font size; 0 means the system's own."""
        try:
            return int(self._store.value("console/points", 0))
        except (TypeError, ValueError):
            return 0

    @console_points.setter
    def console_points(self, points: int) -> None:
        self._store.setValue("console/points", points)

    @property
    def console_family(self) -> str:
        """The console's font; empty means the system's own."""
        return str(self._store.value("console/family", ""))

    @console_family.setter
    def console_family(self, family: str) -> None:
        self._store.setValue("console/family", family)

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()
