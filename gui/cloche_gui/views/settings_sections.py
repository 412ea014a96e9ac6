"""The sections of the Settings page; each says which parts of a definition its fields show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QLabel, QLineEdit

from cloche_engine.definition.units import (
    CONSOLE_KIB,
    MAX_CONSOLE_KIB,
    MIN_CONSOLE_KIB,
    readable,
)
from cloche_gui.presenters.draft import Part
from cloche_gui.presenters.parts import Program
from cloche_gui.views.mounts_field import MountsField
from cloche_gui.views.network_field import NetworkField
from cloche_gui.widgets.fields import ErrorLabel, Form, LimitField, MemoryField, Section
from cloche_gui.widgets.fields_table import Column, TableField

SHARE_RANGE = (2, 262_144)
DEFAULT_SHARE = 1024


class Binding(QObject):
    """One part of a definition and the fields that show it."""

    changed = pyqtSignal()

    def __init__(
        self,
        part: Part,
        error: ErrorLabel,
        show: Callable[[Any], object],
        read: Callable[[], object],
    ) -> None:
        super().__init__()
        self.part = part
        self.error = error
        self.show = show
        self.read = read


class BoundSection(Section):
    """A section with bindings."""

    def __init__(self, title: str, help_text: str = "") -> None:
        super().__init__(title, help_text)
        self.form = Form()
        self.bindings: list[Binding] = []
        self.add(self.form)

    def bind_line(self, part: Part, label: str, line: QLineEdit, help_text: str = "") -> None:
        """A part that is one line of text."""
        error = self.form.add(label, line, help_text)
        binding = Binding(part, error, lambda text: _set_text(line, text), line.text)
        line.textEdited.connect(binding.changed)
        self.bindings.append(binding)

    def bind_limit(self, part: Part, label: str, field: LimitField, help_text: str) -> None:
        """A part that is a number or its default."""
        error = self.form.add(label, field, help_text)
        binding = Binding(part, error, field.set_value, lambda: field.value)
        field.changed.connect(binding.changed)
        self.bindings.append(binding)


class IdentitySection(BoundSection):
    """Name, uuid and host name."""

    def __init__(self) -> None:
        super().__init__("Identity")
        self.name = QLineEdit()
        self.uuid = QLabel()
        self.hostname = QLineEdit()
        self.hostname.setPlaceholderText("as the name")
        self.uuid.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.bind_line(Part.NAME, "&Name", self.name, "Letters, digits, and . _ - inside")
        self.form.add("UUID", self.uuid, "Never changes; files and logs are kept under it")
        self.bind_line(Part.HOSTNAME, "H&ost name", self.hostname, "What `hostname` says inside")

    def show_uuid(self, uuid: str) -> None:
        """Show the uuid; it is not for editing."""
        self.uuid.setText(uuid)


class ProgramSection(BoundSection):
    """What runs: program, arguments, environment, directory, user."""

    def __init__(self) -> None:
        super().__init__("Program", "What runs in the container. When it ends, the container ends.")
        self.path = QLineEdit()
        self.arguments = QLineEdit()
        self.directory = QLineEdit()
        self.user = QLineEdit()
        self.environment = TableField((Column("Name"), Column("Value")), "variable")
        self.path.setPlaceholderText("/bin/sh")
        self.arguments.setPlaceholderText("none; quote as in a shell")
        self.directory.setPlaceholderText("/")
        self.user.setPlaceholderText("root")
        self.form.add("Pro&gram", self.path, "A path inside the container")
        error = self.form.add("&Arguments", self.arguments, "Quotes as in a shell, no expansion")
        self._bind_program(error)
        self.bind_line(Part.DIRECTORY, "Director&y", self.directory, "Where the program begins")
        self.bind_line(Part.USER, "&User", self.user, "A name or a number inside the container")
        self._bind_environment()

    def _bind_program(self, error: ErrorLabel) -> None:
        binding = Binding(
            Part.PROGRAM,
            error,
            self._show_program,
            lambda: Program(self.path.text(), self.arguments.text()),
        )
        self.path.textEdited.connect(binding.changed)
        self.arguments.textEdited.connect(binding.changed)
        self.bindings.append(binding)

    def _show_program(self, program: Program) -> None:
        _set_text(self.path, program.path)
        _set_text(self.arguments, program.arguments)

    def _bind_environment(self) -> None:
        table = self.environment
        error = self.form.add("Env&ironment", table)
        binding = Binding(
            Part.ENVIRONMENT,
            error,
            lambda pairs: table.set_rows([(None, pair) for pair in pairs]),
            lambda: tuple((str(cells[0]), str(cells[1])) for _, cells in table.rows()),
        )
        table.changed.connect(binding.changed)
        self.bindings.append(binding)


class MountsSection(BoundSection):
    """Filesystems."""

    def __init__(self) -> None:
        super().__init__(
            "Filesystems",
            "Directories of this host, shown inside in this order. Without one at “/” the "
            "container sees this host's own system, read-only.",
        )
        self.field = MountsField()
        error = self.form.add("&Mounts", self.field)
        binding = Binding(Part.MOUNTS, error, self.field.set_mounts, self.field.mounts)
        self.field.changed.connect(binding.changed)
        self.bindings.append(binding)


class NetworkSection(BoundSection):
    """Network."""

    def __init__(self, taken: Callable[[], Iterable[str]]) -> None:
        super().__init__("Network")
        self.field = NetworkField(self.form, taken)
        binding = Binding(
            Part.NETWORK, self.field.error, self.field.set_network, self.field.network
        )
        self.field.changed.connect(binding.changed)
        self.bindings.append(binding)


class LimitsSection(BoundSection):
    """Processor share and memory."""

    def __init__(self) -> None:
        super().__init__("Processor and memory")
        self.cpushare = share_field()
        self.memory = MemoryField()
        self.bind_limit(Part.CPUSHARE, "Processor &share", self.cpushare, SHARE_HELP)
        self.bind_limit(Part.MEMORY, "Memory &limit", self.memory, MEMORY_HELP)


class ConsoleSection(BoundSection):
    """What is kept of the console."""

    def __init__(self) -> None:
        super().__init__("Console")
        self.kept = MemoryField(CONSOLE_KIB, "KiB", f"{CONSOLE_KIB} KiB, as usual")
        self.bind_limit(Part.CONSOLE, "Ke&pt output", self.kept, KEPT_HELP)


KEPT_HELP = (
    "How much of what the console said is kept for a window that is opened later, and after the "
    f"end: {readable(MIN_CONSOLE_KIB)} to {readable(MAX_CONSOLE_KIB)}"
)
SHARE_HELP = "Weight against others when the processor is short; 1024 is one ordinary share"
MEMORY_HELP = "What the container may use at most; beyond it the kernel ends a program in it"


def share_field() -> LimitField:
    """The field for a processor share."""
    return LimitField(*SHARE_RANGE, DEFAULT_SHARE, "As everyone")


def _set_text(line: QLineEdit, text: str) -> None:
    if line.text() != text:
        line.setText(text)
