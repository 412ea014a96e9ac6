"""The containers as a Qt list, in order, searchable."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QSortFilterProxyModel, Qt

from cloche_engine.api.model import Change, Container, Removed
from cloche_engine.definition.spec import ContainerSpec, Interface
from cloche_gui.presenters import container as words
from cloche_gui.presenters.notice import plain_tip

CONTAINER_ROLE = int(Qt.ItemDataRole.UserRole)
_NOWHERE = QModelIndex()


class ContainersModel(QAbstractListModel):
    """All containers that the engine told of, sorted by name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Container] = []

    @property
    def containers(self) -> Sequence[Container]:
        """All of them, in order."""
        return self._rows

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """How many there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, words for a screen reader, or the container itself."""
        if not index.isValid():
            return None
        container = self._rows[index.row()]
        if role == CONTAINER_ROLE:
            return container
        if role == Qt.ItemDataRole.DisplayRole:
            return container.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(words.row_tip(container))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return words.spoken(container)
        return None

    def get(self, uuid: str) -> Container | None:
        """The container with this uuid."""
        row = self._find(uuid)
        return None if row is None else self._rows[row]

    @property
    def addresses(self) -> list[str]:
        """The addresses of all containers, held now or given by their definitions."""
        return [address for container in self._rows for address in words.known_addresses(container)]

    def neighbours(self, uuid: str) -> list[ContainerSpec]:
        """What is known of all containers but this one: names, uuids and addresses."""
        return [
            ContainerSpec(
                each.name, each.uuid, interfaces=(Interface(addresses=words.known_addresses(each)),)
            )
            for each in self._rows
            if each.uuid != uuid
        ]

    def reset(self, containers: Sequence[Container]) -> None:
        """Take a whole new list; only what differs is told, so that a selection stays."""
        fresh = {container.uuid for container in containers}
        for old in [c.uuid for c in self._rows if c.uuid not in fresh]:
            self.hear(Removed(old))
        for container in containers:
            self.hear(container)

    def hear(self, change: Change) -> None:
        """Take one change of the engine."""
        row = self._find(change.uuid)
        if isinstance(change, Removed):
            self._remove(row)
        elif row is not None and self._rows[row].name == change.name:
            self._rows[row] = change
            self.dataChanged.emit(self.index(row), self.index(row))
        elif row is not None:
            self._move(row, change)
        else:
            self._insert(change)

    def _find(self, uuid: str) -> int | None:
        return next((row for row, c in enumerate(self._rows) if c.uuid == uuid), None)

    def _place(self, container: Container) -> int:
        return bisect_left(self._rows, words.sort_key(container), key=words.sort_key)

    def _insert(self, container: Container) -> None:
        row = self._place(container)
        self.beginInsertRows(QModelIndex(), row, row)
        self._rows.insert(row, container)
        self.endInsertRows()

    def _remove(self, row: int | None) -> None:
        if row is None:
            return
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._rows[row]
        self.endRemoveRows()

    def _move(self, row: int, container: Container) -> None:
        target = self._place(container)
        here = QModelIndex()
        if target not in {row, row + 1}:
            self.beginMoveRows(here, row, row, here, target)
            del self._rows[row]
            self._rows.insert(target - (target > row), container)
            self.endMoveRows()
        else:
            self._rows[row] = container
        at = self._find(container.uuid) or 0
        self.dataChanged.emit(self.index(at), self.index(at))


class SearchModel(QSortFilterProxyModel):
    """The containers that match what the user typed."""

    def __init__(self, source: ContainersModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._search = ""
        self.setSourceModel(source)

    def search(self, text: str) -> None:
        """Show only containers in which every word of `text` occurs."""
        self._search = text
        self.invalidateFilter()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        """Whether this row matches."""
        model = self.sourceModel()
        if model is None:
            return False
        container = model.index(source_row, 0, source_parent).data(CONTAINER_ROLE)
        return isinstance(container, Container) and words.matches(container, self._search)
