"""The walk itself: what somebody does with a first container, and what must come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QMessageBox, QScrollArea  # noqa: TID251 - it looks for them
from tests.gui.driver import Driver
from tests.walkthrough_host import FailedError, Host, demand
from tests.walkthrough_window import Visitor, open_window

from cloche_engine.api.model import Container, State
from cloche_gui.presenters.container import Action
from cloche_gui.views.container_page import CONSOLE, SETTINGS, XML
from cloche_gui.views.editing import APPLIED
from cloche_gui.views.main_window import MainWindow
from cloche_gui.widgets.fields import LimitField

NAME = "first-steps"
_SHARES, _MEMORY_MIB = 40, 64

Step = tuple[str, str, Callable[["Session"], Awaitable[None]]]


@dataclass(slots=True)
class Memory:
    """What a later step compares with."""

    pid: int | None = None
    lines: list[str] = field(default_factory=list)
    groups: list[Path] = field(default_factory=list)


class Story:
    """Two sessions with the window: making and using, then finding it again and deleting."""

    def __init__(
        self, state: Path, pictures: Path, say: Callable[[str], None], *, dark: bool
    ) -> None:
        self._target = f"private:{state}"
        self._host = Host(state)
        self._pictures = pictures
        self._say = say
        self._dark = dark
        self._count = 0

    def tell(self) -> None:
        """Walk through both sessions; FailedError names the first step that did not hold."""
        memory = Memory()
        for steps in (FIRST, SECOND):
            open_window(self._target, partial(self._visit, steps, memory), dark=self._dark)

    async def _visit(self, steps: tuple[Step, ...], memory: Memory, visitor: Visitor) -> None:
        session = Session(visitor, self._host, memory)
        for name, words, step in steps:
            self._count += 1
            picture = self._pictures / f"{self._count:02}-{name}.png"
            try:
                await step(session)
            except (FailedError, AssertionError, OSError) as error:
                await visitor.picture(picture)
                said = visitor.messages()
                says = f"; the window says: {said}" if said else ""
                raise FailedError(f"“{words}” failed: {error}{says}; see {picture}") from error
            await visitor.picture(picture)
            self._say(f"{self._count:3}. {words} ({picture.name})")


class Session:
    """What is done in one session; each step returns when what it did is to be seen."""

    def __init__(self, visitor: Visitor, host: Host, memory: Memory) -> None:
        self._visitor = visitor
        self._host = host
        self._memory = memory
        self._until = visitor.until

    @property
    def _window(self) -> MainWindow:
        return self._visitor.window

    @property
    def _driver(self) -> Driver:
        return self._visitor.driver

    @property
    def _container(self) -> Container | None:
        return next((c for c in self._window.model.containers if c.name == NAME), None)

    async def find_empty(self) -> None:
        """The helper is started by the window itself, and knows of nothing."""
        window = self._window
        await self._until(
            "the page without containers", lambda: window.stack.currentWidget() is window.empty
        )

    async def ask_for_new(self) -> None:
        await self._driver.click(self._window.empty.button)
        await self._until("the dialog", lambda: self._driver.has_focus(self._driver.dialog.name))
        await self._driver.replace(NAME)
        demand(not self._driver.dialog.name_error, self._driver.dialog.name_error)

    async def create(self) -> None:
        await self._driver.click(self._driver.dialog.create_button)
        await self._until_state(State.RUNNING)
        await self._until_prompt()

    async def type_command(self) -> None:
        await self._ask_shell("echo $((6*7)) $(hostname)", f"42 {NAME}")

    async def compare(self) -> None:
        self._memory.groups = await asyncio.to_thread(self._host.compare, NAME)

    async def edit_limits(self) -> None:
        await self._driver.turn_to(SETTINGS)
        settings = self._window.page.settings
        await self._scroll_down(settings.findChild(QScrollArea, "scroll"))
        for limit, value in (
            (settings.limits.cpushare, _SHARES),
            (settings.limits.memory, _MEMORY_MIB),
        ):
            await self._set_limit(limit, value)
        await self._driver.press(Qt.Key.Key_Tab)
        await self._driver.type("M")
        unit = settings.limits.memory.unit.currentText()
        demand(unit == "MiB", f"the unit is {unit}, though M was typed")

    async def _scroll_down(self, area: QScrollArea | None) -> None:
        bar = area.verticalScrollBar() if area is not None else None
        while bar is not None and bar.value() < bar.maximum():
            below_the_handle = QPoint(bar.width() // 2, bar.height() - 3 * bar.width() // 2)
            await self._driver.click(bar, below_the_handle)

    async def _set_limit(self, limit: LimitField, value: int) -> None:
        if limit.none.isChecked():
            await self._driver.click(limit.none, QPoint(8, limit.none.height() // 2))
        await self._until("a field to type into", limit.spin.isEnabled)
        await self._driver.click(limit.spin, QPoint(12, limit.spin.height() // 2))
        await self._driver.replace(str(value))
        demand(limit.spin.value() == value, f"{limit.spin.value()} was typed, not {value}")

    async def see_in_xml(self) -> None:
        await self._driver.turn_to(XML)
        text = self._window.page.xml.editor.text()
        for element in (f"<cpushare>{_SHARES}</cpushare>", f"{_MEMORY_MIB * 1024}</memory>"):
            demand(element in text, f"the XML page has no {element}: {text}")
        stored = await asyncio.to_thread(self._host.clochectl, "xml", NAME)
        demand("cpushare" not in stored, "it was saved before Apply was pressed")

    async def apply(self) -> None:
        await self._driver.click(self._window.page.apply_bar.apply)
        await self._until("word of the save", lambda: self._window.messages.bar(APPLIED))
        spec = await asyncio.to_thread(self._host.spec, NAME)
        stored = spec.cpu.shares, spec.memory.max_kib
        demand(stored == (_SHARES, _MEMORY_MIB * 1024), f"{stored} is stored")

    async def pause(self) -> None:
        await self._driver.turn_to(CONSOLE)
        await self._press(Action.PAUSE)
        await self._until_state(State.PAUSED)
        state = (await asyncio.to_thread(self._host.show, NAME))["state"]
        demand(state == "paused", f"clochectl says that it is {state}")

    async def resume(self) -> None:
        await self._press(Action.RESUME)
        await self._until_state(State.RUNNING)
        await self._driver.click(self._driver.console.terminal)
        await self._ask_shell("echo going on $((40+2))", "going on 42")
        await self._until("a new prompt", lambda: self._visitor.lines_said[-1] != "going on 42")
        self._memory.pid = self._container.pid if self._container else None
        self._memory.lines = self._visitor.lines_said

    async def find_again(self) -> None:
        await self._until_state(State.RUNNING)
        await self._until_prompt()
        await self._until(
            "what stood in the console", lambda: self._visitor.lines_said == self._memory.lines
        )
        pid = self._container.pid if self._container else None
        demand(pid == self._memory.pid, f"process {pid} runs, {self._memory.pid} ran before")
        await self._until("the definition", lambda: self._window.page.draft)

    async def stop(self) -> None:
        await self._press(Action.STOP)
        await self._until_state(State.STOPPED)
        self._demand_gone()

    async def start_again(self) -> None:
        await self._press(Action.START)
        await self._until_state(State.RUNNING)
        await self._until_prompt()
        await self.compare()
        await self._ask_shell("echo $((6*9)) now", "54 now")
        self._memory.pid = self._container.pid if self._container else None

    async def exit_shell(self) -> None:
        await self._driver.type("exit 3\r")
        await self._until_state(State.STOPPED)
        await self._until("the status", lambda: "status 3" in self._visitor.messages())
        self._demand_gone()

    async def delete(self) -> None:
        await self._press(Action.DELETE)
        await self._until("the question", self._questions)
        await self._driver.click_text(self._questions()[0], "Delete")
        await self.find_empty()
        listed = await asyncio.to_thread(self._host.clochectl, "--json", "list")
        demand(NAME not in listed, f"clochectl still lists it: {listed}")

    def _questions(self) -> list[QMessageBox]:
        boxes = self._window.findChildren(QMessageBox, "delete-question")
        return [box for box in boxes if box.isVisible()]

    async def _press(self, action: Action) -> None:
        button = self._window.page.header.buttons[action]
        await self._until(f"“{button.text()}” to be pressed", button.isEnabled)
        await self._driver.click(button)

    async def _until_state(self, state: State) -> None:
        await self._until(
            f"the state “{state}”", lambda: self._container and self._container.state is state
        )

    async def _until_prompt(self) -> None:
        await self._until("the console", lambda: self._visitor.is_attached)
        await self._until("a prompt in it", lambda: self._visitor.lines_said)
        terminal = self._driver.console.terminal
        if not self._driver.has_focus(terminal):
            await self._driver.click(terminal)
        await self._until("the keyboard in it", lambda: self._driver.has_focus(terminal))

    async def _ask_shell(self, command: str, answer: str) -> None:
        await self._driver.type(f"{command}\r")
        await self._until(
            f"the answer “{answer}” in its cells", lambda: answer in self._visitor.lines_said
        )

    def _demand_gone(self) -> None:
        demand(
            not Path(f"/proc/{self._memory.pid}").exists(),
            f"process {self._memory.pid} is still there",
        )
        left = [str(group) for group in self._memory.groups if group.exists()]
        demand(not left, f"control groups are still there: {' '.join(left)}")


FIRST: tuple[Step, ...] = (
    ("empty", "the window opens; there are no containers yet", Session.find_empty),
    ("new", "a click on “New container” asks for one; a name is typed", Session.ask_for_new),
    ("shell", "Create starts it, and its shell prompts", Session.create),
    ("answer", "a command is typed; its answer stands in the cells", Session.type_command),
    ("host", "/proc and the control groups agree with the definition", Session.compare),
    ("settings", "limits are typed into the form", Session.edit_limits),
    ("xml", "the XML page shows them; they are not saved yet", Session.see_in_xml),
    ("applied", "Apply saves them", Session.apply),
    ("paused", "Pause freezes it", Session.pause),
    ("resumed", "Resume lets it go on, and it answers", Session.resume),
)
SECOND: tuple[Step, ...] = (
    ("again", "the window was closed; opened again it has all as it was", Session.find_again),
    ("stopped", "Stop ends it; its process and control groups are gone", Session.stop),
    ("limits", "started again it has the new limits", Session.start_again),
    ("ended", "“exit 3” ends its shell, and the page says so", Session.exit_shell),
    ("deleted", "Delete asks, and takes it away", Session.delete),
)
