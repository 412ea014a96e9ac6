"""Start, stop, kill, pause, resume, restart and delete, as jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QMessageBox, QWidget

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Container
from cloche_gui.presenters.container import Action, could_not, delete_question, doing
from cloche_gui.presenters.notice import failure
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.widgets.message_box import open_box

_CALLS: dict[Action, Callable[[Engine, str], Awaitable[Container | None]]] = {
    Action.START: lambda engine, uuid: engine.start(uuid),
    Action.STOP: lambda engine, uuid: engine.stop(uuid),
    Action.KILL: lambda engine, uuid: engine.kill(uuid),
    Action.PAUSE: lambda engine, uuid: engine.pause(uuid),
    Action.RESUME: lambda engine, uuid: engine.resume(uuid),
    Action.RESTART: lambda engine, uuid: engine.restart(uuid),
    Action.DELETE: lambda engine, uuid: engine.undefine(uuid),
}


class Lifecycle(QObject):
    """Takes actions on containers; the engine's news shows what came of them."""

    heard = pyqtSignal(object)  # Container, as the call returned it
    start_failed = pyqtSignal(str, object)  # uuid, EngineError
    failed = pyqtSignal(str, object)  # uuid, Notice
    begun = pyqtSignal(str)  # uuid: what was said of it before is outdated

    def __init__(self, jobs: Jobs, window: QWidget) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._window = window

    def take(self, action: Action, container: Container) -> None:
        """Take the action, after a question where something would be lost."""
        if action is Action.DELETE:
            self._ask(container)
        else:
            self._run(action, container)

    def _run(self, action: Action, container: Container) -> None:
        uuid = container.uuid
        self.begun.emit(uuid)
        self._jobs.run(
            Job(doing(action, container.name), key=uuid),
            lambda engine: _CALLS[action](engine, uuid),
            lambda result: self.heard.emit(result) if result is not None else None,
            lambda error: self._fail(action, container, error),
        )

    def _fail(self, action: Action, container: Container, error: EngineError) -> None:
        if action in {Action.START, Action.RESTART}:
            self.start_failed.emit(container.uuid, error)
        else:
            title = could_not(action, container.name)
            self.failed.emit(container.uuid, failure(title, error, container.name))

    def _ask(self, container: Container) -> None:
        question, meaning = delete_question(container.name)
        box = QMessageBox(self._window)
        box.setObjectName("delete-question")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Delete container")
        box.setText(question)
        box.setInformativeText(meaning)
        delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton("Keep", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        if delete is not None:
            delete.clicked.connect(lambda: self._run(Action.DELETE, container))
        open_box(box)
