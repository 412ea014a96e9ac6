"""The Settings page: forms over the same draft as the XML page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cloche_gui.presenters import parts
from cloche_gui.presenters.draft import Draft, Origin
from cloche_gui.presenters.notice import Notice, Tone
from cloche_gui.views.settings_sections import (
    Binding,
    ConsoleSection,
    IdentitySection,
    LimitsSection,
    MountsSection,
    NetworkSection,
    ProgramSection,
)
from cloche_gui.widgets.message_bar import Choice, MessageArea

_TOPIC = "broken"
_WIDTH = 760
_AROUND = 80
"""What is to be seen above and below a field that is led to."""


class SettingsPage(QWidget):
    """Shows a draft in fields; an edit of a field is an edit of the draft at once.

    taken tells the addresses of all containers.
    """

    def __init__(self, show_xml: Choice, taken: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._draft: Draft | None = None
        self._loading = False
        self._show_xml = show_xml
        self.messages = MessageArea()
        self.identity = IdentitySection()
        self.program = ProgramSection()
        self.mounts = MountsSection()
        self.network = NetworkSection(taken)
        self.limits = LimitsSection()
        self.console = ConsoleSection()
        self.sections = (
            self.identity, self.program, self.mounts, self.network, self.limits, self.console,
        )  # fmt: skip
        self._bindings = [binding for section in self.sections for binding in section.bindings]
        for binding in self._bindings:
            self._connect(binding)
        self._body = QWidget()
        self._scroll = QScrollArea()
        self._lay_out()

    @property
    def is_greyed(self) -> bool:
        """Whether the forms stand still because the text is broken."""
        return not self._body.isEnabled()

    def show_draft(self, draft: Draft | None) -> None:
        """Show another draft."""
        self._draft = draft
        self._load()

    def hear(self, origin: Origin) -> None:
        """Follow a change of the draft; a field never answers its own edit."""
        if origin is Origin.FORM:
            self._show_errors()
        else:
            self._load()

    def go_to(self, label: str) -> None:
        """Give the keyboard to the field of this label, and bring it into view."""
        for section in self.sections:
            field = section.form.field(label)
            if field is not None:
                field.setFocus(Qt.FocusReason.ShortcutFocusReason)
                self._scroll.ensureWidgetVisible(field, yMargin=_AROUND)

    def _connect(self, binding: Binding) -> None:
        binding.changed.connect(lambda: self._edited(binding))

    def _edited(self, binding: Binding) -> None:
        if not self._loading and self._draft is not None:
            parts.edit_part(binding.part, self._draft, binding.read())

    def _load(self) -> None:
        self._loading = True
        draft = self._draft
        if draft is not None and draft.spec is not None:
            self.identity.show_uuid(draft.spec.uuid or draft.uuid)
            for binding in self._bindings:
                binding.show(parts.value(binding.part, draft))
        self._loading = False
        self._show_errors()

    def _show_errors(self) -> None:
        draft = self._draft
        for binding in self._bindings:
            pending = draft.pending.get(binding.part) if draft else None
            binding.error.show_error(pending.reason if pending else "")
        self._body.setEnabled(draft is not None and draft.forms_follow)
        if draft is not None and draft.broken:
            notice = Notice(
                Tone.WARNING,
                "The XML has an error; the fields show the last good values",
                draft.broken,
            )
            self.messages.show_notice(_TOPIC, notice, [self._show_xml], closable=False)
        else:
            self.messages.clear(_TOPIC)

    def _lay_out(self) -> None:
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(20)
        for section in self.sections:
            inner.addWidget(section)
        inner.addStretch(1)
        self._body.setMaximumWidth(_WIDTH)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(16, 14, 16, 14)
        row.addWidget(self._body, 1)
        row.addStretch(0)
        scroll = self._scroll
        scroll.setObjectName("scroll")
        scroll.setWidget(holder)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(scroll, 1)
