"""From the wish for a template to one that a container can be made from."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError
from cloche_engine.api.templates import Tell, Template
from cloche_gui.presenters.template import NewTemplate
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.views.template_dialog import TemplateDialog


class Templates(QObject):
    """Knows the templates, and makes one where it is asked to."""

    listed = pyqtSignal(list, str)  # list[Template], the name of the one just made

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._job: Job | None = None
        self._found: list[Template] = []
        self.dialog: TemplateDialog | None = None

    def list_all(self, made: str = "") -> None:
        """Ask the engine; `listed` tells."""
        self._jobs.run(
            Job("Looking at the templates", quiet=True),
            lambda engine: engine.templates.all(),
            lambda found: self._listed(found, made),
            lambda _: self._listed([], ""),
        )

    def ask(self, parent: QWidget) -> None:
        """Open the dialog for a new one."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        dialog = self.dialog = TemplateDialog([one.name for one in self._found], parent)
        dialog.wanted.connect(self._make)
        dialog.cancelled.connect(self._cancel)
        dialog.finished.connect(self._closed)
        dialog.open()

    def _listed(self, found: list[Template], made: str) -> None:
        self._found = found
        self.listed.emit(found, made)

    def _make(self, form: NewTemplate) -> None:
        dialog = self.dialog
        if dialog is not None:
            self._job = self._jobs.run(
                Job(f"Making the template {form.name}"),
                _work(form, dialog.show_progress),
                self._made,
                dialog.show_failure,
            )

    def _made(self, one: Template) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        self.list_all(one.name)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _closed(self) -> None:
        self.dialog = None


def _work(form: NewTemplate, tell: Tell) -> Callable[[Engine], Awaitable[Template]]:
    async def work(engine: Engine) -> Template:
        if form.is_release:
            return await engine.templates.debootstrap(form.name, form.suite, tell)
        try:
            source = os.open(form.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise EngineError(
                f"{form.path} cannot be opened: {error.strerror}", "choose another file"
            ) from error
        try:
            return await engine.templates.add(form.name, source, tell)
        finally:
            os.close(source)

    return work
