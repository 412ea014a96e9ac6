"""From the wish for a new container to a defined one."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

from cloche_engine.api.model import Container
from cloche_engine.api.templates import Template
from cloche_gui.models.containers import ContainersModel
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.views.new_container import NewContainerDialog
from cloche_gui.views.templates import Templates


class Creating(QObject):
    """Shows the dialog, defines what it asks for; the dialog stays until that worked."""

    created = pyqtSignal(object, bool)  # Container, whether to start it

    def __init__(self, jobs: Jobs, model: ContainersModel, window: QWidget) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._model = model
        self._window = window
        self.dialog: NewContainerDialog | None = None
        self.templates = Templates(jobs)
        self.templates.listed.connect(self._show_templates)

    def ask(self) -> None:
        """Open the dialog; a second wish raises the one that is open."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        dialog = self.dialog = NewContainerDialog(self._model.containers, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.created.connect(self._define)
        dialog.root.template_wanted.connect(lambda: self.templates.ask(dialog))
        dialog.finished.connect(self._closed)
        dialog.open()
        self.templates.list_all()

    def _show_templates(self, found: list[Template], made: str) -> None:
        if self.dialog is not None:
            self.dialog.root.show_templates(found, made)

    def _define(self, text: bytes, start: bool) -> None:
        self._jobs.run(
            Job("Creating the container"),
            lambda engine: engine.define(text),
            lambda container: self._defined(container, start=start),
            lambda error: self.dialog.show_failure(error) if self.dialog else None,
        )

    def _defined(self, container: Container, *, start: bool) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        self.created.emit(container, start)

    def _closed(self) -> None:
        self.dialog = None
        self._window.activateWindow()  # without a window manager nobody else gives focus back
