"""The main window: the list, the container in view, messages and what is under way."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QLabel,
    QMainWindow,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import About, Change, Container, Removed
from cloche_gui.models.containers import ContainersModel
from cloche_gui.presenters.container import PRIVATE_NOTE, Action, could_not, obstacle, summary
from cloche_gui.presenters.draft import Draft
from cloche_gui.presenters.helping import keys_page, places_page, reference_page
from cloche_gui.presenters.notice import Notice, failure, without_helper
from cloche_gui.presenters.remedy import Place
from cloche_gui.services.engine import EngineService
from cloche_gui.services.jobs import Job, Jobs
from cloche_gui.services.settings import Settings
from cloche_gui.views import menus
from cloche_gui.views.commands import Commands
from cloche_gui.views.container_list import ContainerList
from cloche_gui.views.container_page import CONSOLE, SETTINGS, XML, ContainerPage
from cloche_gui.views.creating import Creating
from cloche_gui.views.editing import Editing
from cloche_gui.views.empty_page import WHAT_IT_IS, EmptyPage
from cloche_gui.views.help_dialog import HelpDialog
from cloche_gui.views.importing import Importing, dropped_file
from cloche_gui.views.lifecycle import Lifecycle
from cloche_gui.views.status_area import PermanentNote, Progress
from cloche_gui.widgets.message_bar import MessageArea
from cloche_gui.widgets.message_box import open_box
from cloche_gui.widgets.room import resize_in

HELPER = "helper"
_NEED_THE_HELPER = ("new", "import")
_POINTS = (6, 28)


class MainWindow(QMainWindow):
    """Everything in one window; collaborators are passed in."""

    closed = pyqtSignal()

    def __init__(self, service: EngineService, jobs: Jobs, settings: Settings) -> None:
        super().__init__()
        self._service, self.jobs, self._settings = service, jobs, settings
        self._may_close = False
        self._directory: str | None = None
        self.model = ContainersModel(self)
        self.commands = Commands(self)
        self.messages = MessageArea()
        self.lifecycle = Lifecycle(jobs, self)
        self.editing = Editing(jobs, self.messages, self.model.neighbours)
        self.creating = Creating(jobs, self.model, self)
        self.importing = Importing(jobs, self.model, self)
        self.setAcceptDrops(True)
        self.list = ContainerList(
            self.model,
            self.commands["new"],
            menus.context_menu(self.commands),
            self.commands["delete"],
        )
        self.page = ContainerPage(self.commands, jobs, lambda: self.model.addresses)
        self.connecting = EmptyPage("Connecting …", "Waiting for the helper that runs containers.")
        new, other = self.commands["new"], self.commands["import"]
        self.empty = EmptyPage("No containers yet", WHAT_IT_IS, new, other)
        self.stack = QStackedWidget()
        self.splitter = QSplitter()
        self.progress = Progress(jobs)
        self.note = PermanentNote()
        self.count = QLabel()
        self.count.setContentsMargins(10, 4, 10, 6)
        self._lay_out()
        self.menus = menus.menu_bar(self, self.commands)
        self._connect_commands()
        self._connect_news()
        self._restore()
        self._show_right()

    # -- what is shown

    def _lay_out(self) -> None:
        self.setWindowTitle("Cloche")
        for widget in (self.connecting, self.empty, self.page):
            self.stack.addWidget(widget)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.stack)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        center = QWidget()
        column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.messages.setContentsMargins(8, 6, 8, 0)
        column.addWidget(self.messages)
        column.addWidget(self.splitter, 1)
        self.setCentralWidget(center)
        bar = QStatusBar()
        bar.setSizeGripEnabled(False)
        bar.addWidget(self.count)
        bar.addWidget(self.progress)
        bar.addPermanentWidget(self.note)
        self.setStatusBar(bar)

    def _page_if_chosen(self) -> QWidget:
        return self.empty if self.page.container is None else self.page

    def _show_right(self) -> None:
        if self.page.container is not None:
            shown: QWidget = self.page
        elif self.model.containers:
            self.list.choose_any()
            shown = self._page_if_chosen()
        elif self._service.is_connected:
            shown = self.empty
            self.empty.button.setFocus()
        else:
            shown = self.connecting
        self.stack.setCurrentWidget(shown)
        self.list.setVisible(bool(self.model.containers))
        self.count.setText(summary(self.model.containers))
        self._show_availability()

    def _show_availability(self) -> None:
        container = self.page.container
        busy = self.jobs.busy(container.uuid) if container else ""
        self.commands.show_availability(container, obstacle(busy, connected=self.jobs.can_begin))
        self.page.show_standing()

    # -- the engine's news

    def _connect_news(self) -> None:
        service = self._service
        service.connected.connect(self._connected)
        service.listed.connect(self._listed)
        service.changed.connect(self._heard)
        service.lost.connect(self._lost)
        service.failed.connect(self._not_connected)
        self.jobs.changed.connect(self._show_availability)
        self.jobs.failed.connect(self._job_failed)
        self.lifecycle.heard.connect(self._heard)
        self.lifecycle.begun.connect(self._forget_failure)
        self.lifecycle.failed.connect(self._action_failed)
        self.lifecycle.start_failed.connect(self._start_failed)
        self.editing.opened.connect(self._draft_opened)
        self.editing.changed.connect(self.page.hear_draft)
        self.editing.applied.connect(self._heard)
        self.creating.created.connect(lambda made, start: self._created(made, start=start))
        self.importing.created.connect(lambda made: self._created(made, start=False))
        self.list.chosen.connect(self._chosen)
        self.list.opened.connect(lambda _: self.page.show_page(CONSOLE))
        self.page.start_wanted.connect(lambda uuid: self._take(Action.START, uuid))
        self.page.resume_wanted.connect(lambda uuid: self._take(Action.RESUME, uuid))
        self.page.place_wanted.connect(self._go_to)

    def _connected(self, about: About) -> None:
        self.messages.clear(HELPER)
        self._directory = about.directory
        self.note.show_note(PRIVATE_NOTE if about.private else "")
        for name in _NEED_THE_HELPER:
            self.commands[name].setEnabled(True)

    def _listed(self, containers: list[Container]) -> None:
        gone = {c.uuid for c in self.model.containers} - {c.uuid for c in containers}
        for uuid in gone:
            self._heard(Removed(uuid))
        self.model.reset(containers)
        for container in containers:
            self.page.hear(container)
        if self.list.current is None:
            self.list.choose(self._settings.selected)
            self.list.choose_any()
        elif self.page.container is not None:
            self._chosen(self.page.container.uuid)
        self._show_right()

    def _heard(self, change: Change) -> None:
        known = self.model.get(change.uuid)
        if isinstance(change, Removed) or known is None or known.state is not change.state:
            self._forget_failure(change.uuid)
        self.model.hear(change)
        if isinstance(change, Removed):
            self.page.forget(change.uuid)
            self.editing.forget(change.uuid)
            current = self.list.current
            if current is not None and self.page.container is None:
                self._chosen(current.uuid)
        else:
            self.page.hear(change)
            shown = self.page.container
            if shown is not None and shown.uuid == change.uuid:
                self.page.show_container(change)
                self._read_again(shown, change)
        self._show_right()

    def _read_again(self, before: Container, now: Container) -> None:
        """Someone may have saved a definition; a mere change of state does not ask for it."""
        if before.state is now.state and not self.jobs.busy(now.uuid):
            self.editing.read(now)

    def _lost(self, problem: EngineError | None) -> None:
        for container in self.model.containers if problem else ():
            self._forget_failure(container.uuid)  # it says the same, and stays when it is over
        self.messages.show_notice(HELPER, without_helper(problem), closable=False)
        self._show_right()

    def _not_connected(self, error: EngineError) -> None:
        notice = failure("The helper cannot be reached", error)
        self.messages.show_notice(
            HELPER, notice, [("Try again", self._service.retry)], closable=False
        )
        self.connecting.title.setText("Not connected")
        self._show_right()

    def _job_failed(self, job: Job, error: EngineError) -> None:
        container = self.model.get(job.key)
        notice = failure(f"{job.title} failed", error, container.name if container else "")
        self.messages.show_notice(job.key or "job", notice)

    def _action_failed(self, uuid: str, notice: Notice) -> None:
        self.messages.show_notice(f"failed {uuid}", notice)

    def _forget_failure(self, uuid: str) -> None:
        self.messages.clear(f"failed {uuid}")

    def _start_failed(self, uuid: str, error: EngineError) -> None:
        container = self.model.get(uuid)
        console = self.page.console
        if container is None:
            return
        if console is not None and self.page.container == container:
            console.show_failure(error)
            self.page.tabs.setCurrentIndex(CONSOLE)
        else:
            title = could_not(Action.START, container.name)
            self.messages.show_notice(f"failed {uuid}", failure(title, error, container.name))

    # -- the container in view

    def _chosen(self, uuid: str) -> None:
        container = self.model.get(uuid)
        if container is None:
            return
        other = self.page.container is None or self.page.container.uuid != uuid
        for one in self.model.containers if other else ():
            self._forget_failure(one.uuid)
        self.page.show_container(container)
        if other or self.page.draft is None:
            self.editing.show(container)
        self._settings.selected = uuid
        self._show_right()

    def _go_to(self, uuid: str, place: Place) -> None:
        self.list.reveal(uuid)
        self.page.go_to(place)

    def _draft_opened(self, draft: Draft) -> None:
        if self.page.container is not None and self.page.container.uuid == draft.uuid:
            self.page.show_draft(draft)

    def _created(self, container: Container, *, start: bool) -> None:
        self._heard(container)
        self.list.reveal(container.uuid)
        self.page.show_page(CONSOLE)
        if start:
            self.lifecycle.take(Action.START, container)

    # -- what the user asks for

    def _connect_commands(self) -> None:
        page, commands = self.page, self.commands
        for action in Action:
            commands[action.value].triggered.connect(lambda _, kind=action: self._take(kind))
        for name, slot in (
            ("new", self.creating.ask),
            ("import", self.importing.ask),
            ("quit", self.close),
            ("apply", self._apply),
            ("discard", self._discard),
            ("page-console", lambda: page.show_page(CONSOLE)),
            ("page-settings", lambda: page.show_page(SETTINGS)),
            ("page-xml", lambda: page.show_page(XML)),
            ("list", self.list.focus_list),
            ("search", self.list.search.setFocus),
            ("larger", lambda: self._scale(1)),
            ("smaller", lambda: self._scale(-1)),
            ("copy", lambda: menus.edit("copy")),
            ("paste", lambda: menus.edit("paste")),
            ("keys", lambda: self._help("Keys", keys_page(menus.keys(commands)))),
            ("reference", lambda: self._help("Reference of the definition", reference_page())),
            ("places", lambda: self._help("Where logs lie", places_page(self._directory))),
            ("about", lambda: menus.show_about(self)),
        ):
            commands[name].triggered.connect(lambda _, slot=slot: slot())
        for name in _NEED_THE_HELPER:
            commands[name].setEnabled(False)

    def _help(self, title: str, page: str) -> None:
        HelpDialog(title, page, self).show()

    def _take(self, action: Action, uuid: str = "") -> None:
        container = self.model.get(uuid) if uuid else self.page.container
        if container is None:
            return
        if action in {Action.START, Action.RESTART}:
            self.page.show_page(CONSOLE)
        self.lifecycle.take(action, container)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """A file may be dropped where there is a helper to give it to."""
        if event is not None and self.jobs.can_begin and dropped_file(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Import a definition that is dropped."""
        if event is not None and (file := dropped_file(event.mimeData())):
            event.acceptProposedAction()
            self.importing.open(file)

    def _apply(self) -> None:
        self.page.flush()
        draft, container = self.page.draft, self.page.container
        if draft is not None and container is not None and draft.dirty and not draft.blocked:
            self.editing.apply(draft, container)

    def _discard(self) -> None:
        self.page.flush()
        if self.page.draft is not None:
            self.editing.discard(self.page.draft)

    def _scale(self, step: int) -> None:
        points = self._settings.console_points or self.font().pointSize()
        points = min(max(points + step, _POINTS[0]), _POINTS[1])
        self._settings.console_points = points
        self.page.scale_console(points)

    def _use_console_font(self, family: str, points: float) -> None:
        self._settings.console_family, self._settings.console_points = family, round(points)
        self.page.use_font_family(family)
        self.page.scale_console(round(points))

    # -- the end

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask once where edits would be lost, remember the window, and end."""
        if event is None:
            return
        self.page.flush()
        unsaved = self.editing.drafts.unsaved()
        if unsaved and not self._may_close:
            event.ignore()
            self._ask_before_close(unsaved)
            return
        self._settings.geometry = self.saveGeometry()
        self._settings.splitter = self.splitter.saveState()
        self.page.close_consoles()
        super().closeEvent(event)
        self.closed.emit()

    def _ask_before_close(self, unsaved: list[Draft]) -> None:
        names = [c.name for draft in unsaved if (c := self.model.get(draft.uuid)) is not None]
        box = QMessageBox(self)
        box.setObjectName("close-question")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Changes are not applied")
        box.setText(f"Close and lose the changes of {', '.join(names)}?")
        box.setInformativeText("They are not applied yet. The containers themselves go on.")
        discard = box.addButton("Discard and close", QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton("Keep editing", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        if discard is not None:
            discard.clicked.connect(self._close_for_good)
        open_box(box)

    def _close_for_good(self) -> None:
        self._may_close = True
        self.close()

    def _restore(self) -> None:
        resize_in(self, QSize(1080, 720))
        geometry: QByteArray = self._settings.geometry
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        self.splitter.setSizes([250, 830])
        if not self._settings.splitter.isEmpty():
            self.splitter.restoreState(self._settings.splitter)
        self.page.use_font_family(self._settings.console_family)
        self.page.scale_console(self._settings.console_points)
        self.page.font_chosen.connect(self._use_console_font)
        self.list.focus_list()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
