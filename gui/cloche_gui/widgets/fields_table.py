"""A small editable table with buttons to add, remove and browse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cloche_gui.widgets import icons
from cloche_gui.widgets.closing import give_back

Cell = str | bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, whether it is a check box, whether a directory can be browsed for."""

    title: str
    check: bool = False
    browse: bool = False
    hint: str = ""


class TableField(QWidget):
    """Rows of texts and check boxes; `key` of a row is kept beside it and never shown."""

    changed = pyqtSignal()

    def __init__(self, columns: Sequence[Column], what: str) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._keys: list[object] = []
        self.table = QTableWidget(0, len(columns))
        self.add_button = _button("new", f"Add {what}")
        self.remove_button = _button("remove", "Remove")
        self.browse_button = _button("folder", "Browse …")
        self._lay_out()
        self._prepare_table(what)
        self.setFocusProxy(self.table)
        self.add_button.clicked.connect(self._add_clicked)
        self.remove_button.clicked.connect(self._remove_clicked)
        self.browse_button.clicked.connect(self._browse_clicked)
        self.table.itemChanged.connect(lambda _: self.changed.emit())
        self.table.itemSelectionChanged.connect(self._enable_buttons)
        self._enable_buttons()

    def rows(self) -> list[tuple[object, tuple[Cell, ...]]]:
        """Key and cells of every row."""
        return [
            (key, tuple(self._cell(row, at) for at in range(len(self._columns))))
            for row, key in enumerate(self._keys)
        ]

    def set_rows(self, rows: Sequence[tuple[object, Sequence[Cell]]]) -> None:
        """Show these rows without telling of it; nothing moves where they are shown already."""
        if [cells for _, cells in self.rows()] == [tuple(cells) for _, cells in rows]:
            self._keys = [key for key, _ in rows]
            return
        with QSignalBlocker(self), QSignalBlocker(self.table):
            self.table.setRowCount(0)
            self._keys = []
            for key, cells in rows:
                self._append(key, cells)
        self._fit()
        self._enable_buttons()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        if any(column.browse for column in self._columns):
            buttons.addWidget(self.browse_button)
        else:
            self.browse_button.hide()
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addLayout(buttons)

    def _prepare_table(self, what: str) -> None:
        table = self.table
        table.setHorizontalHeaderLabels([column.title for column in self._columns])
        table.setAccessibleName(f"Table of each {what}")
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        trigger = QAbstractItemView.EditTrigger
        table.setEditTriggers(
            trigger.DoubleClicked
            | trigger.SelectedClicked
            | trigger.EditKeyPressed
            | trigger.AnyKeyPressed
        )
        table.setWordWrap(False)
        header, numbers = table.horizontalHeader(), table.verticalHeader()
        if header is not None and numbers is not None:
            numbers.hide()
            numbers.setDefaultSectionSize(28)
            header.setHighlightSections(False)
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            for at, column in enumerate(self._columns):
                mode = QHeaderView.ResizeMode
                header.setSectionResizeMode(
                    at, mode.ResizeToContents if column.check else mode.Stretch
                )
        self._fit()

    def _fit(self) -> None:
        header = self.table.horizontalHeader()
        rows = min(max(self.table.rowCount(), 2), 6)
        height = (header.sizeHint().height() if header is not None else 24) + 28 * rows + 4
        self.table.setFixedHeight(height)

    def _append(self, key: object, cells: Sequence[Cell]) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        self._keys.append(key)
        for at, cell in enumerate(cells):
            self.table.setItem(row, at, self._item(at, cell))

    def _item(self, at: int, cell: Cell) -> QTableWidgetItem:
        if isinstance(cell, bool):
            item = QTableWidgetItem()
            flags = Qt.ItemFlag
            item.setFlags(flags.ItemIsUserCheckable | flags.ItemIsEnabled | flags.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if cell else Qt.CheckState.Unchecked)
            return item
        item = QTableWidgetItem(cell)
        item.setToolTip(self._columns[at].hint)
        return item

    def _cell(self, row: int, at: int) -> Cell:
        item = self.table.item(row, at)
        if self._columns[at].check:
            return item is not None and item.checkState() == Qt.CheckState.Checked
        return item.text() if item is not None else ""

    def _add_clicked(self) -> None:
        with QSignalBlocker(self.table):
            self._append(None, [False if column.check else "" for column in self._columns])
        self._fit()
        row = self.table.rowCount() - 1
        self.table.setFocus()
        self.table.setCurrentCell(row, 0)
        item = self.table.item(row, 0)
        if item is not None:
            self.table.editItem(item)
        self.changed.emit()

    def _remove_clicked(self) -> None:
        row = self.table.currentRow()
        if row < 0:
            return
        del self._keys[row]
        self.table.removeRow(row)
        self._fit()
        self._enable_buttons()
        self.changed.emit()

    def _browse_clicked(self) -> None:
        at = next(at for at, column in enumerate(self._columns) if column.browse)
        if self.table.currentRow() < 0:
            self._add_clicked()
        row = self.table.currentRow()
        dialog = QFileDialog(self.window(), "Choose a directory of this host")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        give_back(dialog)
        dialog.fileSelected.connect(lambda path: self._browsed(row, at, path))
        dialog.open()

    def _browsed(self, row: int, at: int, path: str) -> None:
        item = self.table.item(row, at)
        if item is not None and path:
            item.setText(path)

    def _enable_buttons(self) -> None:
        chosen = self.table.currentRow() >= 0
        self.remove_button.setEnabled(chosen)
        self.remove_button.setToolTip("" if chosen else "Choose a row first.")


def _button(icon: str, text: str) -> QPushButton:
    button = QPushButton(icons.icon(icon), text)
    button.setAutoDefault(False)
    return button
