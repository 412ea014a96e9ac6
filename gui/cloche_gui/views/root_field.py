"""Where a root comes from: this system, a template, or a directory."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.api.templates import Template
from cloche_gui.presenters import template
from cloche_gui.presenters.root import Origin, Root
from cloche_gui.widgets import icons
from cloche_gui.widgets.closing import give_back

_INDENT = 24


class RootField(QWidget):
    """Three ways; what the chosen one needs can be used, the rest rests."""

    changed = pyqtSignal()
    template_wanted = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.shared = QRadioButton("T&his system, read-only")
        self.cloned = QRadioButton("A copy of a temp&late")
        self.own = QRadioButton("A director&y with a system in it")
        self.shared.setChecked(True)
        self.templates = QComboBox()
        self.templates.setAccessibleName("Template")
        self.get_template = _button("new", "Get one …")
        self.get_template.setToolTip("Make a template of a release, an archive or a directory")
        self.path = QLineEdit()
        self.path.setPlaceholderText("/srv/debian")
        self.path.setAccessibleName("Directory with a system in it")
        self.browse = _button("folder", "Browse …")
        self.setFocusProxy(self.shared)
        self._lay_out()
        for button in (self.shared, self.cloned, self.own):
            button.toggled.connect(self._toggled)
        self.path.textChanged.connect(self.changed)
        self.templates.currentIndexChanged.connect(self.changed)
        self.browse.clicked.connect(self._browse)
        self.get_template.clicked.connect(self.template_wanted)
        self._toggled()

    @property
    def root(self) -> Root:
        """What is chosen."""
        if self.cloned.isChecked():
            return Root(Origin.TEMPLATE, self.templates.currentData() or "")
        if self.own.isChecked():
            return Root(Origin.DIRECTORY, self.path.text())
        return Root()

    def show_templates(self, found: Sequence[Template], chosen: str = "") -> None:
        """Offer these; the chosen one becomes the root."""
        wanted = chosen or self.templates.currentData()
        with QSignalBlocker(self.templates):
            self.templates.clear()
            for one in found:
                self.templates.addItem(f"{one.name}  ({template.size(one.size)})", one.name)
            self.templates.setCurrentIndex(max(0, self.templates.findData(wanted)))
            if not found:
                self.templates.addItem("none yet", "")
        if chosen:
            self.cloned.setChecked(True)
        self._toggled()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.shared)
        column.addWidget(self.cloned)
        column.addLayout(_row(self.templates, self.get_template))
        column.addWidget(self.own)
        column.addLayout(_row(self.path, self.browse))

    def _toggled(self) -> None:
        self.templates.setEnabled(self.cloned.isChecked())
        self.get_template.setEnabled(self.cloned.isChecked())
        for widget in (self.path, self.browse):
            widget.setEnabled(self.own.isChecked())
        self.changed.emit()

    def _browse(self) -> None:
        dialog = QFileDialog(self.window(), "Choose the directory that holds the system")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        give_back(dialog)
        dialog.fileSelected.connect(self.path.setText)
        dialog.open()


def _button(icon: str, text: str) -> QPushButton:
    button = QPushButton(icons.icon(icon), text)
    button.setAutoDefault(False)
    return button


def _row(field: QWidget, button: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(_INDENT, 0, 0, 0)
    row.addWidget(field, 1)
    row.addWidget(button)
    return row
