"""Mounts as a table: source, target, read-only."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from cloche_gui.presenters.mounts import Mount
from cloche_gui.widgets.fields_table import Column, TableField

_COLUMNS = (
    Column("Directory of this host", browse=True, hint="An absolute path on this host"),
    Column("Place in the container", hint="An absolute path inside; / for a system of its own"),
    Column("Read-only", check=True),
)


class MountsField(QWidget):
    """Shows mounts; the filesystem that a row came from stays with it."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.rows = TableField(_COLUMNS, "mount")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.rows)
        self.setFocusProxy(self.rows)
        self.rows.changed.connect(self.changed)

    def mounts(self) -> tuple[Mount, ...]:
        """What the rows say."""
        return tuple(
            Mount(
                str(cells[0]),
                str(cells[1]),
                bool(cells[2]),
                key.origin if isinstance(key, Mount) else None,
            )
            for key, cells in self.rows.rows()
        )

    def set_mounts(self, mounts: Sequence[Mount]) -> None:
        """Show these mounts without telling of it."""
        self.rows.set_rows([(m, (m.source, m.target, m.readonly)) for m in mounts])
