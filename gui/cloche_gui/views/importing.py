"""From a file that was chosen or dropped to a defined container."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PyQt6.QtCore import QMimeData, QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Container
from cloche_engine.definition.text.source import ENOUGH
from cloche_gui.models.containers import ContainersModel
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.views.import_dialog import ImportDialog
from cloche_gui.widgets.closing import give_back


class Importing(QObject):
    """Asks for a file, shows what it becomes, defines it."""

    created = pyqtSignal(object)  # Container

    def __init__(self, jobs: Jobs, model: ContainersModel, window: QWidget) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._model = model
        self._window = window
        self.dialog: ImportDialog | None = None

    def ask(self) -> None:
        """Let a file be chosen."""
        chooser = QFileDialog(self._window, "Import a definition of any kind")
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setNameFilters(["Definitions (*.xml *.conf config)", "All files (*)"])
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        give_back(chooser)
        chooser.fileSelected.connect(self.open)
        chooser.open()

    def open(self, file: str) -> None:
        """Read a file and show what it becomes."""
        if self.dialog is None:
            self._jobs.run(
                Job(f"Reading {Path(file).name}"),
                lambda _: _read(Path(file)),
                lambda data: self._show(data, Path(file).name),
            )

    def _show(self, data: bytes, name: str) -> None:
        dialog = self.dialog = ImportDialog(data, name, self._model.containers, self._window)
        dialog.created.connect(self._define)
        dialog.finished.connect(self._closed)
        dialog.open()

    def _define(self, text: bytes) -> None:
        async def define(engine: Engine) -> Container:
            return await engine.define(text)

        self._jobs.run(
            Job("Creating the container"),
            define,
            self._defined,
            lambda error: self.dialog.show_failure(error) if self.dialog else None,
        )

    def _defined(self, container: Container) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        self.created.emit(container)

    def _closed(self) -> None:
        self.dialog = None
        self._window.activateWindow()


def dropped_file(dropped: QMimeData | None) -> str:
    """The one local file that is dropped; empty where it is something else."""
    urls = dropped.urls() if dropped is not None else []
    return urls[0].toLocalFile() if len(urls) == 1 else ""


async def _read(file: Path) -> bytes:
    """What a file holds; EngineError where it cannot be read."""

    def read() -> bytes:
        with file.open("rb") as opened:
            return opened.read(ENOUGH)

    try:
        return await asyncio.to_thread(read)
    except OSError as error:
        raise EngineError(
            f"{file} cannot be read: {error.strerror}", "choose another file"
        ) from error
