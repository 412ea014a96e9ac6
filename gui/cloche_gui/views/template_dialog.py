"""A new template: from a release, an archive or a directory, with its progress and a way out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.api.errors import EngineError
from cloche_engine.api.templates import Progress
from cloche_gui.presenters import template
from cloche_gui.presenters.notice import failure
from cloche_gui.presenters.template import NewTemplate
from cloche_gui.widgets import icons
from cloche_gui.widgets.closing import give_back
from cloche_gui.widgets.fields import Form
from cloche_gui.widgets.message_bar import MessageArea

_OS_RELEASE = Path("/etc/os-release")


class TemplateDialog(QDialog):
    """Asks, then shows how far it is; Cancel ends the work, and nothing of it is left."""

    wanted = pyqtSignal(object)  # NewTemplate
    cancelled = pyqtSignal()

    def __init__(self, taken: Collection[str], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New template")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._taken = frozenset(taken)
        self._is_working = False
        suite = template.host_release(_text(_OS_RELEASE))
        self.name = QLineEdit(suite if suite not in self._taken else "")
        self.release = QRadioButton("A &release of Debian or Ubuntu, from packages")
        self.release.setChecked(True)
        self.suite = QLineEdit(suite)
        self.suite.setAccessibleName("Code name of the release")
        self.file = QRadioButton("An &archive (tar), or a directory")
        self.path = QLineEdit()
        self.path.setPlaceholderText("/srv/debian.tar.xz")
        self.path.setAccessibleName("Archive or directory")
        self.browse = QPushButton(icons.icon("folder"), "Browse …")
        self.browse.setAutoDefault(False)
        self.bar = QProgressBar()
        self.words = QLabel()
        self.messages = MessageArea()
        self.make_button = QPushButton("&Make it")
        self.cancel_button = QPushButton("Cancel")
        self._lay_out()
        self._connect()
        self._show_work()
        self._check()

    @property
    def form(self) -> NewTemplate:
        """What the fields say."""
        name = self.name.text().strip()
        if self.release.isChecked():
            return NewTemplate(name, suite=self.suite.text().strip())
        return NewTemplate(name, path=self.path.text().strip())

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        done = template.percent(progress)
        self.bar.setRange(0, 0 if done is None else 100)
        self.bar.setValue(done or 0)
        room = self.words.fontMetrics()
        width = self.words.width()
        self.words.setText(
            room.elidedText(template.words(progress), Qt.TextElideMode.ElideRight, width)
        )

    def show_failure(self, error: EngineError) -> None:
        """Say why nothing came of it; the form stays as it is."""
        self._rest()
        self.messages.show_notice("failure", failure("The template could not be made", error))

    def reject(self) -> None:
        """Cancel the work where there is some, otherwise close."""
        if not self._is_working:
            super().reject()
            return
        self._rest()
        self.cancelled.emit()

    def _lay_out(self) -> None:
        self._form = Form()
        self._name_error = self._form.add("&Name", self.name, "Containers are made from it by name")
        source = QWidget()
        column = QVBoxLayout(source)
        column.setContentsMargins(0, 4, 0, 0)
        for button, row in ((self.release, (self.suite,)), (self.file, (self.path, self.browse))):
            column.addWidget(button)
            column.addLayout(_indented(row))
        source.setFocusProxy(self.release)
        self._source_error = self._form.add("Made of", source)
        buttons = QDialogButtonBox()
        buttons.addButton(self.make_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        self.cancel_button.setAutoDefault(False)
        self.make_button.setDefault(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.addWidget(self.messages)
        column.addWidget(self._form)
        column.addStretch(1)
        for widget in (self.bar, self.words, buttons):
            column.addWidget(widget)
        self.resize(560, 300)

    def _connect(self) -> None:
        for line in (self.name, self.suite, self.path):
            line.textChanged.connect(self._check)
        self.release.toggled.connect(self._check)
        self.browse.clicked.connect(self._browse)
        self.make_button.clicked.connect(self._make)
        self.cancel_button.clicked.connect(self.reject)

    def _check(self) -> None:
        from_release = self.release.isChecked()
        self.suite.setEnabled(from_release)
        for widget in (self.path, self.browse):
            widget.setEnabled(not from_release)
        form = self.form
        errors = (
            template.name_error(form.name, self._taken),
            template.source_error(form, from_release=from_release),
        )
        self._name_error.show_error(errors[0])
        self._source_error.show_error(errors[1])
        self.make_button.setEnabled(not any(errors))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Choose an archive")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Archives (*.tar *.tar.* *.tgz *.txz)", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        give_back(dialog)
        dialog.fileSelected.connect(self.path.setText)
        dialog.open()

    def _make(self) -> None:
        self._is_working = True
        self.messages.clear("failure")
        self._show_work()
        self.show_progress(Progress(0, 0, "beginning …"))
        self.wanted.emit(self.form)

    def _rest(self) -> None:
        self._is_working = False
        self._show_work()

    def _show_work(self) -> None:
        self._form.setEnabled(not self._is_working)
        self.make_button.setEnabled(not self._is_working)
        self.bar.setVisible(self._is_working)
        self.words.setVisible(self._is_working)


def _indented(widgets: tuple[QWidget, ...]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(24, 0, 0, 0)
    for at, widget in enumerate(widgets):
        row.addWidget(widget, 0 if at else 1)
    return row


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
