"""The left side: search, the containers, and the way to a new one."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QModelIndex, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.api.model import Container
from cloche_gui.models.containers import CONTAINER_ROLE, ContainersModel, SearchModel
from cloche_gui.views.container_delegate import ContainerDelegate
from cloche_gui.widgets import icons


class _View(QListView):
    """A list that tells of Delete and Return."""

    delete_pressed = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
            return
        super().keyPressEvent(event)


class ContainerList(QWidget):
    """Shows the model; tells which container is chosen."""

    chosen = pyqtSignal(str)  # uuid, empty for none
    opened = pyqtSignal(str)  # Return or double click

    def __init__(
        self, model: ContainersModel, new: QAction, menu: Sequence[QAction | None], delete: QAction
    ) -> None:
        super().__init__()
        self._model = model
        self._menu_actions = list(menu)
        self.found = SearchModel(model, self)
        self.search = QLineEdit()
        self.view = _View()
        self.nothing = QLabel("No container matches.")
        self.new_button = QToolButton()
        self._prepare(new)
        self._lay_out()
        self.view.delete_pressed.connect(delete.trigger)
        self.search.textChanged.connect(self._searched)
        self.search.returnPressed.connect(self._search_entered)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.search, self.search.clear)
        leave.setContext(Qt.ShortcutContext.WidgetShortcut)
        for signal in (self.found.rowsInserted, self.found.rowsRemoved, self.found.modelReset):
            signal.connect(self._show_nothing)

    @property
    def current(self) -> Container | None:
        """The chosen container."""
        container = self.view.currentIndex().data(CONTAINER_ROLE)
        return container if isinstance(container, Container) else None

    def choose(self, uuid: str) -> bool:
        """Choose a container; False where the list does not show it."""
        for row in range(self.found.rowCount()):
            index = self.found.index(row, 0)
            container = index.data(CONTAINER_ROLE)
            if isinstance(container, Container) and container.uuid == uuid:
                self.view.setCurrentIndex(index)
                self.view.scrollTo(index)
                return True
        return False

    def reveal(self, uuid: str) -> None:
        """Choose a container even where the search hides it."""
        if not self.choose(uuid):
            self.search.clear()
            self.choose(uuid)

    def choose_any(self) -> None:
        """Choose the first one where none is chosen."""
        if self.current is None and self.found.rowCount():
            self.view.setCurrentIndex(self.found.index(0, 0))

    def focus_list(self) -> None:
        """Give the keyboard to the list."""
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _prepare(self, new: QAction) -> None:
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search containers by name, state or address")
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.view.setModel(self.found)
        self.view.setItemDelegate(ContainerDelegate(self.view))
        self.view.setAccessibleName("Containers")
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.activated.connect(self._activated)
        selection = self.view.selectionModel()
        if selection is not None:
            selection.currentChanged.connect(self._current_changed)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setEnabled(False)
        self.nothing.hide()
        self.new_button.setDefaultAction(new)
        self.new_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.new_button.setAutoRaise(True)
        self.new_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(4)
        top = QVBoxLayout()
        top.setContentsMargins(8, 8, 8, 2)
        top.addWidget(self.search)
        column.addLayout(top)
        column.addWidget(self.nothing)
        column.addWidget(self.view, 1)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(6, 0, 6, 0)
        bottom.addWidget(self.new_button)
        column.addLayout(bottom)
        self.setMinimumWidth(190)

    def _searched(self, text: str) -> None:
        self.found.search(text)
        self._show_nothing()

    def _search_entered(self) -> None:
        self.choose_any()
        self.focus_list()

    def _show_nothing(self) -> None:
        self.nothing.setVisible(not self.found.rowCount() and bool(self.search.text()))

    def _current_changed(self, current: QModelIndex) -> None:
        container = current.data(CONTAINER_ROLE)
        self.chosen.emit(container.uuid if isinstance(container, Container) else "")

    def _activated(self, index: QModelIndex) -> None:
        container = index.data(CONTAINER_ROLE)
        if isinstance(container, Container):
            self.opened.emit(container.uuid)

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._menu_actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.popup(self.view.mapToGlobal(at))
