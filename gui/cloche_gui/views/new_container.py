"""The new-container dialog: name and Create is enough, everything else may be said."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.api.errors import EngineError, NameTakenError
from cloche_engine.api.model import Container
from cloche_engine.definition.checking.neighbours import host_memory_kib
from cloche_gui.presenters import creation
from cloche_gui.presenters.container import known_addresses
from cloche_gui.presenters.creation import Field, NewContainer
from cloche_gui.presenters.notice import failure, sentence
from cloche_gui.views.mounts_field import MountsField
from cloche_gui.views.network_field import NetworkField
from cloche_gui.views.root_field import RootField
from cloche_gui.views.settings_sections import MEMORY_HELP, SHARE_HELP, share_field
from cloche_gui.widgets.fields import Form, MemoryField, Section
from cloche_gui.widgets.message_bar import MessageArea
from cloche_gui.widgets.room import resize_in

_LINE = 4
_SHELLS = ("/bin/bash", "/bin/sh")


class NewContainerDialog(QDialog):
    """Asks for a container; tells the definition that was made of it."""

    created = pyqtSignal(bytes, bool)  # definition, whether to start it

    def __init__(self, existing: Collection[Container], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken = frozenset(container.name for container in existing)
        self._addresses = [address for each in existing for address in known_addresses(each)]
        self.setWindowTitle("New container")
        self.name = QLineEdit(creation.free_name(self._taken))
        shells = [shell for shell in _SHELLS if Path(shell).exists()]
        self._shell = creation.default_program(shells)
        self.program = QLineEdit(self._shell)
        self.root = RootField()
        self.system = QCheckBox("A whole system: start its &own init")
        self.system.setToolTip("For a root that holds an init such as systemd")
        self.mounts = MountsField()
        self.share = share_field()
        self.memory = MemoryField()
        self._host_kib = host_memory_kib()
        self.memory.set_value(creation.default_memory_kib(self._host_kib))
        self.start_now = QCheckBox("Start &it now")
        self.start_now.setChecked(True)
        self.messages = MessageArea()
        self.create_button = QPushButton("&Create")
        self.cancel_button = QPushButton("Cancel")
        sections = self._sections()
        self._lay_out(sections)
        self._connect()
        self._check()

    @property
    def form(self) -> NewContainer:
        """What the fields say."""
        return NewContainer(
            name=self.name.text(),
            program=self.program.text(),
            root=self.root.root,
            is_system=self.system.isChecked(),
            mounts=self.mounts.mounts(),
            network=self.network.network(),
            cpushare=self.share.value,
            memory_kib=self.memory.value,
        )

    @property
    def name_error(self) -> str:
        """What is wrong with the name; empty where nothing is."""
        return self._errors[Field.NAME].text

    def show_failure(self, error: EngineError) -> None:
        """Say why the engine did not take it; the form stays as it is."""
        self.setEnabled(True)
        if isinstance(error, NameTakenError):
            reason = f"{sentence(error.message)} {sentence(error.hint)}".strip()
            self._errors[Field.NAME].show_error(reason)
            self.name.setFocus()
        else:
            notice = failure("The container could not be created", error)
            self.messages.show_notice("failure", notice)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Begin with the name, ready to be typed over."""
        super().showEvent(event)
        self.name.setFocus()
        self.name.selectAll()

    def _sections(self) -> list[Section]:
        basics, mounts, network, limits = (
            Section("What it runs"),
            Section(
                "More directories",
                "Directories of this host that the container sees; it may change those that are "
                "not read-only.",
            ),
            Section("Network"),
            Section("Processor and memory"),
        )
        forms = [Form() for _ in range(4)]
        for section, form in zip((basics, mounts, network, limits), forms, strict=True):
            section.add(form)
        self._errors = {
            Field.NAME: forms[0].add("&Name", self.name, "Letters, digits, and . _ - inside"),
            Field.PROGRAM: forms[0].add(
                "&Program", self.program, "With arguments; quotes as in a shell"
            ),
            Field.ROOT: forms[0].add("Its system", self.root),
            Field.MOUNTS: forms[1].add("&Mounts", self.mounts),
        }
        forms[0].add_help(
            "Sharing this system is quick and needs no disk space; nothing can be installed in it."
        )
        self._errors[Field.SYSTEM] = forms[0].add("", self.system)
        self.network = NetworkField(forms[2], lambda: self._addresses)
        self._errors[Field.NETWORK] = self.network.error
        forms[3].add("Processor &share", self.share, SHARE_HELP)
        self._errors[Field.LIMITS] = forms[3].add("M&emory limit", self.memory, MEMORY_HELP)
        if self._host_kib:
            forms[3].add_help(creation.memory_note(self._host_kib))
        self._errors[Field.GENERAL] = self._errors[Field.LIMITS]
        return [basics, mounts, network, limits]

    def _lay_out(self, sections: list[Section]) -> None:
        inside = QWidget()
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(20, 16, 20, 16)
        inner.setSpacing(20)
        for section in sections:
            inner.addWidget(section)
        inner.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QDialogButtonBox()
        buttons.addButton(self.create_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        self.cancel_button.setAutoDefault(False)
        self.create_button.setDefault(True)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(20, 10, 20, 14)
        bottom.addWidget(self.start_now)
        bottom.addStretch(1)
        bottom.addWidget(buttons)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setEnabled(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(scroll, 1)
        column.addWidget(line)
        column.addLayout(bottom)
        wanted = inside.sizeHint().height() + bottom.sizeHint().height() + _LINE
        resize_in(self, QSize(640, wanted))

    def _connect(self) -> None:
        self.name.textChanged.connect(self._check)
        self.program.textChanged.connect(self._check)
        self.system.toggled.connect(self._system_toggled)
        for field in (self.root, self.mounts, self.network, self.share, self.memory):
            field.changed.connect(self._check)
        self.create_button.clicked.connect(self._create)
        self.cancel_button.clicked.connect(self.reject)

    def _system_toggled(self, whole: bool) -> None:
        self.program.setText(creation.INIT if whole else self._shell)
        self.program.setEnabled(not whole)

    def _check(self) -> None:
        errors = creation.errors(self.form, self._taken)
        for field, label in self._errors.items():
            if field is not Field.GENERAL:
                label.show_error(errors.get(field, ""))
        if Field.GENERAL in errors:
            self._errors[Field.GENERAL].show_error(errors[Field.GENERAL])
        self.create_button.setEnabled(not errors)
        self.create_button.setToolTip(next(iter(errors.values()), ""))

    def _create(self) -> None:
        if creation.errors(self.form, self._taken):
            return
        self.setEnabled(False)
        self.messages.clear("failure")
        self.created.emit(creation.definition(self.form), self.start_now.isChecked())
