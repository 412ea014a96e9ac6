"""A definition from a file, of any dialect: what is lost and what is stored, before it is."""

from __future__ import annotations

from collections.abc import Collection

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.api.errors import EngineError, NameTakenError
from cloche_engine.api.model import Container
from cloche_engine.definition.problem import Fix
from cloche_gui.presenters import importing
from cloche_gui.presenters.importing import Import
from cloche_gui.presenters.notice import failure, sentence
from cloche_gui.widgets import icons
from cloche_gui.widgets.colors import colors
from cloche_gui.widgets.fields import Form
from cloche_gui.widgets.message_bar import MessageArea
from cloche_gui.widgets.room import resize_in
from cloche_gui.widgets.xml_editor import XmlEditor

_MOST_ROWS = 6


class ImportDialog(QDialog):
    """Shows what a file becomes; tells the definition that is to be stored."""

    created = pyqtSignal(bytes)

    def __init__(
        self, data: bytes, file: str, existing: Collection[Container], parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Import {file}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._taken = frozenset(container.name for container in existing)
        self._uuids = frozenset(container.uuid for container in existing)
        self._import = Import(data)
        self.dialect = QComboBox()
        self.name = QLineEdit()
        self.findings = QListWidget()
        self.preview = XmlEditor()
        self.messages = MessageArea()
        self.create_button = QPushButton(icons.icon("new"), "&Create")
        self._prepare()
        self._lay_out()
        self._show(rename=True)

    def show_failure(self, error: EngineError) -> None:
        """Say why the engine did not take it."""
        self.setEnabled(True)
        if isinstance(error, NameTakenError):
            self._name_error.show_error(f"{sentence(error.message)} {sentence(error.hint)}")
            self.name.setFocus()
        else:
            notice = failure("The container could not be created", error)
            self.messages.show_notice("failure", notice)

    def _prepare(self) -> None:
        self.dialect.addItem("", None)
        for dialect in importing.DIALECTS:
            self.dialect.addItem(importing.title(dialect), dialect)
        self.dialect.activated.connect(self._read_as)
        self.name.textChanged.connect(self._check)
        self.findings.setWordWrap(True)
        self.findings.setIconSize(QSize(16, 16))
        self.findings.setAccessibleName("Problems, and what is not carried over")
        self.findings.itemActivated.connect(self._mend)
        self.findings.itemClicked.connect(self._mend)
        self.preview.setReadOnly(True)
        self.preview.setAccessibleName("What will be stored")

    def _lay_out(self) -> None:
        form = Form()
        form.add("&Read as", self.dialect)
        self._name_error = form.add("&Name", self.name)
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.create_button.setDefault(True)
        self.create_button.clicked.connect(self._create)
        buttons = QDialogButtonBox()
        buttons.addButton(self.create_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.heading = QLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        for widget in (self.messages, form, self.heading, self.findings):
            column.addWidget(widget)
        column.addWidget(QLabel("What will be stored:"))
        column.addWidget(self.preview, 1)
        column.addWidget(buttons)
        resize_in(self, QSize(760, 660))

    def _read_as(self, at: int) -> None:
        self._import = Import(self._import.data, self.dialect.itemData(at))
        self._show(rename=True)

    def _mend(self, item: QListWidgetItem) -> None:
        fix = item.data(Qt.ItemDataRole.UserRole)
        if isinstance(fix, Fix):
            self._import = self._import.mended(fix)
            self._show(rename=True)

    def _show(self, *, rename: bool) -> None:
        known = self._import.recognised
        self.dialect.setItemText(0, f"Recognised: {known}" if known else "Not recognised")
        if rename and self._import.name:
            self.name.setText(importing.free_name(self._import.name, self._taken))
        self._show_findings()
        self._check()

    def _show_findings(self) -> None:
        self.findings.clear()
        for finding in self._import.findings:
            tone = finding.tone
            icon = icons.icon(tone.value, QColor(colors().tones[tone]))
            self.findings.addItem(QListWidgetItem(icon, finding.text))
            for fix in finding.fixes:
                item = QListWidgetItem(icons.icon("apply"), f"Mend it: {fix.description}")
                item.setData(Qt.ItemDataRole.UserRole, fix)
                self.findings.addItem(item)
        rows = min(self.findings.count(), _MOST_ROWS)
        self.findings.setFixedHeight(rows * 2 * self.fontMetrics().lineSpacing() + 10)
        self.findings.setVisible(bool(rows))
        self.heading.setText(self._import.heading)

    def _check(self) -> None:
        name = self.name.text()
        definition = self._import.definition(name, self._uuids)
        reason = self._import.name_error(name, self._taken) if self._import.name else ""
        self._name_error.show_error(reason)
        self.name.setEnabled(definition is not None)
        self.create_button.setEnabled(definition is not None and not reason)
        self.preview.load(definition.decode("utf-8", "replace") if definition else "")

    def _create(self) -> None:
        definition = self._import.definition(self.name.text(), self._uuids)
        if definition is not None:
            self.setEnabled(False)
            self.messages.clear("failure")
            self.created.emit(definition)
