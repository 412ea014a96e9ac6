"""The right side: one container, its header and its pages."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, QTimer, pyqtSignal
from PyQt6.QtWidgets import QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from cloche_engine.api.model import Container
from cloche_gui.presenters.container import SHARED_ROOT_NOTE, obstacle
from cloche_gui.presenters.draft import Draft, Origin
from cloche_gui.presenters.notice import Notice, Tone
from cloche_gui.presenters.remedy import Place
from cloche_gui.services.jobs import Jobs
from cloche_gui.views.apply_bar import ApplyBar
from cloche_gui.views.commands import Commands
from cloche_gui.views.header import Header
from cloche_gui.widgets import icons
from cloche_gui.widgets.message_bar import MessageArea

if TYPE_CHECKING:
    from cloche_gui.views.console_page import ConsolePage
    from cloche_gui.views.plan_dialog import PlanDialog
    from cloche_gui.views.settings_page import SettingsPage
    from cloche_gui.views.xml_page import XmlPage

CONSOLE, SETTINGS, XML = range(3)
_KEPT_CONSOLES = 8
_AFTER_FIRST_PAINT_MS = 15
"""The terminal's library takes 0.2 s to load: the list is to be seen before that."""


class ContainerPage(QWidget):
    """Shows a container; pages are made when they are looked at first."""

    start_wanted = pyqtSignal(str)
    resume_wanted = pyqtSignal(str)
    place_wanted = pyqtSignal(str, object)  # uuid, Place
    font_chosen = pyqtSignal(str, float)  # family, points

    def __init__(
        self, commands: Commands, jobs: Jobs, addresses: Callable[[], Iterable[str]]
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._addresses = addresses
        self._container: Container | None = None
        self._draft: Draft | None = None
        self._consoles: OrderedDict[str, ConsolePage] = OrderedDict()
        self._points, self._family = 0, ""
        self._terminal_is_loaded = False
        self._edited_in = SETTINGS
        self._place: Place | None = None
        self._settings: SettingsPage | None = None
        self._xml: XmlPage | None = None
        self.header = Header(commands)
        self.note = MessageArea()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setIconSize(QSize(16, 16))
        if (bar := self.tabs.tabBar()) is not None:
            bar.setAccessibleName("Pages of the container")
        self.console_stack = QStackedWidget()
        self._places = [QStackedWidget(), QStackedWidget()]
        for widget, name, title in (
            (self.console_stack, "console", "Console"),
            (self._places[0], "settings", "Settings"),
            (self._places[1], "xml", "XML"),
        ):
            self.tabs.addTab(widget, icons.icon(name), title)
        self.apply_bar = ApplyBar(commands)
        self.plan: PlanDialog | None = None
        commands["changes"].triggered.connect(self._show_changes)
        self._commands = commands
        self.header.set_heir(self._go_on)
        self.apply_bar.set_heir(self._go_on)
        self._lay_out()
        self.tabs.currentChanged.connect(self._tab_changed)
        self._tab_changed(CONSOLE)

    @property
    def container(self) -> Container | None:
        """The container in view."""
        return self._container

    @property
    def draft(self) -> Draft | None:
        """The draft in view."""
        return self._draft

    @property
    def console(self) -> ConsolePage | None:
        """The console in view."""
        return self._consoles.get(self._container.uuid) if self._container else None

    @property
    def settings(self) -> SettingsPage:
        """The Settings page."""
        if self._settings is None:
            from cloche_gui.views.settings_page import SettingsPage  # noqa: PLC0415 - start-up

            show_xml = ("Show in the XML", lambda: self.show_page(XML))
            self._settings = SettingsPage(show_xml, self._addresses)
            self._places[0].addWidget(self._settings)
            self._settings.show_draft(self._draft)
            self.apply_bar.take_the_last_turn()
        return self._settings

    @property
    def xml(self) -> XmlPage:
        """The XML page."""
        if self._xml is None:
            from cloche_gui.views.xml_page import XmlPage  # noqa: PLC0415 - QScintilla costs start-up

            self._xml = XmlPage()
            self._places[1].addWidget(self._xml)
            self._xml.show_draft(self._draft)
            self.apply_bar.take_the_last_turn()
        return self._xml

    def show_container(self, container: Container) -> None:
        """Show a container, or its new state where it is in view already."""
        other = self._container is None or self._container.uuid != container.uuid
        self._container = container
        self.header.show_container(container)
        if container.shares_host_root:
            self.note.show_notice("root", Notice(Tone.INFO, "", SHARED_ROOT_NOTE), closable=False)
        else:
            self.note.clear("root")
        if other:
            self._place = None
            self.show_draft(None)
        if self.tabs.currentIndex() == CONSOLE:
            self._show_console()

    def hear(self, container: Container) -> None:
        """Tell a console that its container changed, also where it is not in view."""
        console = self._consoles.get(container.uuid)
        if console is not None:
            console.hear(container)

    def forget(self, uuid: str) -> None:
        """Let go of a container that is gone."""
        console = self._consoles.pop(uuid, None)
        if console is not None:
            self._drop(console)
        if self._container is not None and self._container.uuid == uuid:
            self._container = None
            self.show_draft(None)

    def show_draft(self, draft: Draft | None) -> None:
        """Show the definition under edit; None while it is being read."""
        self.flush()
        self._draft = draft
        if self._settings is not None:
            self._settings.show_draft(draft)
        if self._xml is not None:
            self._xml.show_draft(draft)
        self.show_standing()
        if draft is not None and self._place is not None:
            self.go_to(self._place)

    def hear_draft(self, origin: Origin) -> None:
        """Follow a change of the draft in view."""
        if self._settings is not None:
            self._settings.hear(origin)
        if self._xml is not None:
            self._xml.hear(origin)
        self.show_standing()

    def show_standing(self) -> None:
        """Say where the draft stands, and enable Apply and Discard accordingly."""
        busy = self._jobs.busy(self._container.uuid) if self._container else ""
        self.apply_bar.show_draft(self._draft, obstacle(busy, connected=self._jobs.can_begin))

    def _show_changes(self) -> None:
        """The plan of the draft, with Apply."""
        self.flush()
        draft, container = self._draft, self._container
        if draft is None or container is None or not draft.dirty or draft.blocked:
            return
        from cloche_gui.views.plan_dialog import PlanDialog  # noqa: PLC0415 - seldom wanted

        plan = draft.plan(running=container.state.is_live)
        self.plan = PlanDialog(plan, container.name, self._commands["apply"], self)
        self.plan.open()

    def flush(self) -> None:
        """Put what was typed into the draft now."""
        if self._xml is not None:
            self._xml.flush()

    def show_page(self, page: int) -> None:
        """Turn to a page and give it the keyboard."""
        self.tabs.setCurrentIndex(page)
        if page == CONSOLE:
            self._show_console_now()
        widget = (self.console, self._settings, self._xml)[page]
        if page == SETTINGS and self._settings is not None:
            self._settings.identity.name.setFocus()
        elif widget is not None:
            widget.setFocus()

    def go_to(self, place: Place) -> None:
        """Turn to a place of the definition, in the view that was used last, once it is read."""
        self._place = place if self._draft is None else None
        if self._draft is None:
            return
        in_form = place.label and self._edited_in == SETTINGS and self._draft.forms_follow
        self.tabs.setCurrentIndex(SETTINGS if in_form else XML)
        if in_form:
            self.settings.go_to(place.label)
        else:
            self.xml.editor.go_to(*place.written(self._draft.document.data))
        self.activateWindow()

    def _go_on(self) -> None:
        """Give the keyboard to where it was last on the page in view, or to its beginning."""
        place = self.tabs.currentWidget()
        last = place.focusWidget() if place is not None else None
        if last is not None and last.isVisible() and last.isEnabled():
            last.setFocus()
        else:
            self.show_page(self.tabs.currentIndex())

    def scale_console(self, points: int) -> None:
        """Use this font size in every console; 0 leaves it as it is."""
        self._points = points
        for console in self._consoles.values():
            self._use_font(console)

    def use_font_family(self, family: str) -> None:
        """Use this font in every console; the system's own if it is empty."""
        self._family = family
        for console in self._consoles.values():
            self._use_font(console)

    def _use_font(self, console: ConsolePage) -> None:
        if self._family:
            console.terminal.set_font_family(self._family)
        if self._points:
            console.terminal.set_font_size(self._points)

    def close_consoles(self) -> None:
        """Detach everywhere."""
        for console in self._consoles.values():
            console.end()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(8)
        for widget in (self.header, self.note):
            column.addWidget(widget)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.apply_bar)

    def _tab_changed(self, page: int) -> None:
        self.flush()
        if page == CONSOLE:
            self._show_console()
        elif page == SETTINGS:
            self.settings.setVisible(True)
        else:
            self.xml.setVisible(True)
        if page != CONSOLE:
            self._edited_in = page
        self.apply_bar.setVisible(page != CONSOLE)

    def _show_console(self) -> None:
        if self._terminal_is_loaded:
            self._show_console_now()
        else:
            QTimer.singleShot(_AFTER_FIRST_PAINT_MS, self._show_console_now)

    def _show_console_now(self) -> None:
        if self._container is None or self.tabs.currentIndex() != CONSOLE:
            return
        self._terminal_is_loaded = True
        uuid = self._container.uuid
        if uuid not in self._consoles:
            self._consoles[uuid] = self._make_console(self._container)
            self._drop_oldest()
        self._consoles.move_to_end(uuid)
        self.console_stack.setCurrentWidget(self._consoles[uuid])

    def _make_console(self, container: Container) -> ConsolePage:
        from cloche_gui.views.console_page import ConsolePage  # noqa: PLC0415 - start-up

        console = ConsolePage(self._jobs, container)
        console.start_wanted.connect(self.start_wanted)
        console.resume_wanted.connect(self.resume_wanted)
        console.place_wanted.connect(self.place_wanted)
        console.terminal.font_chosen.connect(self.font_chosen)
        self._use_font(console)
        self.console_stack.addWidget(console)
        return console

    def _drop_oldest(self) -> None:
        while len(self._consoles) > _KEPT_CONSOLES:
            *older, _ = self._consoles.items()
            idle = [uuid for uuid, console in older if not console.is_in_use]
            if not idle:
                return
            self._drop(self._consoles.pop(idle[0]))

    def _drop(self, console: ConsolePage) -> None:
        console.end()
        self.console_stack.removeWidget(console)
        console.deleteLater()
